//! Asking a running gateway: its address and key come from flags, the environment, or the data folder it was started on.

use std::time::Duration;

use anyhow::{Context as _, Result};
use sangam::core::Operation;
use sangam::kit::{Method, Reads, ReadsSettings, Transport as _, TransportFault, WireRequest};
use serde_json::{Map, Value, json};

use crate::api_key::ApiKey;
use crate::cli::args::Common;
use crate::config_file;

/// Patience with the gateway; it waits for brokers itself.
const PATIENCE: Duration = Duration::from_secs(60);

/// A way to ask the gateway.
#[derive(Debug)]
pub(crate) struct Client {
    base: String,
    key: ApiKey,
    transport: Reads,
}

/// An answer with `status: error`.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub(crate) struct Refused {
    /// The gateway's text.
    pub(crate) message: String,
    /// Whether an order may have been placed all the same.
    pub(crate) in_doubt: bool,
}

/// Nobody answers where a gateway should be.
#[derive(Debug, thiserror::Error)]
#[error("no gateway answers at {0}; start one with `sangam serve`, or pass --url")]
pub(crate) struct NoGateway(String);

/// Calls that may have moved an order when their answer is lost.
const COMMANDS: [&str; 4] = ["placeorder", "basketorder", "modifyorder", "cancelorder"];

impl Client {
    /// Finds the gateway.
    pub(crate) fn new(common: &Common) -> Result<Self> {
        let data_dir = config_file::data_dir(common)?;
        let key = match &common.api_key {
            Some(key) => ApiKey::given(key.clone()),
            None => ApiKey::load(&data_dir)
                .with_context(|| format!("read {}", ApiKey::path(&data_dir).display()))?
                .with_context(|| {
                    format!(
                        "no API key in {}; start the gateway with `sangam serve`, or pass --api-key or --data-dir",
                        data_dir.display()
                    )
                })?,
        };
        let base = match &common.url {
            Some(url) => url.trim_end_matches('/').to_owned(),
            None => std::fs::read_to_string(config_file::address_file(&data_dir)).map_or_else(
                |_| "http://127.0.0.1:5000".to_owned(),
                |text| text.trim().to_owned(),
            ),
        };
        Ok(Self {
            base,
            key,
            transport: Reads::new(&ReadsSettings::default())?,
        })
    }

    /// Posts to `/api/v1/<endpoint>` and answers the body of a success.
    pub(crate) async fn post(&self, endpoint: &str, fields: Value) -> Result<Value> {
        let mut body: Map<String, Value> = fields.as_object().cloned().unwrap_or_default();
        body.insert("apikey".to_owned(), json!(self.key.expose()));
        let request = WireRequest::new(
            Operation::Orders,
            Method::POST,
            format!("{}/api/v1/{endpoint}", self.base),
        )
        .header(sangam::kit::CONTENT_TYPE, "application/json")?
        .body(serde_json::to_vec(&body)?)
        .timeout(PATIENCE);
        let answer = match self.transport.send(request).await {
            Ok(answer) => answer,
            Err(error) if error.fault == TransportFault::Connect => {
                return Err(NoGateway(self.base.clone()).into());
            }
            Err(error) if COMMANDS.contains(&endpoint) => {
                let message = format!(
                    "no answer from the gateway at {} ({error}); what became of the order is not known: look with \
                     `sangam orders list` before sending it again",
                    self.base
                );
                return Err(Refused {
                    message,
                    in_doubt: true,
                }
                .into());
            }
            Err(error) => return Err(error).with_context(|| format!("ask the gateway at {}", self.base)),
        };
        let value: Value = serde_json::from_slice(&answer.body).with_context(|| {
            format!(
                "{} answered {} and no JSON; is it a Sangam gateway?",
                self.base, answer.status
            )
        })?;
        if value["status"] == "success" {
            return Ok(value);
        }
        let message = match &value["message"] {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        Err(Refused {
            message,
            in_doubt: value["state"] == "in_doubt" || value["state"] == "parked",
        }
        .into())
    }
}

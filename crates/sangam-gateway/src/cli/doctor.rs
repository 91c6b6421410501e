//! `sangam doctor`: what is set up, what is wrong, what to do.

use std::net::TcpListener;

use anyhow::{Result, bail};
use sangam::private_file;
use serde::Serialize;

use super::args::Common;
use super::client::Client;
use super::table;
use crate::api_key::ApiKey;
use crate::config_file;

#[derive(Serialize)]
struct Finding {
    what: &'static str,
    fine: bool,
    detail: String,
}

fn fine(what: &'static str, detail: impl Into<String>) -> Finding {
    Finding {
        what,
        fine: true,
        detail: detail.into(),
    }
}

fn wrong(what: &'static str, detail: impl Into<String>) -> Finding {
    Finding {
        what,
        fine: false,
        detail: detail.into(),
    }
}

/// Looks at everything and fails when something is wrong.
pub(crate) async fn run(common: &Common) -> Result<()> {
    let mut findings = Vec::new();
    let raw = match config_file::load(common) {
        Ok(raw) => raw,
        Err(error) => {
            findings.push(wrong("configuration", format!("{error:#}")));
            return report(common, &findings);
        }
    };
    let source = config_file::file(common).map_or_else(
        || "none: simulated brokers".to_owned(),
        |path| path.display().to_string(),
    );
    let (data_dir, listen) = (raw.data_dir.clone(), raw.listen.clone());
    if raw.account.is_empty() {
        findings.push(fine("configuration", source));
    } else {
        match sangam::config::check(raw) {
            Ok(config) => findings.push(fine(
                "configuration",
                format!("{source}, {} accounts", config.accounts.len()),
            )),
            Err(error) => findings.push(wrong("configuration", format!("{source}: {error}"))),
        }
    }
    let probe = data_dir.join(".doctor");
    findings.push(
        match private_file::write(&probe, b"").and_then(|()| std::fs::remove_file(&probe)) {
            Ok(()) => fine("data folder", data_dir.display().to_string()),
            Err(error) => wrong(
                "data folder",
                format!(
                    "{} cannot be written ({error}); make it writable or pass --data-dir",
                    data_dir.display()
                ),
            ),
        },
    );
    findings.push(match ApiKey::load(&data_dir) {
        Ok(Some(_)) => fine("api key", ApiKey::path(&data_dir).display().to_string()),
        Ok(None) => fine("api key", "none yet; the first `sangam serve` makes it"),
        Err(error) => wrong(
            "api key",
            format!("{} cannot be read ({error})", ApiKey::path(&data_dir).display()),
        ),
    });
    let running = gateway(common).await;
    findings.push(match (&running, TcpListener::bind(listen.as_str())) {
        (Some(_), _) => fine("port", format!("{listen}: the gateway has it")),
        (None, Ok(_)) => fine("port", format!("{listen} is free")),
        (None, Err(error)) => wrong(
            "port",
            format!("{listen} cannot be had ({error}); choose another with --listen"),
        ),
    });
    findings.extend(
        running.unwrap_or_else(|| vec![fine("gateway", "not running; start it with `sangam serve`")]),
    );
    report(common, &findings)
}

/// What a running gateway says of its accounts.
async fn gateway(common: &Common) -> Option<Vec<Finding>> {
    let client = Client::new(common).ok()?;
    let answer = client.post("brokers", serde_json::json!({})).await.ok()?;
    let accounts = answer["data"].as_array()?.iter().map(|account| {
        let name = account["account"].as_str().unwrap_or_default();
        match account["reason"].as_str() {
            None => fine("account", format!("{name} is healthy")),
            Some(reason) => wrong("account", format!("{name}: {reason}")),
        }
    });
    Some(accounts.collect())
}

fn report(common: &Common, findings: &[Finding]) -> Result<()> {
    if common.json {
        table::line(&serde_json::to_string_pretty(findings)?)?;
    } else {
        let rows: Vec<_> = findings
            .iter()
            .map(|f| {
                vec![
                    if f.fine { "ok" } else { "WRONG" }.to_owned(),
                    f.what.to_owned(),
                    f.detail.clone(),
                ]
            })
            .collect();
        table::print(&["", "what", "detail"], &rows)?;
    }
    let count = findings.iter().filter(|finding| !finding.fine).count();
    if count > 0 {
        bail!("{count} of {} checks found something wrong", findings.len());
    }
    Ok(())
}

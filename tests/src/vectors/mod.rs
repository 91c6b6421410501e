//! Runs the brokers' wire vectors through the real adapters: each recorded request must leave the adapter as recorded,
//! each recorded answer must be read as what it says. It shares no code with the adapters' own translation.
//!
//! To add a broker: write `<broker>.rs` with a type that implements [`BrokerVectors`], add its `mod` line below and one
//! line to [`all`]. Everything a vector needs must come from the vector itself (`call`, `canonical`, `operation`), so
//! that another folder of the same form, with other values, runs as well.

use sangam_core::BrokerName;
use serde_json::Value;

pub mod compare;
pub mod flattrade;
pub mod folder;
pub mod fyers;
pub mod recording;
pub mod report;
pub mod upstox;

/// One broker's side of the runner.
pub trait BrokerVectors {
    /// The broker.
    fn name(&self) -> BrokerName;

    /// Runs one request vector: builds the request through the real adapter client over a
    /// [`recording::RecordingTransport`] and compares it with the recorded one.
    fn request(&self, vector: &Value) -> Verdict;

    /// Runs one response item: feeds body and status to the adapter over a canned transport and checks the value, or
    /// kind and outcome of the failure. `operation` is the item's own, or that of its file.
    fn response(&self, operation: &str, item: &Value) -> Verdict;
}

/// How one vector ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// As recorded.
    Passed,
    /// Not as recorded: a readable difference.
    Failed(String),
    /// Sangam does not offer the call: the reviewed reason.
    NotOffered(&'static str),
}

impl Verdict {
    /// Passed when there is nothing to say, failed with the text otherwise.
    #[must_use]
    pub fn from_differences(differences: &str) -> Self {
        if differences.is_empty() {
            Self::Passed
        } else {
            Self::Failed(differences.to_owned())
        }
    }
}

/// Every broker whose vectors can be run. One line a broker.
#[must_use]
pub fn all() -> Vec<Box<dyn BrokerVectors>> {
    vec![
        Box::new(flattrade::FlattradeVectors),
        Box::new(fyers::FyersVectors),
        Box::new(upstox::UpstoxVectors),
    ]
}

/// The folder of the vectors that ship with the project.
#[must_use]
pub fn fixtures() -> std::path::PathBuf {
    std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("fixtures")
        .join("wire")
}

/// Runs every vector below the folders: each a broker's folder or a folder of such.
///
/// # Errors
/// A folder that cannot be read or holds no vectors of a known broker.
pub fn run(folders: &[std::path::PathBuf]) -> anyhow::Result<report::Report> {
    let brokers = all();
    let mut report = report::Report::default();
    for folder in folders {
        let found = folder::read(folder)?;
        anyhow::ensure!(
            !found.is_empty(),
            "{} holds no wire vectors of a known broker; give a broker's folder or a folder of such",
            folder.display()
        );
        for set in found {
            let Some(broker) = brokers.iter().find(|broker| broker.name() == set.broker) else {
                report.fail(
                    set.broker,
                    &set.folder,
                    "no adapter is registered for this broker",
                );
                continue;
            };
            for problem in &set.problems {
                report.fail(set.broker, &problem.0, &problem.1);
            }
            for item in &set.items {
                let verdict = match &item.what {
                    folder::What::Request(vector) => broker.request(vector),
                    folder::What::Response { operation, item } => broker.response(operation, item),
                };
                report.count(set.broker, &item.title, verdict);
            }
        }
    }
    Ok(report)
}

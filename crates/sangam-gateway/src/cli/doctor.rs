//! `sangam doctor`: what is set up, what is wrong, what to do.

use std::net::TcpListener;
use std::path::Path;

use anyhow::{Result, bail};
use sangam::config::AccountConfig;
use sangam::core::{Clock as _, IST};
use sangam::instruments::Store;
use sangam::{SessionFiles, SystemClock, private_file};
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
    let mut accounts = Vec::new();
    if raw.account.is_empty() {
        findings.push(fine("configuration", source));
    } else {
        match sangam::config::check(raw) {
            Ok(config) => {
                findings.push(fine(
                    "configuration",
                    format!("{source}, {} accounts", config.accounts.len()),
                ));
                accounts = config.accounts;
            }
            Err(error) => findings.push(wrong("configuration", format!("{source}: {error}"))),
        }
    }
    findings.push(folder(&data_dir));
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
        (Some(_), _) => fine("gateway", "running"),
        (None, Ok(_)) => fine(
            "gateway",
            format!("not running, {listen} is free; start it with `sangam serve`"),
        ),
        (None, Err(error)) => wrong(
            "gateway",
            format!("not running, and {listen} cannot be had ({error}); choose another with --listen"),
        ),
    });
    match running {
        Some(said) => findings.extend(said),
        None => {
            findings.extend(sessions(&accounts, &data_dir));
            findings.push(masters(&data_dir));
        }
    }
    report(common, &findings)
}

/// Whether the folder can be written, without making it.
fn folder(data_dir: &Path) -> Finding {
    let shown = data_dir.display();
    if !data_dir.exists() {
        return fine(
            "data folder",
            format!("{shown} is not there yet; the first `sangam serve` makes it"),
        );
    }
    let probe = data_dir.join(".doctor");
    match private_file::write(&probe, b"").and_then(|()| std::fs::remove_file(&probe)) {
        Ok(()) => fine("data folder", shown.to_string()),
        Err(error) => wrong(
            "data folder",
            format!("{shown} cannot be written ({error}); make it writable or pass --data-dir"),
        ),
    }
}

/// The sessions kept on disk.
fn sessions(accounts: &[AccountConfig], data_dir: &Path) -> Vec<Finding> {
    let files = SessionFiles::below(data_dir);
    let now = SystemClock::new().now();
    let of = |account: &AccountConfig| {
        let name = &account.name;
        match files.load(name) {
            Some(session) if session.expires_at > now => fine(
                "session",
                format!(
                    "{name} until {} IST",
                    IST::civil(session.expires_at).strftime("%Y-%m-%d %H:%M")
                ),
            ),
            _ if account.simulated => fine("session", format!("{name} logs itself in")),
            Some(_) => wrong(
                "session",
                format!("{name}: it has ended; run `sangam login {name}`"),
            ),
            None => wrong("session", format!("{name}: none; run `sangam login {name}`")),
        }
    };
    accounts.iter().map(of).collect()
}

/// The masters kept on disk.
fn masters(data_dir: &Path) -> Finding {
    let folder = data_dir.join("instruments");
    if !folder.is_dir() {
        return fine("masters", "none yet; `sangam serve` fetches them");
    }
    match Store::open(&folder).and_then(|store| store.dates()) {
        Ok(dates) => fine(
            "masters",
            dates.first().map_or_else(
                || "none yet; `sangam serve` fetches them".to_owned(),
                |date| format!("of {date}; `sangam serve` fetches each day's"),
            ),
        ),
        Err(error) => wrong("masters", error.to_string()),
    }
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

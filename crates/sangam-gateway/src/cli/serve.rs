//! `sangam serve`: simulators if no account is configured, the system, the HTTP side, one screen, until told to stop.

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, Result};
use sangam::{System, SystemClock};
use tokio::net::TcpListener;

use super::args::{Common, Serve};
use super::table;
use crate::api_key::ApiKey;
use crate::config_file;
use crate::http::{self, Gateway};
use crate::simulators::Simulators;

/// Serves until interrupted.
pub(crate) async fn run(common: &Common, args: &Serve) -> Result<()> {
    let mut raw = config_file::load(common)?;
    if let Some(listen) = &args.listen {
        raw.listen.clone_from(listen);
    }
    let simulators = if raw.account.is_empty() {
        Some(Simulators::start(&mut raw).await?)
    } else {
        None
    };
    let config = sangam::config::check(raw)?;
    // Bound before anything is made: a second gateway must not touch the first one's data folder.
    let listener = bind(config.listen).await?;
    let address = listener.local_addr()?;
    let data_dir = config.data_dir.clone();
    let (per_second, burst) = (config.inbound_per_second, config.inbound_burst);
    let system = System::start(config, Arc::new(SystemClock::new())).await?;
    let key = ApiKey::load_or_make(&data_dir)
        .with_context(|| format!("keep the API key in {}", ApiKey::path(&data_dir).display()))?;
    let address_file = config_file::address_file(&data_dir);
    std::fs::write(&address_file, format!("http://{address}\n"))
        .with_context(|| format!("write {}", address_file.display()))?;
    // Whoever reads the screen may have gone away (`sangam | head`); that is no reason to stop trading.
    if let Err(error) = table::line(&screen(&system, address, &data_dir, &key, simulators.as_ref())) {
        tracing::warn!(%error, "the start screen was not read to its end");
    }
    let gateway = Gateway::new(system.clone(), key, per_second, burst);
    http::serve(listener, gateway, interrupted())
        .await
        .context("serve")?;
    system.stop().await;
    // The file may be gone already; then there is nothing to tidy up.
    let _removed = std::fs::remove_file(&address_file);
    table::line("stopped")
}

async fn bind(address: SocketAddr) -> Result<TcpListener> {
    TcpListener::bind(address).await.map_err(|error| {
        let hint = match error.kind() {
            std::io::ErrorKind::AddrInUse => {
                "another program listens there; stop it, or choose another with --listen 127.0.0.1:0"
            }
            std::io::ErrorKind::PermissionDenied => {
                "ports below 1024 need rights; choose a higher one with --listen"
            }
            _ => "choose another with --listen",
        };
        anyhow::anyhow!("listen: cannot listen on {address}: {error}; {hint}")
    })
}

pub(crate) async fn interrupted() {
    let mut terminate = match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
        Ok(signal) => signal,
        Err(error) => {
            tracing::warn!(%error, "SIGTERM is not listened for");
            return std::future::pending().await;
        }
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = terminate.recv() => {}
    }
}

/// The one screen: what runs, where, with which key, and what to try.
fn screen(
    system: &System,
    address: SocketAddr,
    data_dir: &Path,
    key: &ApiKey,
    simulators: Option<&Simulators>,
) -> String {
    let mut text = String::new();
    let views = system.brokers();
    let simulated = views.iter().any(|view| view.simulated);
    let heading = if simulated {
        "SIMULATED brokers: nothing here trades real money"
    } else {
        "REAL brokers"
    };
    // Writing to a String cannot fail.
    let _ = writeln!(text, "Sangam {}   {heading}\n", env!("CARGO_PKG_VERSION"));
    let _ = writeln!(
        text,
        "  gateway      http://{address}   (OpenAlgo's API under /api/v1)"
    );
    for view in &views {
        let state = view
            .unhealthy
            .as_deref()
            .map_or_else(|| "healthy".to_owned(), |why| format!("unhealthy: {why}"));
        let tag = if view.simulated { "SIMULATED " } else { "" };
        let _ = writeln!(
            text,
            "  {:<12} {tag}{} at {}, {state}",
            view.broker, view.account, view.base_url
        );
    }
    let table = system.table();
    let _ = writeln!(text, "  instruments  {} of {}", table.len(), table.date());
    let _ = writeln!(text, "  data folder  {}", data_dir.display());
    let _ = writeln!(text, "\nAPI key: {}\n", key.expose());
    let program = program();
    let _ = writeln!(text, "Try, in another terminal in this folder:");
    let _ = writeln!(text, "  {program} quote NSE:RELIANCE");
    let _ = writeln!(
        text,
        "  {program} orders place NSE:RELIANCE --side buy --quantity 1 --product CNC"
    );
    let _ = write!(text, "  {program} orders list");
    if simulators.is_some_and(|simulators| simulators.count() > 0) {
        let _ = write!(
            text,
            "\n\nTo trade through your own accounts write a sangam.toml (see sangam.example.toml)."
        );
    }
    text
}

/// How this program is called from the present folder: by its bare name when that is on the path, else by its place.
fn program() -> String {
    let Ok(exe) = std::env::current_exe() else {
        return "sangam".to_owned();
    };
    if on_path(&exe) {
        return "sangam".to_owned();
    }
    let here = std::env::current_dir().unwrap_or_default();
    exe.strip_prefix(&here).unwrap_or(&exe).display().to_string()
}

#[expect(
    clippy::disallowed_methods,
    reason = "the shell's path is how people call programs"
)]
fn on_path(exe: &Path) -> bool {
    std::env::var_os("PATH")
        .is_some_and(|path| std::env::split_paths(&path).any(|folder| exe.parent() == Some(folder.as_path())))
}

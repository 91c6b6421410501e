//! `sangam serve`: simulators if no account is configured, the system, the HTTP side, one screen, until told to stop.

use std::fmt::Write as _;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result};
use sangam::{System, SystemClock};
use tokio::net::TcpListener;

use super::args::{Common, Serve};
use super::stop::StopWord;
use super::table;
use crate::api_key::ApiKey;
use crate::config_file;
use crate::http::{self, Gateway};
use crate::simulators::Simulators;

/// How long calls under way may take to finish after the word to stop.
const DRAIN: Duration = Duration::from_secs(20);

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
    let mut stop = StopWord::listen()?;
    let system = tokio::select! {
        started = System::start(config, Arc::new(SystemClock::new())) => started?,
        // Nothing was taken yet: what is on disk is whole, as after a crash.
        () = stop.given() => return table::line("stopped before it was ready"),
    };
    if simulators.is_some() {
        for desk in system.desks() {
            desk.simulators_began_anew().await?;
        }
    }
    let key = ApiKey::load_or_make(&data_dir)
        .with_context(|| format!("keep the API key in {}", ApiKey::path(&data_dir).display()))?;
    let address_file = config_file::address_file(&data_dir);
    std::fs::write(&address_file, format!("http://{}\n", reachable(address)))
        .with_context(|| format!("write {}", address_file.display()))?;
    let screen = Screen {
        system: &system,
        address,
        data_dir: &data_dir,
        key: &key,
        simulators: simulators.as_ref(),
    };
    let text = if common.json {
        screen.json().to_string()
    } else {
        screen.text(&flags(common))
    };
    // Whoever reads the screen may have gone away (`sangam | head`); that is no reason to stop trading.
    if let Err(error) = table::line(&text) {
        tracing::warn!(%error, "the start screen was not read to its end");
    }
    let gateway = Gateway::new(system.clone(), key, per_second, burst);
    serve_until_told(listener, gateway, stop).await?;
    system.stop().await;
    // The file may be gone already; then there is nothing to tidy up.
    let _removed = std::fs::remove_file(&address_file);
    if !common.json
        && let Err(error) = table::line("stopped")
    {
        tracing::debug!(%error, "nobody reads");
    }
    Ok(())
}

/// Serves until interrupted; calls under way then have a while to finish.
async fn serve_until_told(listener: TcpListener, gateway: Gateway, mut word: StopWord) -> Result<()> {
    let (told, stopping) = tokio::sync::oneshot::channel::<()>();
    let stop = async move {
        word.given().await;
        // The receiver is there as long as this is served.
        let _told = told.send(());
    };
    let out_of_time = async move {
        if stopping.await.is_err() {
            std::future::pending::<()>().await;
        }
        tokio::time::sleep(DRAIN).await;
    };
    tokio::select! {
        ended = http::serve(listener, gateway, stop) => ended.context("serve"),
        () = out_of_time => {
            tracing::warn!("calls still under way after {} s were cut off", DRAIN.as_secs());
            Ok(())
        }
    }
}

/// The address others on this machine reach a listener by.
fn reachable(address: SocketAddr) -> SocketAddr {
    match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => SocketAddr::from((Ipv4Addr::LOCALHOST, address.port())),
        IpAddr::V6(ip) if ip.is_unspecified() => SocketAddr::from((Ipv6Addr::LOCALHOST, address.port())),
        _ => address,
    }
}

/// The flags that lead other commands to this gateway.
fn flags(common: &Common) -> String {
    let quoted = |path: &Path| {
        let text = path.display().to_string();
        let plain = |c: char| c.is_ascii_alphanumeric() || "/._-".contains(c);
        if text.chars().all(plain) {
            text
        } else {
            format!("'{}'", text.replace('\'', "'\\''"))
        }
    };
    let mut flags = String::new();
    for (name, path) in [("--config", &common.config), ("--data-dir", &common.data_dir)] {
        if let Some(path) = path {
            // Writing to a String cannot fail.
            let _ = write!(flags, " {name} {}", quoted(path));
        }
    }
    flags
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

/// The one screen: what runs, where, with which key, and what to try.
struct Screen<'a> {
    system: &'a System,
    address: SocketAddr,
    data_dir: &'a Path,
    key: &'a ApiKey,
    simulators: Option<&'a Simulators>,
}

impl Screen<'_> {
    fn text(&self, flags: &str) -> String {
        let mut text = String::new();
        let views = self.system.brokers();
        let simulated = views.iter().filter(|view| view.simulated).count();
        let heading = if simulated == views.len() {
            "SIMULATED brokers: nothing here trades real money"
        } else if simulated > 0 {
            "REAL brokers, and SIMULATED ones in groups of their own"
        } else {
            "REAL brokers: orders trade real money"
        };
        let at = reachable(self.address);
        // Writing to a String cannot fail.
        let _ = writeln!(text, "Sangam {}   {heading}\n", env!("CARGO_PKG_VERSION"));
        let _ = writeln!(
            text,
            "  gateway      http://{at}   (OpenAlgo's API under /api/v1)"
        );
        if !self.address.ip().is_loopback() {
            let _ = writeln!(
                text,
                "  WARNING      it listens on {}, not on this machine alone: whoever reaches it and has the key trades in \
                 your name, and the key travels unencrypted; use --listen 127.0.0.1:{} unless you mean it",
                self.address,
                self.address.port()
            );
        }
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
        let table = self.system.table();
        let _ = writeln!(text, "  instruments  {} of {}", table.len(), table.date());
        let _ = writeln!(text, "  data folder  {}", self.data_dir.display());
        let _ = writeln!(text, "\nAPI key: {}\n", self.key.expose());
        let program = program();
        let _ = writeln!(text, "Try, in another terminal in this folder:");
        let _ = writeln!(text, "  {program}{flags} quote NSE:RELIANCE");
        let _ = writeln!(
            text,
            "  {program}{flags} orders place NSE:RELIANCE --side buy --quantity 1 --product CNC"
        );
        let _ = write!(text, "  {program}{flags} orders list");
        if self.simulators.is_some_and(|simulators| simulators.count() > 0) {
            let _ = write!(
                text,
                "\n\nTo trade through your own accounts write a sangam.toml (see sangam.example.toml)."
            );
        }
        text
    }

    /// The same for programs, on one line.
    fn json(&self) -> serde_json::Value {
        let accounts: Vec<_> = self
            .system
            .brokers()
            .into_iter()
            .map(|view| {
                serde_json::json!({"account": view.account, "broker": view.broker, "simulated": view.simulated,
                    "base_url": view.base_url, "unhealthy": view.unhealthy})
            })
            .collect();
        serde_json::json!({
            "address": format!("http://{}", reachable(self.address)),
            "listen": self.address.to_string(),
            "api_key": self.key.expose(),
            "data_dir": self.data_dir,
            "instruments": self.system.table().len(),
            "accounts": accounts,
        })
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_listens_everywhere_is_reached_on_loopback() {
        let check = |listens: &str, reached: &str| {
            assert_eq!(
                reachable(listens.parse().expect("an address")).to_string(),
                reached
            );
        };
        check("0.0.0.0:5000", "127.0.0.1:5000");
        check("[::]:5000", "[::1]:5000");
        check("192.168.1.4:5000", "192.168.1.4:5000");
    }

    #[test]
    fn printed_commands_carry_the_flags_they_need() {
        let mut common = Common::default();
        assert_eq!(flags(&common), "");
        common.config = Some("my conf/it's.toml".into());
        common.data_dir = Some("/var/lib/sangam".into());
        assert_eq!(
            flags(&common),
            " --config 'my conf/it'\\''s.toml' --data-dir /var/lib/sangam"
        );
    }
}

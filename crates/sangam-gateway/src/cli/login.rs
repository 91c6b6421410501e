//! `sangam login <account>`: the link, the code, the session file. A running gateway does it, so that it trades at once;
//! without one the session is made here and taken up at the next start.

use std::io::Write as _;
use std::sync::Arc;

use anyhow::{Context as _, Result, bail};
use sangam::core::IST;
use sangam::core::timestamp::Timestamp;
use sangam::{DirectLogin, SystemClock};
use serde_json::{Value, json};

use super::args::{Common, Login};
use super::client::{Client, NoGateway};
use super::orders::cell;
use super::table;
use crate::config_file;

/// Who makes the session.
enum Way {
    Gateway(Client),
    Here(Box<DirectLogin>),
}

/// Logs in or out.
pub(crate) async fn run(common: &Common, args: &Login) -> Result<()> {
    let way = way(common, &args.account).await?;
    if args.out {
        match &way {
            Way::Gateway(client) => {
                client.post("logout", json!({"account": args.account})).await?;
            }
            Way::Here(login) => login.end().await?,
        }
        return if common.json {
            table::line(&json!({"account": args.account, "session": "none"}).to_string())
        } else {
            table::line(&format!("{} is logged out", args.account))
        };
    }
    let code = match &args.code {
        Some(code) => code.trim().to_owned(),
        None => {
            let link = way.link(&args.account).await?;
            if common.json {
                return table::line(&serde_json::to_string_pretty(&link)?);
            }
            ask(&link)?
        }
    };
    if code.is_empty() {
        bail!("no code was given; run the command again, or pass it with --code");
    }
    let session = way.exchange(&args.account, &code).await?;
    if common.json {
        return table::line(&serde_json::to_string_pretty(&session)?);
    }
    table::line(&format!(
        "{} is logged in as {} until {} IST; the session is kept in {}",
        cell(&session["account"]),
        session["user_id"]
            .as_str()
            .unwrap_or("(the broker names no user)"),
        cell(&session["expires"]),
        cell(&session["token_file"]),
    ))
}

/// A gateway that answers, else here: a gateway named by --url is never passed by.
async fn way(common: &Common, account: &str) -> Result<Way> {
    match Client::new(common) {
        Ok(client) => match client.post("ping", json!({})).await {
            Ok(_) => return Ok(Way::Gateway(client)),
            Err(error) if common.url.is_some() || !error.is::<NoGateway>() => return Err(error),
            Err(_) => {}
        },
        Err(error) if common.url.is_some() => return Err(error),
        Err(_) => {}
    }
    let raw = config_file::load(common)?;
    if raw.account.is_empty() {
        bail!(
            "no account is configured and no gateway is running; simulated brokers log themselves in at `sangam serve`, \
             for your own write a sangam.toml (see sangam.example.toml)"
        );
    }
    let config = sangam::config::check(raw)?;
    let login = DirectLogin::new(&config, account, Arc::new(SystemClock::new()))?;
    Ok(Way::Here(Box::new(login)))
}

impl Way {
    async fn link(&self, account: &str) -> Result<Value> {
        match self {
            Self::Gateway(client) => {
                let answer = client.post("login", json!({"account": account})).await?;
                Ok(answer["data"].clone())
            }
            Self::Here(login) => {
                let link = login.link();
                Ok(json!({"url": link.url, "instructions": link.instructions}))
            }
        }
    }

    async fn exchange(&self, account: &str, code: &str) -> Result<Value> {
        match self {
            Self::Gateway(client) => {
                let fields = json!({"account": account, "code": code});
                let answer = client.post("login", fields).await?;
                Ok(answer["data"].clone())
            }
            Self::Here(login) => {
                let session = login.exchange(code).await?;
                Ok(json!({
                    "account": account,
                    "user_id": session.user_id,
                    "expires": shown(session.expires_at),
                    "token_file": login.session_file(),
                }))
            }
        }
    }
}

fn shown(at: Timestamp) -> String {
    IST::civil(at).strftime("%Y-%m-%d %H:%M:%S").to_string()
}

fn ask(link: &Value) -> Result<String> {
    table::line(&format!(
        "Open this address and log in:\n\n  {}\n",
        cell(&link["url"])
    ))?;
    table::line(&cell(&link["instructions"]))?;
    let mut out = std::io::stdout();
    write!(out, "Code or address: ")?;
    out.flush()?;
    let mut line = String::new();
    std::io::stdin().read_line(&mut line).context("read the code")?;
    Ok(line.trim().to_owned())
}

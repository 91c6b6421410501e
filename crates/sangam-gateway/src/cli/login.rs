//! `sangam login <account>`: the link, the code, the session file.

use std::io::Write as _;

use anyhow::{Context as _, Result, bail};
use serde_json::json;

use super::args::{Common, Login};
use super::client::Client;
use super::orders::cell;
use super::table;

/// Logs in or out.
pub(crate) async fn run(common: &Common, args: &Login) -> Result<()> {
    let client = Client::new(common)?;
    if args.out {
        client.post("logout", json!({"account": args.account})).await?;
        return table::line(&format!("{} is logged out", args.account));
    }
    let code = match &args.code {
        Some(code) => code.clone(),
        None => ask(&client, &args.account).await?,
    };
    let answer = client
        .post("login", json!({"account": args.account, "code": code}))
        .await?;
    let session = &answer["data"];
    if common.json {
        return table::line(&serde_json::to_string_pretty(session)?);
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

async fn ask(client: &Client, account: &str) -> Result<String> {
    let answer = client.post("login", json!({"account": account})).await?;
    table::line(&format!(
        "Open this address and log in:\n\n  {}\n",
        cell(&answer["data"]["url"])
    ))?;
    table::line(&cell(&answer["data"]["instructions"]))?;
    let mut out = std::io::stdout();
    write!(out, "Code or address: ")?;
    out.flush()?;
    let mut line = String::new();
    std::io::stdin().read_line(&mut line).context("read the code")?;
    if line.trim().is_empty() {
        bail!("no code was given; run the command again, or pass it with --code");
    }
    Ok(line.trim().to_owned())
}

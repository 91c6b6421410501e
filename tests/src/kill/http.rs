//! One call over HTTP on a connection of its own, as the plainest of clients makes it: sent once, read to its end.

use anyhow::{Context as _, Result};
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::PATIENCE;

/// An answer: its status and its body.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) body: String,
}

impl Answer {
    pub(super) fn json(&self) -> Result<Value> {
        serde_json::from_str(&self.body).with_context(|| format!("{} {}", self.status, self.body))
    }
}

/// Posts JSON to an address like `127.0.0.1:5000`.
pub(super) async fn post(address: &str, path: &str, body: &Value) -> Result<Answer> {
    call(address, "POST", path, &body.to_string()).await
}

/// Gets a path.
pub(super) async fn get(address: &str, path: &str) -> Result<Answer> {
    call(address, "GET", path, "").await
}

async fn call(address: &str, method: &str, path: &str, body: &str) -> Result<Answer> {
    let request = format!(
        "{method} {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\ncontent-type: application/json\r\n\
         content-length: {}\r\n\r\n{body}",
        body.len()
    );
    let exchange = async {
        let mut stream = TcpStream::connect(address).await?;
        stream.write_all(request.as_bytes()).await?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await?;
        anyhow::Ok(answer)
    };
    let answer = tokio::time::timeout(PATIENCE, exchange)
        .await
        .with_context(|| format!("{method} {path} was not answered"))??;
    let answer = String::from_utf8(answer)?;
    let (head, body) = answer
        .split_once("\r\n\r\n")
        .context("an answer without a body")?;
    let status = head.split(' ').nth(1).context("an answer without a status")?;
    let length = head
        .lines()
        .filter_map(|line| line.split_once(':'))
        .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
        .and_then(|(_, length)| length.trim().parse::<usize>().ok())
        .context("an answer without a length")?;
    anyhow::ensure!(body.len() == length, "an answer that was cut off");
    Ok(Answer {
        status: status.parse()?,
        body: body.to_owned(),
    })
}

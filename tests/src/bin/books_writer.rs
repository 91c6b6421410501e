//! Writes books until it is killed, and says on its output which commits were acknowledged:
//! `books-writer PLACE GENERATION TASKS`, the place being a path or a `postgres://` url.

use std::io::Write as _;

use anyhow::{Context as _, Result, bail};
use sangam_tests::books;

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [place, generation, tasks] = arguments.as_slice() else {
        bail!("arguments: path or url of the books, number of this start, number of tasks");
    };
    let generation = generation.parse().context("the number of this start")?;
    let tasks = tasks.parse().context("the number of tasks")?;
    let ledger = books::open(place).await?;
    // One write a line, so that a line is told whole or not at all. Who listened may be gone: then there is nobody to tell.
    let say = |line: &str| {
        let mut output = std::io::stdout().lock();
        let told = output
            .write_all(format!("{line}\n").as_bytes())
            .and_then(|()| output.flush());
        if told.is_err() {
            std::process::exit(0);
        }
    };
    books::write(ledger, generation, tasks, say).await
}

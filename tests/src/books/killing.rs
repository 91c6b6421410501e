//! The kill: a writer is started, killed at a moment that follows from the seed, and its books are held against what it said.
//! Books live through several kills, then new ones are begun. Every fifth time a PostgreSQL server is killed as well.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use sangam_testkit::PostgresServer;
use serde::Serialize;

use super::check::{Acknowledged, Checked, Heard, check};
use super::{Database, compare, open};

/// Kills that one set of books lives through.
const LIVES: u32 = 4;
/// Every so many kills the server goes first.
const SERVER_EVERY: u32 = 5;
/// Most commits that are waited for before the kill.
const COMMITS_MAX: u64 = 250;
/// Longest from them to the kill, in microseconds.
const LONGEST_US: u64 = 4_000;
/// Longest that a writer may say nothing.
const PATIENCE: Duration = Duration::from_secs(60);

/// The kills of one database.
#[derive(Debug)]
pub struct Killing {
    writer: PathBuf,
    database: Database,
    server: Option<PostgresServer>,
    folder: tempfile::TempDir,
    random: u64,
    done: u32,
    books: Option<Books>,
    report: Report,
}

/// The books at hand.
#[derive(Debug)]
struct Books {
    /// A path or a url.
    place: String,
    /// The name of the database.
    name: Option<String>,
    said: Acknowledged,
    /// Commits found that their writers could not acknowledge.
    unsaid: u64,
    starts: u8,
}

/// What one kill found.
#[derive(Debug, Clone, Copy)]
pub struct Killed {
    /// Whether the server was killed, too.
    pub server: bool,
    /// Commits acknowledged by this writer.
    pub acknowledged: u64,
    /// What was found in the books.
    pub checked: Checked,
}

/// What all kills found.
#[derive(Debug, Clone, Copy, Default, Serialize)]
pub struct Report {
    /// Writers that were killed.
    pub kills: u32,
    /// Kills for which the server was killed as well.
    pub server_kills: u32,
    /// Commits that were acknowledged; all of them were found.
    pub acknowledged: u64,
    /// Commits that were found whole though their writer died before it could acknowledge them.
    pub unsaid: u64,
    /// Entries whose hashes were computed anew, over all checks.
    pub entries_verified: u64,
    /// Orders that were compared field by field, over all checks.
    pub orders_compared: u64,
}

impl Killing {
    /// For a writer program and a database; a server is started for it.
    ///
    /// # Errors
    /// When there is no place for the files.
    pub fn new(writer: &Path, database: Database, seed: u64) -> Result<Self> {
        Ok(Self {
            writer: writer.to_path_buf(),
            database,
            server: (database == Database::Postgres).then(PostgresServer::start),
            folder: tempfile::tempdir()?,
            random: seed,
            done: 0,
            books: None,
            report: Report::default(),
        })
    }

    /// What was found so far.
    #[must_use]
    pub fn report(&self) -> Report {
        self.report
    }

    /// Leaves the files where they are and answers where that is.
    #[must_use]
    pub fn keep(self) -> PathBuf {
        self.folder.keep()
    }

    /// Has a writer write, kills it, and checks its books.
    ///
    /// # Errors
    /// With what is not as it must be.
    pub async fn once(&mut self) -> Result<Killed> {
        let mut books = match self.books.take() {
            Some(books) => books,
            None => self.new_books(),
        };
        let server = self.server.is_some() && self.done % SERVER_EVERY == SERVER_EVERY - 1;
        let before = books.said.commits();
        self.write_and_kill(&mut books, server)?;
        let acknowledged = books.said.commits() - before;
        if let (Some(server), Some(name)) = (&self.server, &books.name) {
            server_is_done(server, name);
        }
        let checked = checked(&books, self.database).await?;
        self.done += 1;
        self.report.kills += 1;
        self.report.server_kills += u32::from(server);
        self.report.acknowledged += acknowledged;
        ensure!(
            checked.unsaid >= books.unsaid,
            "a commit that was durable before is lost"
        );
        self.report.unsaid += checked.unsaid - books.unsaid;
        self.report.entries_verified += checked.entries;
        self.report.orders_compared += checked.orders;
        if !self.done.is_multiple_of(LIVES) {
            books.unsaid = checked.unsaid;
            self.books = Some(books);
        }
        Ok(Killed {
            server,
            acknowledged,
            checked,
        })
    }

    fn new_books(&self) -> Books {
        let database = self.server.as_ref().map(PostgresServer::database);
        let file = || self.folder.path().join(format!("{}.db", self.done));
        Books {
            place: database.as_ref().map_or_else(
                || file().display().to_string(),
                |database| database.url().to_owned(),
            ),
            name: database.map(|database| database.name().to_owned()),
            said: Acknowledged::default(),
            unsaid: 0,
            starts: 0,
        }
    }

    fn write_and_kill(&mut self, books: &mut Books, with_server: bool) -> Result<()> {
        let commits = self.below(COMMITS_MAX);
        let tasks = 1 + self.below(16);
        let pause = Duration::from_micros(self.below(LONGEST_US));
        let writer = Writer::start(&self.writer, &books.place, books.starts, tasks)?;
        books.starts += 1;
        writer.acknowledges(commits, &mut books.said)?;
        if with_server && let Some(server) = &mut self.server {
            server.kill();
            writer.doubts(&mut books.said)?;
            server.restart();
            writer.acknowledges(1 + commits, &mut books.said)?;
        }
        wait(pause);
        writer.kill(&mut books.said)
    }

    /// The next number of the seed's row, below a bound (splitmix64).
    fn below(&mut self, bound: u64) -> u64 {
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.random;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % bound
    }
}

async fn checked(books: &Books, database: Database) -> Result<Checked> {
    let ledger = open(&books.place).await?;
    let checked = check(&ledger, &books.said).await?;
    ledger.close().await;
    if database == Database::Sqlite {
        compare::file_is_sound(Path::new(&books.place)).await?;
    }
    Ok(checked)
}

/// Waits until the server has finished what the killed writer had asked for: until then books may still change.
fn server_is_done(server: &PostgresServer, database: &str) {
    let asked = format!("select count(*) from pg_stat_activity where datname = '{database}'");
    while server.sql(&asked) != "0" {
        wait(Duration::from_millis(1));
    }
}

/// Nothing happens for so long.
fn wait(pause: Duration) {
    let (keep, never) = mpsc::channel::<()>();
    // Nobody sends, and nobody hangs up: it is the time that ends it.
    let ended = never.recv_timeout(pause);
    debug_assert_eq!(ended, Err(mpsc::RecvTimeoutError::Timeout));
    drop(keep);
}

/// A writer, killed with the value.
struct Writer {
    child: Child,
    lines: mpsc::Receiver<String>,
}

impl Writer {
    fn start(program: &Path, place: &str, generation: u8, tasks: u64) -> Result<Self> {
        let mut child = Command::new(program)
            .args([place, &generation.to_string(), &tasks.to_string()])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("start {}", program.display()))?;
        let output = child
            .stdout
            .take()
            .context("its output was asked for as a pipe")?;
        let (say, lines) = mpsc::channel();
        std::thread::spawn(move || {
            let mut output = BufReader::new(output);
            let mut line = String::new();
            // A line without its end was cut off by the kill: it was not said.
            while output.read_line(&mut line).is_ok() && line.ends_with('\n') {
                if say.send(line.trim_end().to_owned()).is_err() {
                    return;
                }
                line.clear();
            }
        });
        Ok(Self { child, lines })
    }

    /// Listens until so many commits were acknowledged.
    fn acknowledges(&self, commits: u64, said: &mut Acknowledged) -> Result<()> {
        let until = said.commits() + commits;
        while said.commits() < until {
            self.hear(said)?;
        }
        Ok(())
    }

    /// Listens until a commit failed.
    fn doubts(&self, said: &mut Acknowledged) -> Result<()> {
        while self.hear(said)? != Heard::Doubt {}
        Ok(())
    }

    fn hear(&self, said: &mut Acknowledged) -> Result<Heard> {
        match self.lines.recv_timeout(PATIENCE) {
            Ok(line) => said.hear(&line),
            Err(mpsc::RecvTimeoutError::Timeout) => {
                bail!("the writer said nothing for {} s", PATIENCE.as_secs())
            }
            Err(mpsc::RecvTimeoutError::Disconnected) => {
                bail!("the writer ended by itself; what it said on its error output tells why")
            }
        }
    }

    /// Kills it and hears what it had said before.
    fn kill(mut self, said: &mut Acknowledged) -> Result<()> {
        let ended = self.child.try_wait()?;
        ensure!(ended.is_none(), "the writer ended by itself: {ended:?}");
        self.child.kill()?;
        self.child.wait()?;
        while let Ok(line) = self.lines.recv_timeout(PATIENCE) {
            said.hear(&line)?;
        }
        Ok(())
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        // Both fail only for one that was killed and waited for.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

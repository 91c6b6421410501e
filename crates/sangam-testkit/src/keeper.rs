//! A folder and a server in it that are gone when the test is: with the value, or with the process, whatever it dies of. A
//! small shell holds them, waits on a pipe from here, and ends them when the pipe is closed; statics are never dropped, and a
//! killed process drops nothing.

#[cfg(test)]
mod tests;
mod user;

use std::collections::VecDeque;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use parking_lot::Mutex;

pub(crate) use self::user::User;

const SCRIPT: &str = include_str!("keeper/keeper.sh");
/// Another program may take the port between our look and the start.
const ATTEMPTS: usize = 20;
/// Longest anything may take: a start after a crash on a busy machine takes seconds.
const PATIENCE: Duration = Duration::from_secs(120);
/// Of what the server says, the lines that are kept for a message.
const KEPT_LINES: usize = 30;

/// What to keep.
#[derive(Debug)]
pub(crate) struct Plan<'a> {
    /// As whom, when not as ourselves.
    pub(crate) user: Option<User>,
    /// Shell commands that fill the folder.
    pub(crate) prepare: &'a str,
    /// Shell commands for what a killed server leaves outside of the folder.
    pub(crate) cleanup: &'a str,
    /// The server's command without its last word, the port. It runs in the folder.
    pub(crate) server: &'a [&'a str],
    /// What it says when it is ready.
    pub(crate) ready: &'static str,
}

/// The folder, and the server when it was started.
#[derive(Debug)]
pub(crate) struct Keeper {
    shell: Child,
    /// `None` only while it is dropped.
    orders: Option<ChildStdin>,
    words: Mutex<Receiver<Word>>,
    said: Arc<Mutex<VecDeque<String>>>,
    folder: PathBuf,
}

/// What matters of the lines that come.
#[derive(Debug, PartialEq, Eq)]
enum Word {
    Folder(PathBuf),
    Ready,
    Ended,
    Done,
    Idle,
}

impl Keeper {
    /// Makes and fills the folder; no server runs yet.
    ///
    /// # Panics
    /// If it cannot be filled.
    pub(crate) fn new(plan: &Plan<'_>) -> Self {
        let mut command = Command::new("sh");
        command
            // Not as an argument: a list of processes would show the whole of it.
            .env("KEEPER", SCRIPT)
            .args(["-c", "eval \"$KEEPER\"", "keeper", plan.prepare, plan.cleanup])
            .args(plan.server)
            .env("LC_ALL", "C")
            .current_dir("/")
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped());
        if let Some(user) = plan.user {
            // Our own folder for temporary files may be closed to it.
            command.uid(user.uid).gid(user.gid).env_remove("TMPDIR");
        }
        let mut shell = command.spawn().expect("`sh` starts");
        let orders = shell.stdin.take();
        let output = shell.stdout.take().expect("stdout was asked for as a pipe");
        let (sender, words) = channel();
        let said = Arc::default();
        let (heard, ready) = (Arc::clone(&said), plan.ready);
        std::thread::spawn(move || listen(output, ready, &sender, &heard));
        let mut keeper = Self {
            shell,
            orders,
            words: Mutex::new(words),
            said,
            folder: PathBuf::new(),
        };
        match keeper.next() {
            Word::Folder(folder) => keeper.folder = folder,
            other => panic!("the first word is the folder's, not {other:?}"),
        }
        keeper
    }

    /// Where the server runs.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Starts the server on a free port, which is returned.
    ///
    /// # Panics
    /// If it does not start.
    pub(crate) fn run_anywhere(&self) -> u16 {
        for _ in 0..ATTEMPTS {
            let port = free_port();
            if self.run(port) {
                return port;
            }
        }
        panic!("the server did not start in {ATTEMPTS} attempts{}", self.said());
    }

    /// Starts the server; `false` if it ended before it was ready, as it does when the port is taken.
    pub(crate) fn run(&self, port: u16) -> bool {
        self.send(&format!("run {port}"));
        let ready = self.next() == Word::Ready;
        if !ready {
            self.order("KILL");
        }
        ready
    }

    /// Starts the server again on its port after a `kill`.
    ///
    /// # Panics
    /// If it does not start, for instance because the port was taken meanwhile.
    pub(crate) fn run_again(&self, port: u16) {
        self.order("KILL");
        assert!(
            self.run(port),
            "the server did not start again on port {port}{}",
            self.said()
        );
    }

    /// Ends the server and its children at once, as a crash does. They are gone on return.
    pub(crate) fn kill(&self) {
        self.order("KILL");
    }

    /// Asks the server to end, thawed if it was frozen. It is gone on return.
    pub(crate) fn interrupt(&self) {
        self.order("INT");
    }

    /// Stops the server and its children in the middle of whatever they do.
    ///
    /// # Panics
    /// If it does not run.
    pub(crate) fn freeze(&self) {
        self.order("STOP");
    }

    /// Lets them go on.
    ///
    /// # Panics
    /// If it does not run.
    pub(crate) fn thaw(&self) {
        self.order("CONT");
    }

    fn order(&self, order: &str) {
        self.send(order);
        loop {
            match self.next() {
                Word::Done => return,
                Word::Idle => panic!("the server does not run{}", self.said()),
                Word::Folder(_) | Word::Ready | Word::Ended => {}
            }
        }
    }

    fn send(&self, order: &str) {
        let mut orders = self.orders.as_ref().expect("closed only when dropped");
        writeln!(orders, "{order}").expect("the keeper runs while its pipe is open");
    }

    fn next(&self) -> Word {
        let word = self.words.lock().recv_timeout(PATIENCE);
        word.unwrap_or_else(|error| panic!("nothing came from the server ({error}){}", self.said()))
    }

    /// What the server said lately, for a message.
    pub(crate) fn said(&self) -> String {
        let said = self.said.lock();
        said.iter().map(|line| format!("\n    {line}")).collect()
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        self.orders = None;
        let _already_waited = self.shell.wait();
    }
}

/// Listens to the end, or the server would wait for somebody to read what it says.
fn listen(output: ChildStdout, ready: &str, words: &Sender<Word>, said: &Mutex<VecDeque<String>>) {
    let mut output = BufReader::new(output);
    let mut bytes = Vec::new();
    while output.read_until(b'\n', &mut bytes).is_ok_and(|read| read > 0) {
        let line = String::from_utf8_lossy(&bytes).trim_end().to_owned();
        bytes.clear();
        let word = Word::in_line(&line, ready);
        keep(line, &mut said.lock());
        if let Some(word) = word {
            let _dropped_meanwhile = words.send(word);
        }
    }
}

fn keep(line: String, said: &mut VecDeque<String>) {
    if said.len() == KEPT_LINES {
        said.pop_front();
    }
    said.push_back(line);
}

impl Word {
    fn in_line(line: &str, ready: &str) -> Option<Self> {
        if line.contains(ready) {
            return Some(Self::Ready);
        }
        // Behind the start of a long line of the server's at times.
        let (_, word) = line.split_once("keeper: ")?;
        match word {
            "ended" => Some(Self::Ended),
            "done" => Some(Self::Done),
            "idle" => Some(Self::Idle),
            _ => Some(Self::Folder(word.strip_prefix("folder ")?.into())),
        }
    }
}

fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    listener.local_addr().expect("bound").port()
}

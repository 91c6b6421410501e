//! A throw-away Redis for one test: on a free port of this machine, in a folder of its own, gone with the value. It can be
//! killed, started again, frozen and thawed.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;

/// Another program may take the port between our look and the start.
const ATTEMPTS: usize = 20;
/// Longest it may take to answer a command of a test.
const PATIENCE: Duration = Duration::from_secs(20);

/// A running `redis-server`.
#[derive(Debug)]
pub struct RedisServer {
    port: u16,
    folder: TempDir,
    running: Option<Running>,
}

/// Killed and waited for when dropped, also while frozen.
#[derive(Debug)]
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // Both fail only if it has ended meanwhile, which is what is wanted.
        let _already_ended = self.0.kill();
        let _already_waited = self.0.wait();
    }
}

impl RedisServer {
    /// Starts one.
    ///
    /// # Panics
    /// If `redis-server` is not installed or does not start.
    #[must_use]
    pub fn start() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        for _ in 0..ATTEMPTS {
            let port = free_port();
            if let Some(running) = run(port, folder.path()) {
                return Self {
                    port,
                    folder,
                    running: Some(running),
                };
            }
        }
        panic!("redis-server did not start in {ATTEMPTS} attempts");
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        SocketAddr::from((Ipv4Addr::LOCALHOST, self.port))
    }

    /// Its port.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// `redis://127.0.0.1:PORT`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("redis://{}", self.address())
    }

    /// Ends it at once, as a crash does.
    pub fn kill(&mut self) {
        self.running = None;
    }

    /// Starts it again on its port, from the snapshot in its folder if there is one.
    ///
    /// # Panics
    /// If the port was taken meanwhile.
    pub fn restart(&mut self) {
        self.kill();
        self.running = run(self.port, self.folder.path());
        assert!(
            self.running.is_some(),
            "port {} was taken by another program",
            self.port
        );
    }

    /// Stops it in the middle of whatever it does, connections open.
    pub fn freeze(&self) {
        self.signal("-STOP");
    }

    /// Lets it go on.
    pub fn thaw(&self) {
        self.signal("-CONT");
    }

    fn signal(&self, signal: &str) {
        let running = self.running.as_ref().expect("running");
        let status = Command::new("kill")
            .args([signal, &running.0.id().to_string()])
            .status();
        assert!(status.expect("`kill` starts").success(), "{signal} was not taken");
    }

    /// Sends one command and returns the first line of its answer, without the line's end.
    ///
    /// # Panics
    /// If it does not answer.
    #[must_use]
    pub fn command(&self, words: &[&str]) -> String {
        let mut stream = TcpStream::connect(self.address()).expect("connected");
        stream
            .set_read_timeout(Some(PATIENCE))
            .expect("a length above nought");
        let mut bytes = format!("*{}\r\n", words.len());
        for word in words {
            bytes.push_str(&format!("${}\r\n{word}\r\n", word.len()));
        }
        stream.write_all(bytes.as_bytes()).expect("written");
        let mut line = String::new();
        BufReader::new(stream).read_line(&mut line).expect("an answer");
        line.trim_end().to_owned()
    }
}

fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    listener.local_addr().expect("bound").port()
}

/// `None` if it ended before it was ready, as it does when the port is taken.
fn run(port: u16, folder: &Path) -> Option<Running> {
    let mut command = Command::new("redis-server");
    command
        .args([
            "--port",
            &port.to_string(),
            "--bind",
            "127.0.0.1",
            "--save",
            "",
            "--appendonly",
            "no",
        ])
        .args(["--daemonize", "no", "--logfile", "", "--dir"])
        .arg(folder)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    let child = command.spawn().unwrap_or_else(|error| {
        panic!("redis-server cannot be started ({error}): `cargo xtask test` installs it, or `apt-get install redis-server`")
    });
    let mut running = Running(child);
    let mut lines = BufReader::new(running.0.stdout.take().expect("stdout was asked for as a pipe"));
    let mut line = String::new();
    while lines.read_line(&mut line).expect("its output") > 0 {
        if line.contains("Ready to accept connections") {
            // It must not wait for somebody to read what else it says.
            std::thread::spawn(move || {
                let mut rest = Vec::new();
                let _ended_or_killed = lines.read_to_end(&mut rest);
            });
            return Some(running);
        }
        line.clear();
    }
    None
}

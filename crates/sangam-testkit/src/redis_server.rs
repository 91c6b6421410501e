//! A throw-away Redis for one test: on a free port of this machine, in a folder of its own, gone with the value and with the
//! test process whatever that dies of. It can be killed, started again, frozen and thawed.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::keeper::{Keeper, Plan};

/// Longest it may take to answer a command of a test.
const PATIENCE: Duration = Duration::from_secs(20);

/// A running `redis-server`.
#[derive(Debug)]
pub struct RedisServer {
    port: u16,
    pub(crate) keeper: Keeper,
}

impl RedisServer {
    /// Starts one.
    ///
    /// # Panics
    /// If `redis-server` is not installed or does not start.
    #[must_use]
    pub fn start() -> Self {
        let there = Command::new("redis-server")
            .arg("--version")
            .stdout(Stdio::null())
            .status();
        assert!(
            there.is_ok_and(|status| status.success()),
            "redis-server cannot be started: `cargo xtask test` installs it, or `apt-get install redis-server`"
        );
        let server = [
            ["redis-server", "--bind", "127.0.0.1"].as_slice(),
            &["--save", "", "--appendonly", "no", "--daemonize", "no"],
            &["--logfile", "", "--dir", ".", "--port"],
        ];
        let keeper = Keeper::new(&Plan {
            user: None,
            prepare: "",
            cleanup: "",
            server: &server.concat(),
            ready: "Ready to accept connections",
        });
        Self {
            port: keeper.run_anywhere(),
            keeper,
        }
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
        self.keeper.kill();
    }

    /// Starts it again on its port, from the snapshot in its folder if there is one.
    ///
    /// # Panics
    /// If the port was taken meanwhile.
    pub fn restart(&mut self) {
        self.keeper.run_again(self.port);
    }

    /// Stops it in the middle of whatever it does, connections open.
    ///
    /// # Panics
    /// If it does not run.
    pub fn freeze(&self) {
        self.keeper.freeze();
    }

    /// Lets it go on.
    ///
    /// # Panics
    /// If it does not run.
    pub fn thaw(&self) {
        self.keeper.thaw();
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

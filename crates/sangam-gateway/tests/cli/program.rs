//! Running the binary: once to its end, or as a server that is ended with the test.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

/// A folder to run in.
pub(crate) struct Place {
    pub(crate) folder: TempDir,
}

/// What a run came to.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Ran {
    /// Its output as JSON.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// It ended well.
    pub(crate) fn done(self) -> Self {
        assert_eq!(self.code, Some(0), "{self:?}");
        self
    }

    /// It ended with this code and said each of these.
    pub(crate) fn refused(self, code: i32, words: &[&str]) -> Self {
        assert_eq!(self.code, Some(code), "{self:?}");
        for word in words {
            assert!(self.err.contains(word), "{word:?} is not said: {self:?}");
        }
        self
    }
}

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code(),
            out: String::from_utf8_lossy(&output.stdout).into_owned(),
            err: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}

impl Place {
    /// A new, empty one.
    pub(crate) fn new() -> Self {
        Self {
            folder: tempfile::tempdir().expect("a folder"),
        }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, text).expect("written");
        path
    }

    /// The binary in this folder, with nothing of the caller's settings.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sangam"));
        command
            .current_dir(self.folder.path())
            .args(args)
            .stdin(Stdio::null());
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("SANGAM_") {
                command.env_remove(name);
            }
        }
        // The doctor tries the port: another program on the usual one must not fail a test.
        if args.first() == Some(&"doctor") {
            command.env("SANGAM_LISTEN", "127.0.0.1:0");
        }
        command
    }

    /// Runs it to its end.
    pub(crate) fn run(&self, args: &[&str]) -> Ran {
        self.command(args).output().expect("it runs").into()
    }

    /// Runs it to its end with environment variables.
    pub(crate) fn run_with(&self, env: &[(&str, &str)], args: &[&str]) -> Ran {
        self.command(args)
            .envs(env.iter().copied())
            .output()
            .expect("it runs")
            .into()
    }

    /// Runs it to its end with something to read.
    pub(crate) fn run_reading(&self, input: &str, args: &[&str]) -> Ran {
        let mut child = self
            .command(args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("it starts");
        child
            .stdin
            .take()
            .expect("a pipe")
            .write_all(input.as_bytes())
            .expect("it reads");
        child.wait_with_output().expect("it ends").into()
    }

    /// Starts the gateway on a free port and waits for its screen.
    pub(crate) fn serve(&self, args: &[&str]) -> Server {
        self.serve_with(&[], args)
    }

    /// The same with environment variables.
    pub(crate) fn serve_with(&self, env: &[(&str, &str)], args: &[&str]) -> Server {
        let mut all = vec!["serve"];
        all.extend(args);
        if !args.contains(&"--listen") {
            all.extend(["--listen", "127.0.0.1:0"]);
        }
        let mut command = self.command(&all);
        command.envs(env.iter().copied());
        Server::start(command, |line| line.contains("orders list"))
    }

    /// Starts one simulated broker and answers with its address.
    pub(crate) fn sim(&self, broker: &str) -> Server {
        Server::start(self.command(&["sim", "--broker", broker]), |line| {
            line.starts_with("listening on ")
        })
    }
}

/// A running server, ended when dropped.
pub(crate) struct Server {
    child: Child,
    rest: BufReader<std::process::ChildStdout>,
    /// What it printed until it was ready.
    pub(crate) screen: String,
}

impl Server {
    fn start(mut command: Command, ready: impl Fn(&str) -> bool) -> Self {
        let mut child = command.stdout(Stdio::piped()).spawn().expect("it starts");
        let rest = BufReader::new(child.stdout.take().expect("a pipe"));
        let mut server = Self {
            child,
            rest,
            screen: String::new(),
        };
        loop {
            let before = server.screen.len();
            let read = server.rest.read_line(&mut server.screen).expect("text");
            assert!(read > 0, "it ended before it was ready: {}", server.screen);
            if ready(&server.screen[before..]) {
                return server;
            }
        }
    }

    /// The first address on its screen.
    pub(crate) fn address(&self) -> String {
        let at = self.screen.find("http://127.0.0.1:").expect("an address");
        self.screen[at..]
            .split_whitespace()
            .next()
            .expect("an address")
            .to_owned()
    }

    /// The key on its screen.
    pub(crate) fn key(&self) -> String {
        let line = self
            .screen
            .lines()
            .find_map(|line| line.strip_prefix("API key: "));
        line.expect("a key").trim().to_owned()
    }

    /// Its process.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Sends it a signal: `KILL`, `STOP`, `CONT`.
    pub(crate) fn signal(&self, name: &str) {
        let sent = Command::new("kill")
            .args([&format!("-{name}"), &self.child.id().to_string()])
            .status()
            .expect("kill runs");
        assert!(sent.success());
    }

    /// Tells it to stop, waits until it has, and answers what else it printed and whether it ended well.
    pub(crate) fn stop(mut self) -> (bool, String) {
        let told = Command::new("kill")
            .args(["-TERM", &self.child.id().to_string()])
            .status()
            .expect("kill runs");
        assert!(told.success());
        let mut rest = String::new();
        self.rest.read_to_string(&mut rest).expect("text");
        (self.child.wait().expect("it ends").success(), rest)
    }

    /// One call over HTTP: status, head, body.
    pub(crate) fn http(&self, request_line: &str, headers: &[&str], body: &[u8]) -> (u16, String, String) {
        let address = self.address();
        let mut stream = TcpStream::connect(address.trim_start_matches("http://")).expect("it listens");
        let mut head = format!("{request_line} HTTP/1.1\r\nhost: test\r\nconnection: close\r\n");
        for header in headers {
            head.push_str(header);
            head.push_str("\r\n");
        }
        head.push_str(&format!("content-length: {}\r\n\r\n", body.len()));
        stream.write_all(head.as_bytes()).expect("sent");
        // It may have answered and closed before all of a body it does not want was sent.
        let _sent = stream.write_all(body);
        let mut answer = Vec::new();
        let _read = stream.read_to_end(&mut answer);
        let answer = String::from_utf8_lossy(&answer).into_owned();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
        let status = head.split(' ').nth(1).and_then(|code| code.parse().ok());
        (
            status.expect("a status"),
            head.to_ascii_lowercase(),
            body.to_owned(),
        )
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // A process that has ended already cannot be killed, which is as well.
        let _ended = self.child.kill();
        let _reaped = self.child.wait();
    }
}

/// The permission bits of a file.
pub(crate) fn mode(path: &Path) -> u32 {
    use std::os::unix::fs::PermissionsExt as _;
    fs::metadata(path).expect("there").permissions().mode() & 0o777
}

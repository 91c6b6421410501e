//! Starting programs: with the terminal handed on, or line by line with a deadline.

use std::io::{BufRead, BufReader, Read, Write as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};

/// Time a program gets to end by itself once asked.
const GRACE: Duration = Duration::from_millis(if cfg!(test) { 200 } else { 5000 });

/// How often a program that was asked to end is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(10);

/// Run a program to its end with our own terminal; anything but success is an error.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    println!("{}", shown(command));
    let status = command
        .status()
        .with_context(|| format!("start `{}`", shown(command)))?;
    ensure!(status.success(), "`{}` ended with {status}", shown(command));
    Ok(())
}

/// Run a program to its end, printing its output as it comes and showing each line to `look`.
pub(crate) fn run_watched(command: &mut Command, mut look: impl FnMut(&str)) -> Result<()> {
    println!("{}", shown(command));
    let mut child = Guard(
        command
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("start `{}`", shown(command)))?,
    );
    let output = BufReader::new(child.0.stdout.take().expect("stdout was asked for as a pipe"));
    each_line(output, |line| {
        println!("{line}");
        look(line);
    });
    let status = child.0.wait().context("wait for the program to end")?;
    ensure!(status.success(), "`{}` ended with {status}", shown(command));
    Ok(())
}

/// A running program whose output arrives line by line, ended when this value goes.
#[derive(Debug)]
pub(crate) struct Running {
    name: String,
    child: Guard,
    lines: Receiver<String>,
    heard: Vec<String>,
}

impl Running {
    /// Start a program; its two outputs come together as lines.
    pub(crate) fn start(name: &str, command: &mut Command) -> Result<Self> {
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .with_context(|| format!("start `{}`", shown(command)))?;
        let (sender, lines) = channel();
        let outputs: [Box<dyn Read + Send>; 2] = [
            Box::new(child.stdout.take().expect("stdout was asked for as a pipe")),
            Box::new(child.stderr.take().expect("stderr was asked for as a pipe")),
        ];
        for output in outputs {
            let sender = sender.clone();
            thread::spawn(move || {
                each_line(BufReader::new(output), |line| {
                    // Nobody listening any more is no reason to stop draining the pipe.
                    let _listener_gone = sender.send(line.to_owned());
                });
            });
        }
        Ok(Self {
            name: name.to_owned(),
            child: Guard(child),
            lines,
            heard: Vec::new(),
        })
    }

    /// Wait until `find` makes something of the lines so far.
    pub(crate) fn wait_for<T>(
        &mut self,
        what: &str,
        within: Duration,
        find: impl Fn(&[String]) -> Option<T>,
    ) -> Result<T> {
        let deadline = Instant::now() + within;
        loop {
            if let Some(found) = find(&self.heard) {
                return Ok(found);
            }
            match self
                .lines
                .recv_timeout(deadline.saturating_duration_since(Instant::now()))
            {
                Ok(line) => self.heard.push(line),
                Err(RecvTimeoutError::Timeout) => {
                    let said = self.said();
                    bail!(
                        "{} did not print {what} within {} s{said}",
                        self.name,
                        within.as_secs()
                    )
                }
                Err(RecvTimeoutError::Disconnected) => {
                    let said = self.said();
                    bail!("{} ended before it printed {what}{said}", self.name)
                }
            }
        }
    }

    /// Wait for the program's end, showing each line to `look`; it is ended at the deadline.
    pub(crate) fn wait_for_end(mut self, within: Duration, mut look: impl FnMut(&str)) -> Result<()> {
        let deadline = Instant::now() + within;
        for line in &self.heard {
            look(line);
        }
        loop {
            match self
                .lines
                .recv_timeout(deadline.saturating_duration_since(Instant::now()))
            {
                Ok(line) => look(&line),
                Err(RecvTimeoutError::Timeout) => {
                    bail!("{} had not ended after {} s", self.name, within.as_secs())
                }
                Err(RecvTimeoutError::Disconnected) => break,
            }
        }
        let status = self.child.0.wait().context("wait for the program to end")?;
        ensure!(status.success(), "{} ended with {status}", self.name);
        Ok(())
    }

    /// What it has printed lately, for a message.
    pub(crate) fn said(&mut self) -> String {
        const SHOWN: usize = 25;
        self.heard.extend(self.lines.try_iter());
        let from = self.heard.len().saturating_sub(SHOWN);
        self.heard[from..]
            .iter()
            .map(|line| format!("\n    {line}"))
            .collect()
    }
}

/// A child that is ended and waited for when dropped, however we leave.
#[derive(Debug)]
struct Guard(Child);

impl Guard {
    /// Whether it ends by itself within the time.
    fn ends(&mut self, within: Duration) -> bool {
        let deadline = Instant::now() + within;
        loop {
            match self.0.try_wait() {
                Ok(None) if Instant::now() < deadline => thread::sleep(LOOK_EVERY),
                Ok(None) => return false,
                Ok(Some(_)) | Err(_) => return true,
            }
        }
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        if self.ends(Duration::ZERO) {
            return;
        }
        // Asked first, so that it can end what it has started itself; its number cannot be another's until it is
        // waited for.
        let asked = Command::new("kill")
            .arg(self.0.id().to_string())
            .status()
            .is_ok_and(|status| status.success());
        if asked && self.ends(GRACE) {
            return;
        }
        // Both fail only if it has ended meanwhile, which is what is wanted.
        let _already_ended = self.0.kill();
        let _already_waited = self.0.wait();
    }
}

fn each_line(mut output: impl BufRead, mut look: impl FnMut(&str)) {
    let mut bytes = Vec::new();
    while output.read_until(b'\n', &mut bytes).is_ok_and(|read| read > 0) {
        look(String::from_utf8_lossy(&bytes).trim_end_matches(['\n', '\r']));
        bytes.clear();
    }
    let _terminal_gone = std::io::stdout().flush();
}

/// The command as a person would type it.
fn shown(command: &Command) -> String {
    let program = Path::new(command.get_program());
    let name = program.file_name().unwrap_or(command.get_program());
    let words = std::iter::once(name).chain(command.get_args());
    words
        .map(|word| word.to_string_lossy().into_owned())
        .collect::<Vec<_>>()
        .join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOON: Duration = Duration::from_secs(20);

    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    fn first(lines: &[String]) -> Option<String> {
        lines
            .iter()
            .find_map(|line| line.strip_prefix("ready ").map(str::to_owned))
    }

    #[test]
    fn finds_the_awaited_line_among_others() {
        let mut running =
            Running::start("it", &mut shell("echo one; echo ready 7; exec cat")).expect("sh starts");
        assert_eq!(running.wait_for("ready", SOON, first).expect("printed"), "7");
    }

    #[test]
    fn a_program_that_ends_early_is_quoted() {
        let mut running = Running::start("it", &mut shell("echo the reason >&2")).expect("sh starts");
        let error = running
            .wait_for("ready", SOON, first)
            .expect_err("it never prints it")
            .to_string();
        assert!(
            error.contains("ended before it printed ready") && error.contains("the reason"),
            "{error}"
        );
    }

    #[test]
    fn a_program_that_says_nothing_meets_the_deadline() {
        let mut running = Running::start("it", &mut shell("exec tail -f /dev/null")).expect("sh starts");
        let error = running
            .wait_for("ready", Duration::from_millis(50), first)
            .expect_err("silent")
            .to_string();
        assert!(error.contains("did not print ready"), "{error}");
    }

    #[test]
    fn a_bad_exit_is_an_error_and_the_lines_are_seen() {
        let mut seen = Vec::new();
        let failing = Running::start("it", &mut shell("echo a; echo b; exit 3")).expect("sh starts");
        let error = failing
            .wait_for_end(SOON, |line| seen.push(line.to_owned()))
            .expect_err("exit 3");
        assert!(error.to_string().contains("exit status: 3"), "{error}");
        assert_eq!(seen, ["a", "b"]);
    }

    #[test]
    fn a_program_is_gone_when_its_guard_is() {
        for script in [
            "echo ready $$; exec tail -f /dev/null",
            "trap '' TERM; echo ready $$; while :; do :; done",
        ] {
            let mut running = Running::start("it", &mut shell(script)).expect("sh starts");
            let id = running.wait_for("its number", SOON, first).expect("printed");
            drop(running);
            let alive = Command::new("kill")
                .args(["-0", &id])
                .stderr(Stdio::null())
                .status()
                .expect("kill starts");
            assert!(!alive.success(), "{script} is still there");
        }
    }
}

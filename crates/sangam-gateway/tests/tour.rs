//! The README's tour, word for word: every command of its block runs and succeeds against a gateway started as the README
//! says, in an empty folder.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

struct Gateway(Child);

impl Drop for Gateway {
    fn drop(&mut self) {
        // A process that has ended already cannot be killed, which is as well.
        let _ended = self.0.kill();
        let _reaped = self.0.wait();
    }
}

fn tour() -> String {
    let readme =
        fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../README.md")).expect("a README");
    let block = readme
        .split("<!-- tour -->\n```sh\n")
        .nth(1)
        .expect("the tour's block");
    block.split("```").next().expect("its end").to_owned()
}

#[test]
fn the_readmes_tour_works_as_printed() {
    let folder = tempfile::tempdir().expect("a folder");
    let release = folder.path().join("target/release");
    fs::create_dir_all(&release).expect("a folder");
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_sangam"), release.join("sangam")).expect("a link");
    let mut child = Command::new(release.join("sangam"))
        .current_dir(folder.path())
        .env("SANGAM_LISTEN", "127.0.0.1:0")
        .stdout(Stdio::piped())
        .spawn()
        .expect("the gateway starts");
    let mut screen = BufReader::new(child.stdout.take().expect("a pipe")).lines();
    let _gateway = Gateway(child);
    let mut address = None;
    for line in screen.by_ref() {
        let line = line.expect("text");
        if let Some(at) = line.find("http://127.0.0.1:").filter(|_| address.is_none()) {
            address = line[at..].split_whitespace().next().map(str::to_owned);
        }
        if line.starts_with("API key: ") {
            break;
        }
    }
    // The port alone differs, so that the test needs none of its own.
    let script = tour().replace("http://127.0.0.1:5000", &address.expect("an address"));
    let answer = Command::new("bash")
        .args(["-e", "-o", "pipefail", "-x", "-c", &script])
        .current_dir(folder.path())
        .output()
        .expect("bash runs");
    let (out, err) = (
        String::from_utf8_lossy(&answer.stdout),
        String::from_utf8_lossy(&answer.stderr),
    );
    assert!(answer.status.success(), "{err}\n{out}");
    assert!(out.contains("cancelled"), "{out}");
    assert_eq!(out.matches("\"status\":\"success\"").count(), 3, "{out}");
}

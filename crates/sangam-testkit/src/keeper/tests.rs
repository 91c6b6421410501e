//! Tests that nothing is left, whatever ends the tests. What a test process dies of is tried on a second one: this binary
//! again, with this one test.

use std::io::{BufRead as _, BufReader, Read as _};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use super::*;
use crate::{PostgresServer, RedisServer};

const THIS_TEST: &str = "keeper::tests::all_is_gone_when_the_test_process_is_killed";
const VICTIM: &str = "SANGAM_TESTKIT_VICTIM";

#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "how the process to be killed knows that it is the one"
)]
fn all_is_gone_when_the_test_process_is_killed() {
    if std::env::var_os(VICTIM).is_some() {
        return wait_to_be_killed();
    }
    let this_binary = std::env::current_exe().expect("its path");
    let mut victim = Command::new(this_binary)
        .args(["--exact", THIS_TEST, "--nocapture"])
        .env(VICTIM, "1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("this binary starts");
    let servers = started(&mut victim);
    assert_eq!(servers.len(), 3);
    for (port, folder) in &servers {
        // A frozen one's port is open all the same.
        assert!(open(*port) && folder.exists(), "{port} {}", folder.display());
    }
    victim.kill().expect("it runs");
    // Its keepers hold this pipe until they have ended.
    let mut errors = String::new();
    let pipe = victim.stderr.as_mut().expect("stderr was asked for as a pipe");
    pipe.read_to_string(&mut errors).expect("text");
    victim.wait().expect("killed");
    for (port, folder) in &servers {
        assert!(!open(*port), "a server still listens on {port}: {errors}");
        assert!(!folder.exists(), "{} is left: {errors}", folder.display());
    }
    assert_eq!(errors, "");
}

/// What runs in the process that is killed.
fn wait_to_be_killed() {
    let mut frozen = PostgresServer::start();
    frozen.freeze();
    let redis = RedisServer::start();
    let shared = PostgresServer::shared();
    for (port, keeper) in [
        (frozen.port(), &frozen.keeper),
        (redis.port(), &redis.keeper),
        (shared.port(), &shared.keeper),
    ] {
        println!("\nserver {port} {}", keeper.folder().display());
    }
    println!("\nthat is all");
    let mut nothing = String::new();
    let _closed = std::io::stdin().read_line(&mut nothing);
}

/// Ports and folders of the servers it says it has started.
fn started(victim: &mut Child) -> Vec<(u16, PathBuf)> {
    let output = victim.stdout.as_mut().expect("stdout was asked for as a pipe");
    let lines = BufReader::new(output).lines().map(|line| line.expect("text"));
    lines
        .take_while(|line| line != "that is all")
        .filter_map(|line| {
            let (port, folder) = line.strip_prefix("server ")?.split_once(' ')?;
            Some((port.parse().ok()?, PathBuf::from(folder)))
        })
        .collect()
}

#[test]
fn all_is_gone_with_the_value() {
    let postgres = PostgresServer::start();
    let mut killed = PostgresServer::start();
    killed.kill();
    let redis = RedisServer::start();
    let segments = [&postgres, &killed].map(|server| shared_memory(server.keeper.folder()));
    assert!(segments.iter().all(|segment| exists(segment)), "{segments:?}");
    let left = [
        (postgres.port(), postgres.keeper.folder().to_owned()),
        (killed.port(), killed.keeper.folder().to_owned()),
        (redis.port(), redis.keeper.folder().to_owned()),
    ];
    drop((postgres, killed, redis));
    for (port, folder) in left {
        assert!(!open(port) && !folder.exists(), "{port} {}", folder.display());
    }
    assert!(!segments.iter().any(|segment| exists(segment)), "{segments:?}");
}

/// The number of its shared memory, which the system keeps after its end unless told.
fn shared_memory(folder: &Path) -> String {
    let text = std::fs::read_to_string(folder.join("data/postmaster.pid")).expect("written at the start");
    let line = text.lines().nth(6).expect("the seventh line");
    line.split_whitespace()
        .nth(1)
        .expect("the second number")
        .to_owned()
}

fn exists(segment: &str) -> bool {
    let output = Command::new("ipcs").arg("-m").output().expect("`ipcs` starts");
    let text = String::from_utf8(output.stdout).expect("text");
    text.split_whitespace().any(|word| word == segment)
}

#[test]
fn a_server_that_cannot_listen_is_tried_elsewhere_and_quoted() {
    let server = RedisServer::start();
    let other = RedisServer::start();
    server.keeper.kill();
    assert!(!server.keeper.run(other.port()));
    assert!(
        server.keeper.said().contains("Address already in use"),
        "{}",
        server.keeper.said()
    );
    assert!(server.keeper.run(server.port()));
    assert_eq!(server.command(&["PING"]), "+PONG");
    assert_eq!(other.command(&["PING"]), "+PONG");
}

fn open(port: u16) -> bool {
    TcpStream::connect(SocketAddr::from((Ipv4Addr::LOCALHOST, port))).is_ok()
}

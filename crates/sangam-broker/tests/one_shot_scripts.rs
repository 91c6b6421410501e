//! Random faults on a network in memory, with time under control: whatever a server does, "nothing was sent" is true
//! when claimed, and no order arrives twice.
#![expect(clippy::unwrap_used, reason = "a test's helpers may panic as its body may")]

mod common;

use std::collections::VecDeque;
use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use common::{Seen, Step, Transcript, Wire, answer, order, play, raw};
use parking_lot::Mutex;
use proptest::prelude::*;
use sangam_broker::{BoxedStream, Dial, OneShot, OneShotSettings, Sent, Transport as _, TransportFault};
use tokio::task::JoinHandle;

/// What becomes of one attempt to connect.
#[derive(Debug, Clone)]
enum Connection {
    Refused,
    Never,
    Open(Vec<Step>),
}

/// Connections in memory, each playing its script. When the scripts are over, connections are refused.
#[derive(Debug)]
struct ScriptDial {
    scripts: Mutex<VecDeque<Connection>>,
    seen: Seen,
    wire: Transcript,
    servers: Mutex<Vec<JoinHandle<bool>>>,
    /// How much a connection holds before a write must wait.
    room: usize,
}

impl ScriptDial {
    fn new(scripts: impl IntoIterator<Item = Connection>, room: usize) -> Arc<Self> {
        Arc::new(Self {
            scripts: Mutex::new(scripts.into_iter().collect()),
            seen: Seen::default(),
            wire: Transcript::default(),
            servers: Mutex::default(),
            room,
        })
    }
}

#[async_trait]
impl Dial for ScriptDial {
    async fn connect(&self, _: &str, _: u16, _: Option<IpAddr>) -> io::Result<BoxedStream> {
        let next = self.scripts.lock().pop_front();
        let script = match next {
            None | Some(Connection::Refused) => return Err(io::ErrorKind::ConnectionRefused.into()),
            Some(Connection::Never) => return std::future::pending().await,
            Some(Connection::Open(script)) => script,
        };
        let (ours, mut theirs) = tokio::io::duplex(self.room);
        let seen = self.seen.clone();
        let server = tokio::spawn(async move { play(&mut theirs, &script, &seen).await });
        self.servers.lock().push(server);
        Ok(Box::new(Wire {
            stream: ours,
            wire: self.wire.clone(),
        }))
    }
}

const URL: &str = "http://127.0.0.1:1/order";

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => Just(Step::ReadRequest),
        1 => (0_usize..400).prop_map(Step::Read),
        6 => Just(answer("{\"id\":1}")),
        1 => Just(raw("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{")),
        1 => Just(raw("HTTP/1.1 200 OK\r\n\r\n{}")),
        1 => Just(raw("HTTP/1.1 307 Moved\r\nLocation: /order\r\nContent-Length: 0\r\n\r\n")),
        1 => Just(raw("HTTP/1.1 100 Continue\r\n\r\n")),
        1 => Just(raw("\u{0}garbage\r\n\r\n")),
        1 => Just(raw("HTTP/1.1 503 No\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")),
        1 => (0_u64..3000).prop_map(|ms| Step::Wait(Duration::from_millis(ms))),
        1 => Just(Step::Close),
    ]
}

fn connection() -> impl Strategy<Value = Connection> {
    prop_oneof![
        1 => Just(Connection::Refused),
        1 => Just(Connection::Never),
        10 => prop::collection::vec(step(), 0..10).prop_map(Connection::Open),
    ]
}

/// Sends orders with these pauses before them; returns how many claims of "nothing" and how many answers there were.
async fn run(connections: Vec<Connection>, pauses: &[u64], room: usize) -> (usize, usize) {
    let dial = ScriptDial::new(connections, room);
    let one_shot = OneShot::with_dial(OneShotSettings::default(), Arc::clone(&dial) as Arc<dyn Dial>);
    let (mut nothing, mut answers) = (0, 0);
    for (number, pause) in pauses.iter().enumerate() {
        tokio::time::advance(Duration::from_millis(*pause)).await;
        let before = dial.wire.len();
        let result = one_shot
            .send(order(URL, number).timeout(Duration::from_secs(2)))
            .await;
        let written = dial.wire.len() - before;
        match result {
            Err(error) if error.sent == Sent::Nothing => {
                nothing += 1;
                assert_eq!(written, 0, "claimed to have sent nothing: {error:?}");
            }
            Err(error) => assert_ne!(error.fault, TransportFault::Address),
            Ok(_) => {
                answers += 1;
                let text = dial.wire.text_since(before);
                let whole = format!("order-{number};");
                assert!(text.ends_with(&whole), "an answer to what had not left: {text}");
            }
        }
    }
    drop(one_shot);
    // The servers now see the end of every connection; let them read what is left.
    let servers = std::mem::take(&mut *dial.servers.lock());
    for server in servers {
        server.await.unwrap();
    }
    for number in 0..pauses.len() {
        let arrivals = dial.seen.count(&format!("order-{number};"));
        assert!(arrivals <= 1, "order {number} arrived {arrivals} times");
    }
    (nothing, answers)
}

fn paused<F: Future>(test: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .start_paused(true)
        .build()
        .unwrap()
        .block_on(test)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn property_nothing_means_nothing_and_once_means_once(
        connections in prop::collection::vec(connection(), 1..8),
        pauses in prop::collection::vec(prop_oneof![Just(0_u64), 1_u64..6000], 1..6),
        room in prop_oneof![Just(1_usize), Just(64), Just(8192)],
    ) {
        paused(run(connections, &pauses, room));
    }
}

/// The property above would hold for a transport that never claims and never answers: this one does both.
#[test]
fn claims_and_answers_are_made() {
    let open = Connection::Open(vec![Step::ReadRequest, answer("{}"), Step::Close]);
    let (nothing, answers) = paused(run(
        vec![open.clone(), Connection::Refused, open, Connection::Never],
        &[0, 100, 0, 100],
        8192,
    ));
    assert_eq!((nothing, answers), (2, 2));
}

/// Orders with this pause between them: how many connections they take.
fn connections_after(pause: Duration) -> usize {
    let turn = [Step::ReadRequest, answer("{}")];
    let script: Vec<Step> = turn.iter().cycle().take(8).cloned().collect();
    paused(async {
        let dial = ScriptDial::new(vec![Connection::Open(script); 2], 8192);
        let one_shot = OneShot::with_dial(OneShotSettings::default(), Arc::clone(&dial) as Arc<dyn Dial>);
        one_shot.send(order(URL, 1)).await.unwrap();
        tokio::time::advance(pause).await;
        one_shot.send(order(URL, 2)).await.unwrap();
        dial.seen.connections()
    })
}

#[test]
fn idle_connections_are_dropped_before_the_brokers_limit() {
    assert_eq!(connections_after(Duration::from_millis(3_999)), 1);
    assert_eq!(connections_after(Duration::from_millis(4_000)), 2);
}

#[test]
fn the_deadline_covers_connecting_writing_and_reading() {
    let slow = |script: Vec<Step>, room| {
        paused(async move {
            let dial = ScriptDial::new([Connection::Open(script)], room);
            let one_shot = OneShot::with_dial(OneShotSettings::default(), Arc::clone(&dial) as Arc<dyn Dial>);
            let error = one_shot
                .send(order(URL, 1))
                .await
                .expect_err("the server is too slow");
            (error.fault, error.sent)
        })
    };
    let late = Step::Wait(Duration::from_secs(4));
    let doubt = (TransportFault::Timeout, Sent::Maybe);
    // Each wait alone is within the five seconds.
    assert_eq!(
        slow(
            vec![late.clone(), Step::ReadRequest, late.clone(), answer("{}")],
            8192
        ),
        doubt
    );
    let head = raw("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{");
    assert_eq!(
        slow(
            vec![Step::ReadRequest, late.clone(), head, late.clone(), raw("}")],
            8192
        ),
        doubt
    );
    // A request stuck half way into a full connection has been sent as far as anyone can tell.
    assert_eq!(slow(vec![Step::Read(10), late.clone(), late], 16), doubt);

    let error = paused(async {
        let dial = ScriptDial::new([Connection::Never], 16);
        OneShot::with_dial(OneShotSettings::default(), dial)
            .send(order(URL, 1))
            .await
            .expect_err("no connection is ever made")
    });
    assert_eq!(
        (error.fault, error.sent),
        (TransportFault::Timeout, Sent::Nothing)
    );
}

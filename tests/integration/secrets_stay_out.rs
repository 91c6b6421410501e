//! Secrets stay out of what is kept and shown: the books and their audit log, answers of the gateway, log lines at the most
//! talkative level. Planted are an access token the broker repeats in its refusals, the app's secret, the gateway's key and
//! a password of Redis.

use std::fmt::Write as _;
use std::io;
use std::path::Path;
use std::sync::Arc;

use parking_lot::Mutex;
use sangam::SystemClock;
use sangam::config::RawShared;
use sangam_core::ports::{OrderFilter, Selector as _};
use sangam_core::{BrokerName, Price};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Value, json};
use tracing_subscriber::fmt::MakeWriter;

use crate::support::{Served, Stack};

const REDIS_PASSWORD: &str = "planted-redis-password";
/// Calls whose answers a broker may garble, beside the placement of orders.
const READS: [&str; 6] = [
    "funds",
    "orderbook",
    "tradebook",
    "positionbook",
    "holdings",
    "quotes",
];

/// Everything logged on this thread, on which the stack and the simulators run, too.
#[derive(Debug, Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

/// What was planted, and a record of all that must not have it.
struct Seen {
    /// A middle piece of each: a text that was cut short may have no more.
    secrets: Vec<(&'static str, String)>,
    found: String,
}

impl Seen {
    fn look(&mut self, place: &str, bytes: &[u8]) {
        for (what, secret) in &self.secrets {
            if let Some(at) = bytes
                .windows(secret.len())
                .position(|part| part == secret.as_bytes())
            {
                let around = &bytes[at.saturating_sub(200)..(at + 100).min(bytes.len())];
                let around = String::from_utf8_lossy(around).replace(secret, "(THE SECRET)");
                writeln!(self.found, "{what} in {place}: ...{around}...").expect("a text grows");
            }
        }
    }

    /// Every file of the data folder but those made to hold secrets.
    fn look_in_files(&mut self, folder: &Path) -> usize {
        let mut files = 0;
        for entry in std::fs::read_dir(folder).expect("readable") {
            let path = entry.expect("readable").path();
            if path.is_dir() {
                if path.file_name().is_some_and(|name| name != "sessions") {
                    files += self.look_in_files(&path);
                }
            } else {
                let bytes = std::fs::read(&path).expect("readable");
                self.look(&path.display().to_string(), &bytes);
                files += 1;
            }
        }
        files
    }
}

/// The broker's own refusal with the token in its text, in a form nobody can list beforehand.
fn refusal(broker: BrokerName, token: &str) -> Value {
    match broker {
        BrokerName::Flattrade => json!({"stat": "Not_Ok", "emsg": format!("key {token} may not do this")}),
        BrokerName::Fyers => {
            json!({"s": "error", "code": -999, "message": format!("{token} may not do this")})
        }
        BrokerName::Upstox => json!({"status": "error", "errors":
            [{"errorCode": "UDAPI999999", "message": format!("Bearer {token} may not do this")}]}),
    }
}

/// What a broker, or somebody on the way to it, may answer that repeats the request.
fn echoes(broker: BrokerName, token: &str) -> Vec<Value> {
    let status = |code: u16, body: String, after_accept: bool| json!({"clear": true, "status": {"code": code, "body": body, "rate": 1.0, "after_accept": after_accept}});
    let refusal = refusal(broker, token).to_string();
    vec![
        status(400, refusal.clone(), false),
        status(401, refusal.clone(), false),
        status(200, refusal.clone(), true),
        status(
            502,
            format!("<html>Authorization: Bearer {token} jKey={token}</html>"),
            false,
        ),
        status(200, format!("{{\"{token}\": \"{token}\", "), true),
        status(200, format!("\"{token}\""), true),
        json!({"clear": true, "redirect": 1.0}),
        json!({"clear": true, "cut_body": 1.0}),
        json!({"clear": true, "reset": 1.0}),
        json!({"clear": true, "sessions": "expire"}),
        // Last, as the account is left alone for a while then.
        status(429, refusal, false),
    ]
}

/// An order that rests well below the market.
fn order(last: Price) -> Value {
    let price = last.decimal().trunc() - rust_decimal::Decimal::TEN;
    json!({"strategy": "demo", "symbol": "RELIANCE", "exchange": "NSE", "action": "BUY", "quantity": "1",
        "pricetype": "LIMIT", "price": price.to_string(), "product": "CNC"})
}

/// A piece that only this secret has: tokens begin alike.
fn piece(secret: &str) -> String {
    let middle = secret.len() / 2;
    secret[middle.saturating_sub(12)..(middle + 12).min(secret.len())].to_owned()
}

async fn nothing_shows_a_secret_of(broker: BrokerName) {
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_ansi(false)
        .with_writer(log.clone())
        .finish();
    let _guard = tracing::subscriber::set_default(subscriber);

    let mut app_secret = String::new();
    let stack = Stack::with(&[broker], Arc::new(SystemClock::new()), |raw| {
        let secret = raw.account[0].api_secret.as_ref().expect("it has one");
        app_secret = secret.expose_secret().to_owned();
        raw.account[0].read_timeout_ms = Some(1_000);
        raw.orders.deadline_ms = 1_000;
        raw.shared = Some(RawShared {
            redis_url: Some(SecretString::from(format!(
                "redis://:{REDIS_PASSWORD}@127.0.0.1:1"
            ))),
            processes: 2,
            slot: 0,
            base_percent: 100,
            key_prefix: "sangam".to_owned(),
        });
    })
    .await;
    let served = Served::with(stack, 10_000).await;
    let data = served.stack.folder.path().join("data");
    let session = data.join(format!("sessions/sim-{broker}.json"));
    let session: Value = serde_json::from_slice(&std::fs::read(session).expect("logged in")).expect("json");
    let token = session["access_token"].as_str().expect("a token").to_owned();
    let mut seen = Seen {
        secrets: vec![
            ("the access token", piece(&token)),
            ("the app's secret", piece(&app_secret)),
            ("the gateway's key", piece(served.key())),
            ("Redis' password", piece(REDIS_PASSWORD)),
        ],
        found: String::new(),
    };

    let order = order(served.stack.last().await);
    let (status, answer) = served.call("placeorder", order.clone()).await;
    assert_eq!(status, 200, "{answer}");
    let account = format!("sim-{broker}").parse().expect("a name");
    for faults in echoes(broker, &token) {
        // The one before may have made the account look dead.
        served.stack.system.router().observe_health(&account, None);
        served.stack.fault(broker, faults.clone()).await;
        let (_, answer) = served.call("placeorder", order.clone()).await;
        seen.look(
            &format!("the answer to an order under {faults}"),
            answer.to_string().as_bytes(),
        );
        for read in READS {
            served.stack.system.router().observe_health(&account, None);
            let (_, answer) = served
                .call(read, json!({"symbol": "RELIANCE", "exchange": "NSE"}))
                .await;
            seen.look(&format!("{read} under {faults}"), answer.to_string().as_bytes());
        }
    }
    // The key where it does not belong: the answer may name the field, nothing else may.
    let misplaced = json!({"apikey": served.key(), "strategy": "demo", served.key(): served.key()});
    let (status, _) = served.raw("placeorder", &misplaced).await;
    assert_eq!(status, 400);

    let ledger = served.stack.system.ledger();
    let orders = ledger.orders(&OrderFilter::default()).await.expect("readable");
    let mut subjects: Vec<_> = orders.iter().map(|order| order.uid.to_string()).collect();
    subjects.push(format!("sim-{broker}"));
    let mut entries = 0;
    for subject in &subjects {
        for entry in ledger.audit_of(subject).await.expect("readable") {
            seen.look("the audit log", format!("{entry:?}").as_bytes());
            entries += 1;
        }
    }
    seen.look("the orders", format!("{orders:?}").as_bytes());
    seen.look(
        "Debug of the system",
        format!("{:?}", served.stack.system).as_bytes(),
    );
    served.stack.system.stop().await;
    let files = seen.look_in_files(&data);
    seen.look("the log", &log.0.lock());

    assert!(
        orders.len() > 5 && entries > 2 * orders.len(),
        "{} orders, {entries} entries",
        orders.len()
    );
    assert!(files >= 2, "the ledger was looked into");
    assert!(log.0.lock().len() > 1_000, "the log was listened to");
    assert!(seen.found.is_empty(), "{}", seen.found);
}

#[tokio::test]
async fn of_flattrade() {
    nothing_shows_a_secret_of(BrokerName::Flattrade).await;
}

#[tokio::test]
async fn of_fyers() {
    nothing_shows_a_secret_of(BrokerName::Fyers).await;
}

#[tokio::test]
async fn of_upstox() {
    nothing_shows_a_secret_of(BrokerName::Upstox).await;
}

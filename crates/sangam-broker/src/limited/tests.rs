//! Which replies end a permit, which drop it, and what a refusal becomes.

use bytes::Bytes;
use http::{HeaderMap, Method};
use parking_lot::Mutex;
use sangam_core::ports::{Permit, WindowUse};
use sangam_core::{Advice, ErrorKind, ManualClock, Monotonic, Outcome, Timestamp};

use super::*;

type Log = Arc<Mutex<Vec<String>>>;

#[derive(Debug)]
struct Scripted {
    log: Log,
    full: bool,
}

#[derive(Debug)]
struct Slip(Log, bool);

impl Permit for Slip {
    fn sent(&mut self) {
        self.0.lock().push("sent".to_owned());
    }

    fn answered(mut self: Box<Self>) {
        self.1 = true;
        self.0.lock().push("answered".to_owned());
    }

    fn not_sent(mut self: Box<Self>) {
        self.1 = true;
        self.0.lock().push("not sent".to_owned());
    }
}

impl Drop for Slip {
    fn drop(&mut self) {
        if !self.1 {
            self.0.lock().push("dropped".to_owned());
        }
    }
}

#[async_trait]
impl Limiter for Scripted {
    fn earliest(&self, _: &Scope, _: u32) -> Monotonic {
        Monotonic::default()
    }

    async fn acquire(&self, request: PermitRequest) -> Result<Box<dyn Permit>, RateRefusal> {
        self.log
            .lock()
            .push(format!("{:?} {:?}", request.scope.class, request.priority));
        if self.full {
            return Err(RateRefusal {
                window: "orders 8/1s".to_owned(),
                used: 8,
                limit: 8,
                retry_after: Duration::from_millis(750),
            });
        }
        Ok(Box::new(Slip(Arc::clone(&self.log), false)))
    }

    fn fullness_permille(&self, _: &Scope) -> u32 {
        0
    }

    fn refused(&self, _: &Scope, refusal: BrokerRateRefusal) {
        self.log.lock().push(format!("refused {:?}", refusal.retry_after));
    }

    fn usage(&self) -> Vec<WindowUse> {
        Vec::new()
    }
}

#[derive(Debug)]
struct Wire(Log, Mutex<Option<Result<WireResponse, TransportError>>>);

#[async_trait]
impl Transport for Wire {
    async fn send(&self, _: WireRequest) -> Result<WireResponse, TransportError> {
        self.0.lock().push("wire".to_owned());
        self.1.lock().take().expect("one request a script")
    }
}

async fn run(
    operation: Operation,
    full: bool,
    reply: Result<WireResponse, TransportError>,
) -> (String, Result<WireResponse, TransportError>) {
    let log = Log::default();
    let limited = Limited::new(
        Arc::new(Wire(Arc::clone(&log), Mutex::new(Some(reply)))),
        Arc::new(Scripted {
            log: Arc::clone(&log),
            full,
        }),
        AccountId::new("main").unwrap(),
        Arc::new(ManualClock::at(Timestamp::UNIX_EPOCH)),
    );
    let result = limited
        .send(WireRequest::new(operation, Method::GET, "http://x/"))
        .await;
    let log = log.lock().join(", ");
    (log, result)
}

fn reply(
    status: u16,
    body: &'static str,
    headers: &[(&'static str, &str)],
) -> Result<WireResponse, TransportError> {
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        map.insert(*name, value.parse().unwrap());
    }
    Ok(WireResponse {
        status: StatusCode::from_u16(status).unwrap(),
        headers: map,
        body: Bytes::from_static(body.as_bytes()),
    })
}

#[tokio::test]
async fn only_an_answer_of_the_party_that_counts_ends_a_permit() {
    let check = async |reply, end: &str| {
        let (log, _) = run(Operation::Quotes, false, reply).await;
        assert_eq!(log, format!("MarketData Read, sent, wire, {end}"));
    };
    check(reply(200, " {\"s\":\"ok\"}\n", &[]), "answered").await;
    check(reply(400, "[]", &[]), "answered").await;
    check(reply(200, "<html>busy</html>", &[]), "dropped").await;
    check(reply(200, "", &[]), "dropped").await;
    check(reply(408, "{}", &[]), "dropped").await;
    check(reply(502, "{}", &[]), "dropped").await;
    check(reply(429, "{}", &[]), "answered, refused None").await;
    check(
        reply(429, "{}", &[("retry-after", "2")]),
        "answered, refused Some(2s)",
    )
    .await;
    let both = [("retry-after", "2"), ("x-retry-after-ms", "1500")];
    check(reply(429, "edge", &both), "dropped, refused Some(1.5s)").await;
    let broken = |fault, sent| Err(TransportError::new(fault, sent, "x:1"));
    check(broken(TransportFault::Timeout, Sent::Maybe), "dropped").await;
    check(broken(TransportFault::Connect, Sent::Nothing), "not sent").await;
}

#[tokio::test]
async fn a_refusal_is_an_error_that_says_when_to_come_back() {
    let (log, result) = run(Operation::Place, true, reply(200, "{}", &[])).await;
    assert_eq!(log, "Orders Order", "nothing was sent");
    let error = result.unwrap_err();
    assert_eq!(
        (error.fault, error.sent),
        (TransportFault::RateLimited, Sent::Nothing)
    );
    let error = error.into_error();
    assert_eq!(
        (error.kind(), error.outcome()),
        (ErrorKind::RateLimited, Outcome::NotSent)
    );
    assert_eq!(error.advice(), Advice::Wait(Some(Duration::from_millis(750))));
}

#[tokio::test]
async fn log_ins_ask_too_and_urgency_is_the_greater_of_two() {
    let (log, _) = run(Operation::Login, true, reply(200, "{}", &[])).await;
    assert_eq!(log, "Login Reconcile");
    let check = async |operation, urgency, expected: &str| {
        let (log, _) = at_priority(urgency, run(operation, true, reply(200, "{}", &[]))).await;
        assert_eq!(log, expected);
    };
    check(Operation::Place, Priority::Protective, "Orders Protective").await;
    check(Operation::Orders, Priority::Reconcile, "AccountReads Reconcile").await;
    check(Operation::Cancel, Priority::Read, "Orders Protective").await;
}

#[tokio::test]
async fn a_permit_in_hand_is_used_and_no_other_is_asked_for() {
    let log = Log::default();
    let scope = |class| Scope {
        account: AccountId::new("main").unwrap(),
        class,
    };
    let held = |class| {
        in_hand::with_permit(
            scope(class),
            Box::new(Slip(Arc::clone(&log), false)) as Box<dyn Permit>,
            run(Operation::Quotes, true, reply(200, "{}", &[])),
        )
    };
    let (seen, _) = held(sangam_core::CallClass::MarketData).await;
    assert_eq!(
        (seen.as_str(), log.lock().join(", ").as_str()),
        ("wire", "sent, answered")
    );
    log.lock().clear();
    let (seen, _) = held(sangam_core::CallClass::Orders).await;
    assert_eq!(
        (seen.as_str(), log.lock().join(", ").as_str()),
        ("MarketData Read", "dropped")
    );
}

#[tokio::test]
async fn what_the_adapter_reads_as_a_refusal_is_reported() {
    let log = Log::default();
    let limited = Limited::new(
        Arc::new(Wire(
            Arc::clone(&log),
            Mutex::new(Some(reply(200, "{\"slow\":1}", &[]))),
        )),
        Arc::new(Scripted {
            log: Arc::clone(&log),
            full: false,
        }),
        AccountId::new("main").unwrap(),
        Arc::new(ManualClock::at(Timestamp::UNIX_EPOCH)),
    )
    .reading_refusals(|response| {
        response.body.starts_with(b"{\"slow").then(|| BrokerRateRefusal {
            retry_after: Some(Duration::from_secs(9)),
            ..BrokerRateRefusal::default()
        })
    });
    let request = WireRequest::new(Operation::Quotes, Method::GET, "http://x/");
    limited.send(request).await.unwrap();
    assert_eq!(
        log.lock().join(", "),
        "MarketData Read, sent, wire, answered, refused Some(9s)"
    );
}

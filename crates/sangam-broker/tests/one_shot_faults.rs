//! The one-shot transport against a server on loopback that breaks in every way the fault model names: what is claimed
//! about the request, how often it arrived, and whether the connection was closed.

mod common;

use std::time::Duration;

use common::{Server, Step, answer, counted_one_shot, nobody, order, raw};
use http::StatusCode;
use sangam_broker::{OneShot, OneShotSettings, Sent, Transport as _, TransportError, TransportFault};
use sangam_core::Outcome;

/// Patience where the time is meant to run out: long enough for a busy machine to get as far as the script does.
const SHORT: Duration = Duration::from_secs(1);

fn one_shot() -> OneShot {
    OneShot::new(OneShotSettings::default())
}

fn check(error: &TransportError, fault: TransportFault, sent: Sent) {
    assert_eq!((error.fault, error.sent), (fault, sent), "{error:?}");
}

/// Sends one order to a server with this script and returns what came of it.
async fn fails(script: Vec<Step>) -> (TransportError, Server) {
    fails_within(Duration::from_secs(30), script).await
}

async fn fails_within(patience: Duration, script: Vec<Step>) -> (TransportError, Server) {
    let server = Server::start(vec![script]).await;
    let error = one_shot()
        .send(order(server.url("/order"), 1).timeout(patience))
        .await
        .expect_err("the script has no answer");
    (error, server)
}

#[tokio::test]
async fn a_refused_connection_is_proof() {
    let address = nobody().await;
    let error = one_shot()
        .send(order(format!("http://{address}/order"), 1))
        .await
        .expect_err("nobody listens");
    check(&error, TransportFault::Connect, Sent::Nothing);
    assert!(error.to_string().contains(&address.to_string()), "{error}");
    assert_eq!(error.into_error().outcome(), Outcome::NotSent);
}

#[tokio::test]
async fn an_unknown_name_is_proof() {
    let error = OneShot::new(OneShotSettings {
        plain_http_anywhere: true,
        ..OneShotSettings::default()
    })
    .send(order("http://no-such-host.invalid/order", 1))
    .await
    .expect_err("the name is reserved for not existing");
    assert_eq!(error.sent, Sent::Nothing, "{error:?}");
}

/// Which side of the write the hang-up falls on is a race; the claim must be right on both.
#[tokio::test]
async fn hanging_up_before_reading_is_claimed_only_if_nothing_was_written() {
    for last in [Step::Close, Step::Reset] {
        for _ in 0..100 {
            let server = Server::start(vec![vec![last.clone()]]).await;
            let (one_shot, wire) = counted_one_shot();
            let error = one_shot
                .send(order(server.url("/order"), 1))
                .await
                .expect_err("the server hangs up");
            assert_eq!(error.fault, TransportFault::Broken, "{error:?}");
            if wire.len() > 0 {
                assert_eq!(error.sent, Sent::Maybe);
            }
            assert_eq!(server.seen.connections(), 1, "it was not sent again");
        }
    }
}

#[tokio::test]
async fn a_hang_up_or_reset_after_the_request_is_doubt() {
    for last in [Step::Close, Step::Reset] {
        let (error, server) = fails(vec![Step::ReadRequest, last]).await;
        check(&error, TransportFault::Broken, Sent::Maybe);
        assert_eq!(server.seen.count("order-1;"), 1);
        assert_eq!(server.seen.connections(), 1);
        assert_eq!(error.into_error().outcome(), Outcome::Unknown);
    }
}

#[tokio::test]
async fn a_hang_up_within_the_request_is_doubt() {
    let (error, server) = fails(vec![Step::Read(10), Step::Reset]).await;
    check(&error, TransportFault::Broken, Sent::Maybe);
    assert_eq!(server.seen.connections(), 1);
}

#[tokio::test]
async fn silence_ends_in_time_and_closes_the_connection() {
    let (error, mut server) = fails_within(SHORT, vec![Step::ReadRequest]).await;
    check(&error, TransportFault::Timeout, Sent::Maybe);
    assert!(server.ended().await, "the client hangs up");
    assert_eq!(server.seen.count("order-1;"), 1);
}

#[tokio::test]
async fn half_an_answer_is_doubt() {
    let half = "HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n{\"status\":";
    let (error, _) = fails(vec![Step::ReadRequest, raw(half), Step::Close]).await;
    check(&error, TransportFault::Broken, Sent::Maybe);

    let (error, _) = fails(vec![
        Step::ReadRequest,
        raw("HTTP/1.1 200 OK\r\nConte"),
        Step::Close,
    ])
    .await;
    check(&error, TransportFault::Broken, Sent::Maybe);

    let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n";
    let (error, _) = fails(vec![Step::ReadRequest, raw(chunked), Step::Close]).await;
    check(&error, TransportFault::Broken, Sent::Maybe);
}

#[tokio::test]
async fn an_answer_slower_than_the_deadline_is_doubt_and_closes_the_connection() {
    let half = "HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n{\"status\":";
    let (error, mut server) = fails_within(SHORT, vec![Step::ReadRequest, raw(half)]).await;
    check(&error, TransportFault::Timeout, Sent::Maybe);
    assert!(server.ended().await, "the client hangs up");
}

#[tokio::test]
async fn what_is_not_http_is_doubt() {
    for garbage in [
        "SSH-2.0-OpenSSH\r\n\r\n",
        "HTTP/9.9 200 OK\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        "HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n",
    ] {
        let (error, mut server) = fails(vec![Step::ReadRequest, raw(garbage)]).await;
        check(&error, TransportFault::Malformed, Sent::Maybe);
        assert!(server.ended().await, "the client hangs up");
    }
}

#[tokio::test]
async fn an_answer_over_the_bound_is_doubt() {
    let announced = "HTTP/1.1 200 OK\r\nContent-Length: 9000000\r\n\r\n";
    let (error, mut server) = fails(vec![Step::ReadRequest, raw(announced)]).await;
    check(&error, TransportFault::Malformed, Sent::Maybe);
    assert!(server.ended().await, "the client hangs up");

    let unannounced = format!("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{}", "x".repeat(200));
    let server = Server::start(vec![vec![Step::ReadRequest, raw(&unannounced)]]).await;
    let small = OneShot::new(OneShotSettings {
        response_bytes_max: 100,
        ..OneShotSettings::default()
    });
    let error = small
        .send(order(server.url("/"), 1))
        .await
        .expect_err("it is too large");
    check(&error, TransportFault::Malformed, Sent::Maybe);
}

#[tokio::test]
async fn a_redirect_is_an_answer_and_followed_by_nothing() {
    for status in [301, 302, 303, 307, 308] {
        let redirect = format!("HTTP/1.1 {status} Moved\r\nLocation: /order\r\nContent-Length: 0\r\n\r\n");
        let script = vec![
            Step::ReadRequest,
            raw(&redirect),
            Step::ReadRequest,
            raw(&redirect),
        ];
        let server = Server::start(vec![script; 3]).await;
        let response = one_shot().send(order(server.url("/order"), 1)).await.unwrap();
        assert_eq!(response.status.as_u16(), status);
        assert_eq!(response.header("location"), Some("/order"));
        assert_eq!(server.seen.count("order-1;"), 1);
        assert_eq!(server.seen.connections(), 1);
    }
}

#[tokio::test]
async fn error_statuses_are_answers_sent_once() {
    for status in [401, 408, 429, 500, 502, 503] {
        let refusal = format!("HTTP/1.1 {status} No\r\nRetry-After: 0\r\nContent-Length: 2\r\n\r\nno");
        let server = Server::start(vec![vec![Step::ReadRequest, raw(&refusal)]; 3]).await;
        let response = one_shot().send(order(server.url("/order"), 1)).await.unwrap();
        assert_eq!(response.status.as_u16(), status);
        assert_eq!(&response.body[..], b"no");
        assert_eq!(server.seen.count("order-1;"), 1);
    }
}

#[tokio::test]
async fn interim_answers_are_skipped() {
    let interim = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n";
    let server = Server::start(vec![vec![Step::ReadRequest, raw(interim), answer("{}")]]).await;
    let response = one_shot().send(order(server.url("/order"), 1)).await.unwrap();
    assert_eq!(response.status, StatusCode::OK);
    assert_eq!(&response.body[..], b"{}");

    let switch = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n";
    let (error, mut server) = fails(vec![Step::ReadRequest, raw(switch)]).await;
    check(&error, TransportFault::Malformed, Sent::Maybe);
    assert!(server.ended().await, "the client hangs up");
}

#[tokio::test]
async fn dropping_a_send_closes_its_connection() {
    let mut server = Server::start(vec![vec![Step::ReadRequest]]).await;
    let one_shot = one_shot();
    let send = one_shot.send(order(server.url("/order"), 1));
    let seen = server.seen.clone();
    tokio::select! {
        biased;
        result = send => panic!("nothing was answered: {result:?}"),
        () = async { while seen.count("order-1;") == 0 { tokio::task::yield_now().await } } => {}
    }
    assert!(server.ended().await, "the client hangs up");
    assert_eq!(server.seen.count("order-1;"), 1);
}

#[tokio::test]
async fn a_body_that_ends_with_the_connection_is_read_whole() {
    let open_ended = "HTTP/1.1 200 OK\r\n\r\n{\"a\":1}";
    let server = Server::start(vec![vec![Step::ReadRequest, raw(open_ended), Step::Close]]).await;
    let response = one_shot().send(order(server.url("/order"), 1)).await.unwrap();
    assert_eq!(&response.body[..], b"{\"a\":1}");
}

#[tokio::test]
async fn a_deadline_of_nought_sends_nothing() {
    let server = Server::start(vec![vec![Step::ReadRequest, answer("{}")]]).await;
    let (one_shot, wire) = counted_one_shot();
    let error = one_shot
        .send(order(server.url("/order"), 1).timeout(Duration::ZERO))
        .await
        .expect_err("there is no time");
    check(&error, TransportFault::Timeout, Sent::Nothing);
    assert_eq!(wire.len(), 0);
}

#[tokio::test]
async fn the_longest_patience_there_is_does_no_harm() {
    let server = Server::start(vec![vec![Step::ReadRequest, answer("{}")]]).await;
    let request = order(server.url("/order"), 1).timeout(Duration::MAX);
    assert_eq!(one_shot().send(request).await.unwrap().status, StatusCode::OK);
}

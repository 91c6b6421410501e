//! When the one-shot transport uses a connection again, and what happens when that one has died.
#![expect(clippy::unwrap_used, reason = "a test's helpers may panic as its body may")]

mod common;

use std::time::Duration;

use common::{Server, Step, answer, counted_one_shot, order, raw};
use http::Method;
use sangam_broker::{OneShot, OneShotSettings, Sent, Transport as _, TransportFault, WireRequest};
use sangam_core::Operation;

fn settings() -> OneShotSettings {
    OneShotSettings::default()
}

/// A server that answers every request on every connection with this.
async fn server_of(reply: Step) -> Server {
    let turn = [Step::ReadRequest, reply];
    let script: Vec<Step> = turn.iter().cycle().take(8).cloned().collect();
    Server::start(vec![script; 4]).await
}

/// Sends so many orders one after the other and returns how many connections that took.
async fn connections_for(orders: usize, reply: Step, settings: OneShotSettings) -> usize {
    let server = server_of(reply).await;
    let one_shot = OneShot::new(settings);
    for number in 0..orders {
        one_shot.send(order(server.url("/order"), number)).await.unwrap();
        assert_eq!(server.seen.count(&format!("order-{number};")), 1);
    }
    server.seen.connections()
}

#[tokio::test]
async fn a_clean_answer_leaves_a_connection_for_the_next() {
    assert_eq!(connections_for(3, answer("{}"), settings()).await, 1);
    let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n";
    assert_eq!(connections_for(3, raw(chunked), settings()).await, 1);
    assert_eq!(
        connections_for(3, raw("HTTP/1.1 204 No Content\r\n\r\n"), settings()).await,
        1
    );
}

#[tokio::test]
async fn an_answer_whose_end_is_not_plain_ends_the_connection() {
    for unclean in [
        "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}",
        "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\n{}",
        "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\n{}",
        "HTTP/1.1 200 OK\r\nContent-Length: 9\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}",
    ] {
        assert_eq!(connections_for(2, raw(unclean), settings()).await, 2, "{unclean}");
    }
}

#[tokio::test]
async fn settings_can_forbid_reuse() {
    let never = OneShotSettings {
        idle_limit: Duration::ZERO,
        ..settings()
    };
    assert_eq!(connections_for(2, answer("{}"), never).await, 2);
    let none = OneShotSettings {
        idle_per_host_max: 0,
        ..settings()
    };
    assert_eq!(connections_for(2, answer("{}"), none).await, 2);
}

#[tokio::test]
async fn two_at_once_have_a_connection_each() {
    let mut server = server_of(answer("{}")).await;
    let one_shot = OneShot::new(OneShotSettings {
        idle_per_host_max: 1,
        ..settings()
    });
    let (a, b) = tokio::join!(
        one_shot.send(order(server.url("/order"), 1)),
        one_shot.send(order(server.url("/order"), 2)),
    );
    a.unwrap();
    b.unwrap();
    assert_eq!(server.seen.connections(), 2);
    assert!(server.ended().await, "one of them is over the bound and closed");
    one_shot.send(order(server.url("/order"), 3)).await.unwrap();
    assert_eq!(server.seen.connections(), 2);
}

/// The server hangs up on the idle connection, and the hang-up has arrived before the next order is sent.
#[tokio::test]
async fn an_idle_connection_found_dead_costs_nothing() {
    for last in [Step::Close, Step::Reset] {
        let first = vec![Step::ReadRequest, answer("{}"), last];
        let second = vec![Step::ReadRequest, answer("{}")];
        let mut server = Server::start(vec![first, second]).await;
        let one_shot = OneShot::new(settings());
        one_shot.send(order(server.url("/order"), 1)).await.unwrap();
        assert!(!server.ended().await, "the server hangs up");
        one_shot.send(order(server.url("/order"), 2)).await.unwrap();
        assert_eq!(server.seen.count("order-2;"), 1);
        assert_eq!(server.seen.connections(), 2);
    }
}

/// The same without waiting for the hang-up to arrive: whichever way the race goes, the order arrives at most once, an
/// answer means once, and "nothing sent" means not at all.
#[tokio::test]
async fn an_idle_connection_dying_under_the_order_never_doubles_it() {
    for _ in 0..200 {
        let first = vec![Step::ReadRequest, answer("{}"), Step::Close];
        let second = vec![Step::ReadRequest, answer("{}")];
        let server = Server::start(vec![first, second]).await;
        let (one_shot, wire) = counted_one_shot();
        one_shot.send(order(server.url("/order"), 1)).await.unwrap();
        let before = wire.len();
        let result = one_shot.send(order(server.url("/order"), 2)).await;
        let written = wire.len() - before;
        match result {
            Ok(_) => assert_eq!(server.seen.count("order-2;"), 1),
            Err(error) if error.sent == Sent::Nothing => assert_eq!(written, 0),
            Err(_) => {
                assert!(server.seen.count("order-2;") <= 1);
                assert_eq!(
                    server.seen.connections(),
                    1,
                    "what may have been sent is not sent again"
                );
            }
        }
    }
}

/// The idle connection was alive, took the order and then died: that is doubt, and no ground for another connection.
#[tokio::test]
async fn an_idle_connection_that_took_the_order_is_not_replaced() {
    for last in [Step::Close, Step::Reset] {
        let first = vec![Step::ReadRequest, answer("{}"), Step::ReadRequest, last];
        let second = vec![Step::ReadRequest, answer("{}")];
        let server = Server::start(vec![first, second]).await;
        let one_shot = OneShot::new(settings());
        one_shot.send(order(server.url("/order"), 1)).await.unwrap();
        let error = one_shot
            .send(order(server.url("/order"), 2))
            .await
            .expect_err("the server hangs up");
        assert_eq!(
            (error.fault, error.sent),
            (TransportFault::Broken, Sent::Maybe),
            "{error:?}"
        );
        assert_eq!(server.seen.count("order-2;"), 1);
        assert_eq!(server.seen.connections(), 1);
    }
}

/// An answer that nobody asked for waits on the idle connection: it must not be taken for the next order's.
#[tokio::test]
async fn an_answer_to_nothing_is_not_the_next_orders_answer() {
    let timed_out = "HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n";
    let first = vec![Step::ReadRequest, answer("{}"), raw(timed_out), Step::Close];
    let second = vec![Step::ReadRequest, answer("{}")];
    let mut server = Server::start(vec![first, second]).await;
    let one_shot = OneShot::new(settings());
    one_shot.send(order(server.url("/order"), 1)).await.unwrap();
    assert!(!server.ended().await, "the server hangs up");
    let response = one_shot.send(order(server.url("/order"), 2)).await.unwrap();
    assert_eq!(response.status.as_u16(), 200);
    assert_eq!(server.seen.count("order-2;"), 1);
}

#[tokio::test]
async fn a_refused_request_to_one_host_leaves_the_others_connection() {
    let server = server_of(answer("{}")).await;
    let one_shot = OneShot::new(settings());
    one_shot.send(order(server.url("/order"), 1)).await.unwrap();
    let address = common::nobody().await;
    assert!(
        one_shot
            .send(order(format!("http://{address}/"), 2))
            .await
            .is_err()
    );
    one_shot.send(order(server.url("/order"), 3)).await.unwrap();
    assert_eq!(server.seen.connections(), 1);
}

#[tokio::test]
async fn the_request_is_on_the_wire_as_it_should_be() {
    let server = server_of(answer("{}")).await;
    let request = WireRequest::new(Operation::Cancel, Method::DELETE, server.url("/v2/order/cancel"))
        .query("order_id", "a&b")
        .secret_header(http::header::AUTHORIZATION, "Bearer test-token")
        .unwrap()
        .body("{\"id\":\"1\"}");
    OneShot::new(settings()).send(request).await.unwrap();
    let text = server.seen.text(0);
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    assert_eq!(body, "{\"id\":\"1\"}");
    let mut lines = head.lines();
    assert_eq!(
        lines.next(),
        Some("DELETE /v2/order/cancel?order_id=a%26b HTTP/1.1")
    );
    let mut headers: Vec<String> = lines.map(str::to_owned).collect();
    headers.sort();
    let expected = [
        "accept: application/json".to_owned(),
        "authorization: Bearer test-token".to_owned(),
        "content-length: 10".to_owned(),
        format!("host: {}", server.address),
        format!("user-agent: sangam/{}", env!("CARGO_PKG_VERSION")),
    ];
    assert_eq!(headers, expected);
}

#[tokio::test]
async fn a_connection_made_ahead_is_the_one_the_next_order_takes() {
    let server = server_of(answer("{}")).await;
    let one_shot = OneShot::new(settings());
    let patience = Duration::from_secs(5);
    assert!(one_shot.warm(&server.url("/"), patience).await.unwrap());
    assert!(
        !one_shot.warm(&server.url("/"), patience).await.unwrap(),
        "one is enough"
    );
    one_shot.send(order(server.url("/order"), 1)).await.unwrap();
    assert_eq!(server.seen.connections(), 1);
    let nowhere = one_shot.warm("http://127.0.0.1:1/", patience).await.unwrap_err();
    assert_eq!(
        (nowhere.fault, nowhere.sent),
        (TransportFault::Connect, Sent::Nothing)
    );
}

//! A budget shared over a real Redis: what is granted in all, and what happens when Redis is away, frozen, empty or out of
//! its mind.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]
#![expect(clippy::disallowed_methods, reason = "these tests wait for a real server")]

mod support;

use std::sync::Arc;

use sangam_cache::shared_budget::{SharedBudgetError, SharedBudgetSettings};
use sangam_core::Priority;
use sangam_core::ports::{BrokerRateRefusal, Limiter as _};
use sangam_testkit::RedisServer;
use support::*;

/// Ten in a window that lasts longer than any test: base 2 for each of two, 6 in the pool.
fn ten() -> Vec<sangam_cache::shared_budget::ShareScope> {
    scopes(&[(20, 1_000)], &[(10, 1_000)])
}

async fn two(server: &RedisServer) -> [sangam_cache::shared_budget::SharedBudget; 2] {
    let first = process(settings(&server.url()), &ten(), 1).await.unwrap();
    let second = SharedBudgetSettings {
        slot: 1,
        ..settings(&server.url())
    };
    [first, process(second, &ten(), 2).await.unwrap()]
}

#[tokio::test]
async fn all_that_processes_get_at_once_is_the_quota() {
    let server = RedisServer::start();
    let [first, second] = two(&server).await;
    let own = (drain(&first).await, drain(&second).await);
    assert_eq!((own.0.len(), own.1.len()), (2, 2), "a new pool is shut at first");
    opened(&first).await;
    let pooled = [drain(&first).await, drain(&second).await];
    assert_eq!(pooled.iter().map(Vec::len).sum::<usize>(), 6);
    assert!(pooled[0].len() == 6 && first.report()[0].granted >= 6);
    drop((own, pooled));
    // Never sent, so all of it is free again; the other process looks when its bound is over.
    let mut all = Vec::new();
    let waiting = async {
        while all.len() < 8 {
            all.extend(ask_for(&second, Priority::Order, PATIENCE).await);
        }
    };
    assert!(tokio::time::timeout(PATIENCE, waiting).await.is_ok());
    assert_eq!(drain(&second).await.len(), 0);
    assert_eq!(drain(&first).await.len(), 2);
    assert!(second.fullness_permille(&scope()) >= 1_000);
    let uses = second.usage();
    let orders = uses.iter().find(|window| window.scope == scope()).unwrap();
    assert_eq!((orders.used, orders.limit), (8, 8));
}

#[tokio::test]
async fn what_was_answered_counts_for_the_window_and_what_was_not_for_longer() {
    let server = RedisServer::start();
    let one = SharedBudgetSettings {
        processes: 1,
        ..settings(&server.url())
    };
    let budget = pool_alone(one.clone(), &scopes(&[(20, 50)], &[(2, 50)]), 1).await;
    opened(&budget).await;
    let clock = clock();
    for (answered, least) in [(true, ms(50)), (false, ms(150))] {
        let mut permit = ask_for(&budget, Priority::Order, PATIENCE).await.unwrap();
        permit.sent();
        let ended = clock.monotonic();
        if answered {
            permit.answered();
        } else {
            drop(permit);
        }
        let next = ask_for(&budget, Priority::Order, PATIENCE).await.unwrap();
        let waited = clock.monotonic().since(ended);
        assert!(
            waited >= least && waited < least + ms(400),
            "{answered}: {waited:?}"
        );
        drop(next);
    }
}

#[tokio::test]
async fn the_more_urgent_goes_first_and_a_reserve_is_kept() {
    let server = RedisServer::start();
    let one = SharedBudgetSettings {
        processes: 1,
        reserve_percent: 50,
        ..settings(&server.url())
    };
    let budget = Arc::new(pool_alone(one, &scopes(&[(20, 100)], &[(4, 100)]), 1).await);
    opened(&budget).await;
    // Pool: 4 less a base of 2 is 2, and one of them is reserve.
    let ordinary = drain(&budget).await;
    assert_eq!(ordinary.len(), 1);
    let urgent = ask_for(&budget, Priority::Protective, PATIENCE).await.unwrap();
    let order = Arc::new(parking_lot::Mutex::new(Vec::new()));
    let mut waiting = Vec::new();
    for priority in [
        Priority::Read,
        Priority::Order,
        Priority::Reconcile,
        Priority::Protective,
    ] {
        let (budget, order) = (Arc::clone(&budget), Arc::clone(&order));
        waiting.push(tokio::spawn(async move {
            let mut permit = ask_for(&budget, priority, PATIENCE).await.unwrap();
            order.lock().push(priority);
            permit.sent();
            permit.answered();
        }));
    }
    until("all four wait", || {
        budget.earliest(&scope(), 1) > clock().monotonic()
    })
    .await;
    drop((ordinary, urgent));
    for task in waiting {
        task.await.unwrap();
    }
    let order = order.lock().clone();
    let place = |priority| order.iter().position(|other| *other == priority).unwrap();
    assert!(place(Priority::Protective) < place(Priority::Order), "{order:?}");
    assert!(place(Priority::Reconcile) < place(Priority::Order), "{order:?}");
    assert_eq!(order[3], Priority::Read, "{order:?}");
}

#[tokio::test]
async fn whoever_gives_up_leaves_nothing_behind() {
    let server = RedisServer::start();
    let budget = Arc::new(pool_alone(settings(&server.url()), &ten(), 1).await);
    opened(&budget).await;
    for round in 0..200_u64 {
        let us = std::time::Duration::from_micros(round * 5);
        let request = ask_for(&budget, Priority::Order, us);
        drop(request.await);
    }
    let key = format!("sangam:{{{ACCOUNT}}}:pool:orders");
    until("all were given back", || server.command(&["ZCARD", &key]) == ":2").await;
    assert_eq!(drain(&budget).await.len(), 6);
}

#[tokio::test]
async fn without_redis_there_is_the_base_and_with_it_the_pool_is_joined() {
    let mut server = RedisServer::start();
    let url = server.url();
    server.kill();
    let budget = process(settings(&url), &ten(), 1).await.unwrap();
    assert!(!joined(&budget));
    assert_eq!(drain(&budget).await.len(), 2);
    server.restart();
    until("it has joined", || joined(&budget)).await;
    opened(&budget).await;
    server.kill();
    until("it has noticed", || {
        drop(futures::FutureExt::now_or_never(ask_for(
            &budget,
            Priority::Order,
            ms(1),
        )));
        !joined(&budget)
    })
    .await;
    server.restart();
    until("it has joined again", || joined(&budget)).await;
    opened(&budget).await;
    assert_eq!(budget.report()[0].joins, 2);
}

#[tokio::test]
async fn a_frozen_redis_gives_nothing_late() {
    let server = RedisServer::start();
    let [first, second] = two(&server).await;
    opened(&first).await;
    server.freeze();
    let own = drain(&first).await;
    assert_eq!(own.len(), 2, "the base is there at once");
    until("it has noticed", || !joined(&first)).await;
    let granted = first.report()[0].granted;
    server.thaw();
    until("both have joined", || joined(&first) && joined(&second)).await;
    // What was asked before is given back; all of the pool is there, and no more.
    let key = format!("sangam:{{{ACCOUNT}}}:pool:orders");
    until("nothing is left of what was asked", || {
        server.command(&["ZCARD", &key]) == ":2"
    })
    .await;
    assert_eq!(first.report()[0].granted, granted);
    assert_eq!(drain(&second).await.len(), 8);
    assert_eq!(drain(&first).await.len(), 0);
}

#[tokio::test]
async fn a_flushed_redis_forgets_no_permit() {
    let server = RedisServer::start();
    let [first, second] = two(&server).await;
    opened(&first).await;
    let clock = clock();
    let held = drain(&first).await;
    assert_eq!(held.len(), 8);
    assert_eq!(server.command(&["FLUSHALL"]), "+OK");
    let flushed = clock.monotonic();
    let own = drain(&second).await;
    assert_eq!(own.len(), 2, "not one of the pool's six a second time");
    for mut permit in held {
        permit.sent();
        permit.answered();
    }
    let before = second.report()[0].granted;
    opened(&second).await;
    let shut = clock.monotonic().since(flushed);
    assert!(shut >= ms(1_400), "a lease and a window: {shut:?}");
    assert!(second.report()[0].granted > before);
}

#[tokio::test]
async fn a_broker_that_refuses_is_left_alone_by_all() {
    let server = RedisServer::start();
    let [first, second] = two(&server).await;
    opened(&second).await;
    let refusal = BrokerRateRefusal {
        retry_after: Some(ms(60_000)),
        ..BrokerRateRefusal::default()
    };
    first.refused(&scope(), refusal);
    assert_eq!(drain(&first).await.len(), 0);
    until("the other has heard of it", || {
        drop(futures::FutureExt::now_or_never(ask_for(
            &second,
            Priority::Order,
            ms(1),
        )));
        second.fullness_permille(&scope()) == 0 || joined(&second)
    })
    .await;
    let own = drain(&second).await;
    assert!(own.len() <= 2, "its base alone, at most: {}", own.len());
}

#[tokio::test]
async fn a_slot_has_one_process() {
    let server = RedisServer::start();
    let first = process(settings(&server.url()), &ten(), 1).await.unwrap();
    let error = process(settings(&server.url()), &ten(), 2).await.unwrap_err();
    assert!(matches!(error, SharedBudgetError::Slot { .. }), "{error}");
    assert!(error.to_string().contains("slot 0"), "{error}");
    let other = SharedBudgetSettings {
        slot: 1,
        timeout: ms(200),
        ..settings(&server.url())
    };
    let error = process(other, &ten(), 3).await.unwrap_err();
    assert!(error.to_string().contains("other settings"), "{error}");
    first.close().await;
    let next = process(settings(&server.url()), &ten(), 4).await.unwrap();
    // Killed: the slot is free once its lease is over, and the start waits for it.
    drop(next);
    process(settings(&server.url()), &ten(), 5).await.unwrap();
}

#[tokio::test]
async fn a_long_window_is_each_processs_own_and_counts_pool_permits_too() {
    let server = RedisServer::start();
    let [first, second] = [0, 1].map(|slot| SharedBudgetSettings {
        slot,
        ..settings(&server.url())
    });
    let rules = scopes(&[(40, 100)], &[(8, 100), (9, 60_000)]);
    let (first, second) = (
        process(first, &rules, 1).await.unwrap(),
        process(second, &rules, 2).await.unwrap(),
    );
    opened(&first).await;
    let mut calls = 0;
    let mut permits = drain(&first).await;
    while !permits.is_empty() {
        for mut permit in permits {
            permit.sent();
            permit.answered();
            calls += 1;
        }
        permits = drain(&first).await;
    }
    assert_eq!(calls, 4, "half of nine, from base and pool together");
    assert_eq!(drain(&second).await.len(), 4);
}

/// What a right server says until the script is run, then `wrong`.
macro_rules! right_until {
    ($words:expr, $wrong:expr) => {
        match $words[0].to_ascii_uppercase().as_str() {
            "PING" => Some("+PONG\r\n".to_owned()),
            "CLIENT" => Some(":7\r\n".to_owned()),
            "INFO" => Some("$21\r\nredis_version:7.0.15\r\n\r\n".to_owned()),
            "EVAL" => Some(":1\r\n".to_owned()),
            _ => $wrong,
        }
    };
}

#[tokio::test]
async fn a_server_out_of_its_mind_costs_the_pool_and_nothing_else() {
    let minds: &[(&str, Answers)] = &[
        ("another protocol", |_| {
            Some("HTTP/1.1 400 Bad Request\r\n\r\n".into())
        }),
        ("bytes", |_| Some("\u{1}\u{2}\u{3}\r\n".into())),
        ("hangs up", |_| None),
        ("silence", |_| Some(String::new())),
        ("no permission", |_| {
            Some("-NOAUTH Authentication required.\r\n".into())
        }),
        ("loading", |words| {
            right_until!(
                words,
                Some("-LOADING Redis is loading the dataset in memory\r\n".into())
            )
        }),
        ("out of memory", |words| {
            right_until!(words, Some("-OOM command not allowed\r\n".into()))
        }),
        ("a replica", |words| {
            right_until!(
                words,
                Some("-READONLY You can't write against a read only replica.\r\n".into())
            )
        }),
        ("nil", |words| right_until!(words, Some("$-1\r\n".into()))),
        ("a number", |words| right_until!(words, Some(":1\r\n".into()))),
        ("a text", |words| right_until!(words, Some("+OK\r\n".into()))),
        ("an empty list", |words| {
            right_until!(words, Some("*0\r\n".into()))
        }),
        ("a list of texts", |words| {
            right_until!(words, Some("*3\r\n+a\r\n+b\r\n+c\r\n".into()))
        }),
        ("a list without end", |words| {
            right_until!(words, Some("*1000000000\r\n:0\r\n".into()))
        }),
        ("a text without end", |words| {
            right_until!(words, Some("$500000000\r\nabc".into()))
        }),
        ("lists in lists", |words| {
            right_until!(words, Some("*1\r\n".repeat(1_000)))
        }),
        ("too many numbers", |words| {
            right_until!(words, Some(format!("*5000\r\n{}", ":0\r\n".repeat(5_000))))
        }),
        ("another call's answer", |words| {
            right_until!(words, Some("*5\r\n:99\r\n:1000\r\n:1\r\n:0\r\n:0\r\n".into()))
        }),
        ("grants it was not asked for", |words| {
            right_until!(
                words,
                Some("*6\r\n:0\r\n:1000\r\n:1\r\n:0\r\n:0\r\n:0\r\n".into())
            )
        }),
        ("a script of its own", |words| {
            right_until!(words, Some("-NOSCRIPT No matching script.\r\n".into()))
        }),
        ("a redirection", |words| {
            right_until!(words, Some("-MOVED 1 127.0.0.1:1\r\n".into()))
        }),
    ];
    for (mind, answers) in minds {
        let url = fake(*answers).await;
        let budget = process(settings(&url), &ten(), 1).await.unwrap();
        assert_eq!(drain(&budget).await.len(), 2, "{mind}");
        assert_eq!(budget.report()[0].granted, 0, "{mind}");
        assert!(!joined(&budget), "{mind}");
    }
}

#[tokio::test]
async fn wrong_settings_are_refused_at_once() {
    let wrong = SharedBudgetSettings {
        url: "not an address".into(),
        ..settings("")
    };
    let error = process(wrong, &ten(), 1).await.unwrap_err().to_string();
    assert!(error.starts_with("shared_budget.url: "), "{error}");
    let wrong = SharedBudgetSettings {
        slot: 2,
        ..settings("redis://127.0.0.1:1")
    };
    let error = process(wrong, &ten(), 1).await.unwrap_err().to_string();
    assert!(error.starts_with("shared_budget.slot: "), "{error}");
}

//! The cache in Redis over real servers, and over some that are none.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

#[path = "support/fake.rs"]
mod fake;
#[path = "support/until.rs"]
mod until;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use futures::future::join_all;
use sangam_cache::{
    CachePlan, CacheSettings, RedisCache, RedisCacheError, RedisCacheSettings, RedisCacheState, TypedCache,
};
use sangam_core::ports::{Cache as _, CacheEntry, CacheKind};
use sangam_core::{Clock as _, ManualClock};
use sangam_testkit::{RedisServer, cache_conformance, samples};

use fake::{Answers, fake};
use until::{PATIENCE, ms, until};

const KIND: CacheKind = CacheKind::Positions;

/// Times to live that no test outlasts by Redis's own clock, which it cannot move.
fn plan() -> CachePlan {
    let minutes = |count: u64| Duration::from_secs(60 * count);
    let settings = CacheSettings {
        market_data_ttl: minutes(5),
        depth_ttl: minutes(6),
        positions_ttl: minutes(7),
        holdings_ttl: minutes(8),
        funds_ttl: minutes(9),
        instruments_ttl: minutes(60),
        sessions_ttl: minutes(10),
        ..CacheSettings::default()
    };
    settings.check().unwrap()
}

/// Patience enough for a busy machine.
fn settings(url: &str) -> RedisCacheSettings {
    RedisCacheSettings {
        url: url.to_owned(),
        patience: ms(2_000),
        ..RedisCacheSettings::default()
    }
}

/// The same with as little patience as a test that waits for it in vain can bear.
fn hasty(url: &str) -> RedisCacheSettings {
    RedisCacheSettings {
        patience: ms(100),
        ..settings(url)
    }
}

fn clock() -> Arc<ManualClock> {
    Arc::new(ManualClock::at(samples::morning()))
}

async fn connect(settings: RedisCacheSettings, clock: &Arc<ManualClock>, chance: u64) -> RedisCache {
    RedisCache::connect(settings, &plan(), clock.clone(), chance)
        .await
        .unwrap()
}

fn entry(clock: &ManualClock, text: &str) -> CacheEntry {
    CacheEntry {
        bytes: Arc::from(text.as_bytes()),
        made_at: clock.now(),
    }
}

async fn away(cache: &RedisCache) -> RedisCacheState {
    until("the breaker opens", || !cache.is_connected()).await;
    cache.state()
}

async fn back(cache: &RedisCache) {
    until("Redis is back", || cache.is_connected()).await;
}

#[tokio::test]
async fn redis_keeps_the_port() {
    let server = RedisServer::start();
    let plan = plan();
    let mut prefixes = 0..;
    cache_conformance(
        async |clock| {
            let settings = RedisCacheSettings {
                key_prefix: format!("suite-{}", prefixes.next().unwrap()),
                ..settings(&server.url())
            };
            connect(settings, &clock, 1).await
        },
        |kind| plan.ttl(kind),
    )
    .await;
}

#[tokio::test]
async fn entries_leave_redis_by_themselves_and_stand_under_a_key_of_their_kind() {
    let server = RedisServer::start();
    let clock = clock();
    let cache = connect(settings(&server.url()), &clock, 1).await;
    let made = entry(&clock, "v");
    clock.advance(Duration::from_secs(60));
    assert!(cache.keep(KIND, "me", &made).await);
    let left: u64 = server.command(&["PTTL", "sangam:cache:v1:positions:me"])[1..]
        .parse()
        .unwrap();
    // Seven minutes from when it was made, one of which has passed.
    assert!((300_000..=360_000).contains(&left), "{left}");
    clock.advance(Duration::from_secs(360));
    assert!(
        cache.keep(KIND, "me", &made).await,
        "it is too old to be kept, which is no failure"
    );
    assert_eq!(server.command(&["DBSIZE"]), ":0");
}

#[tokio::test]
async fn a_flush_takes_our_keys_alone() {
    let server = RedisServer::start();
    let clock = clock();
    let cache = connect(settings(&server.url()), &clock, 1).await;
    let neighbours = [
        "sangam2:cache:v1:depth:x",
        "sangam:cached:v1:depth:x",
        "sangam:{acct}:pool:all",
        "xsangam:cache:v1:depth:x",
        "sangam-b:cache:v1:depth:x",
        "sangam:b:cache:v1:depth:x",
        "cache",
        "sangam:cache",
    ];
    for name in neighbours {
        assert_eq!(server.command(&["SET", name, "theirs"]), "+OK");
    }
    // Of an older and a newer format, as a program of another version leaves them.
    for name in ["sangam:cache:v0:depth:x", "sangam:cache:v12:depth:x"] {
        assert_eq!(server.command(&["SET", name, "ours"]), "+OK");
    }
    join_all((0..2_500).map(async |n| cache.set(KIND, &format!("*[{n}]?"), entry(&clock, "v")).await)).await;
    assert_eq!(cache.state().kept, 2_500);
    cache.flush_all().await;
    assert!(!cache.state().owes);
    assert_eq!(server.command(&["DBSIZE"]), format!(":{}", neighbours.len()));
    for name in neighbours {
        assert_eq!(server.command(&["EXISTS", name]), ":1", "{name}");
    }
}

#[tokio::test]
async fn processes_share_entries_and_removals() {
    let server = RedisServer::start();
    let (here, there) = (clock(), clock());
    let one = connect(settings(&server.url()), &here, 1).await;
    let two = connect(settings(&server.url()), &there, 2).await;
    let value = entry(&here, "v");
    one.set(KIND, "x", value.clone()).await;
    assert_eq!(two.get(KIND, "x").await, Some(value));
    there.advance(plan().ttl(KIND));
    assert_eq!(
        two.get(KIND, "x").await,
        None,
        "by the reader's clock it is too old"
    );
    assert!(one.get(KIND, "x").await.is_some());
    two.remove(KIND, "x").await;
    assert_eq!(one.get(KIND, "x").await, None);
    one.set(KIND, "x", entry(&here, "w")).await;
    two.flush_all().await;
    assert_eq!(one.get(KIND, "x").await, None);
}

#[tokio::test]
async fn a_wall_clock_set_back_makes_nothing_young_again() {
    let server = RedisServer::start();
    let clock = clock();
    let one = connect(settings(&server.url()), &clock, 1).await;
    let two = connect(settings(&server.url()), &clock, 2).await;
    clock.advance(Duration::from_secs(3_600));
    one.set(KIND, "x", entry(&clock, "v")).await;
    assert!(two.get(KIND, "x").await.is_some());
    clock.advance(plan().ttl(KIND) - ms(1));
    assert!(one.get(KIND, "x").await.is_some());
    clock.step_to(samples::morning());
    assert!(
        one.get(KIND, "x").await.is_some(),
        "the monotonic clock judges what it wrote itself"
    );
    assert_eq!(
        two.get(KIND, "x").await,
        None,
        "it cannot tell, and takes no chance"
    );
    clock.advance(ms(1));
    assert_eq!(one.get(KIND, "x").await, None);
}

#[tokio::test]
async fn a_redis_that_is_killed_costs_misses_and_comes_back_by_itself() {
    let mut server = RedisServer::start();
    let clock = clock();
    let cache = connect(settings(&server.url()), &clock, 1).await;
    cache.set(KIND, "x", entry(&clock, "v")).await;
    server.kill();
    // Also if nobody asks.
    let state = away(&cache).await;
    let why = &state.away.as_ref().unwrap().why;
    assert!(why.contains("hung up"), "{why}");
    assert_eq!(cache.get(KIND, "x").await, None);
    assert!(!cache.keep(KIND, "x", &entry(&clock, "v")).await);
    assert_eq!(cache.state().not_sent, state.not_sent + 2, "nobody waits");
    server.restart();
    back(&cache).await;
    assert_eq!(cache.state().connections, 2);
    cache.set(KIND, "x", entry(&clock, "w")).await;
    assert_eq!(cache.get(KIND, "x").await, Some(entry(&clock, "w")));
}

#[tokio::test]
async fn a_redis_that_is_not_there_at_first_is_found_later() {
    let mut server = RedisServer::start();
    server.kill();
    let clock = clock();
    let cache = connect(settings(&server.url()), &clock, 1).await;
    let state = cache.state();
    assert!(
        state
            .away
            .is_some_and(|away| away.why.contains("cannot be reached")),
        "{:?}",
        cache.state()
    );
    assert_eq!(cache.get(KIND, "x").await, None);
    server.restart();
    back(&cache).await;
    cache.set(KIND, "x", entry(&clock, "v")).await;
    assert!(cache.get(KIND, "x").await.is_some());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_frozen_redis_is_waited_for_by_few_and_brings_nothing_back_that_was_forgotten() {
    let server = RedisServer::start();
    let clock = clock();
    let cache = connect(hasty(&server.url()), &clock, 1).await;
    for key in ["gone", "replaced", "kept"] {
        assert!(cache.keep(KIND, key, &entry(&clock, "old")).await);
    }
    clock.advance(ms(1));
    server.freeze();
    // All under way wait once, whoever comes later does not.
    let answers = join_all((0..1_000).map(|_| cache.get(KIND, "kept"))).await;
    assert!(answers.iter().all(Option::is_none));
    let state = away(&cache).await;
    assert!(
        state
            .away
            .is_some_and(|away| away.why.contains("did not answer within 100 ms"))
    );
    assert!(state.late + state.lost <= 1_000);
    let waited = cache.state().late;
    assert!(
        join_all((0..1_000).map(|_| cache.get(KIND, "kept")))
            .await
            .iter()
            .all(Option::is_none)
    );
    assert_eq!(
        cache.state().late,
        waited,
        "nobody waits for a Redis that is left alone"
    );
    cache.remove(KIND, "gone").await;
    cache.set(KIND, "replaced", entry(&clock, "new")).await;
    assert!(cache.state().owes);
    server.thaw();
    back(&cache).await;
    assert_eq!(cache.get(KIND, "gone").await, None);
    assert_eq!(
        cache.get(KIND, "replaced").await,
        None,
        "the younger value was lost; the older one is not the newest"
    );
    assert!(cache.get(KIND, "kept").await.is_some());
    assert!(!cache.state().owes);
    assert_eq!(
        server.command(&["EXISTS", "sangam:cache:v1:positions:gone"]),
        ":0",
        "Redis was told"
    );
}

#[tokio::test]
async fn a_flush_while_redis_is_away_is_made_up_for() {
    let mut server = RedisServer::start();
    let clock = clock();
    let cache = connect(settings(&server.url()), &clock, 1).await;
    cache.set(KIND, "x", entry(&clock, "v")).await;
    // It comes back with what it had.
    assert_eq!(server.command(&["SAVE"]), "+OK");
    server.kill();
    away(&cache).await;
    cache.flush_all().await;
    server.restart();
    back(&cache).await;
    assert_eq!(cache.get(KIND, "x").await, None);
    assert_eq!(server.command(&["DBSIZE"]), ":0");
    assert!(!cache.state().owes);
}

#[tokio::test]
async fn a_full_redis_takes_nothing_and_is_read_as_before() {
    let server = RedisServer::start();
    let clock = clock();
    let cache = connect(settings(&server.url()), &clock, 1).await;
    cache.set(KIND, "x", entry(&clock, "v")).await;
    assert_eq!(
        server.command(&["CONFIG", "SET", "maxmemory-policy", "noeviction"]),
        "+OK"
    );
    assert_eq!(server.command(&["CONFIG", "SET", "maxmemory", "1"]), "+OK");
    for key in ["a", "b", "c", "d", "e"] {
        assert!(!cache.keep(KIND, key, &entry(&clock, "v")).await);
    }
    let state = cache.state();
    assert_eq!(
        (state.refused, state.not_sent, state.away),
        (1, 4, None),
        "it is asked once a second"
    );
    assert!(cache.get(KIND, "x").await.is_some());
    clock.advance(ms(1));
    assert!(!cache.keep(KIND, "x", &entry(&clock, "w")).await);
    assert_eq!(
        cache.get(KIND, "x").await,
        None,
        "an older value does not stand in for one that was refused"
    );
    cache.remove(KIND, "x").await;
    assert_eq!(server.command(&["DBSIZE"]), ":0", "removing goes on");
    assert_eq!(server.command(&["CONFIG", "SET", "maxmemory", "0"]), "+OK");
    clock.advance(Duration::from_secs(1));
    assert!(cache.keep(KIND, "x", &entry(&clock, "w")).await);
    assert!(cache.get(KIND, "x").await.is_some());
    assert_eq!(cache.state().connections, 1);
}

#[tokio::test]
async fn an_emptied_redis_is_misses_and_no_failure() {
    let server = RedisServer::start();
    let clock = clock();
    let cache = connect(settings(&server.url()), &clock, 1).await;
    cache.set(KIND, "x", entry(&clock, "v")).await;
    assert_eq!(server.command(&["FLUSHALL"]), "+OK");
    assert_eq!(cache.get(KIND, "x").await, None);
    let state = cache.state();
    assert_eq!((state.misses, state.away, state.connections), (1, None, 1));
}

#[tokio::test]
async fn garbage_under_our_keys_is_a_miss_and_is_replaced() {
    let server = RedisServer::start();
    let clock = clock();
    let small = RedisCacheSettings {
        value_bytes_max: 2_000,
        ..settings(&server.url())
    };
    let cache = connect(small, &clock, 1).await;
    let name = |key: &str| format!("sangam:cache:v1:positions:{key}");
    let giant = "\u{1}".repeat(100_000);
    for (key, value) in [
        ("word", "x"),
        ("version", "\u{2}\u{0}"),
        ("json", "{\"a\":1}"),
        ("giant", &giant),
    ] {
        assert_eq!(server.command(&["SET", &name(key), value]), "+OK");
    }
    assert_eq!(server.command(&["RPUSH", &name("list"), "x"]), ":1");
    let keys = ["word", "version", "json", "giant", "list"];
    for key in keys {
        assert_eq!(cache.get(KIND, key).await, None, "{key}");
    }
    let state = cache.state();
    assert_eq!((state.garbage, state.away), (5, None));
    for key in keys {
        cache.set(KIND, key, entry(&clock, key)).await;
        assert_eq!(cache.get(KIND, key).await, Some(entry(&clock, key)), "{key}");
    }
    // What is too large is not kept, and what was there before does not stand in for it.
    assert!(!cache.keep(KIND, "word", &entry(&clock, &"x".repeat(3_000))).await);
    assert_eq!(cache.get(KIND, "word").await, None);
}

#[tokio::test]
async fn a_value_that_does_not_decode_is_fetched_anew() {
    let server = RedisServer::start();
    let clock = clock();
    let cache = Arc::new(connect(settings(&server.url()), &clock, 1).await);
    cache.set(KIND, "x", entry(&clock, "of another version")).await;
    let typed = TypedCache::new(cache, clock.clone());
    let max_age = Duration::from_secs(1);
    let ask = async || {
        typed
            .get_or_fetch(KIND, "x", max_age, async || Ok::<_, String>(7_u32))
            .await
    };
    assert_eq!(ask().await.unwrap().value, 7);
    assert_eq!(typed.get::<u32>(KIND, "x", max_age).await.unwrap().value, 7);
}

#[tokio::test]
async fn a_wrong_password_is_told_and_the_right_one_later_is_taken() {
    let server = RedisServer::start();
    assert_eq!(
        server.command(&["CONFIG", "SET", "requirepass", "test-token"]),
        "+OK"
    );
    let at = |user: &str| server.url().replace("redis://", &format!("redis://{user}@"));
    let clock = clock();
    let cache = connect(settings(&at(":test-wrong")), &clock, 1).await;
    let text = format!("{:?} {cache:?}", cache.state());
    assert!(text.contains("WRONGPASS"), "{text}");
    assert!(!text.contains("test-wrong"), "{text}");
    assert_eq!(cache.get(KIND, "x").await, None);
    let bare = connect(settings(&server.url()), &clock, 2).await;
    assert!(
        bare.state().away.is_some_and(|away| away.why.contains("NOAUTH")),
        "{:?}",
        bare.state()
    );
    let right = connect(settings(&at(":test-token")), &clock, 3).await;
    assert!(right.is_connected(), "{:?}", right.state());
}

#[tokio::test]
async fn an_address_that_is_none_is_refused_without_its_password() {
    let cases = [
        ("", "redis_url"),
        ("not an address", "redis_url"),
        ("redis://:test-token@", "redis_url"),
        ("redis://:test-token@host:99999", "redis_url"),
        ("redis://:test-token@127.0.0.1:6379/notanumber", "redis_url"),
        ("redis-cluster://:test-token@127.0.0.1:6379", "redis_url"),
    ];
    for (url, field) in cases {
        let error: RedisCacheError = RedisCache::connect(settings(url), &plan(), clock(), 1)
            .await
            .map(|_| ())
            .expect_err(url);
        assert_eq!(error.field, field, "{url}");
        assert!(!error.to_string().contains("test-token"), "{error}");
        assert!(error.to_string().contains("redis://127.0.0.1:6379"), "{error}");
    }
}

#[tokio::test]
async fn servers_that_hang_up_or_talk_nonsense_are_left_alone() {
    fn polite(words: &[String], spoilt: &str) -> Option<Option<String>> {
        match words[0].to_ascii_uppercase().as_str() {
            word if word == spoilt => None,
            "PING" => Some(Some("+PONG\r\n".to_owned())),
            _ => Some(Some("+OK\r\n".to_owned())),
        }
    }
    let cases: [(Answers, &str); 4] = [
        (|words| polite(words, "GETRANGE").flatten(), "hung up"),
        (
            |words| polite(words, "GETRANGE").unwrap_or(Some("?what\r\n".to_owned())),
            "not its protocol",
        ),
        (
            |words| polite(words, "GETRANGE").unwrap_or(Some("-NOPERM no permissions\r\n".to_owned())),
            "NOPERM",
        ),
        (
            |words| polite(words, "GETRANGE").unwrap_or(Some("-LOADING the dataset\r\n".to_owned())),
            "LOADING",
        ),
    ];
    for (answers, why) in cases {
        let url = fake(answers).await;
        let clock = clock();
        let cache = connect(settings(&url), &clock, 1).await;
        assert!(cache.is_connected(), "{why}: {:?}", cache.state());
        let failing = async {
            let lives = cache.state().connections;
            while cache.is_connected() && cache.state().connections == lives {
                assert_eq!(cache.get(KIND, "x").await, None);
            }
        };
        tokio::time::timeout(PATIENCE, failing).await.expect(why);
        until(why, || {
            cache.state().away.is_none_or(|away| away.why.contains(why))
        })
        .await;
    }
}

#[tokio::test]
async fn a_redis_that_cannot_be_told_what_was_forgotten_is_not_used() {
    static TOLD: AtomicU64 = AtomicU64::new(0);
    let url = fake(|words| match words[0].to_ascii_uppercase().as_str() {
        "PING" => Some("+PONG\r\n".to_owned()),
        "UNLINK" => {
            TOLD.fetch_add(1, Ordering::Relaxed);
            Some("-NOPERM this user has no permissions to run the 'unlink' command\r\n".to_owned())
        }
        _ => Some("+OK\r\n".to_owned()),
    })
    .await;
    let clock = clock();
    let cache = connect(settings(&url), &clock, 1).await;
    cache.remove(KIND, "x").await;
    // Told again until the breaker opens, and then in each attempt to close it.
    until("it was tried some more", || TOLD.load(Ordering::Relaxed) >= 6).await;
    let state = cache.state();
    assert_eq!((state.connections, state.owes), (1, true));
    assert!(state.away.is_some_and(|away| away.why.contains("'unlink'")));
    clock.advance(plan().ttl(KIND));
    back(&cache).await;
    assert!(!cache.state().owes, "nothing of before can be alive any more");
}

#[tokio::test]
async fn a_caller_that_goes_away_in_the_middle_leaves_nothing_half_done() {
    let server = RedisServer::start();
    let clock = clock();
    let cache = connect(settings(&server.url()), &clock, 1).await;
    cache.set(KIND, "x", entry(&clock, "old")).await;
    server.freeze();
    clock.advance(ms(1));
    for gone in [false, true] {
        let mut call: std::pin::Pin<Box<dyn Future<Output = ()> + '_>> = if gone {
            Box::pin(cache.remove(KIND, "y"))
        } else {
            Box::pin(cache.set(KIND, "x", entry(&clock, "new")))
        };
        assert!(futures::poll!(call.as_mut()).is_pending());
    }
    server.thaw();
    // The write may have arrived or not; the older value does not count.
    let found = cache.get(KIND, "x").await;
    assert!(
        found.is_none() || found == Some(entry(&clock, "new")),
        "{found:?}"
    );
    until("Redis was told of the removal", || !cache.state().owes).await;
}

#[tokio::test]
async fn what_goes_beyond_the_bound_of_bytes_is_not_sent() {
    let server = RedisServer::start();
    let clock = clock();
    let tight = RedisCacheSettings {
        value_bytes_max: 10_000,
        pending_bytes_max: 10_000,
        ..settings(&server.url())
    };
    let cache = connect(tight, &clock, 1).await;
    let big = entry(&clock, &"x".repeat(6_000));
    let kept = join_all((0..50).map(|n| cache.keep(KIND, if n % 2 == 0 { "a" } else { "b" }, &big))).await;
    let state = cache.state();
    let count = kept.iter().filter(|kept| **kept).count() as u64;
    assert_eq!(
        (state.kept, state.not_sent, state.away),
        (count, 50 - count, None)
    );
    assert!((1..50).contains(&count), "{count}");
    assert!(cache.keep(KIND, "c", &big).await, "there is room again");
}

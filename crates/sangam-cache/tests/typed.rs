//! Values with their age, and one fetch however many ask.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures::FutureExt as _;
use futures::future::join_all;
use proptest::prelude::*;
use sangam_cache::{CachePlan, MemoryCache, TypedCache};
use sangam_core::ports::{Cache as _, CacheEntry, CacheKind};
use sangam_core::{Clock as _, Depth, DepthLevel, Funds, Quote};
use sangam_testkit::{ManualClock, samples, strategies};
use tokio::sync::{Notify, oneshot};

const KIND: CacheKind = CacheKind::MarketData;
const SECOND: Duration = Duration::from_secs(1);

type Answer = Result<sangam_cache::Aged<u32>, Arc<String>>;

struct Bench {
    clock: Arc<ManualClock>,
    memory: Arc<MemoryCache>,
    cache: TypedCache,
}

fn bench() -> Bench {
    let clock = Arc::new(ManualClock::at(samples::morning()));
    let memory = Arc::new(MemoryCache::new(&CachePlan::default(), clock.clone()));
    let cache = TypedCache::new(memory.clone(), clock.clone());
    Bench { clock, memory, cache }
}

impl Bench {
    async fn ask(&self, answer: Result<u32, String>) -> Answer {
        self.cache.get_or_fetch(KIND, "x", SECOND, async || answer).await
    }
}

#[tokio::test]
async fn a_value_is_kept_and_tells_its_age() {
    let bench = bench();
    let first = bench.ask(Ok(1)).await.expect("fetched");
    assert_eq!(
        (first.value, first.age, first.made_at),
        (1, Duration::ZERO, samples::morning())
    );
    bench.clock.advance(Duration::from_millis(999));
    let kept = bench.ask(Ok(2)).await.expect("kept");
    assert_eq!((kept.value, kept.age), (1, Duration::from_millis(999)));
    bench.clock.advance(Duration::from_millis(1));
    let new = bench.ask(Ok(3)).await.expect("fetched");
    assert_eq!((new.value, new.age), (3, Duration::ZERO));
}

#[tokio::test]
async fn the_younger_limit_holds() {
    let bench = bench();
    bench.ask(Ok(1)).await.expect("fetched");
    bench.clock.advance(Duration::from_millis(300));
    let half = Duration::from_millis(300);
    assert_eq!(bench.cache.get::<u32>(KIND, "x", half).await, None);
    let found = bench.cache.get::<u32>(KIND, "x", SECOND).await.expect("younger");
    assert_eq!(found.age, half);
    let forced = bench
        .cache
        .get_or_fetch(KIND, "x", Duration::ZERO, async || Ok::<u32, String>(9))
        .await;
    assert_eq!(forced.expect("fetched").value, 9);
    let kept = bench.cache.get::<u32>(KIND, "x", SECOND).await.expect("kept");
    assert_eq!(kept.value, 9);
}

#[tokio::test]
async fn an_error_is_told_and_not_kept() {
    let bench = bench();
    let refused = bench.ask(Err("down".to_owned())).await;
    assert_eq!(*refused.expect_err("told"), "down");
    assert_eq!(bench.ask(Ok(2)).await.expect("asked again").value, 2);
}

#[tokio::test]
async fn a_value_of_another_version_is_fetched_anew() {
    let bench = bench();
    let entry = CacheEntry {
        bytes: Arc::from(*b"{\"v\":0}"),
        made_at: bench.clock.now(),
    };
    bench.memory.set(KIND, "x", entry).await;
    assert_eq!(bench.cache.get::<u32>(KIND, "x", SECOND).await, None);
    assert_eq!(bench.memory.get(KIND, "x").await, None);
    assert_eq!(bench.ask(Ok(5)).await.expect("fetched").value, 5);
}

#[tokio::test]
async fn a_quote_survives_to_the_last_digit() {
    let bench = bench();
    let quote = Quote {
        instrument: samples::request().instrument,
        last: samples::price("1450.123456"),
        bid: Some(samples::price("1450.05")),
        ask: None,
        open: None,
        high: None,
        low: None,
        previous_close: None,
        volume: Some(samples::quantity(1_000_000_000_000)),
        open_interest: None,
        lower_circuit: None,
        upper_circuit: None,
        tick: None,
        exchange_time: None,
        received_at: samples::morning(),
    };
    bench.cache.put(KIND, "q", &quote).await;
    let found = bench.cache.get::<Quote>(KIND, "q", SECOND).await;
    assert_eq!(found.expect("kept").value, quote);
}

prop_compose! {
    fn quote()(
        instrument in strategies::instrument(),
        last in strategies::price(),
        prices in proptest::collection::vec(proptest::option::of(strategies::price()), 8),
        volume in proptest::option::of(strategies::quantity()),
        open_interest in proptest::option::of(strategies::quantity()),
        exchange_time in proptest::option::of(strategies::instant()),
        received_at in strategies::instant(),
    ) -> Quote {
        Quote {
            instrument,
            last,
            bid: prices[0],
            ask: prices[1],
            open: prices[2],
            high: prices[3],
            low: prices[4],
            previous_close: prices[5],
            volume,
            open_interest,
            lower_circuit: prices[6],
            upper_circuit: prices[7],
            tick: None,
            exchange_time,
            received_at,
        }
    }
}

prop_compose! {
    fn level()(
        price in strategies::price(),
        quantity in strategies::quantity(),
        orders: Option<u32>,
    ) -> DepthLevel {
        DepthLevel { price, quantity, orders }
    }
}

prop_compose! {
    fn depth()(
        quote in quote(),
        bids in proptest::collection::vec(level(), 0..6),
        asks in proptest::collection::vec(level(), 0..6),
        units in proptest::collection::vec(proptest::option::of(strategies::quantity()), 3),
    ) -> Depth {
        Depth { quote, bids, asks, last_quantity: units[0], total_bid: units[1], total_ask: units[2] }
    }
}

prop_compose! {
    fn funds()(units in proptest::collection::vec(any::<i32>(), 5)) -> Funds {
        let money = |at: usize| format!("{}.{:02}", units[at], at).parse().expect("money");
        Funds {
            available: money(0),
            used: money(1),
            collateral: money(2),
            realised: money(3),
            unrealised: money(4),
        }
    }
}

async fn comes_back<T>(value: T) -> Result<(), TestCaseError>
where
    T: serde::Serialize + serde::de::DeserializeOwned + PartialEq + std::fmt::Debug,
{
    let bench = bench();
    bench.cache.put(KIND, "x", &value).await;
    let found = bench.cache.get::<T>(KIND, "x", SECOND).await;
    prop_assert_eq!(found.map(|found| found.value), Some(value));
    Ok(())
}

proptest! {
    #[test]
    fn property_values_of_the_domain_come_back_as_they_were(quote in quote(), depth in depth(), funds in funds()) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        runtime.block_on(async {
            comes_back(quote).await?;
            comes_back(depth).await?;
            comes_back(vec![funds]).await
        })?;
    }
}

/// Fetches wait for a sign and count themselves.
#[derive(Default)]
struct Source {
    fetches: AtomicUsize,
    started: Notify,
    open: Notify,
}

impl Source {
    async fn fetch<T>(&self, answer: T) -> T {
        self.fetches.fetch_add(1, Ordering::SeqCst);
        self.started.notify_one();
        self.open.notified().await;
        answer
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_thousand_askers_make_one_fetch() {
    let bench = bench();
    let source = Arc::new(Source::default());
    let asking: Vec<_> = (0..1000)
        .map(|_| {
            let (cache, source) = (bench.cache.clone(), source.clone());
            tokio::spawn(async move {
                let fetch = async || source.fetch(Ok::<u32, String>(7)).await;
                cache.get_or_fetch(KIND, "x", SECOND, fetch).await
            })
        })
        .collect();
    source.started.notified().await;
    source.open.notify_one();
    for answer in join_all(asking).await {
        assert_eq!(answer.expect("no panic").expect("fetched").value, 7);
    }
    assert_eq!(source.fetches.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn those_who_wait_share_the_error() {
    let bench = bench();
    let source = Source::default();
    let ask = || {
        bench.cache.get_or_fetch(KIND, "x", SECOND, async || {
            source.fetch(Err::<u32, _>("down".to_owned())).await
        })
    };
    let release = async {
        source.started.notified().await;
        source.open.notify_one();
    };
    let (answers, ()) = tokio::join!(join_all([ask(), ask(), ask()]), release);
    assert!(
        answers
            .iter()
            .all(|answer| answer.as_ref().is_err_and(|error| **error == "down"))
    );
    assert_eq!(source.fetches.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_caller_that_goes_away_leaves_the_fetch_to_the_next() {
    let bench = bench();
    let source = Source::default();
    let mut first = Box::pin(bench.cache.get_or_fetch(KIND, "x", SECOND, async || {
        source.fetch(Ok::<u32, String>(1)).await
    }));
    assert!(first.as_mut().now_or_never().is_none(), "the first is fetching");
    let mut second = Box::pin(bench.ask(Ok(2)));
    assert!(second.as_mut().now_or_never().is_none(), "the second waits");
    drop(first);
    assert_eq!(second.await.expect("fetched by the second").value, 2);
}

#[tokio::test]
async fn a_fetch_that_panics_leaves_the_fetch_to_the_next() {
    let bench = bench();
    let cache = bench.cache.clone();
    let (go, gone) = oneshot::channel::<()>();
    let first = tokio::spawn(async move {
        let fetch = async || -> Result<u32, String> {
            gone.await.expect("a sign");
            panic!("a fault of the source");
        };
        cache.get_or_fetch(KIND, "x", SECOND, fetch).await
    });
    while !format!("{:?}", bench.cache).contains("fetches: 1") {
        tokio::task::yield_now().await;
    }
    let mut second = Box::pin(bench.ask(Ok(2)));
    assert!(second.as_mut().now_or_never().is_none(), "the second waits");
    go.send(()).expect("the first waits");
    assert!(first.await.expect_err("panicked").is_panic());
    assert_eq!(second.await.expect("fetched by the second").value, 2);
}

#[tokio::test]
async fn what_was_forgotten_during_the_fetch_is_not_kept() {
    for flush in [false, true] {
        let bench = bench();
        let source = Source::default();
        let mut before = Box::pin(bench.cache.get_or_fetch(KIND, "x", SECOND, async || {
            source.fetch(Ok::<u32, String>(1)).await
        }));
        assert!(before.as_mut().now_or_never().is_none(), "under way");
        if flush {
            bench.cache.flush_all().await;
        } else {
            bench.cache.remove(KIND, "x").await;
        }
        let after = bench.ask(Ok(2)).await.expect("a fetch of its own");
        assert_eq!(after.value, 2);
        source.open.notify_one();
        assert_eq!(before.await.expect("answered").value, 1);
        let kept = bench.cache.get::<u32>(KIND, "x", SECOND).await.expect("kept");
        assert_eq!(kept.value, 2);
    }
}

#[derive(Debug, Clone)]
enum Step {
    Ask { key: u8, max_age_ms: u64, fails: bool },
    Put(u8),
    Remove(u8),
    Flush,
    Wait(u64),
    WallClockBack,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => (0..3_u8, 0..2000_u64, any::<bool>())
            .prop_map(|(key, max_age_ms, fails)| Step::Ask { key, max_age_ms, fails }),
        2 => (0..3_u8).prop_map(Step::Put),
        1 => (0..3_u8).prop_map(Step::Remove),
        1 => Just(Step::Flush),
        4 => (1..700_u64).prop_map(Step::Wait),
        1 => Just(Step::WallClockBack),
    ]
}

/// Each fetch brings a larger number than all before, so that an answer says when it was made.
async fn live(steps: Vec<Step>) -> Result<(), TestCaseError> {
    let bench = bench();
    let mut kept: [Option<(u64, u64)>; 3] = [None; 3];
    let (mut made, mut now_ms) = (0_u64, 0_u64);
    let mut steady_wall = true;
    for step in steps {
        match step {
            Step::Ask {
                key,
                max_age_ms,
                fails,
            } => {
                made += 1;
                let fetch = async || if fails { Err(()) } else { Ok(made) };
                let name = key.to_string();
                let max_age = Duration::from_millis(max_age_ms);
                let answer = bench.cache.get_or_fetch(KIND, &name, max_age, fetch).await;
                let place = &mut kept[usize::from(key)];
                let young = place.filter(|(_, at)| now_ms - at < max_age_ms.min(1000));
                match answer {
                    Ok(aged) if aged.value == made => {
                        prop_assert!(!steady_wall || young.is_none(), "a young value was fetched again");
                        prop_assert!(!fails);
                        *place = Some((made, now_ms));
                    }
                    Ok(aged) => {
                        let (value, at) = place.expect("something was kept");
                        prop_assert_eq!(aged.value, value);
                        prop_assert!(now_ms - at < 1000, "an entry outlived its kind");
                        if steady_wall {
                            prop_assert!(young.is_some(), "an old value was passed off as young");
                            prop_assert_eq!(aged.age, Duration::from_millis(now_ms - at));
                        }
                    }
                    Err(_) => prop_assert!(fails && (!steady_wall || young.is_none())),
                }
            }
            Step::Put(key) => {
                made += 1;
                bench.cache.put(KIND, &key.to_string(), &made).await;
                kept[usize::from(key)] = Some((made, now_ms));
            }
            Step::Remove(key) => {
                bench.cache.remove(KIND, &key.to_string()).await;
                kept[usize::from(key)] = None;
            }
            Step::Flush => {
                bench.cache.flush_all().await;
                kept = [None; 3];
            }
            Step::Wait(ms) => {
                bench.clock.advance(Duration::from_millis(ms));
                now_ms += ms;
            }
            Step::WallClockBack => {
                bench.clock.step_to(samples::morning());
                steady_wall = false;
            }
        }
    }
    Ok(())
}

proptest! {
    #[test]
    fn property_no_day_passes_off_an_old_value(steps in proptest::collection::vec(step(), 1..60)) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        runtime.block_on(live(steps))?;
    }
}

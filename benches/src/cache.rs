//! What is held against what: the cache in memory beside moka and bare quick_cache, the cache in Redis beside bare fred on
//! one connection, and the encodings there were to choose from. The bench gives them to criterion; the program
//! `cache-figures` lets them run in turn.

#![expect(
    clippy::disallowed_methods,
    reason = "a program that measures reads the clock"
)]

use std::fmt;
use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use fred::interfaces::{ClientLike as _, KeysInterface as _};
use fred::types::{Expiration, Value};
use futures::FutureExt as _;
use futures::future::join_all;
use sangam_cache::{CachePlan, CacheSettings, MemoryCache, RedisCache, RedisCacheSettings, TypedCache};
use sangam_core::ports::{Cache, CacheEntry, CacheKind};
use sangam_core::{Clock, Depth, DepthLevel, Monotonic, Price, Quantity, Quote, Timestamp};
use sangam_testkit::RedisServer;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::runtime::Runtime;

/// One that is measured.
pub struct Contestant {
    /// Its name.
    pub name: String,
    /// Bytes it works on, where that is of interest.
    pub bytes: usize,
    /// Once.
    pub run: Box<dyn FnMut()>,
}

impl fmt::Debug for Contestant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Contestant")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

fn contestant(name: &str, run: impl FnMut() + 'static) -> Contestant {
    Contestant {
        name: name.to_owned(),
        bytes: 0,
        run: Box::new(run),
    }
}

const KIND: CacheKind = CacheKind::MarketData;
const KEY: &str = "NSE:RELIANCE";
/// Keys beside the hot one.
const KEYS: usize = 1_000;
const AT_ONCE: usize = 1_000;

#[derive(Debug)]
struct MachineClock(Instant);

impl Clock for MachineClock {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    fn monotonic(&self) -> Monotonic {
        Monotonic::from_origin(self.0.elapsed())
    }
}

fn clock() -> Arc<dyn Clock> {
    Arc::new(MachineClock(Instant::now()))
}

/// Long times to live, so that nothing dies while it is measured.
fn plan() -> CachePlan {
    let week = Duration::from_secs(600_000);
    let settings = CacheSettings {
        market_data_ttl: week,
        depth_ttl: week,
        ..CacheSettings::default()
    };
    settings.check().expect("in range")
}

fn price(text: &str) -> Price {
    text.parse().expect("a price")
}

fn quantity(units: u64) -> Quantity {
    Quantity::new(units).expect("in range")
}

/// A quote with all a broker can tell.
fn quote() -> Quote {
    let at: Timestamp = "2026-11-23T03:45:00.123456Z".parse().expect("a time");
    Quote {
        instrument: KEY.parse().expect("a name"),
        last: price("1450.35"),
        bid: Some(price("1450.30")),
        ask: Some(price("1450.40")),
        open: Some(price("1441.00")),
        high: Some(price("1456.90")),
        low: Some(price("1438.15")),
        previous_close: Some(price("1440.20")),
        volume: Some(quantity(7_654_321)),
        open_interest: None,
        lower_circuit: Some(price("1296.20")),
        upper_circuit: Some(price("1584.20")),
        tick: None,
        exchange_time: Some(at),
        received_at: at,
    }
}

fn depth() -> Depth {
    let level = |n: u64| DepthLevel {
        price: price(&format!("1450.{}", 30 + n)),
        quantity: quantity(100 + n * 317),
        orders: Some(3),
    };
    Depth {
        quote: quote(),
        bids: (0..5).map(level).collect(),
        asks: (0..5).map(level).collect(),
        total_bid: Some(quantity(123_456)),
        total_ask: Some(quantity(234_567)),
        last_quantity: Some(quantity(17)),
    }
}

fn entry() -> CacheEntry {
    CacheEntry {
        bytes: serde_json::to_vec(&quote()).expect("it encodes").into(),
        made_at: Timestamp::now(),
    }
}

#[derive(Clone)]
struct Kept {
    entry: CacheEntry,
    dies_at: Monotonic,
}

type MokaKey = (CacheKind, Box<str>);

/// moka with the key by reference costs less than with a key made for the call; it is given the better of the two.
#[derive(Debug, Hash, PartialEq, Eq)]
pub struct Asked<'a>(CacheKind, &'a str);

impl equivalent::Equivalent<MokaKey> for Asked<'_> {
    fn equivalent(&self, key: &MokaKey) -> bool {
        self.0 == key.0 && *self.1 == *key.1
    }
}

fn keys() -> impl Iterator<Item = String> {
    (0..KEYS)
        .map(|n| format!("NSE:SYMBOL{n}"))
        .chain([KEY.to_owned()])
}

/// A hot key in memory among a thousand others.
///
/// # Panics
/// If a cache does not keep what it is given.
#[must_use]
pub fn memory() -> Vec<Contestant> {
    let clock = clock();
    let ours = Arc::new(MemoryCache::new(&plan(), Arc::clone(&clock)));
    for key in keys() {
        ours.set_now(KIND, &key, entry());
    }
    assert!(ours.get_now(KIND, KEY).is_some());
    let by_the_port: Arc<dyn Cache> = Arc::<MemoryCache>::clone(&ours);
    let setting = Arc::clone(&ours);
    let new_entry = entry();

    let typed = TypedCache::new(
        Arc::new(MemoryCache::new(&plan(), Arc::clone(&clock))),
        Arc::clone(&clock),
    );
    let week = Duration::from_secs(600_000);
    assert!(typed.put(KIND, KEY, &quote()).now_or_never().is_some());

    let bare: quick_cache::sync::Cache<Box<str>, CacheEntry> = quick_cache::sync::Cache::new(100_000);
    for key in keys() {
        bare.insert(key.into(), entry());
    }

    let weigh = |key: &MokaKey, kept: &Kept| {
        u32::try_from(160 + key.1.len() + kept.entry.bytes.len()).unwrap_or(u32::MAX)
    };
    let dies_at = clock.monotonic().after(week);
    let kept = || Kept {
        entry: entry(),
        dies_at,
    };
    let sync = moka::sync::Cache::builder()
        .max_capacity(32 << 20)
        .weigher(weigh)
        .build();
    let future = moka::future::Cache::builder()
        .max_capacity(32 << 20)
        .weigher(weigh)
        .build();
    for key in keys() {
        sync.insert((KIND, key.as_str().into()), kept());
        let inserted = future.insert((KIND, key.into()), kept()).now_or_never();
        assert!(inserted.is_some());
    }
    let now = Arc::clone(&clock);
    let check = move |kept: Option<Kept>| kept.filter(|kept| now.monotonic() < kept.dies_at);
    let check_future = check.clone();
    assert!(check(sync.get(&Asked(KIND, KEY))).is_some());

    vec![
        contestant("memory_get_now", move || {
            drop(black_box(ours.get_now(KIND, black_box(KEY))))
        }),
        contestant("memory_get_by_the_port", move || {
            drop(black_box(by_the_port.get(KIND, black_box(KEY)).now_or_never()));
        }),
        contestant("clock", move || {
            black_box(clock.monotonic());
        }),
        contestant("quick_cache_get_without_expiry", move || {
            drop(black_box(bare.get(black_box(KEY))))
        }),
        contestant("moka_sync_get", move || {
            drop(black_box(check(sync.get(&Asked(KIND, black_box(KEY))))))
        }),
        contestant("moka_future_get", move || {
            let kept = future.get(&Asked(KIND, black_box(KEY))).now_or_never().flatten();
            drop(black_box(check_future(kept)));
        }),
        contestant("memory_set_now", move || {
            setting.set_now(KIND, black_box(KEY), new_entry.clone())
        }),
        contestant("typed_get_of_a_quote", move || {
            drop(black_box(
                typed.get::<Quote>(KIND, black_box(KEY), week).now_or_never(),
            ));
        }),
    ]
}

/// A quote and a depth, there and back: `quote_json_encode` and so on.
#[must_use]
pub fn encodings() -> Vec<Contestant> {
    let mut all = both("quote", &quote());
    all.extend(both("depth", &depth()));
    all
}

type Codec<T> = (&'static str, fn(&T) -> Vec<u8>, fn(&[u8]) -> T);

fn both<T>(what: &str, value: &T) -> Vec<Contestant>
where
    T: Serialize + DeserializeOwned + Clone + PartialEq + fmt::Debug + 'static,
{
    let codecs: [Codec<T>; 4] = [
        (
            "json",
            |value| serde_json::to_vec(value).expect("it encodes"),
            |bytes| serde_json::from_slice(bytes).expect("it decodes"),
        ),
        (
            "messagepack",
            |value| rmp_serde::to_vec_named(value).expect("it encodes"),
            |bytes| rmp_serde::from_slice(bytes).expect("it decodes"),
        ),
        (
            "messagepack_without_names",
            |value| rmp_serde::to_vec(value).expect("it encodes"),
            |bytes| rmp_serde::from_slice(bytes).expect("it decodes"),
        ),
        (
            "cbor",
            |value| {
                let mut bytes = Vec::new();
                ciborium::into_writer(value, &mut bytes).expect("it encodes");
                bytes
            },
            |bytes| ciborium::from_reader(bytes).expect("it decodes"),
        ),
    ];
    let mut all = Vec::new();
    for (name, encode, decode) in codecs {
        let bytes = encode(value);
        assert_eq!(decode(&bytes), *value, "{name}");
        let (length, value) = (bytes.len(), value.clone());
        let encoding = contestant(&format!("{what}_{name}_encode"), move || {
            drop(black_box(encode(black_box(&value))));
        });
        let decoding = contestant(&format!("{what}_{name}_decode"), move || {
            drop(black_box(decode(black_box(&bytes))));
        });
        all.extend([encoding, decoding].map(|one| Contestant { bytes: length, ..one }));
    }
    all
}

/// Over a Redis of their own: a thousand set and get at once, each waited for by a task as callers of a gateway are, and one
/// get after the other; ours and bare fred's.
///
/// # Panics
/// If Redis or a runtime cannot be started.
#[must_use]
pub fn redis() -> Vec<Contestant> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build();
    let runtime = Arc::new(runtime.expect("a runtime"));
    let server = Arc::new(RedisServer::start());
    let settings = RedisCacheSettings {
        url: server.url(),
        patience: Duration::from_secs(5),
        ..RedisCacheSettings::default()
    };
    let ours = runtime.block_on(RedisCache::connect(settings, &plan(), clock(), 1));
    let ours = Arc::new(ours.expect("right settings"));
    let bare = runtime.block_on(async {
        let config = fred::types::config::Config::from_url(&server.url()).expect("an address");
        let client = fred::clients::Client::new(config, None, None, None);
        drop(client.connect());
        client.wait_for_connect().await.expect("it is there");
        client
    });
    let entry = entry();
    let mut all = Vec::new();
    let mut add = |name: &str, run: Box<dyn Fn(&Runtime)>| {
        let (runtime, server) = (Arc::clone(&runtime), Arc::clone(&server));
        all.push(contestant(name, move || {
            // The server lives as long as somebody asks it.
            let _alive = &server;
            run(&runtime);
        }));
    };
    let (cache, sent) = (Arc::clone(&ours), entry.clone());
    add(
        "thousand_set_and_get",
        Box::new(move |runtime| {
            runtime.block_on(at_once(|name| {
                let (cache, entry) = (Arc::clone(&cache), sent.clone());
                async move {
                    cache.set(KIND, &name, entry).await;
                    cache.get(KIND, &name).await.is_some()
                }
            }));
        }),
    );
    let (client, sent) = (bare.clone(), entry.bytes.to_vec());
    add(
        "thousand_set_and_get_by_bare_fred",
        Box::new(move |runtime| {
            runtime.block_on(at_once(|name| {
                let (client, value) = (client.clone(), Value::Bytes(sent.clone().into()));
                async move {
                    let expire = Some(Expiration::PX(600_000_000));
                    let set: Result<Value, _> = client.set(name.as_str(), value, expire, None, false).await;
                    let found: Result<Value, _> = client.get(name).await;
                    set.is_ok() && found.is_ok_and(|found| !found.is_null())
                }
            }));
        }),
    );
    runtime.block_on(ours.set(KIND, KEY, entry.clone()));
    add(
        "get",
        Box::new(move |runtime| assert!(runtime.block_on(ours.get(KIND, KEY)).is_some())),
    );
    let _set: Value = runtime
        .block_on(bare.set(KEY, Value::Bytes(entry.bytes.to_vec().into()), None, None, false))
        .expect("set");
    add(
        "get_by_bare_fred",
        Box::new(move |runtime| {
            let found: Result<Value, _> = runtime.block_on(bare.get(KEY));
            assert!(found.is_ok_and(|found| !found.is_null()));
        }),
    );
    all
}

async fn at_once<F: Future<Output = bool> + Send + 'static>(call: impl Fn(String) -> F) {
    let calls = (0..AT_ONCE).map(|n| tokio::spawn(call(format!("NSE:SYMBOL{n}"))));
    for found in join_all(calls).await {
        assert!(found.expect("it ends"), "what was set is there");
    }
}

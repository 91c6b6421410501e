//! What the cache costs. In memory: a hot key, beside the same over moka and beside bare quick_cache without expiry or
//! kinds. In Redis: a thousand set and get at once, beside bare fred on one connection. Values: a quote and a depth of five
//! levels in the encodings there were to choose from.

#![expect(
    clippy::disallowed_methods,
    reason = "a program that measures reads the clock"
)]

use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
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
#[derive(Hash, PartialEq, Eq)]
struct Asked<'a>(CacheKind, &'a str);

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

fn memory(c: &mut Criterion) {
    let mut group = c.benchmark_group("cache");
    let clock = clock();
    group.bench_function("clock", |b| b.iter(|| black_box(clock.monotonic())));

    let ours = Arc::new(MemoryCache::new(&plan(), Arc::clone(&clock)));
    for key in keys() {
        ours.set_now(KIND, &key, entry());
    }
    assert!(ours.get_now(KIND, KEY).is_some());
    group.bench_function("memory_get_now", |b| {
        b.iter(|| black_box(ours.get_now(KIND, black_box(KEY))))
    });
    group.bench_function("memory_get_by_the_port", |b| {
        let port: &dyn Cache = ours.as_ref();
        b.iter(|| black_box(port.get(KIND, black_box(KEY)).now_or_never()))
    });
    group.bench_function("memory_set_now", |b| {
        b.iter_batched(
            entry,
            |entry| ours.set_now(KIND, black_box(KEY), entry),
            BatchSize::SmallInput,
        )
    });

    let bare: quick_cache::sync::Cache<Box<str>, CacheEntry> = quick_cache::sync::Cache::new(100_000);
    for key in keys() {
        bare.insert(key.into(), entry());
    }
    group.bench_function("quick_cache_get_without_expiry", |b| {
        b.iter(|| black_box(bare.get(black_box(KEY))))
    });

    let weigh = |key: &MokaKey, kept: &Kept| {
        u32::try_from(160 + key.1.len() + kept.entry.bytes.len()).unwrap_or(u32::MAX)
    };
    let dies_at = clock.monotonic().after(Duration::from_secs(600_000));
    let kept = || Kept {
        entry: entry(),
        dies_at,
    };
    let sync: moka::sync::Cache<MokaKey, Kept> = moka::sync::Cache::builder()
        .max_capacity(32 << 20)
        .weigher(weigh)
        .build();
    let future: moka::future::Cache<MokaKey, Kept> = moka::future::Cache::builder()
        .max_capacity(32 << 20)
        .weigher(weigh)
        .build();
    for key in keys() {
        sync.insert((KIND, key.as_str().into()), kept());
        let inserted = future.insert((KIND, key.into()), kept()).now_or_never();
        assert!(inserted.is_some());
    }
    let check = |kept: Option<Kept>| kept.filter(|kept| clock.monotonic() < kept.dies_at);
    assert!(check(sync.get(&Asked(KIND, KEY))).is_some());
    group.bench_function("moka_sync_get", |b| {
        b.iter(|| black_box(check(sync.get(&Asked(KIND, black_box(KEY))))))
    });
    group.bench_function("moka_future_get", |b| {
        b.iter(|| {
            let kept = future.get(&Asked(KIND, black_box(KEY))).now_or_never().flatten();
            black_box(check(kept))
        })
    });

    let typed = TypedCache::new(ours, clock);
    let week = Duration::from_secs(600_000);
    assert!(typed.put(KIND, KEY, &quote()).now_or_never().is_some());
    group.bench_function("typed_get_of_a_quote", |b| {
        b.iter(|| black_box(typed.get::<Quote>(KIND, black_box(KEY), week).now_or_never()))
    });
    group.finish();
}

fn encoding(c: &mut Criterion) {
    let mut group = c.benchmark_group("cache_encoding");
    both(&mut group, "quote", &quote());
    both(&mut group, "depth", &depth());
    group.finish();
}

type Encode<'a, T> = &'a dyn Fn(&T) -> Vec<u8>;
type Decode<'a, T> = &'a dyn Fn(&[u8]) -> T;

fn both<T: Serialize + DeserializeOwned + PartialEq + std::fmt::Debug>(
    group: &mut criterion::BenchmarkGroup<'_, criterion::measurement::WallTime>,
    what: &str,
    value: &T,
) {
    let json = |value: &T| serde_json::to_vec(value).expect("it encodes");
    let pack = |value: &T| rmp_serde::to_vec_named(value).expect("it encodes");
    let by_place = |value: &T| rmp_serde::to_vec(value).expect("it encodes");
    let cbor = |value: &T| {
        let mut bytes = Vec::new();
        ciborium::into_writer(value, &mut bytes).expect("it encodes");
        bytes
    };
    let un_json = |bytes: &[u8]| serde_json::from_slice::<T>(bytes).expect("it decodes");
    let un_pack = |bytes: &[u8]| rmp_serde::from_slice::<T>(bytes).expect("it decodes");
    let un_cbor = |bytes: &[u8]| ciborium::from_reader::<T, _>(bytes).expect("it decodes");
    let codecs: [(&str, Encode<'_, T>, Decode<'_, T>); 4] = [
        ("json", &json, &un_json),
        ("messagepack", &pack, &un_pack),
        ("messagepack_without_names", &by_place, &un_pack),
        ("cbor", &cbor, &un_cbor),
    ];
    for (name, encode, decode) in codecs {
        let bytes = encode(value);
        assert_eq!(decode(&bytes), *value, "{name}");
        group.throughput(Throughput::Bytes(bytes.len() as u64));
        group.bench_function(format!("{what}_{name}_encode"), |b| {
            b.iter(|| black_box(encode(black_box(value))))
        });
        group.bench_function(format!("{what}_{name}_decode"), |b| {
            b.iter(|| black_box(decode(black_box(&bytes))))
        });
    }
}

/// A thousand set and get at once, each waited for by a task of its own, as callers of a gateway are.
fn redis(c: &mut Criterion) {
    let mut group = c.benchmark_group("cache_redis");
    group.sample_size(30);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime");
    let server = RedisServer::start();
    let names: Vec<String> = (0..AT_ONCE).map(|n| format!("NSE:SYMBOL{n}")).collect();
    let bytes = entry().bytes;

    let settings = RedisCacheSettings {
        url: server.url(),
        patience: Duration::from_secs(5),
        ..RedisCacheSettings::default()
    };
    let ours = runtime.block_on(RedisCache::connect(settings, &plan(), clock(), 1));
    let ours = Arc::new(ours.expect("right settings"));
    group.bench_function("thousand_set_and_get", |b| {
        b.to_async(&runtime).iter(|| async {
            let calls = names.iter().map(|name| {
                let (cache, name, bytes) = (Arc::clone(&ours), name.clone(), Arc::clone(&bytes));
                tokio::spawn(async move {
                    let made_at = Timestamp::now();
                    cache.set(KIND, &name, CacheEntry { bytes, made_at }).await;
                    cache.get(KIND, &name).await.expect("it is there")
                })
            });
            for found in join_all(calls).await {
                black_box(found.expect("it ends"));
            }
        });
    });

    let bare = runtime.block_on(async {
        let config = fred::types::config::Config::from_url(&server.url()).expect("an address");
        let client = fred::clients::Client::new(config, None, None, None);
        drop(client.connect());
        client.wait_for_connect().await.expect("it is there");
        client
    });
    group.bench_function("thousand_set_and_get_by_bare_fred", |b| {
        b.to_async(&runtime).iter(|| async {
            let calls = names.iter().map(|name| {
                let (client, name, bytes) = (bare.clone(), name.clone(), Arc::clone(&bytes));
                tokio::spawn(async move {
                    let value = Value::Bytes(bytes.to_vec().into());
                    let expire = Some(Expiration::PX(600_000_000));
                    let _set: Value = client
                        .set(name.as_str(), value, expire, None, false)
                        .await
                        .expect("set");
                    let found: Value = client.get(name.as_str()).await.expect("got");
                    assert!(!found.is_null());
                    found
                })
            });
            for found in join_all(calls).await {
                black_box(found.expect("it ends"));
            }
        });
    });

    group.sample_size(100);
    runtime.block_on(ours.set(KIND, KEY, entry()));
    group.bench_function("get", |b| {
        b.to_async(&runtime)
            .iter(|| async { black_box(ours.get(KIND, KEY).await) })
    });
    group.bench_function("get_by_bare_fred", |b| {
        b.to_async(&runtime).iter(|| async {
            let found: Value = bare.get(names[0].as_str()).await.expect("got");
            black_box(found)
        })
    });
    group.finish();
}

criterion_group!(benches, memory, encoding, redis);
criterion_main!(benches);

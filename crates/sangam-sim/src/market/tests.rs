//! The market: the same at the same instant, calm, on the tick, inside its circuits.

use std::sync::Arc;

use jiff::civil::date;
use proptest::prelude::*;

use super::*;
use crate::config::MoveConfig;
use crate::contracts::Universe;

fn market(seed: u64) -> Market {
    Market::new(
        &SimConfig {
            seed,
            ..SimConfig::default()
        },
        noon(),
    )
}

fn noon() -> Instant64 {
    Instant64::at(date(2026, 11, 23).at(12, 0, 0, 0))
}

fn universe(market: &Market) -> Universe {
    Universe::of(date(2026, 11, 23), |symbol| market.base(symbol))
}

fn reliance(universe: &Universe) -> Arc<Contract> {
    Arc::clone(universe.by_fyers("NSE:RELIANCE-EQ").expect("a cash contract"))
}

/// Widest range inside any ten minutes, in hundredths of a percent, sampled every ten seconds.
fn widest_ten_minutes(market: &Market, contract: &Contract, from: Instant64, minutes: i64) -> i64 {
    let step = 10 * SECOND_US;
    let prices: Vec<i64> = (0..minutes * 6)
        .map(|n| market.last(contract, from.plus_us(n * step)).0)
        .collect();
    prices
        .windows(60)
        .map(|window| {
            let (low, high) = (
                window.iter().min().expect("sixty"),
                window.iter().max().expect("sixty"),
            );
            (high - low) * 10_000 / low
        })
        .max()
        .expect("at least one window")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(6))]
    #[test]
    fn property_every_contract_is_calm(seed: u64, start_min in 0_i64..4_000) {
        let market = market(seed);
        let universe = universe(&market);
        let from = noon().plus_us(start_min * MINUTE_US);
        for contract in universe.contracts() {
            let bp = widest_ten_minutes(&market, contract, from, 25);
            prop_assert!(bp < 400, "{} moved {bp} bp", contract.names.fyers);
        }
    }
}

#[test]
fn the_index_is_calm_over_two_whole_days() {
    let market = market(1);
    let universe = universe(&market);
    for name in [
        "NSE:NIFTY50-INDEX",
        "NSE:RELIANCE-EQ",
        "NSE:YESBANK-EQ",
        "NSE:NIFTY26D0826000PE",
        "NSE:IDEA-EQ",
    ] {
        let contract = universe.by_fyers(name).expect(name);
        let bp = widest_ten_minutes(&market, contract, noon(), 2_880);
        assert!(bp < 400, "{name} moved {bp} bp");
    }
}

#[test]
fn one_seed_one_market_and_prices_tick() {
    let (one, same, other) = (market(1), market(1), market(2));
    let universe = universe(&one);
    let contract = reliance(&universe);
    let path = |market: &Market| -> Vec<Paise> {
        (0..40)
            .map(|n| market.last(&contract, noon().plus_us(n * TICK_US)))
            .collect()
    };
    assert_eq!(path(&one), path(&same));
    assert_ne!(path(&one), path(&other));
    let changes = path(&one).windows(2).filter(|pair| pair[0] != pair[1]).count();
    assert!(changes >= 10, "{changes} changes in ten seconds");
}

#[test]
fn quotes_are_consistent() {
    let market = market(1);
    let universe = universe(&market);
    for contract in universe.contracts() {
        let quote = market.quote(contract, noon());
        let name = &contract.names.fyers;
        assert!(quote.low <= quote.last && quote.last <= quote.high, "{name}");
        assert!(quote.low <= quote.open && quote.open <= quote.high, "{name}");
        assert_eq!(quote.last.floor_to(contract.tick), quote.last, "{name}");
        if contract.kind == Kind::Index {
            assert!(quote.depth.bids.is_empty() && quote.volume == 0, "{name}");
            continue;
        }
        let (bid, ask) = (quote.bid().expect(name), quote.ask().expect(name));
        assert_eq!(ask.price - bid.price, contract.tick, "{name}");
        assert!(quote.last == bid.price || quote.last == ask.price, "{name}");
        assert_eq!((quote.depth.bids.len(), quote.depth.asks.len()), (5, 5), "{name}");
        for level in quote.depth.bids.iter().chain(&quote.depth.asks) {
            assert!(
                level.quantity > 0 && level.orders > 0 && level.quantity % contract.lot == 0,
                "{name}"
            );
            assert!(
                (quote.lower_circuit..=quote.upper_circuit).contains(&level.price),
                "{name}"
            );
        }
        assert!(
            quote.volume > 0 && quote.total_buy > quote.depth.bids.iter().map(|l| l.quantity).sum(),
            "{name}"
        );
    }
}

#[test]
fn volume_never_falls() {
    let market = market(1);
    let contract = reliance(&universe(&market));
    let volumes: Vec<i64> = (0..600)
        .map(|n| market.quote(&contract, noon().plus_us(n * SECOND_US)).volume)
        .collect();
    assert!(volumes.windows(2).all(|pair| pair[0] <= pair[1]));
    assert!(volumes[0] < volumes[599]);
}

#[test]
fn a_scripted_move_happens_when_told() {
    let crash = MoveConfig {
        symbol: "RELIANCE".to_owned(),
        at_s: 60,
        over_s: 30,
        percent: Paise(-500),
    };
    let config = SimConfig {
        moves: vec![crash],
        ..SimConfig::default()
    };
    let (scripted, calm) = (Market::new(&config, noon()), market(1));
    let contract = reliance(&universe(&calm));
    let ratio_bp = |s: i64| {
        let at = noon().plus_us(s * SECOND_US);
        scripted.smooth(&contract, at).0 * 10_000 / calm.smooth(&contract, at).0
    };
    assert_eq!(ratio_bp(59), 10_000);
    assert!((9_740..9_760).contains(&ratio_bp(75)), "{}", ratio_bp(75));
    assert!((9_490..=9_500).contains(&ratio_bp(90)), "{}", ratio_bp(90));
}

#[test]
fn candles_follow_the_session_and_the_quotes() {
    let open_hours = Market::new(
        &SimConfig {
            always_open: false,
            ..SimConfig::default()
        },
        noon(),
    );
    let contract = reliance(&universe(&open_hours));
    let midnight = Instant64::midnight(date(2026, 11, 23));
    let late = midnight.plus_us(18 * 60 * MINUTE_US);
    let day = open_hours.candles(&contract, Interval::Minutes(5), midnight, late, late);
    assert_eq!(day.len(), 75);
    assert_eq!(day[0].start.format("%H:%M"), "09:15");
    assert!(
        day.iter()
            .all(|c| c.low <= c.open && c.open <= c.high && c.low <= c.close && c.close <= c.high)
    );
    assert!(day.iter().all(|c| c.volume > 0));
    let days = open_hours.candles(
        &contract,
        Interval::Day,
        midnight.plus_us(-7 * DAY_US),
        late,
        late,
    );
    assert_eq!(days.len(), 6, "16 to 20 November and the 23rd");
    let running = market(1).candles(&contract, Interval::Minutes(1), midnight, late, noon());
    let last = running.last().expect("the running candle");
    assert_eq!(
        (last.start, last.close),
        (noon(), market(1).last(&contract, noon()))
    );
}

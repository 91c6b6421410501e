//! Each rule of keeping a position by a small table of fills.

use sangam_core::ports::FillRecord;
use sangam_core::{Money, Product, Side};
use sangam_testkit::samples;

use super::{CostError, CostMethod, FillPlace, KeptPosition, Lot, PositionKey};

/// A fill of RELIANCE by its side, units and price.
fn fill(side: Side, units: u64, price: &str) -> FillRecord {
    let mut record = samples::fill_record("1", "1");
    record.fill.side = side;
    record.fill.quantity = samples::quantity(units);
    record.fill.price = samples::price(price);
    record.fill.product = Some(Product::Intraday);
    record.fill.at = None;
    record
}

/// Units with their sign, and a price.
fn fills(table: &[(i64, &str)]) -> Vec<(u64, FillRecord)> {
    let side = |units: i64| if units < 0 { Side::Sell } else { Side::Buy };
    let rows = table
        .iter()
        .map(|(units, price)| fill(side(*units), units.unsigned_abs(), price));
    (1..).zip(rows).collect()
}

fn kept(method: CostMethod, table: &[(i64, &str)]) -> KeptPosition {
    let fills = fills(table);
    let position = KeptPosition::recompute(method, fills.iter().map(|(at, record)| (*at, record)));
    let position = position.expect("the fills are sound");
    assert_eq!(position.check(), Ok(()));
    position
}

fn money(text: &str) -> Money {
    text.parse().expect("an amount")
}

/// Fills; net, cost and realised by first in first out; cost and realised by the average.
type Case = (
    &'static [(i64, &'static str)],
    i64,
    [&'static str; 2],
    [&'static str; 2],
);

const CASES: &[Case] = &[
    (&[(10, "100")], 10, ["1000", "0"], ["1000", "0"]),
    (&[(10, "100"), (-4, "110")], 6, ["600", "40"], ["600", "40"]),
    (
        &[(10, "100"), (10, "120"), (-15, "130")],
        5,
        ["600", "350"],
        ["550", "300"],
    ),
    (&[(10, "100"), (-10, "90")], 0, ["0", "-100"], ["0", "-100"]),
    // The example of docs/portfolio.md to its end.
    (
        &[(10, "100"), (10, "120"), (-15, "130"), (-10, "140")],
        -5,
        ["-700", "450"],
        ["-700", "450"],
    ),
    // Short: what was sold first is bought back first.
    (
        &[(-10, "100"), (-10, "120"), (15, "90")],
        -5,
        ["-600", "250"],
        ["-550", "300"],
    ),
    // Through nought, both ways.
    (&[(10, "100"), (-15, "110")], -5, ["-550", "100"], ["-550", "100"]),
    (&[(-10, "100"), (25, "90")], 15, ["1350", "100"], ["1350", "100"]),
    // A third of a rupee: what leaves is rounded, the rest stays, the last unit takes all.
    (
        &[(1, "10"), (2, "10.01"), (-1, "10")],
        2,
        ["20.02", "0"],
        ["20.013333", "-0.006667"],
    ),
    (
        &[(1, "10"), (2, "10.01"), (-1, "10"), (-1, "10")],
        1,
        ["10.01", "-0.01"],
        ["10.006667", "-0.013333"],
    ),
    (
        &[(1, "10"), (2, "10.01"), (-1, "10"), (-2, "10")],
        0,
        ["0", "-0.02"],
        ["0", "-0.02"],
    ),
    // A negative price and a free unit.
    (
        &[(2, "-37.63"), (-1, "10")],
        1,
        ["-37.63", "47.63"],
        ["-37.63", "47.63"],
    ),
    (&[(2, "0"), (-2, "0.05")], 0, ["0", "0.1"], ["0", "0.1"]),
    // A fill of no units moves nothing.
    (&[(10, "100"), (0, "500")], 10, ["1000", "0"], ["1000", "0"]),
];

#[test]
fn cost_and_profit_by_both_methods() {
    for (table, net, fifo, average) in CASES {
        for (method, [cost, realised]) in [(CostMethod::Fifo, fifo), (CostMethod::Average, average)] {
            let position = kept(method, table);
            assert_eq!(position.net.units(), *net, "{method} {table:?}");
            assert_eq!(position.cost, money(cost), "{method} {table:?}");
            assert_eq!(position.realised, money(realised), "{method} {table:?}");
        }
    }
}

#[test]
fn an_average_price_is_of_the_open_units() {
    let position = kept(CostMethod::Average, &[(1, "10"), (2, "10.01")]);
    assert_eq!(position.average_price(), Some(samples::price("10.006667")));
    let short = kept(CostMethod::Fifo, &[(-2, "10"), (-1, "11")]);
    assert_eq!(short.average_price(), Some(samples::price("10.333333")));
    let flat = kept(CostMethod::Fifo, &[(1, "10"), (-1, "11")]);
    assert_eq!(flat.average_price(), None);
}

#[test]
fn a_fill_names_the_lots_it_closed_changed_and_opened() {
    let rows = fills(&[(10, "100"), (10, "120"), (10, "130"), (-25, "140"), (-15, "150")]);
    let place = |at: usize| FillPlace::of(&rows[at].1, rows[at].0);
    let (mut position, first) =
        KeptPosition::opened_by(&rows[0].1, rows[0].0, CostMethod::Fifo).expect("sound");
    assert_eq!((first.closed.len(), first.written.len()), (0, 1));
    let mut apply = |at: usize| position.apply(&rows[at].1, rows[at].0).expect("sound");
    apply(1);
    apply(2);
    let sold = apply(3);
    assert_eq!(sold.closed, [place(0), place(1)]);
    let lot = |at: usize, units: i64, price: &str| Lot {
        opened: place(at),
        units: units.try_into().expect("small"),
        price: samples::price(price),
    };
    assert_eq!(sold.written, [lot(2, 5, "130")]);
    let turned = apply(4);
    assert_eq!(turned.closed, [place(2)]);
    assert_eq!(turned.written, [lot(4, -10, "150")]);
    assert_eq!(
        [turned.posted.cash, turned.posted.stock, turned.posted.profit],
        [money("2250"), money("-2150"), money("-100")]
    );
}

#[test]
fn only_the_oldest_lots_are_needed_to_close_some() {
    let rows = fills(&[(10, "100"), (10, "120"), (10, "130"), (-12, "140")]);
    let whole = KeptPosition::recompute(CostMethod::Fifo, rows[..3].iter().map(|(at, r)| (*at, r)));
    let mut whole = whole.expect("sound");
    let mut front = whole.clone();
    front.lots.truncate(2);
    let applied = whole.apply(&rows[3].1, 4).expect("sound");
    assert_eq!(front.apply(&rows[3].1, 4), Ok(applied));
    assert_eq!((front.cost, front.realised), (whole.cost, whole.realised));
    // And with too few it is refused, not guessed.
    let mut less =
        KeptPosition::recompute(CostMethod::Fifo, rows[..3].iter().map(|(at, r)| (*at, r))).expect("sound");
    less.lots.truncate(1);
    let before = less.clone();
    assert!(matches!(
        less.apply(&rows[3].1, 4),
        Err(CostError::Damaged { .. })
    ));
    assert_eq!(less, before);
}

#[test]
fn a_late_fill_is_refused_and_a_recomputation_replaces_the_position() {
    let rows = fills(&[(10, "100"), (10, "120"), (-10, "130")]);
    let before =
        KeptPosition::recompute(CostMethod::Fifo, [(1, &rows[0].1), (3, &rows[2].1)]).expect("sound");
    let mut late = before.clone();
    let refused = late.apply(&rows[1].1, 2).expect_err("it stands before the last");
    assert!(matches!(refused, CostError::Late { .. }));
    assert!(
        refused.to_string().contains("NSE:RELIANCE MIS of account"),
        "{refused}"
    );
    assert_eq!(late, before);

    let after = kept(CostMethod::Fifo, &[(10, "100"), (10, "120"), (-10, "130")]);
    let replaced = after.replacing(Some(&before)).expect("small");
    assert_eq!(replaced.posted.cash, money("-1200"));
    assert!(replaced.posted.is_balanced());
    assert_eq!((replaced.closed.len(), replaced.written.len()), (0, 1));
    let all = after.replacing(None).expect("small");
    assert_eq!(
        [all.posted.cash, all.posted.stock, all.posted.profit],
        [money("-900"), money("1200"), money("-300")]
    );
}

#[test]
fn fills_stand_by_date_then_time_then_as_they_came() {
    let at = |date: &str, time: Option<&str>, sequence| FillPlace {
        trading_date: date.parse().expect("a date"),
        at: time.map(|time| time.parse().expect("an instant")),
        sequence,
    };
    let places = [
        at("2026-11-20", None, 9),
        at("2026-11-23", Some("2026-11-23T04:00:00Z"), 7),
        at("2026-11-23", Some("2026-11-23T04:00:00Z"), 8),
        at("2026-11-23", Some("2026-11-23T05:00:00Z"), 2),
        at("2026-11-23", None, 1),
        at("2026-11-24", Some("2026-11-24T04:00:00Z"), 3),
    ];
    assert!(places.is_sorted());
    assert!(places.iter().zip(&places[1..]).all(|(one, next)| one < next));
}

#[test]
fn the_profit_of_the_day_begins_anew_with_the_date() {
    let mut rows = fills(&[(10, "100"), (-4, "110"), (-3, "120"), (-1, "90")]);
    for (_, record) in &mut rows[2..] {
        record.trading_date = record.trading_date.tomorrow().expect("not the last day");
    }
    let position =
        KeptPosition::recompute(CostMethod::Fifo, rows.iter().map(|(at, r)| (*at, r))).expect("sound");
    assert_eq!(position.day, rows[3].1.trading_date);
    assert_eq!(
        (position.realised, position.realised_of_day),
        (money("90"), money("50"))
    );
}

#[test]
fn shares_sold_for_delivery_that_were_never_bought_are_counted() {
    let mut rows = fills(&[(-10, "100"), (4, "90"), (-1, "95")]);
    for (_, record) in &mut rows {
        record.fill.product = Some(Product::Delivery);
    }
    let position =
        KeptPosition::recompute(CostMethod::Fifo, rows.iter().map(|(at, r)| (*at, r))).expect("sound");
    assert_eq!(position.unseen, samples::quantity(11));
    // An intraday short is a short.
    assert!(kept(CostMethod::Fifo, &[(-10, "100")]).unseen.is_zero());
}

#[test]
fn a_figure_out_of_range_names_the_position_and_changes_nothing() {
    let dear = "10000000000";
    let (mut position, _) =
        KeptPosition::opened_by(&fill(Side::Buy, 90_000, dear), 1, CostMethod::Fifo).expect("in range");
    let before = position.clone();
    let refused = position
        .apply(&fill(Side::Buy, 20_000, dear), 2)
        .expect_err("above 10^15");
    assert_eq!(
        refused.to_string(),
        "the cost of NSE:RELIANCE MIS of account fyers-1 at fyers leaves the range it can be kept in"
    );
    assert_eq!(position, before);
    let largest = 1_000_000_000_000;
    let (mut position, _) =
        KeptPosition::opened_by(&fill(Side::Buy, largest, "1"), 1, CostMethod::Average).expect("in range");
    let refused = position.apply(&fill(Side::Buy, 1, "1"), 2);
    assert!(
        matches!(
            refused,
            Err(CostError::OutOfRange {
                what: "the net quantity",
                ..
            })
        ),
        "{refused:?}"
    );
    // The largest cost and quantity there are divide without a loss.
    let sold = position
        .apply(&fill(Side::Sell, largest - 1, "1000"), 3)
        .expect("in range");
    assert_eq!(
        (position.cost, position.realised),
        (money("1"), money("998999999999001"))
    );
    assert!(sold.posted.is_balanced());
}

#[test]
fn positions_are_told_apart_by_account_broker_instrument_and_product() {
    let record = fill(Side::Buy, 1, "1");
    let mut unknown = record.clone();
    unknown.fill.instrument.id = None;
    unknown.fill.instrument.broker_symbol = "RELIANCE".into();
    let mut nowhere = unknown.clone();
    nowhere.fill.instrument.exchange = None;
    let mut bare = record.clone();
    bare.fill.product = None;
    let mut other = record.clone();
    other.account = "second".parse().expect("an account");
    let keys: Vec<_> = [&record, &unknown, &nowhere, &bare, &other]
        .map(PositionKey::of)
        .into();
    let names: Vec<_> = keys.iter().map(|key| key.instrument.as_str()).collect();
    assert_eq!(
        names,
        [
            "NSE:RELIANCE",
            "?NSE:RELIANCE",
            "?:RELIANCE",
            "NSE:RELIANCE",
            "NSE:RELIANCE"
        ]
    );
    for (i, key) in keys.iter().enumerate() {
        assert!(keys[i + 1..].iter().all(|later| later != key), "{key}");
    }
    let (mut position, _) = KeptPosition::opened_by(&record, 1, CostMethod::Fifo).expect("sound");
    assert!(matches!(
        position.apply(&other, 2),
        Err(CostError::OtherPosition { .. })
    ));
}

/// What is said of a position that was hurt, and how it was.
type Hurt = (&'static str, fn(&mut KeptPosition));

#[test]
fn damage_is_found() {
    let sound = kept(CostMethod::Fifo, &[(10, "100"), (10, "120"), (-5, "130")]);
    let hurts: [Hurt; 7] = [
        ("bought less those sold", |p| p.bought = samples::quantity(21)),
        ("spent and realised", |p| p.realised = Money::ZERO),
        ("add up to the net", |p| p.lots.truncate(1)),
        ("add up to the cost", |p| p.lots[0].price = samples::price("99")),
        ("the average and has lots", |p| p.method = CostMethod::Average),
        ("in the order", |p| p.lots.swap(0, 1)),
        ("add up to the net", |p| {
            p.lots[0].units = (-5).try_into().expect("small")
        }),
    ];
    for (what, hurt) in hurts {
        let mut position = sound.clone();
        hurt(&mut position);
        let found = position.check().expect_err(what).to_string();
        assert!(
            found.contains(what) && found.contains("sangam ledger rebuild"),
            "{found}"
        );
    }
}

#[test]
fn no_fills_make_no_position_and_one_place_is_taken_once() {
    assert_eq!(
        KeptPosition::recompute(CostMethod::Fifo, []),
        Err(CostError::NoFills)
    );
    let record = fill(Side::Buy, 1, "1");
    let twice = KeptPosition::recompute(CostMethod::Fifo, [(1, &record), (1, &record)]);
    assert!(matches!(twice, Err(CostError::Late { .. })));
}

#[test]
fn methods_go_by_their_names() {
    assert_eq!("fifo".parse(), Ok(CostMethod::Fifo));
    assert_eq!(CostMethod::default(), CostMethod::Fifo);
    assert_eq!(
        serde_json::to_string(&CostMethod::Average).expect("a name"),
        "\"average\""
    );
    let refused = "lifo"
        .parse::<CostMethod>()
        .expect_err("no such method")
        .to_string();
    assert!(refused.contains("fifo, average"), "{refused}");
}

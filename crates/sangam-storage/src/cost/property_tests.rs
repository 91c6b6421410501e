//! Laws of kept positions over random fills, against models that share no code with them: one that keeps every unit by
//! itself, and one that keeps the average as an exact fraction.

use std::collections::VecDeque;

use proptest::prelude::*;
use sangam_core::ports::FillRecord;
use sangam_core::{Product, Side};
use sangam_testkit::samples;

use super::{CostMethod, KeptPosition, exact};

/// Signed units, a price in millionths, days after the first, and seconds into the day.
type Drawn = (i64, i64, u8, Option<u8>);

fn drawn() -> impl Strategy<Value = Vec<Drawn>> {
    let units = prop_oneof![4 => -12_i64..=12, 1 => -2_000_000_i64..2_000_000];
    small(units, 40)
}

fn small(units: impl Strategy<Value = i64>, most: usize) -> impl Strategy<Value = Vec<Drawn>> {
    let price = prop_oneof![
        3 => (1_i64..60).prop_map(|ticks| ticks * 50_000),
        1 => -3_000_000_i64..2_000_000_000,
    ];
    prop::collection::vec(
        (units, price, 0_u8..3, prop::option::weighted(0.8, 0_u8..10)),
        1..most,
    )
}

fn record((units, price, day, second): &Drawn) -> FillRecord {
    let mut record = samples::fill_record("1", "1");
    record.trading_date = (0..*day).fold(record.trading_date, |date, _| {
        date.tomorrow().expect("not the last day")
    });
    record.fill.side = if *units < 0 { Side::Sell } else { Side::Buy };
    record.fill.quantity = samples::quantity(units.unsigned_abs());
    record.fill.price = exact::price(i128::from(*price)).expect("in range");
    record.fill.product = Some(Product::Intraday);
    record.fill.at = second.map(|second| samples::morning() + std::time::Duration::from_secs(second.into()));
    record
}

/// With the numbers they came as, in the order they are to be taken in.
fn in_order(drawn: &[Drawn]) -> Vec<(u64, FillRecord)> {
    let mut fills: Vec<(u64, FillRecord)> = (1..).zip(drawn.iter().map(record)).collect();
    // Written out here once more, so that the order itself is checked.
    fills.sort_by_key(|(sequence, record)| {
        let at = record.fill.at.map_or(i64::MAX, |at| at.as_second());
        (record.trading_date, at, *sequence)
    });
    fills
}

fn signed(record: &FillRecord) -> i128 {
    let units = i128::from(record.fill.quantity.units());
    match record.fill.side {
        Side::Buy => units,
        Side::Sell => -units,
    }
}

/// Each unit by itself: its side and its price. Answers what is open and what was realised, in millionths.
fn unit_by_unit(fills: &[(u64, FillRecord)]) -> (VecDeque<(i128, i128)>, i128) {
    let mut open: VecDeque<(i128, i128)> = VecDeque::new();
    let mut realised = 0;
    for (_, record) in fills {
        let (side, price) = (signed(record).signum(), exact::of_price(record.fill.price));
        for _ in 0..record.fill.quantity.units() {
            match open.front().copied() {
                Some((other, cost)) if other != side => {
                    open.pop_front();
                    realised += other * (price - cost);
                }
                _ => open.push_back((side, price)),
            }
        }
    }
    (open, realised)
}

/// After each fill, with what it posted.
fn walked(method: CostMethod, fills: &[(u64, FillRecord)]) -> Vec<(KeptPosition, super::Applied)> {
    let mut states: Vec<(KeptPosition, super::Applied)> = Vec::new();
    for (sequence, record) in fills {
        let state = match states.last() {
            None => KeptPosition::opened_by(record, *sequence, method),
            Some((kept, _)) => {
                let mut kept = kept.clone();
                kept.apply(record, *sequence).map(|applied| (kept, applied))
            }
        };
        states.push(state.expect("in range"));
    }
    states
}

fn method() -> impl Strategy<Value = CostMethod> {
    prop_oneof![Just(CostMethod::Fifo), Just(CostMethod::Average)]
}

proptest! {
    #[test]
    fn every_posting_balances_and_says_what_changed(drawn in drawn(), method in method()) {
        let fills = in_order(&drawn);
        let mut before: Option<KeptPosition> = None;
        let mut cash = 0;
        for ((kept, applied), (_, record)) in walked(method, &fills).into_iter().zip(&fills) {
            prop_assert!(applied.posted.is_balanced());
            prop_assert_eq!(exact::of(applied.posted.cash), -signed(record) * exact::of_price(record.fill.price));
            cash += exact::of(applied.posted.cash);
            // What was spent is in stock or lost: cost + cash = realised.
            prop_assert_eq!(exact::of(kept.cost) + cash, exact::of(kept.realised));
            prop_assert_eq!(kept.check(), Ok(()));
            let replaced = kept.replacing(before.as_ref()).expect("in range");
            prop_assert_eq!(replaced, applied);
            before = Some(kept);
        }
    }

    #[test]
    fn a_flat_position_has_no_cost_and_no_lots(drawn in drawn(), method in method()) {
        let mut fills = in_order(&drawn);
        let open: i128 = fills.iter().map(|(_, record)| signed(record)).sum();
        let mut last = record(&(0, 7_000_000, 3, None));
        last.fill.side = if open > 0 { Side::Sell } else { Side::Buy };
        last.fill.quantity = samples::quantity(u64::try_from(open.abs()).expect("small"));
        fills.push((1_000, last));
        let (kept, _) = walked(method, &fills).pop().expect("there are fills");
        prop_assert!(kept.net.is_zero() && kept.cost.is_zero() && kept.lots.is_empty());
        prop_assert_eq!(kept.average_price(), None);
        prop_assert_eq!(
            exact::of(kept.realised),
            exact::of(kept.sold_value) - exact::of(kept.bought_value)
        );
    }

    #[test]
    fn first_in_first_out_is_what_happens_unit_by_unit(drawn in small(-12_i64..=12, 40)) {
        let fills = in_order(&drawn);
        for (i, (kept, _)) in walked(CostMethod::Fifo, &fills).iter().enumerate() {
            let (open, realised) = unit_by_unit(&fills[..=i]);
            let cost: i128 = open.iter().map(|(side, price)| side * price).sum();
            prop_assert_eq!(i128::from(kept.net.units()), open.iter().map(|(side, _)| side).sum::<i128>());
            prop_assert_eq!(exact::of(kept.cost), cost);
            prop_assert_eq!(exact::of(kept.realised), realised);
            let lots: Vec<i128> = kept
                .lots
                .iter()
                .flat_map(|lot| {
                    let units = usize::try_from(lot.units.units().unsigned_abs()).expect("small");
                    std::iter::repeat_n(exact::of_price(lot.price), units)
                })
                .collect();
            prop_assert_eq!(lots, open.iter().map(|(_, price)| *price).collect::<Vec<_>>());
        }
    }

    /// The exact average is kept as a fraction; each closing fill may be off by half a millionth of a rupee, and what is
    /// off shrinks with what is left.
    #[test]
    fn the_average_stays_within_its_rounding_of_the_exact_one(drawn in small(-6_i64..=6, 12)) {
        let fills = in_order(&drawn);
        let (mut net, mut cost) = (0_i128, (0_i128, 1_i128));
        let mut closings = 0_i128;
        for ((kept, _), (_, record)) in walked(CostMethod::Average, &fills).iter().zip(&fills) {
            let (signed, price) = (signed(record), exact::of_price(record.fill.price));
            let closed = if net.signum() * signed.signum() < 0 { net.signum() * net.abs().min(signed.abs()) } else { 0 };
            if closed != 0 {
                // cost x (net - closed) / net
                cost = (cost.0 * (net - closed), cost.1 * net);
                closings += 1;
            }
            cost.0 += price * (signed + closed) * cost.1;
            net += signed;
            if net == 0 {
                cost = (0, 1);
                closings = 0;
            }
            let off = (exact::of(kept.cost) * cost.1 - cost.0).abs();
            prop_assert!(2 * off <= closings * cost.1.abs(), "{} / {} after {closings} closings", off, cost.1);
        }
    }

    #[test]
    fn the_order_fills_come_in_does_not_matter(
        (drawn, shuffled) in drawn().prop_flat_map(|drawn| {
            let places: Vec<usize> = (0..drawn.len()).collect();
            (Just(drawn), Just(places).prop_shuffle())
        }),
        method in method(),
    ) {
        let fills = in_order(&drawn);
        let (kept, _) = walked(method, &fills).pop().expect("there are fills");
        let again = KeptPosition::recompute(method, shuffled.iter().map(|i| (fills[*i].0, &fills[*i].1)));
        prop_assert_eq!(again, Ok(kept));
    }

    #[test]
    fn kept_positions_come_back_from_json(drawn in drawn(), method in method()) {
        let (kept, _) = walked(method, &in_order(&drawn)).pop().expect("there are fills");
        let text = serde_json::to_string(&kept).expect("it serialises");
        prop_assert_eq!(serde_json::from_str::<KeptPosition>(&text).expect("and comes back"), kept);
    }
}

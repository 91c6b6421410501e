//! Laws of the portfolio over random books and fills.

use proptest::prelude::*;
use rust_decimal::Decimal;
use sangam_core::{BrokerName, Money, Product};

use super::tests::given::{Given, book, holding, kept, position};
use super::{Figures, Portfolio, Totals};

const NAMES: [&str; 4] = [
    "NSE:RELIANCE",
    "NSE:TCS",
    "NFO:NIFTY26NOVFUT",
    "MCX:CRUDEOIL26DECFUT",
];
const ACCOUNTS: [(&str, BrokerName); 4] = [
    ("a", BrokerName::Fyers),
    ("b", BrokerName::Fyers),
    ("c", BrokerName::Upstox),
    ("d", BrokerName::Flattrade),
];

/// An account, an instrument, a product, units, and two prices of which either may be missing.
type Row = (usize, usize, bool, i64, Option<u32>, Option<u32>);

fn row() -> impl Strategy<Value = Row> {
    let price = || prop::option::weighted(0.8, 1_u32..500_000);
    (
        0..ACCOUNTS.len(),
        0..NAMES.len(),
        any::<bool>(),
        -40_i64..40,
        price(),
        price(),
    )
}

fn text(price: Option<u32>) -> String {
    price.map_or_else(String::new, |paise| Decimal::new(paise.into(), 2).to_string())
}

fn product(delivery: bool) -> Product {
    if delivery {
        Product::Delivery
    } else {
        Product::Intraday
    }
}

/// Books of every account, read or not, and positions kept of some rows.
fn given() -> impl Strategy<Value = Given> {
    let books = prop::collection::vec(row(), 0..16);
    let fills = prop::collection::vec((row(), any::<bool>(), any::<bool>()), 0..12);
    let read = prop::collection::vec(
        (prop::bool::weighted(0.8), prop::bool::weighted(0.8)),
        ACCOUNTS.len(),
    );
    (books, fills, read, any::<bool>()).prop_map(|(rows, fills, read, with_multiplier)| {
        let mut given = Given::default();
        for (at, (account, broker)) in ACCOUNTS.iter().enumerate() {
            let here = || rows.iter().filter(move |row| row.0 == at);
            let positions = here().map(|(_, name, delivery, units, average, last)| {
                position(
                    NAMES[*name],
                    product(*delivery),
                    *units,
                    &text(*average),
                    &text(*last),
                )
            });
            let holdings = here()
                .filter(|row| row.1 < 2)
                .map(|(_, name, _, units, average, last)| {
                    holding(
                        NAMES[*name],
                        units.unsigned_abs(),
                        0,
                        &text(*last),
                        &text(*average),
                    )
                });
            let (positions_read, holdings_read) = read[at];
            given.books.push(book(
                account,
                *broker,
                positions_read.then(|| positions.collect()),
                holdings_read.then(|| holdings.collect()),
            ));
        }
        for ((account, name, delivery, units, price, _), today, closed) in fills {
            let (account, broker) = ACCOUNTS[account];
            let price = text(price.or(Some(100)));
            let mut table = vec![(units, price.as_str(), today)];
            if closed {
                table.push((-units, "77.05", today));
            }
            let kept = kept(account, broker, NAMES[name], &product(delivery), &table);
            if given.kept.iter().all(|other| other.key != kept.key) {
                given.kept.push(kept);
            }
        }
        if with_multiplier {
            let crude = NAMES[3].parse().expect("an id");
            given.multipliers.insert(crude, Decimal::ONE_HUNDRED);
        }
        given
    })
}

fn sum(amounts: impl Iterator<Item = Option<Money>>) -> Decimal {
    amounts.flatten().map(Money::decimal).sum()
}

fn amounts(totals: &Totals) -> [Decimal; 5] {
    [
        totals.value,
        totals.cost,
        totals.unrealised,
        totals.realised,
        totals.realised_today,
    ]
    .map(Money::decimal)
}

fn of<'a>(figures: impl Iterator<Item = &'a Figures> + Clone) -> [Decimal; 5] {
    [
        sum(figures.clone().map(|figures| figures.value)),
        sum(figures.clone().map(|figures| figures.cost)),
        sum(figures.clone().map(|figures| figures.unrealised)),
        sum(figures.clone().map(|figures| figures.realised)),
        sum(figures.map(|figures| figures.realised_today)),
    ]
}

fn plus(one: [Decimal; 5], other: [Decimal; 5]) -> [Decimal; 5] {
    std::array::from_fn(|at| one[at] + other[at])
}

fn shown(given: &Given) -> Portfolio {
    given.portfolio().expect("in range")
}

proptest! {
    #[test]
    fn totals_are_the_sums_of_their_parts(given in given()) {
        let portfolio = shown(&given);
        let parts = portfolio.lines.iter().flat_map(|line| &line.parts);
        let mut over_all = of(parts.clone().map(|part| &part.figures));
        over_all[3] += portfolio.closed.realised.decimal();
        prop_assert_eq!(amounts(&portfolio.totals), over_all);
        let by_broker = portfolio.by_broker.values().map(amounts).fold([Decimal::ZERO; 5], plus);
        let by_account = portfolio.by_account.values().map(amounts).fold([Decimal::ZERO; 5], plus);
        prop_assert_eq!(by_broker, over_all);
        prop_assert_eq!(by_account, over_all);
        for line in &portfolio.lines {
            let parts = line.parts.iter().map(|part| &part.figures);
            let quantity: i64 = parts.clone().map(|figures| figures.quantity.units()).sum();
            prop_assert_eq!(line.figures.quantity.units(), quantity);
            let all = of(parts);
            let told = [line.figures.value, line.figures.cost, line.figures.unrealised, line.figures.realised, line.figures.realised_today];
            for (told, all) in told.into_iter().zip(all) {
                prop_assert!(told.is_none_or(|told| told.decimal() == all));
            }
        }
    }

    #[test]
    fn the_order_of_rows_does_not_matter(given in given()) {
        let mut turned = given.clone();
        turned.books.reverse();
        turned.kept.reverse();
        for book in &mut turned.books {
            if let Some(read) = &mut book.positions {
                read.rows.reverse();
            }
            if let Some(read) = &mut book.holdings {
                read.rows.reverse();
            }
        }
        prop_assert_eq!(shown(&turned), shown(&given));
    }

    #[test]
    fn every_kept_position_is_in_a_part_or_among_the_closed(given in given()) {
        let portfolio = shown(&given);
        let parts = portfolio.lines.iter().flat_map(|line| &line.parts);
        let in_parts = parts.clone().filter(|part| part.kept.is_some()).count();
        let closed = usize::try_from(portfolio.closed.positions).expect("few");
        prop_assert_eq!(in_parts + closed, given.kept.len());
        for part in parts {
            let told = part.book.zip(part.kept);
            prop_assert_eq!(part.figures.differs, told.is_some_and(|(book, kept)| book != kept.net));
        }
    }
}

//! Each rule of the portfolio by a few rows.

use std::time::Duration;

use rust_decimal::Decimal;
use sangam_core::{BrokerName, InstrumentId, Money, Position, Product};
use sangam_testkit::samples;

use self::given::{Given, book, holding, kept, money, nameless, now, opt_price, position, seconds_ago};
use super::{AccountBook, BookKind, Portfolio, SeenPrice};

pub(super) mod given;

fn some(text: &str) -> Option<Money> {
    Some(money(text))
}

const RELIANCE: &str = "NSE:RELIANCE";

#[test]
fn three_positions_make_a_portfolio() {
    let records = [
        (RELIANCE, Product::Delivery, 10, "2845", "2851.5"),
        ("NSE:TCS", Product::Delivery, 5, "3465", "3460"),
        ("NFO:NIFTY25SEP25840CE", Product::CarryForward, 50, "52", "52.25"),
    ];
    let records = records.map(|(id, product, net, average, last)| {
        let mut record = samples::position_record("fyers-1", net);
        record.position = position(id, product, net, average, last);
        record
    });
    let given = Given {
        books: AccountBook::of_positions(records),
        ..Given::default()
    };
    let portfolio = given.shown();
    assert_eq!(portfolio.lines.len(), 3);
    assert!(portfolio.totals.value.is_positive());
    let reliance = portfolio
        .lines
        .iter()
        .find(|line| line.symbol == "RELIANCE")
        .expect("it is there");
    assert_eq!(reliance.figures.quantity.units(), 10);
    // 28515 + 17300 + 2612.5 against 28450 + 17325 + 2600.
    assert_eq!(
        [
            portfolio.totals.value,
            portfolio.totals.cost,
            portfolio.totals.unrealised
        ],
        [money("48427.5"), money("48375"), money("52.5")]
    );
}

#[test]
fn a_line_is_over_all_brokers_and_keeps_their_parts() {
    let row = |net, average| Some(vec![position(RELIANCE, Product::Intraday, net, average, "100")]);
    let given = Given {
        books: vec![
            book("b", BrokerName::Upstox, row(10, "90"), Some(vec![])),
            book("a", BrokerName::Fyers, row(5, "96"), Some(vec![])),
        ],
        ..Given::default()
    };
    let portfolio = given.shown();
    let line = &portfolio.lines[0];
    assert_eq!(line.figures.quantity.units(), 15);
    assert_eq!(line.figures.average_price, opt_price("92"));
    assert_eq!(line.figures.unrealised, some("120"));
    let parts: Vec<_> = line
        .parts
        .iter()
        .map(|part| (part.account.as_str(), part.figures.value))
        .collect();
    assert_eq!(parts, [("a", some("500")), ("b", some("1000"))]);
    assert_eq!(portfolio.by_broker[&BrokerName::Upstox].unrealised, money("100"));
    assert_eq!(
        portfolio.by_account[&"a".parse().expect("an account")].unrealised,
        money("20")
    );
    assert_eq!(
        (
            portfolio.totals.entries,
            portfolio.by_broker[&BrokerName::Fyers].entries
        ),
        (1, 1)
    );
}

#[test]
fn long_here_and_short_there_has_a_sum_and_no_average() {
    let row = |net, average| Some(vec![position(RELIANCE, Product::Intraday, net, average, "100")]);
    let given = Given {
        books: vec![
            book("a", BrokerName::Fyers, row(10, "90"), None),
            book("b", BrokerName::Upstox, row(-4, "110"), None),
        ],
        ..Given::default()
    };
    let figures = given.shown().lines[0].figures;
    assert_eq!((figures.quantity.units(), figures.average_price), (6, None));
    // 900 - 440 of cost, 1000 - 400 of value.
    assert_eq!(
        [figures.cost, figures.value, figures.unrealised],
        [some("460"), some("600"), some("140")]
    );
}

/// What a delivery is made of: the broker, held, undelivered, today's net, what is then open and held, and its cost at 100
/// for held units and 110 for today's.
type Delivered = (
    BrokerName,
    Option<(u64, u64)>,
    Option<i64>,
    (i64, u64),
    &'static str,
);

#[test]
fn units_of_holdings_and_of_todays_trades_are_counted_once() {
    use BrokerName::{Flattrade, Fyers, Upstox};
    let cases: &[Delivered] = &[
        // A purchase of today is not in the holding yet; what is undelivered there is of earlier days.
        (Fyers, Some((20, 5)), Some(10), (30, 20), "3100"),
        (Upstox, None, Some(10), (10, 0), "1100"),
        (Flattrade, Some((20, 0)), None, (20, 20), "2000"),
        // A sale of today is of held units, whoever has taken it off already.
        (Fyers, Some((20, 0)), Some(-5), (15, 15), "1500"),
        (Upstox, Some((20, 0)), Some(-20), (0, 0), "0"),
        (Flattrade, Some((15, 0)), Some(-5), (15, 15), "1500"),
        (Fyers, None, Some(-5), (0, 0), "0"),
    ];
    for (broker, held, today, (open, left), cost) in cases {
        let holdings = held.map(|(all, undelivered)| holding(RELIANCE, all, undelivered, "100", "120"));
        let traded = today.map(|net| position(RELIANCE, Product::Delivery, net, "110", "120"));
        let given = Given {
            books: vec![book(
                "a",
                *broker,
                Some(traded.into_iter().collect()),
                Some(holdings.into_iter().collect()),
            )],
            ..Given::default()
        };
        let part = given.part();
        assert_eq!(
            part.figures.quantity.units(),
            *open,
            "{broker} {held:?} {today:?}"
        );
        assert_eq!(part.held.units(), *left, "{broker} {held:?}");
        assert_eq!(part.figures.cost, some(cost), "{broker} {held:?}");
        assert_eq!(
            part.figures.value,
            some(&(120 * open).to_string()),
            "{broker} {held:?}"
        );
    }
}

#[test]
fn a_holding_in_two_rows_is_one_part() {
    let rows = vec![
        holding(RELIANCE, 20, 0, "100", "120"),
        holding(RELIANCE, 10, 10, "112", "120"),
    ];
    let given = Given {
        books: vec![book("a", BrokerName::Fyers, Some(vec![]), Some(rows))],
        ..Given::default()
    };
    let part = given.part();
    assert_eq!(
        (part.figures.quantity.units(), part.undelivered.units()),
        (30, 10)
    );
    assert_eq!(part.figures.average_price, opt_price("104"));
}

#[test]
fn the_book_counts_where_it_was_read_and_a_difference_is_shown() {
    let ours = || {
        vec![kept(
            "a",
            BrokerName::Fyers,
            RELIANCE,
            &Product::Intraday,
            &[(10, "100", true), (-4, "110", true)],
        )]
    };
    let with = |positions| Given {
        kept: ours(),
        books: vec![book("a", BrokerName::Fyers, positions, None)],
        ..Given::default()
    };
    let row = |net| Some(vec![position(RELIANCE, Product::Intraday, net, "101", "120")]);

    let agreed = with(row(6)).part();
    assert!(!agreed.figures.differs);
    assert_eq!(
        (agreed.figures.cost, agreed.figures.realised),
        (some("606"), some("40"))
    );

    let other = with(row(5)).part();
    assert!(other.figures.differs);
    assert_eq!(other.figures.quantity.units(), 5);
    assert_eq!(
        (
            other.book.map(|net| net.units()),
            other.kept.map(|kept| kept.net.units())
        ),
        (Some(5), Some(6))
    );

    // An empty book says that there is nothing; a book that was not read says nothing.
    let gone = with(Some(vec![])).part();
    assert!(gone.figures.differs);
    assert_eq!(
        (gone.figures.quantity.units(), gone.figures.value),
        (0, some("0"))
    );
    let alone = with(None).part();
    assert!(!alone.figures.differs);
    assert_eq!(
        (alone.figures.quantity.units(), alone.figures.cost, alone.book),
        (6, some("600"), None)
    );
    assert_eq!(with(row(5)).shown().totals.differing, 1);
}

#[test]
fn of_a_delivery_both_books_must_be_read_to_be_believed() {
    let ours = vec![kept(
        "a",
        BrokerName::Fyers,
        RELIANCE,
        &Product::Delivery,
        &[(10, "100", false)],
    )];
    let with = |positions: Option<Vec<Position>>, holdings| Given {
        kept: ours.clone(),
        books: vec![book("a", BrokerName::Fyers, positions, holdings)],
        ..Given::default()
    };
    let half = with(Some(vec![]), None).part();
    assert_eq!((half.figures.quantity.units(), half.figures.differs), (10, false));
    let whole = with(Some(vec![]), Some(vec![holding(RELIANCE, 25, 0, "90", "")])).part();
    assert_eq!(
        (whole.figures.quantity.units(), whole.figures.differs),
        (25, true)
    );
    let unread = with(Some(vec![]), None).shown().unread;
    assert_eq!(
        unread.iter().map(|unread| unread.book).collect::<Vec<_>>(),
        [BookKind::Holdings]
    );
}

#[test]
fn our_average_stands_in_where_the_broker_tells_none_and_the_quantities_agree() {
    let ours = vec![kept(
        "a",
        BrokerName::Fyers,
        RELIANCE,
        &Product::Intraday,
        &[(10, "100", true)],
    )];
    for (net, cost) in [(10, some("1000")), (9, None)] {
        let given = Given {
            kept: ours.clone(),
            books: vec![book(
                "a",
                BrokerName::Fyers,
                Some(vec![position(RELIANCE, Product::Intraday, net, "", "120")]),
                None,
            )],
            ..Given::default()
        };
        let portfolio = given.shown();
        assert_eq!(portfolio.lines[0].figures.cost, cost, "{net}");
        assert_eq!(portfolio.totals.without_cost, u64::from(cost.is_none()));
    }
}

#[test]
fn units_sold_that_we_never_saw_bought_are_no_short_position() {
    let ours = kept(
        "a",
        BrokerName::Fyers,
        RELIANCE,
        &Product::Delivery,
        &[(-10, "100", true)],
    );
    let given = Given {
        kept: vec![ours],
        ..Given::default()
    };
    let part = given.part();
    assert_eq!((part.figures.quantity.units(), part.figures.cost), (0, some("0")));
    assert_eq!(part.kept.map(|kept| kept.unseen.units()), Some(10));
}

#[test]
fn a_price_given_counts_before_a_row_s_and_its_age_is_told() {
    let rows = || Some(vec![position(RELIANCE, Product::Intraday, 10, "90", "100")]);
    let mut given = Given {
        books: vec![
            book("a", BrokerName::Fyers, rows(), None),
            book("b", BrokerName::Upstox, rows(), None),
        ],
        ..Given::default()
    };
    let age = |given: &Given| {
        let line = given.shown().lines.remove(0);
        let price = line.price.expect("there is one");
        (price.price, price.age_ms, price.stale, line.figures.value)
    };
    assert_eq!(age(&given), (samples::price("100"), 30_000, false, some("2000")));
    // The newest row counts.
    let newer = given.books[1].positions.as_mut().expect("it was read");
    newer.read_at = seconds_ago(10);
    newer.rows[0].last_price = opt_price("101");
    assert_eq!(age(&given), (samples::price("101"), 10_000, false, some("2020")));
    for (seconds, stale) in [(60, false), (61, true)] {
        let price = samples::price("99");
        let made_at = seconds_ago(seconds);
        given
            .prices
            .insert(RELIANCE.parse().expect("an id"), SeenPrice { price, made_at });
        assert_eq!(age(&given), (price, seconds * 1_000, stale, some("1980")));
        assert_eq!(given.shown().totals.stale, u64::from(stale));
    }
    // A clock ahead of ours makes no age below nought.
    let ahead = given.prices.values_mut().next().expect("one was given");
    ahead.made_at = now() + Duration::from_secs(5);
    assert_eq!(age(&given).1, 0);
}

#[test]
fn without_a_price_the_value_is_not_known_and_not_nought() {
    let rows = vec![
        position(RELIANCE, Product::Intraday, 10, "90", ""),
        position("NSE:TCS", Product::Intraday, 1, "3000", "3100"),
        position("NSE:INFY", Product::Intraday, 0, "", ""),
    ];
    let given = Given {
        books: vec![book("a", BrokerName::Fyers, Some(rows), None)],
        ..Given::default()
    };
    let portfolio = given.shown();
    let line = |symbol: &str| {
        portfolio
            .lines
            .iter()
            .find(|line| line.symbol == symbol)
            .expect("it is there")
            .figures
    };
    assert_eq!(
        [line("RELIANCE").value, line("RELIANCE").unrealised],
        [None, None]
    );
    assert_eq!(line("RELIANCE").cost, some("900"));
    assert_eq!(line("INFY").value, some("0"));
    assert_eq!((portfolio.totals.without_value, portfolio.totals.entries), (1, 3));
    assert_eq!(
        [portfolio.totals.value, portfolio.totals.unrealised],
        [money("3100"), money("100")]
    );
}

#[test]
fn lots_are_worth_what_the_multiplier_says_and_nothing_is_guessed() {
    let crude = "MCX:CRUDEOIL26DECFUT";
    let mut given = Given {
        kept: vec![kept(
            "a",
            BrokerName::Fyers,
            crude,
            &Product::CarryForward,
            &[(2, "5600", true), (-1, "5650", true)],
        )],
        books: vec![book(
            "a",
            BrokerName::Fyers,
            Some(vec![position(
                crude,
                Product::CarryForward,
                1,
                "5600",
                "5700.1234",
            )]),
            None,
        )],
        ..Given::default()
    };
    let figures = given.shown().lines[0].figures;
    assert_eq!(
        [figures.value, figures.cost, figures.realised],
        [None, None, None]
    );
    assert_eq!(figures.average_price, opt_price("5600"));
    assert_eq!(given.shown().totals.without_value, 1);

    given
        .multipliers
        .insert(crude.parse().expect("an id"), Decimal::ONE_HUNDRED);
    let part = given.part();
    assert_eq!(
        [part.figures.value, part.figures.cost],
        [some("570012.34"), some("560000")]
    );
    assert_eq!(
        [part.figures.realised, part.figures.realised_today],
        [some("5000"), some("5000")]
    );
    // A seventh decimal is rounded half to even.
    let id: InstrumentId = crude.parse().expect("an id");
    given
        .multipliers
        .insert(id.clone(), "0.5".parse().expect("a factor"));
    for (price, value) in [("5700.000001", "2850"), ("5700.000003", "2850.000002")] {
        let price = samples::price(price);
        given.prices.insert(
            id.clone(),
            SeenPrice {
                price,
                made_at: now(),
            },
        );
        assert_eq!(given.part().figures.value, some(value), "{price}");
    }
}

#[test]
fn todays_profit_is_ours_or_the_brokers_word() {
    let today = kept(
        "a",
        BrokerName::Fyers,
        RELIANCE,
        &Product::Intraday,
        &[(10, "100", false), (-4, "110", true)],
    );
    let before = kept(
        "a",
        BrokerName::Fyers,
        RELIANCE,
        &Product::Intraday,
        &[(10, "100", false), (-4, "110", false)],
    );
    let mut row = position(RELIANCE, Product::Intraday, 6, "100", "");
    row.realised = some("77");
    row.unrealised = some("5");
    for (ours, all, of_today) in [
        (Some(today), some("40"), "40"),
        (Some(before), some("40"), "0"),
        (None, None, "77"),
    ] {
        let given = Given {
            kept: ours.into_iter().collect(),
            books: vec![book("a", BrokerName::Fyers, Some(vec![row.clone()]), None)],
            ..Given::default()
        };
        let part = given.part();
        assert_eq!(
            (part.figures.realised, part.figures.realised_today),
            (all, some(of_today))
        );
        assert_eq!(part.told_unrealised, some("5"));
    }
}

#[test]
fn what_a_broker_told_of_another_day_is_not_todays_profit() {
    let mut row = position(RELIANCE, Product::Intraday, 6, "100", "100");
    row.realised = some("77");
    let mut given = Given {
        books: vec![book("a", BrokerName::Fyers, Some(vec![row]), None)],
        ..Given::default()
    };
    assert_eq!(given.part().figures.realised_today, some("77"));
    if let Some(read) = &mut given.books[0].positions {
        read.read_at = seconds_ago(86_400);
    }
    let part = given.part();
    assert_eq!(
        (part.figures.quantity.units(), part.figures.realised_today),
        (6, None)
    );
}

#[test]
fn what_is_over_has_no_line_and_its_profit_is_in_the_totals() {
    let over =
        |fills: &[(i64, &str, bool)]| kept("a", BrokerName::Fyers, RELIANCE, &Product::Intraday, fills);
    let given = |kept, books| Given {
        kept: vec![kept],
        books,
        ..Given::default()
    };
    let old = given(over(&[(10, "100", false), (-10, "110", false)]), vec![]).shown();
    assert_eq!(
        (old.lines.len(), old.closed.positions, old.closed.realised),
        (0, 1, money("100"))
    );
    assert_eq!(
        (old.totals.realised, old.by_broker[&BrokerName::Fyers].realised),
        (money("100"), money("100"))
    );
    assert_eq!(old.by_account.len(), 1);
    // Closed today it is shown, and so it is where the broker has a row.
    let today = given(over(&[(10, "100", false), (-10, "110", true)]), vec![]).shown();
    assert_eq!(
        (today.lines.len(), today.totals.realised_today),
        (1, money("100"))
    );
    let row = position(RELIANCE, Product::Intraday, 0, "", "100");
    let books = vec![book("a", BrokerName::Fyers, Some(vec![row]), None)];
    let shown = given(over(&[(10, "100", false), (-10, "110", false)]), books).shown();
    assert_eq!(
        (shown.lines.len(), shown.closed.positions, shown.totals.realised),
        (1, 0, money("100"))
    );
}

#[test]
fn names_of_one_broker_that_we_do_not_know_stay_apart() {
    let mut row = position(RELIANCE, Product::Intraday, 1, "100", "100");
    row.instrument = nameless("ODD");
    let rows = || Some(vec![row.clone()]);
    let given = Given {
        books: vec![
            book("a", BrokerName::Fyers, rows(), None),
            book("b", BrokerName::Upstox, rows(), None),
            book("c", BrokerName::Upstox, rows(), None),
        ],
        ..Given::default()
    };
    let portfolio = given.shown();
    let shape: Vec<_> = portfolio
        .lines
        .iter()
        .map(|line| (line.symbol.as_str(), line.parts.len()))
        .collect();
    assert_eq!(shape, [("ODD", 1), ("ODD", 2)]);
    // Another product is another line.
    let rows = vec![
        position(RELIANCE, Product::Intraday, 1, "1", "1"),
        position(RELIANCE, Product::Delivery, 1, "1", "1"),
    ];
    let two = Given {
        books: vec![book("a", BrokerName::Fyers, Some(rows), None)],
        ..Given::default()
    };
    assert_eq!(two.shown().lines.len(), 2);
}

#[test]
fn a_figure_out_of_range_names_its_instrument() {
    let mut row = position(RELIANCE, Product::Intraday, 1_000_000_000, "1", "1");
    row.last_price = opt_price("9999999999");
    let given = Given {
        books: vec![book("a", BrokerName::Fyers, Some(vec![row]), None)],
        ..Given::default()
    };
    let refused = given.portfolio().expect_err("above 10^15");
    assert_eq!(
        refused.to_string(),
        "the value of RELIANCE leaves the range of amounts; look for a wrong price or quantity in its row"
    );
}

#[test]
fn amounts_serialise_as_decimal_text() {
    let given = Given {
        books: vec![book(
            "a",
            BrokerName::Fyers,
            Some(vec![position(RELIANCE, Product::Intraday, 3, "100.05", "100.1")]),
            None,
        )],
        ..Given::default()
    };
    let portfolio = given.shown();
    let json = serde_json::to_value(&portfolio).expect("it serialises");
    assert_eq!(json["lines"][0]["value"], "300.3");
    assert_eq!(json["lines"][0]["quantity"], 3);
    assert_eq!(json["lines"][0]["price"]["age_ms"], 30_000);
    assert_eq!(json["lines"][0]["parts"][0]["unrealised"], "0.15");
    assert_eq!(json["by_broker"]["fyers"]["cost"], "300.15");
    assert_eq!(json["totals"]["realised"], "0");
    assert_eq!(
        serde_json::from_value::<Portfolio>(json).expect("and comes back"),
        portfolio
    );
}

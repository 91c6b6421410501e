//! Orders at hours of days whose phases are known, and what is said of those that do not go.

use sangam_core::{Price, Pricing, Product, Quantity, Side};

use super::*;

fn at(ist: &str) -> Timestamp {
    IST::instant(ist.parse().expect("a civil time")).expect("an instant")
}

fn limit(instrument: &str) -> OrderRequest {
    OrderRequest {
        instrument: instrument.parse().expect("a name"),
        side: Side::Buy,
        quantity: Quantity::new(1).expect("small"),
        pricing: Pricing::Limit { limit: price("100") },
        product: Product::Intraday,
        validity: Validity::Day,
        disclosed: Quantity::ZERO,
        after_market: false,
        position_effect: None,
    }
}

fn price(text: &str) -> Price {
    text.parse().expect("a price")
}

/// What is said of an order at an hour; empty when it goes.
fn said(request: &OrderRequest, derivatives: Option<bool>, ist: &str) -> String {
    match check(&Calendar::shipped(), request, derivatives, at(ist)) {
        Ok(()) => String::new(),
        Err(refusal) => {
            assert_eq!(refusal.rule, Rule::MarketHours);
            assert!(!refusal.source.is_empty());
            refusal.message
        }
    }
}

fn share() -> OrderRequest {
    limit("NSE:RELIANCE")
}

#[test]
fn a_day_of_a_share_that_closes_in_an_auction() {
    let request = share();
    for (ist, wanted) in [
        ("2026-11-23T08:59:59", "it is 08:59"),
        ("2026-11-23T09:00:00", ""),
        ("2026-11-23T09:08:00", "until 09:08"),
        ("2026-11-23T09:15:00", ""),
        ("2026-11-23T15:20:00", ""),
        ("2026-11-23T15:29:59", ""),
        ("2026-11-23T15:30:00", "until 15:30"),
        ("2026-11-23T15:35:00", "it is 15:35"),
        (
            "2026-11-23T22:00:00",
            "next trading day after 2026-11-23 is 2026-11-25",
        ),
        ("2026-11-24T10:00:00", "Prakash Gurpurb"),
        ("2026-11-22T10:00:00", "no trading day"),
    ] {
        let message = said(&request, Some(true), ist);
        assert_eq!(message.is_empty(), wanted.is_empty(), "{ist}: {message}");
        assert!(message.contains(wanted), "{ist}: {message}");
    }
}

/// Without the auction a share trades until 15:30; where that is not known, what either lets in goes.
#[test]
fn the_auction_holds_where_a_share_has_derivatives() {
    let stop = OrderRequest {
        pricing: Pricing::StopLossMarket {
            trigger: price("100"),
        },
        ..share()
    };
    assert!(said(&stop, Some(true), "2026-11-23T15:20:00").contains("stop orders"));
    assert_eq!(said(&stop, Some(false), "2026-11-23T15:20:00"), "");
    assert_eq!(said(&stop, None, "2026-11-23T15:20:00"), "");
    assert!(said(&stop, None, "2026-11-23T15:31:00").contains("15:30"));
}

#[test]
fn auctions_take_plain_orders_alone() {
    let ioc = OrderRequest {
        validity: Validity::Ioc,
        ..share()
    };
    let hidden = OrderRequest {
        disclosed: Quantity::new(1).expect("small"),
        ..share()
    };
    let market = OrderRequest {
        pricing: Pricing::Market,
        ..share()
    };
    for session in ["2026-11-23T09:05:00", "2026-11-23T15:22:00"] {
        assert!(said(&ioc, Some(true), session).contains("IOC"), "{session}");
        assert!(
            said(&hidden, Some(true), session).contains("disclosed"),
            "{session}"
        );
        assert_eq!(said(&market, Some(true), session), "");
    }
    assert!(said(&market, Some(true), "2026-11-23T15:28:00").contains("limit orders alone"));
    assert_eq!(said(&ioc, Some(true), "2026-11-23T09:15:00"), "");
}

#[test]
fn after_market_orders_wait_outside_the_session() {
    let later = OrderRequest {
        after_market: true,
        ..share()
    };
    for ist in [
        "2026-11-23T18:00:00",
        "2026-11-22T12:00:00",
        "2026-11-23T08:00:00",
    ] {
        assert_eq!(said(&later, Some(true), ist), "", "{ist}");
    }
    assert!(said(&later, Some(true), "2026-11-23T10:00:00").contains("without after_market"));
}

/// Where our hours are on the safe side of a segment's the broker decides.
#[test]
fn other_segments_are_not_held_to_the_equity_list() {
    let (gold, dollar, nifty) = (
        limit("MCX:GOLD26DECFUT"),
        limit("CDS:USDINR26DECFUT"),
        limit("NFO:NIFTY26DECFUT"),
    );
    for (request, ist, goes) in [
        (&gold, "2026-11-24T18:00:00", true),
        (&gold, "2026-11-23T23:40:00", true),
        (&gold, "2026-11-23T23:55:00", false),
        (&gold, "2026-11-22T18:00:00", false),
        (&gold, "2026-11-23T08:00:00", false),
        (&dollar, "2026-11-24T10:00:00", true),
        (&dollar, "2026-11-23T17:30:00", false),
        (&nifty, "2026-11-23T15:39:00", true),
        (&nifty, "2026-11-23T15:40:00", false),
        (&nifty, "2026-11-24T10:00:00", false),
        (&nifty, "2027-01-04T10:00:00", true),
    ] {
        let message = said(request, None, ist);
        assert_eq!(
            message.is_empty(),
            goes,
            "{} at {ist}: {message}",
            request.instrument
        );
    }
}

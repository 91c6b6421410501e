//! What the ledger remembers of a portfolio is what books opened anew tell, whatever was written and by whom.

use std::time::Duration;

use sangam_core::ports::{Change, FillRecord, HoldingRecord, Ledger as _, PositionRecord};
use sangam_core::timestamp::Date;
use sangam_core::{AccountId, BrokerName, Holding, IST, Money, NetQuantity, Quantity, Side, Timestamp};
use sangam_storage::{AccountBook, CostMethod, PortfolioBooks, SqlLedger};
use sangam_testkit::samples;
#[cfg(feature = "postgres")]
use {sangam_storage::PostgresSettings, sangam_testkit::PostgresServer};

const FYERS: &str = "fyers-1";
const UPSTOX: &str = "upstox-1";

fn broker(account: &str) -> BrokerName {
    if account == FYERS {
        BrokerName::Fyers
    } else {
        BrokerName::Upstox
    }
}

fn accounts(names: &[&str]) -> Vec<(AccountId, BrokerName)> {
    let place = |name: &&str| (name.parse().expect("an account"), broker(name));
    names.iter().map(place).collect()
}

fn at(second: u64) -> Timestamp {
    samples::morning() + Duration::from_secs(second)
}

fn filled(account: &str, trade: &str, second: u64, units: i64, price: &str) -> Change {
    let mut record = FillRecord {
        account: account.parse().expect("an account"),
        broker: broker(account),
        ..samples::fill_record("808", trade)
    };
    record.fill.side = if units < 0 { Side::Sell } else { Side::Buy };
    record.fill.quantity = samples::quantity(units.unsigned_abs());
    record.fill.price = samples::price(price);
    record.fill.at = Some(at(second));
    Change::Filled(Box::new(record))
}

fn positions(account: &str, second: u64, nets: &[i64]) -> Change {
    let record = |net: &i64| PositionRecord {
        broker: broker(account),
        read_at: at(second),
        ..samples::position_record(account, *net)
    };
    Change::PositionsRead {
        account: account.parse().expect("an account"),
        positions: nets.iter().map(record).collect(),
    }
}

fn holdings(account: &str, second: u64, held: &[u64]) -> Change {
    let record = |units: &u64| HoldingRecord {
        account: account.parse().expect("an account"),
        broker: broker(account),
        holding: Holding {
            instrument: samples::book_instrument(),
            isin: None,
            quantity: samples::quantity(*units),
            undelivered: Quantity::ZERO,
            saleable: samples::quantity(*units),
            average_price: None,
            last_price: None,
        },
        read_at: at(second),
    };
    Change::HoldingsRead {
        account: account.parse().expect("an account"),
        date: IST::date(at(second)),
        holdings: held.iter().map(record).collect(),
    }
}

/// Without the method, which a ledger has from when it was opened.
type Shown = (
    Vec<(String, NetQuantity, Money, Money, u64, Date)>,
    Vec<AccountBook>,
);

fn shown(books: &PortfolioBooks) -> Shown {
    let kept = books.kept.iter().map(|kept| {
        let (net, cost, realised) = (kept.net, kept.cost, kept.realised);
        (kept.key.to_string(), net, cost, realised, kept.fills, kept.day)
    });
    (kept.collect(), books.books.clone())
}

async fn remembers(open: impl AsyncFn() -> SqlLedger) {
    let (ledger, other) = (open().await, open().await);
    let both = accounts(&[FYERS, UPSTOX]);
    let day = 86_400;
    let steps = [
        vec![],
        vec![filled(FYERS, "t1", 10, 4, "1450.05")],
        vec![positions(FYERS, 11, &[4]), positions(UPSTOX, 11, &[])],
        vec![
            filled(FYERS, "t2", 20, 6, "1460"),
            filled(UPSTOX, "u1", 20, 3, "1451"),
        ],
        vec![filled(FYERS, "t3", 30, -5, "1470")],
        // One that happened before all of them.
        vec![filled(FYERS, "t0", 1, 2, "1400")],
        // Nothing new.
        vec![filled(FYERS, "t0", 1, 2, "1400")],
        vec![positions(FYERS, 40, &[7, -1])],
        // At the same time as before, told otherwise.
        vec![positions(FYERS, 40, &[7])],
        vec![holdings(FYERS, 50, &[3]), holdings(UPSTOX, 50, &[])],
        vec![holdings(FYERS, 50 + day, &[10])],
        vec![positions(FYERS, 60 + day, &[])],
        vec![filled("fyers-9", "t1", 70, 1, "1450")],
    ];
    for (number, step) in steps.iter().enumerate() {
        // In turns by this ledger and by another process on the same books.
        let writer = if number % 2 == 0 { &ledger } else { &other };
        // An empty book was read when its entry says.
        let mut audit = samples::audit("a.step", "test");
        audit.at = at(60 + day);
        writer.commit(step, &audit).await.expect("commits");
        let now = ledger.portfolio_books(&both).await.expect("reads");
        let fresh = open().await;
        let anew = fresh.portfolio_books(&both).await.expect("reads");
        assert_eq!(shown(&now), shown(&anew), "after step {number}");
        let held = ledger.portfolio_books(&both).await.expect("reads");
        assert!(
            std::sync::Arc::ptr_eq(&now, &held),
            "nothing was written, nothing is read"
        );
        fresh.close().await;
    }
    let now = ledger.portfolio_books(&both).await.expect("reads");
    let net: Vec<_> = now.kept.iter().map(|kept| kept.net.units()).collect();
    assert_eq!(net, [7, 3], "and what it is");
    assert_eq!(
        now.books[0].positions.as_ref().map(|read| read.rows.len()),
        Some(0)
    );
    // What was answered stays as it was.
    let before = shown(&now);
    let audit = samples::audit("positions.rebuilt", "test");
    other
        .rebuild_positions(CostMethod::Average, audit)
        .await
        .expect("computes anew");
    let rebuilt = ledger.portfolio_books(&both).await.expect("reads");
    let fresh = open().await;
    assert_eq!(
        shown(&rebuilt),
        shown(&fresh.portfolio_books(&both).await.expect("reads"))
    );
    assert_eq!(shown(&now), before);
    assert_ne!(shown(&rebuilt), before, "the average realises otherwise");
    for names in [&[UPSTOX][..], &[UPSTOX, FYERS], &[], &[FYERS, UPSTOX]] {
        let some = accounts(names);
        let found = ledger.portfolio_books(&some).await.expect("reads");
        assert_eq!(
            shown(&found),
            shown(&open().await.portfolio_books(&some).await.expect("reads"))
        );
        assert_eq!(found.books.len(), names.len());
    }
}

#[tokio::test]
async fn sqlite_remembers_what_it_holds() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("books.db");
    remembers(async || SqlLedger::open(&path).await.expect("opens")).await;
}

#[cfg(feature = "postgres")]
#[tokio::test]
async fn postgres_remembers_what_it_holds() {
    let database = PostgresServer::shared().database();
    remembers(async || {
        let settings = PostgresSettings::of_url(database.url()).expect("an address");
        SqlLedger::connect(settings).await.expect("opens")
    })
    .await;
}

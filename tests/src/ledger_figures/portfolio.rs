//! Reading 500 kept positions, with few and with many trades behind them.

use std::path::Path;

use anyhow::{Result, ensure};
use sangam_core::ports::{Change, FillRecord, Ledger as _};
use sangam_core::{Fill, Side};
use sangam_storage::SqlLedger;
use sangam_testkit::samples;

use super::{p50_us, timed};

const POSITIONS: usize = 500;
const LOOKS: usize = 300;
const AT_ONCE: usize = 1_000;

/// Runs everything.
///
/// # Errors
/// When a file cannot be written.
pub async fn measure(folder: &Path) -> Result<Vec<(&'static str, f64)>> {
    let few = SqlLedger::open(folder.join("few.db")).await?;
    let many = SqlLedger::open(folder.join("many.db")).await?;
    fill(&few, 10_000).await?;
    fill(&many, 1_000_000).await?;
    let (mut of_few, mut of_many) = (Vec::new(), Vec::new());
    for _ in 0..LOOKS {
        for (ledger, times) in [(&few, &mut of_few), (&many, &mut of_many)] {
            let look = async {
                let kept = ledger.kept_positions().await?;
                ensure!(kept.len() == POSITIONS, "{} positions", kept.len());
                Ok(())
            };
            times.push(timed(look).await?);
        }
    }
    let (of_few, of_many) = (p50_us(of_few), p50_us(of_many));
    few.close().await;
    many.close().await;
    Ok(vec![
        ("of_ten_thousand_us", of_few),
        ("of_a_million_us", of_many),
        ("growth", of_many / of_few),
    ])
}

/// Trades that open and close 500 positions again and again.
async fn fill(ledger: &SqlLedger, trades: usize) -> Result<()> {
    let audit = samples::audit("books.read", "fyers-1");
    for first in (0..trades).step_by(AT_ONCE) {
        let changes: Vec<_> = (first..first + AT_ONCE)
            .map(|place| Change::Filled(Box::new(trade(place))))
            .collect();
        ledger.commit(&changes, &audit).await?;
    }
    Ok(())
}

fn trade(place: usize) -> FillRecord {
    let mut record = samples::fill_record(&format!("{}", place / 10), &format!("t{place}"));
    let instrument = format!("NSE:SHARE{}", place % POSITIONS);
    record.fill.instrument.id = Some(instrument.parse().expect("an instrument"));
    record.fill = Fill {
        side: if place / POSITIONS % 3 == 2 {
            Side::Sell
        } else {
            Side::Buy
        },
        ..record.fill
    };
    record
}

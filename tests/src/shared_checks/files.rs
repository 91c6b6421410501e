//! Every sample master is read whole: as many rows as its documentation says, and only the known bad ones skipped.

use std::path::Path;

use anyhow::Result;

use super::{Tally, master};

/// Path, documented rows, rows that are no instrument, rows that are malformed.
pub(crate) const FILES: [(&str, u64, u64, u64); 24] = [
    ("flattrade/2024-07-04/NSE_Equity.csv.gz", 2_365, 0, 0),
    ("flattrade/2024-07-08/BSE_Equity.csv.gz", 6_239, 0, 0),
    ("flattrade/2025-02-05/Nfo_Index_Derivatives.csv.gz", 11_277, 0, 0),
    ("flattrade/2025-02-05/Bfo_Index_Derivatives.csv.gz", 3_588, 0, 0),
    ("noren/2025-02-05/BFO_symbols.trim.txt.gz", 3_811, 0, 0),
    ("noren/2025-09-20/NSE_symbols.txt.gz", 8_460, 0, 0),
    ("noren/2025-10-06/NFO_symbols.trim.txt.gz", 15_550, 0, 0),
    ("noren/2026-01-19/MCX_symbols.trim.txt.gz", 28_907, 0, 0),
    ("noren/2026-08-18/MCX_symbols.trim.txt.gz", 5_385, 0, 0),
    // Three rows are called `12:`.
    ("noren/2026-08-19/BSE_symbols.txt.gz", 12_698, 0, 3),
    ("noren/2026-08-19/NSE_symbols.txt.gz", 9_842, 0, 0),
    ("noren/2026-08-19/BFO_symbols.trim.txt.gz", 5_726, 0, 0),
    // Four rows are the currency pairs themselves.
    ("noren/2026-08-19/CDS_symbols.trim.txt.gz", 2_355, 4, 0),
    ("fyers/2025-09-04/NSE_CD.trim.csv.gz", 2_422, 0, 0),
    ("fyers/2025-09-05/BSE_FO.csv.gz", 6_693, 0, 0),
    ("fyers/2025-09-05/MCX_COM.trim.csv.gz", 9_721, 0, 0),
    ("fyers/2025-10-10/BSE_CM.trim.csv.gz", 4_352, 0, 0),
    ("fyers/2025-10-10/BSE_FO.csv.gz", 6_805, 0, 0),
    ("fyers/2025-10-10/NSE_CM.csv.gz", 8_682, 0, 0),
    ("fyers/nse_fo_rows/NSE_FO.attested.csv", 6, 0, 0),
    ("upstox/2025-08-17/complete.trim.json.gz", 19_561, 0, 0),
    ("upstox/2025-08-17/complete.trim.csv.gz", 12_240, 0, 0),
    // Twenty-four rows are the commodities of NSE_COM themselves.
    ("upstox/2025-10-05/NSE.trim.json.gz", 14_976, 24, 0),
    ("upstox/2026-01-02/complete.trim.json.gz", 24_264, 0, 0),
];

/// Thirteen rows are other countries' indices.
const UPSTOX_2026: (&str, u64, u64, u64) = ("upstox/2026-08-18/complete.trim.json.gz", 16_612, 13, 0);

/// Every file with its counts.
pub(crate) fn all() -> impl Iterator<Item = (&'static str, u64, u64, u64)> {
    FILES.into_iter().chain([UPSTOX_2026])
}

/// Reads every sample master and compares its counts.
///
/// # Errors
/// When a file is missing or is refused as no master.
pub fn files(folder: &Path, tally: &mut Tally) -> Result<()> {
    for (path, rows, ignored, malformed) in all() {
        let master = master(folder, path)?;
        let report = master.report();
        let read = rows - ignored - malformed;
        let held = (report.read, report.ignored, report.malformed) == (read, ignored, malformed);
        let first = report.faults.first().map(ToString::to_string).unwrap_or_default();
        tally.check(
            held,
            format!(
                "{path}: {} read, {} no instrument, {} malformed (expected {read}, {ignored}, {malformed}) {first}",
                report.read, report.ignored, report.malformed
            ),
        );
    }
    Ok(())
}

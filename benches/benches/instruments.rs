//! Masters: reading and joining about a hundred thousand rows, look-ups, and bytes a contract.
//!
//! Bounds: 1.5 s per 100,000 rows, 300 bytes a contract, 200 ns a look-up. The bytes are counted by the allocator beside
//! the table's own count, and the bench fails when one of them is over the bound.

#![expect(missing_docs, reason = "criterion's macros make undocumented functions")]
#![expect(clippy::print_stderr, reason = "what is measured on is told to the person who runs it")]

use std::alloc::System;
use std::fmt::Write as _;
use std::fs;
use std::hint::black_box;
use std::path::Path;

use criterion::{Criterion, criterion_group, criterion_main};
use sangam_benches::counting;
use sangam_core::ports::SymbolMap;
use sangam_core::timestamp::Date;
use sangam_core::{BrokerName, InstrumentId};
use sangam_instruments::{Master, Source, Table};

/// Masters of October 2025 and, to reach a hundred thousand rows, commodities of January 2026.
const SAMPLES: [&str; 7] = [
    "noren/2025-10-06/NFO_symbols.trim.txt.gz",
    "noren/2025-09-20/NSE_symbols.txt.gz",
    "noren/2026-01-19/MCX_symbols.trim.txt.gz",
    "fyers/2025-10-10/NSE_CM.csv.gz",
    "fyers/2025-10-10/BSE_FO.csv.gz",
    "upstox/2025-10-05/NSE.trim.json.gz",
    "upstox/2026-01-02/complete.trim.json.gz",
];

//! Base price and behaviour of each thing that has a price of its own; derivatives follow their index.

use super::series::Source;
use crate::money::Paise;

/// How a cash contract or index moves.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asset {
    pub(super) base: Paise,
    pub(super) source: Source,
    /// Thousandths of the series' move.
    pub(super) beta: i64,
    /// Circuit band in percent.
    pub(super) band: i64,
    /// False only for the index the series was recorded from.
    pub(super) synthetic: bool,
}

const fn asset(rupees: i64, source: Source, beta: i64, band: i64) -> Asset {
    Asset {
        base: Paise::rupees(rupees),
        source,
        beta,
        band,
        synthetic: true,
    }
}

/// The behaviour of a ticker or index short name. Levels are round figures near those of 2026.
pub(super) const fn of(symbol: &str) -> Asset {
    use Source::{Nifty50, Yesbank};
    match symbol.as_bytes() {
        b"NIFTY" => Asset {
            synthetic: false,
            ..asset(26_000, Nifty50, 1_000, 10)
        },
        b"BANKNIFTY" => asset(58_000, Nifty50, 1_200, 10),
        b"FINNIFTY" => asset(27_500, Nifty50, 1_100, 10),
        b"MIDCPNIFTY" => asset(13_800, Nifty50, 1_300, 10),
        b"SENSEX" => asset(85_000, Nifty50, 980, 10),
        b"BANKEX" => asset(65_000, Nifty50, 1_150, 10),
        b"INDIAVIX" => asset(14, Nifty50, -2_000, 20),
        b"NIFTYBEES" => asset(292, Nifty50, 1_000, 10),
        b"RELIANCE" => asset(1_450, Nifty50, 1_300, 10),
        b"TCS" => asset(3_500, Nifty50, 900, 10),
        b"INFY" => asset(1_500, Nifty50, 1_100, 10),
        b"SBIN" => asset(812, Nifty50, 1_400, 10),
        b"M&M" => asset(3_600, Nifty50, 1_200, 10),
        b"BAJAJ-AUTO" => asset(9_000, Nifty50, 1_000, 10),
        b"UNITDSPR" => asset(1_400, Nifty50, 800, 10),
        b"360ONE" => asset(1_150, Nifty50, 1_300, 10),
        b"M&MFIN" => asset(310, Yesbank, 400, 10),
        b"J&KBANK" => asset(105, Yesbank, 600, 20),
        b"YESBANK" => asset(22, Yesbank, 800, 20),
        b"IDEA" => asset(9, Yesbank, 700, 20),
        b"GOLDSTAR" => asset(8, Yesbank, 500, 20),
        b"GATECHDVR" => asset(5, Yesbank, 500, 20),
        b"SGBSEP28VI" => asset(12_500, Nifty50, 300, 10),
        _ => asset(100, Nifty50, 1_000, 20),
    }
}

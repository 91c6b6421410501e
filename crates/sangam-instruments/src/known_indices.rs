//! Short names of the indices that have derivatives or are quoted everywhere, by exchange token. Every other index
//! takes its name from the masters. Source: the brokers' masters of 2024 to 2026, where the tokens never changed.

use sangam_core::Exchange;

/// An index whose name differs from broker to broker.
pub(crate) struct KnownIndex {
    pub(crate) exchange: Exchange,
    pub(crate) token: u32,
    pub(crate) name: &'static str,
    /// Upstox' display name, for its masters without tokens (October 2024), without blanks and in capitals.
    display: &'static str,
}

const fn nse(token: u32, name: &'static str, display: &'static str) -> KnownIndex {
    KnownIndex {
        exchange: Exchange::NseIndex,
        token,
        name,
        display,
    }
}

const fn bse(token: u32, name: &'static str) -> KnownIndex {
    KnownIndex {
        exchange: Exchange::BseIndex,
        token,
        name,
        display: name,
    }
}

static KNOWN: [KnownIndex; 9] = [
    nse(26_000, "NIFTY", "NIFTY50"),
    nse(26_009, "BANKNIFTY", "NIFTYBANK"),
    nse(26_013, "NIFTYNXT50", "NIFTYNEXT50"),
    nse(26_017, "INDIAVIX", "INDIAVIX"),
    nse(26_037, "FINNIFTY", "NIFTYFINSERVICE"),
    nse(26_074, "MIDCPNIFTY", "NIFTYMIDSELECT"),
    bse(1, "SENSEX"),
    bse(12, "BANKEX"),
    bse(47, "SENSEX50"),
];

/// The short name of an index by its token.
pub(crate) fn by_token(exchange: Exchange, token: u32) -> Option<&'static str> {
    KNOWN
        .iter()
        .find(|index| index.exchange == exchange && index.token == token)
        .map(|index| index.name)
}

/// The token of an index by its short or display name.
pub(crate) fn token_of(exchange: Exchange, ticker: &str) -> Option<u32> {
    KNOWN
        .iter()
        .find(|index| index.exchange == exchange && (index.name == ticker || index.display == ticker))
        .map(|index| index.token)
}

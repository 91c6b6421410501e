//! Instruments: one canonical name and one contract tuple, and each broker's listing of it.
//!
//! Routing and failover look up the contract tuple, never rewrite one broker's name into another's. This module only
//! says what the words are; reading masters and resolving names is `sangam-instruments`' work.

use std::fmt;
use std::str::FromStr;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::amount::{AmountError, Price, Quantity};
use crate::broker::BrokerName;
use crate::timestamp::Date;

/// Where an instrument is listed. The exchange is part of an instrument's identity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Exchange {
    /// NSE cash.
    #[serde(rename = "NSE")]
    Nse,
    /// BSE cash.
    #[serde(rename = "BSE")]
    Bse,
    /// NSE equity derivatives.
    #[serde(rename = "NFO")]
    Nfo,
    /// BSE equity derivatives.
    #[serde(rename = "BFO")]
    Bfo,
    /// MCX commodity derivatives.
    #[serde(rename = "MCX")]
    Mcx,
    /// NSE currency derivatives.
    #[serde(rename = "CDS")]
    Cds,
    /// BSE currency derivatives.
    #[serde(rename = "BCD")]
    Bcd,
    /// NSE commodity derivatives.
    #[serde(rename = "NCO")]
    Nco,
    /// NSE indices, which are quoted and not traded.
    #[serde(rename = "NSE_INDEX")]
    NseIndex,
    /// BSE indices, which are quoted and not traded.
    #[serde(rename = "BSE_INDEX")]
    BseIndex,
}

/// A part of the market with its own hours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Segment {
    /// Shares, bonds and funds.
    Cash,
    /// Futures and options on shares and indices.
    EquityDerivatives,
    /// Futures and options on currencies.
    Currency,
    /// Futures and options on commodities.
    Commodity,
    /// Indices.
    Index,
}

impl Exchange {
    /// Every exchange.
    pub const ALL: [Self; 10] = [
        Self::Nse,
        Self::Bse,
        Self::Nfo,
        Self::Bfo,
        Self::Mcx,
        Self::Cds,
        Self::Bcd,
        Self::Nco,
        Self::NseIndex,
        Self::BseIndex,
    ];

    /// The code traders write.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Nse => "NSE",
            Self::Bse => "BSE",
            Self::Nfo => "NFO",
            Self::Bfo => "BFO",
            Self::Mcx => "MCX",
            Self::Cds => "CDS",
            Self::Bcd => "BCD",
            Self::Nco => "NCO",
            Self::NseIndex => "NSE_INDEX",
            Self::BseIndex => "BSE_INDEX",
        }
    }

    /// The part of the market it is.
    #[must_use]
    pub fn segment(self) -> Segment {
        match self {
            Self::Nse | Self::Bse => Segment::Cash,
            Self::Nfo | Self::Bfo => Segment::EquityDerivatives,
            Self::Cds | Self::Bcd => Segment::Currency,
            Self::Mcx | Self::Nco => Segment::Commodity,
            Self::NseIndex | Self::BseIndex => Segment::Index,
        }
    }

    /// Whether orders can be placed on it.
    #[must_use]
    pub fn is_traded(self) -> bool {
        self.segment() != Segment::Index
    }
}

impl fmt::Display for Exchange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A text that names no exchange.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown exchange {0:?}; known are NSE, BSE, NFO, BFO, MCX, CDS, BCD, NCO, NSE_INDEX, BSE_INDEX")]
pub struct UnknownExchange(pub String);

impl FromStr for Exchange {
    type Err = UnknownExchange;

    fn from_str(text: &str) -> Result<Self, UnknownExchange> {
        Self::ALL
            .into_iter()
            .find(|exchange| exchange.as_str() == text)
            .ok_or_else(|| UnknownExchange(text.chars().take(40).collect()))
    }
}

/// Why a text is no instrument name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SymbolError {
    /// Not a symbol at all.
    #[error("symbol {text:?} is not valid: 1 to 64 characters, upper case, no spaces")]
    Malformed {
        /// What was given, cut to 70 characters.
        text: String,
    },
    /// No exchange in front, or an unknown one.
    #[error("instrument {text:?} must be written EXCHANGE:SYMBOL, for example NSE:RELIANCE")]
    NoExchange {
        /// What was given, cut to 70 characters.
        text: String,
    },
}

/// A canonical symbol: `RELIANCE`, `M&M`, `NIFTY25OCTFUT`, `ITC25OCT397.5PE`. Upper case, no spaces.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Symbol(Box<str>);

impl Symbol {
    /// Checks and wraps a symbol.
    ///
    /// # Errors
    /// [`SymbolError::Malformed`] for an empty or overlong text, lower case, blanks or control characters.
    pub fn new(text: impl AsRef<str>) -> Result<Self, SymbolError> {
        let text = text.as_ref();
        let fine = !text.is_empty()
            && text.len() <= 64
            && text
                .bytes()
                .all(|b| b.is_ascii_graphic() && !b.is_ascii_lowercase() && b != b'"' && b != b'\\');
        if fine {
            Ok(Self(text.into()))
        } else {
            Err(SymbolError::Malformed {
                text: text.chars().take(70).collect(),
            })
        }
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Symbol {
    type Error = SymbolError;

    fn try_from(text: String) -> Result<Self, SymbolError> {
        Self::new(text)
    }
}

impl From<Symbol> for String {
    fn from(symbol: Symbol) -> String {
        symbol.0.into()
    }
}

impl fmt::Display for Symbol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// An instrument's identity: exchange and canonical symbol, written `NSE:RELIANCE`.
///
/// ```
/// use sangam_core::InstrumentId;
/// let id: InstrumentId = "NFO:NIFTY26NOVFUT".parse()?;
/// assert_eq!(id.exchange.as_str(), "NFO");
/// assert_eq!(id.to_string(), "NFO:NIFTY26NOVFUT");
/// # Ok::<(), sangam_core::instrument::SymbolError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct InstrumentId {
    /// Where it is listed.
    pub exchange: Exchange,
    /// Its canonical symbol there.
    pub symbol: Symbol,
}

impl InstrumentId {
    /// Puts the two parts together.
    #[must_use]
    pub fn new(exchange: Exchange, symbol: Symbol) -> Self {
        Self { exchange, symbol }
    }
}

impl fmt::Display for InstrumentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.exchange, self.symbol)
    }
}

impl FromStr for InstrumentId {
    type Err = SymbolError;

    fn from_str(text: &str) -> Result<Self, SymbolError> {
        let no_exchange = || SymbolError::NoExchange {
            text: text.chars().take(70).collect(),
        };
        let (exchange, symbol) = text.split_once(':').ok_or_else(no_exchange)?;
        let exchange = exchange.parse().map_err(|_| no_exchange())?;
        Ok(Self {
            exchange,
            symbol: Symbol::new(symbol)?,
        })
    }
}

/// Call or put.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum OptionRight {
    /// The right to buy.
    #[serde(rename = "CE")]
    Call,
    /// The right to sell.
    #[serde(rename = "PE")]
    Put,
}

impl OptionRight {
    /// `CE` or `PE`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Call => "CE",
            Self::Put => "PE",
        }
    }
}

impl fmt::Display for OptionRight {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A strike in ten-thousandths of a rupee, so that equal strikes are equal keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Strike(i64);

impl Strike {
    /// From ten-thousandths of a rupee.
    #[must_use]
    pub fn from_ten_thousandths(units: i64) -> Self {
        Self(units)
    }

    /// Ten-thousandths of a rupee.
    #[must_use]
    pub fn ten_thousandths(self) -> i64 {
        self.0
    }
}

impl FromStr for Strike {
    type Err = AmountError;

    fn from_str(text: &str) -> Result<Self, AmountError> {
        let price: Price = text.parse()?;
        let scaled = price
            .decimal()
            .checked_mul(Decimal::from(10_000))
            .map(|value| value.normalize());
        scaled
            .filter(|value| value.scale() == 0)
            .and_then(|value| i64::try_from(value).ok())
            .map(Self)
            .ok_or_else(|| AmountError::OutOfRange {
                what: "strike",
                value: text.chars().take(40).collect(),
            })
    }
}

impl fmt::Display for Strike {
    /// No trailing zeros, a point only for a fraction: `25850`, `397.5`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&Decimal::new(self.0, 4).normalize(), f)
    }
}

/// What kind of contract an instrument is, with what tells it from its siblings.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum ContractKind {
    /// A share, fund or bond, by its series or group (`EQ`, `BE`, `A`).
    Cash {
        /// The series.
        series: Box<str>,
    },
    /// An index.
    Index,
    /// A future.
    Future {
        /// The last trading day.
        expiry: Date,
    },
    /// An option.
    Option {
        /// The last trading day.
        expiry: Date,
        /// The strike.
        strike: Strike,
        /// Call or put.
        right: OptionRight,
    },
}

/// The tuple that means the same contract at every broker.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Contract {
    /// Where it is listed.
    pub exchange: Exchange,
    /// The underlying's short name (`NIFTY`, `M&M`); for cash and indices the name itself.
    pub underlying: Box<str>,
    /// What it is.
    #[serde(flatten)]
    pub kind: ContractKind,
}

impl Contract {
    /// The last trading day of a derivative.
    #[must_use]
    pub fn expiry(&self) -> Option<Date> {
        match self.kind {
            ContractKind::Future { expiry } | ContractKind::Option { expiry, .. } => Some(expiry),
            ContractKind::Cash { .. } | ContractKind::Index => None,
        }
    }
}

/// One instrument as of one trading date.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Instrument {
    /// Its canonical name.
    pub id: InstrumentId,
    /// The contract it is.
    pub contract: Contract,
    /// Units in a lot; orders are whole lots. One on MCX, where the quantity itself is lots.
    pub lot: Quantity,
    /// The price grid; nought where prices are free (indices) or no master tells it.
    pub tick: Price,
    /// The most units one order may carry, where a master tells it.
    pub freeze: Option<Quantity>,
    /// Built by rule and not seen in any master: cannot be traded.
    pub derived: bool,
}

/// One instrument as one broker lists it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listing {
    /// The broker.
    pub broker: BrokerName,
    /// The exchange it is listed on.
    pub exchange: Exchange,
    /// The name its order calls use: Flattrade `tsym`, Fyers `symbol`, Upstox `instrument_token`.
    pub order_symbol: Box<str>,
    /// The exchange token as text.
    pub token: Box<str>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strikes_print_as_in_symbols() {
        let check = |text: &str, shown: &str| {
            assert_eq!(
                text.parse::<Strike>().map(|s| s.to_string()),
                Ok(shown.to_owned())
            );
        };
        check("61400.00", "61400");
        check("397.5", "397.5");
        check("0.92", "0.92");
        check("88.3750", "88.375");
        assert!("1.23456".parse::<Strike>().is_err());
    }

    #[test]
    fn names_keep_their_special_characters() {
        assert!("NSE:M&M".parse::<InstrumentId>().is_ok());
        assert!("NSE:BAJAJ-AUTO".parse::<InstrumentId>().is_ok());
        for bad in ["RELIANCE", "XYZ:RELIANCE", "NSE:", "NSE:reliance", "NSE:A B"] {
            assert!(bad.parse::<InstrumentId>().is_err(), "{bad}");
        }
    }
}

//! Contracts of today: what can be quoted and traded, with the neutral facts and each broker's names.
//!
//! Made from the date alone, never read from a broker's file, so that the simulator and the adapters cannot agree on
//! the same mistake. Wire formats live elsewhere; [`crate::masters`] renders these contracts as published files.

mod cash;
mod derivatives;
mod expiries;
mod names;

use std::collections::HashMap;
use std::sync::Arc;

use jiff::civil::Date;

use crate::money::Paise;

pub use expiries::{Expiry, expiries};
pub(crate) use names::plain;
pub use names::{BrokerNames, month_code};

/// Exchange segment. Tokens are unique inside one of these, not across them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Segment {
    /// NSE cash market.
    NseCash,
    /// BSE cash market.
    BseCash,
    /// NSE indices: quoted, never traded.
    NseIndex,
    /// BSE indices: quoted, never traded.
    BseIndex,
    /// NSE futures and options.
    NseFo,
    /// BSE futures and options.
    BseFo,
}

impl Segment {
    /// True on the BSE side.
    #[must_use]
    pub const fn is_bse(self) -> bool {
        matches!(self, Self::BseCash | Self::BseIndex | Self::BseFo)
    }

    /// True for shares, funds and bonds.
    #[must_use]
    pub const fn is_cash(self) -> bool {
        matches!(self, Self::NseCash | Self::BseCash)
    }

    /// True for futures and options.
    #[must_use]
    pub const fn is_derivative(self) -> bool {
        matches!(self, Self::NseFo | Self::BseFo)
    }

    /// True for indices.
    #[must_use]
    pub const fn is_index(self) -> bool {
        matches!(self, Self::NseIndex | Self::BseIndex)
    }

    /// Flattrade's exchange word: `NSE BSE NFO BFO` (indices sit under their cash exchange).
    #[must_use]
    pub const fn flattrade(self) -> &'static str {
        match self {
            Self::NseCash | Self::NseIndex => "NSE",
            Self::BseCash | Self::BseIndex => "BSE",
            Self::NseFo => "NFO",
            Self::BseFo => "BFO",
        }
    }

    /// Fyers' exchange number: 10 NSE, 12 BSE.
    #[must_use]
    pub const fn fyers_exchange(self) -> i64 {
        if self.is_bse() { 12 } else { 10 }
    }

    /// Fyers' segment number: 10 cash and indices, 11 derivatives.
    #[must_use]
    pub const fn fyers_segment(self) -> i64 {
        if self.is_derivative() { 11 } else { 10 }
    }

    /// Upstox's segment word, the left part of an instrument key.
    #[must_use]
    pub const fn upstox(self) -> &'static str {
        match self {
            Self::NseCash => "NSE_EQ",
            Self::BseCash => "BSE_EQ",
            Self::NseIndex => "NSE_INDEX",
            Self::BseIndex => "BSE_INDEX",
            Self::NseFo => "NSE_FO",
            Self::BseFo => "BSE_FO",
        }
    }

    /// Upstox's exchange word in order rows: `NSE BSE NFO BFO`.
    #[must_use]
    pub const fn upstox_exchange(self) -> &'static str {
        self.flattrade()
    }
}

/// Call or put.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Right {
    /// The right to buy.
    Call,
    /// The right to sell.
    Put,
}

impl Right {
    /// `CE` or `PE`.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Call => "CE",
            Self::Put => "PE",
        }
    }
}

/// What kind of thing a contract is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Share, fund or bond of the cash market.
    Cash,
    /// Index.
    Index,
    /// Future on an index.
    Future,
    /// Option on an index.
    Option {
        /// Strike price.
        strike: Paise,
        /// Call or put.
        right: Right,
    },
}

/// What a derivative is written on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Underlying {
    /// Short name: `NIFTY`, `BANKNIFTY`, `SENSEX`.
    pub symbol: &'static str,
    /// Segment of the index.
    pub segment: Segment,
    /// Exchange token of the index.
    pub token: u32,
    /// Fyers' token of the index.
    pub fytoken: String,
    /// Upstox's key of the index.
    pub upstox_key: String,
}

/// One contract, unchanging through the day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contract {
    /// Exchange segment.
    pub segment: Segment,
    /// Exchange token, the same number at all brokers, unique inside the segment.
    pub token: u32,
    /// What it is.
    pub kind: Kind,
    /// Exchange ticker (`RELIANCE`), index short name (`NIFTY`) or the underlying's name for a derivative.
    pub symbol: &'static str,
    /// Company or index name in words.
    pub name: &'static str,
    /// ISIN of a cash contract.
    pub isin: Option<&'static str>,
    /// NSE series (`EQ`, `BE`, `SM`, `GB`) or BSE group (`A`, `B`, `T`); empty for indices and derivatives.
    pub series: &'static str,
    /// What a derivative is written on.
    pub underlying: Option<Underlying>,
    /// Expiry of a derivative.
    pub expiry: Option<Expiry>,
    /// Quantities are multiples of this (1 for shares, 0 for indices).
    pub lot: i64,
    /// Price step.
    pub tick: Paise,
    /// Largest quantity of one order, in units (0 for indices).
    pub freeze: i64,
    /// The three brokers' names.
    pub names: BrokerNames,
}

impl Contract {
    /// The identity inside the simulator.
    #[must_use]
    pub const fn key(&self) -> ContractKey {
        ContractKey {
            segment: self.segment,
            token: self.token,
        }
    }

    /// Strike of an option.
    #[must_use]
    pub const fn strike(&self) -> Option<Paise> {
        match self.kind {
            Kind::Option { strike, .. } => Some(strike),
            _ => None,
        }
    }

    /// Right of an option.
    #[must_use]
    pub const fn right(&self) -> Option<Right> {
        match self.kind {
            Kind::Option { right, .. } => Some(right),
            _ => None,
        }
    }
}

/// Identity of a contract: token inside segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ContractKey {
    /// Exchange segment.
    pub segment: Segment,
    /// Exchange token.
    pub token: u32,
}

/// All contracts of one date, with look-up by every broker's name.
#[derive(Debug)]
pub struct Universe {
    date: Date,
    contracts: Vec<Arc<Contract>>,
    by_key: HashMap<ContractKey, usize>,
    by_flattrade: HashMap<(&'static str, String), usize>,
    by_flattrade_token: HashMap<(&'static str, u32), usize>,
    by_fyers: HashMap<String, usize>,
    by_fytoken: HashMap<String, usize>,
    by_upstox: HashMap<String, usize>,
}

impl Universe {
    /// The contracts of `date`. `spot` gives the price around which an index's option strikes are laid.
    #[must_use]
    pub fn of(date: Date, spot: impl Fn(&str) -> Paise) -> Self {
        let mut contracts = cash::contracts();
        contracts.extend(derivatives::contracts(date, spot));
        Self::index(date, contracts.into_iter().map(Arc::new).collect())
    }

    fn index(date: Date, contracts: Vec<Arc<Contract>>) -> Self {
        let mut universe = Self {
            date,
            contracts: Vec::new(),
            by_key: HashMap::new(),
            by_flattrade: HashMap::new(),
            by_flattrade_token: HashMap::new(),
            by_fyers: HashMap::new(),
            by_fytoken: HashMap::new(),
            by_upstox: HashMap::new(),
        };
        for (at, contract) in contracts.iter().enumerate() {
            let exchange = contract.segment.flattrade();
            universe.by_key.insert(contract.key(), at);
            universe
                .by_flattrade
                .insert((exchange, contract.names.flattrade.clone()), at);
            universe.by_flattrade_token.insert((exchange, contract.token), at);
            universe.by_fyers.insert(contract.names.fyers.clone(), at);
            universe.by_fytoken.insert(contract.names.fytoken.clone(), at);
            universe.by_upstox.insert(contract.names.upstox_key.clone(), at);
        }
        universe.contracts = contracts;
        universe
    }

    /// The date the contracts belong to.
    #[must_use]
    pub const fn date(&self) -> Date {
        self.date
    }

    /// All contracts: cash, indices, futures, options.
    #[must_use]
    pub fn contracts(&self) -> &[Arc<Contract>] {
        &self.contracts
    }

    /// By segment and token.
    #[must_use]
    pub fn get(&self, key: ContractKey) -> Option<&Arc<Contract>> {
        self.by_key.get(&key).map(|&at| &self.contracts[at])
    }

    /// By Flattrade's `exch` and `tsym`.
    #[must_use]
    pub fn by_flattrade(&self, exch: &str, tsym: &str) -> Option<&Arc<Contract>> {
        let exch = flattrade_exchange(exch)?;
        self.by_flattrade
            .get(&(exch, tsym.to_owned()))
            .map(|&at| &self.contracts[at])
    }

    /// By Flattrade's `exch` and `token` (index tokens under `NSE` and `BSE` too).
    #[must_use]
    pub fn by_flattrade_token(&self, exch: &str, token: &str) -> Option<&Arc<Contract>> {
        let exch = flattrade_exchange(exch)?;
        let token = token.parse().ok()?;
        self.by_flattrade_token
            .get(&(exch, token))
            .map(|&at| &self.contracts[at])
    }

    /// By Fyers' symbol, `NSE:RELIANCE-EQ`.
    #[must_use]
    pub fn by_fyers(&self, symbol: &str) -> Option<&Arc<Contract>> {
        self.by_fyers.get(symbol).map(|&at| &self.contracts[at])
    }

    /// By Fyers' token.
    #[must_use]
    pub fn by_fytoken(&self, fytoken: &str) -> Option<&Arc<Contract>> {
        self.by_fytoken.get(fytoken).map(|&at| &self.contracts[at])
    }

    /// By Upstox's instrument key.
    #[must_use]
    pub fn by_upstox(&self, instrument_key: &str) -> Option<&Arc<Contract>> {
        self.by_upstox.get(instrument_key).map(|&at| &self.contracts[at])
    }

    /// Derivatives of one underlying, nearest expiry first, then future, then strikes upward.
    #[must_use]
    pub fn chain(&self, underlying: &str) -> Vec<&Arc<Contract>> {
        let mut chain: Vec<_> = self
            .contracts
            .iter()
            .filter(|c| c.segment.is_derivative() && c.symbol == underlying)
            .collect();
        chain.sort_by_key(|c| (c.expiry.as_ref().map(|e| e.date), c.strike(), c.right()));
        chain
    }

    /// Contracts whose ticker or Flattrade name contains every word of `text`, without regard to case.
    #[must_use]
    pub fn search(&self, text: &str) -> Vec<&Arc<Contract>> {
        let words: Vec<String> = text.split_whitespace().map(str::to_uppercase).collect();
        let hit = |contract: &Contract| {
            let hay = format!(
                "{} {} {}",
                contract.names.flattrade, contract.names.upstox_symbol, contract.name
            )
            .to_uppercase();
            words.iter().all(|word| hay.contains(word.as_str()))
        };
        self.contracts
            .iter()
            .filter(|contract| !words.is_empty() && hit(contract))
            .collect()
    }
}

fn flattrade_exchange(exch: &str) -> Option<&'static str> {
    ["NSE", "BSE", "NFO", "BFO"]
        .into_iter()
        .find(|known| *known == exch)
}

#[cfg(test)]
mod tests;

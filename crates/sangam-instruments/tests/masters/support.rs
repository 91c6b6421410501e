//! Contracts of `mapping.csv` written as rows of each broker's layout, from the documented columns.

use std::fmt::Write as _;
use std::path::Path;

use sangam_core::timestamp::Date;
use sangam_core::{BrokerName, Exchange};
use sangam_instruments::{Master, Source, Table};

/// One contract of the table of cross-checked ones.
#[derive(Debug, Clone)]
pub(crate) struct Known {
    pub(crate) canonical: String,
    pub(crate) exchange: Exchange,
    pub(crate) expiry: Option<Date>,
    pub(crate) strike: String,
    pub(crate) right: String,
    pub(crate) lot: u32,
    pub(crate) flattrade: String,
    pub(crate) token: String,
    pub(crate) fyers: String,
    pub(crate) fytoken: String,
    pub(crate) fyers_derived: bool,
    pub(crate) upstox: String,
    pub(crate) upstox_symbol: String,
}

pub(crate) const HEADER: &str =
    "Exchange,Token,LotSize,Symbol,TradingSymbol,Expiry,Instrument,OptionType,StrikePrice,TickSize,\n";

pub(crate) fn mapping() -> Vec<Known> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/instruments/mapping.csv");
    let mut reader = csv::Reader::from_path(path).expect("the fixture is part of the project");
    reader
        .records()
        .map(|row| Known::of(&row.expect("the fixture is well formed")))
        .collect()
}

impl Known {
    fn of(row: &csv::StringRecord) -> Self {
        Self {
            canonical: row[1].to_owned(),
            exchange: row[2].parse().expect("a known exchange"),
            expiry: row[3].parse().ok(),
            strike: row[4].to_owned(),
            right: row[5].to_owned(),
            lot: row[6].parse().unwrap_or(0),
            flattrade: row[7].to_owned(),
            token: row[8].to_owned(),
            fyers: row[10].to_owned(),
            fytoken: row[11].to_owned(),
            fyers_derived: &row[12] == "derived",
            upstox: row[13].to_owned(),
            upstox_symbol: row[14].to_owned(),
        }
    }

    /// A NIFTY future of a date, to stand for the rest of a whole master.
    pub(crate) fn option(
        underlying: &str,
        exchange: Exchange,
        expiry: Date,
        strike: &str,
        right: &str,
        token: u32,
    ) -> Self {
        let date = |format: &str| expiry.strftime(format).to_string().to_uppercase();
        Self {
            canonical: String::new(),
            exchange,
            expiry: Some(expiry),
            strike: strike.to_owned(),
            right: right.to_owned(),
            lot: 75,
            flattrade: format!("{underlying}{}{}{strike}", date("%d%b%y"), &right[..1]),
            token: token.to_string(),
            fyers: String::new(),
            fytoken: String::new(),
            fyers_derived: true,
            upstox: format!("NSE_FO|{token}"),
            upstox_symbol: format!("{underlying} {strike} {right} {}", date("%d %b %y")),
        }
    }

    fn is_derivative(&self) -> bool {
        self.expiry.is_some()
    }

    fn is_index(&self) -> bool {
        matches!(self.exchange, Exchange::NseIndex | Exchange::BseIndex)
    }

    fn is_option(&self) -> bool {
        matches!(self.right.as_str(), "CE" | "PE")
    }

    fn underlying(&self) -> &str {
        self.upstox_symbol.split(' ').next().unwrap_or_default()
    }

    /// A Noren row of [`HEADER`], with the underlying garbled on BFO as in the real file.
    pub(crate) fn noren(&self) -> String {
        let exchange = match self.exchange {
            Exchange::NseIndex => Exchange::Nse,
            Exchange::BseIndex => Exchange::Bse,
            other => other,
        };
        let (instrument, symbol) = if self.is_index() {
            ("INDEX", self.flattrade.as_str())
        } else if !self.is_derivative() {
            let series = self.flattrade.rsplit_once('-').map_or("A", |(_, series)| series);
            (
                if self.exchange == Exchange::Bse {
                    "A"
                } else {
                    series
                },
                self.canonical.as_str(),
            )
        } else {
            let kind = if self.is_option() { "OPTIDX" } else { "FUTIDX" };
            (
                kind,
                if self.exchange == Exchange::Bfo {
                    "BSXOPT"
                } else {
                    self.underlying()
                },
            )
        };
        let expiry = self.expiry.map_or(String::new(), |date| {
            date.strftime("%d-%b-%Y").to_string().to_uppercase()
        });
        let right = if self.is_option() { &self.right } else { "XX" };
        let strike = if self.is_option() {
            format!("{}.00", self.strike.trim_end_matches(".0"))
        } else {
            "-0.01".into()
        };
        let strike = if self.strike.contains('.') {
            self.strike.clone()
        } else {
            strike
        };
        format!(
            "{exchange},{},{},{symbol},{},{expiry},{instrument},{right},{strike},0.05,\n",
            self.token,
            self.lot.max(1),
            self.flattrade
        )
    }

    /// A Fyers row.
    pub(crate) fn fyers(&self) -> String {
        let (venue, segment) = (&self.fytoken[..2], &self.fytoken[2..4]);
        let kind = if self.is_index() {
            10
        } else if self.is_derivative() {
            14
        } else {
            0
        };
        let expiry = self.expiry.map_or(String::new(), |date| {
            let civil = date.at(10, 0, 0, 0);
            let zoned = civil
                .to_zoned(jiff::tz::TimeZone::UTC)
                .expect("a date of this century");
            zoned.timestamp().as_second().to_string()
        });
        let (strike, right) = if self.is_option() {
            (self.strike.as_str(), self.right.as_str())
        } else {
            ("-1.0", "XX")
        };
        let lot = if self.exchange == Exchange::Mcx {
            1
        } else {
            self.lot
        };
        format!(
            "{},some text,{kind},{lot},0.05,,0915-1530|1815-1915:,2025-10-10,{expiry},{},{venue},{segment},{},{},1,{strike},{right},1,None,0,0.0\n",
            self.fytoken,
            self.fyers,
            self.token,
            self.underlying()
        )
    }

    /// An Upstox object.
    pub(crate) fn upstox(&self) -> String {
        let segment = self.upstox.split('|').next().unwrap_or_default();
        let mut text = format!(
            r#"{{"segment":"{segment}","instrument_key":"{}","exchange_token":"{}","trading_symbol":"{}","name":"Some Name""#,
            self.upstox, self.token, self.upstox_symbol
        );
        let lot = self.lot.max(1);
        if self.is_index() {
            text.push_str(r#","instrument_type":"INDEX"}"#);
        } else if let Some(expiry) = self.expiry {
            let last_second = expiry.at(18, 29, 59, 0).to_zoned(jiff::tz::TimeZone::UTC);
            let millis = last_second
                .expect("a date of this century")
                .timestamp()
                .as_millisecond();
            let (kind, strike) = if self.is_option() {
                (self.right.as_str(), self.strike.as_str())
            } else {
                ("FUT", "0.0")
            };
            write!(
                text,
                r#","instrument_type":"{kind}","expiry":{millis},"strike_price":{strike},"underlying_symbol":"{}","lot_size":{lot},"tick_size":5.0,"freeze_quantity":1800.0,"qty_multiplier":100.0}}"#,
                self.underlying()
            )
            .expect("writing to a string cannot fail");
        } else {
            let isin = self.upstox.split('|').nth(1).unwrap_or_default();
            let series = self.flattrade.rsplit_once('-').map_or("A", |(_, series)| series);
            let series = if self.exchange == Exchange::Bse {
                "A"
            } else {
                series
            };
            write!(
                text,
                r#","instrument_type":"{series}","isin":"{isin}","lot_size":{lot},"tick_size":5.0,"freeze_quantity":100000.0}}"#
            )
            .expect("writing to a string cannot fail");
        }
        text
    }
}

pub(crate) fn noren(known: &[Known]) -> String {
    known
        .iter()
        .fold(HEADER.to_owned(), |text, one| text + &one.noren())
}

pub(crate) fn fyers(known: &[Known]) -> String {
    known
        .iter()
        .filter(|one| !one.fyers_derived)
        .map(Known::fyers)
        .collect()
}

pub(crate) fn upstox(known: &[Known]) -> String {
    let items: Vec<String> = known.iter().map(Known::upstox).collect();
    format!("[{}]", items.join(",\n"))
}

pub(crate) fn read(name: &str, content: &str) -> Master {
    Master::read(&Source::new(name, content.as_bytes())).expect("the test wrote a master")
}

pub(crate) fn table(masters: &[Master]) -> Table {
    Table::build(Date::constant(2025, 10, 7), masters)
        .expect("there are instruments")
        .0
}

/// All three brokers' masters of some contracts.
pub(crate) fn masters(known: &[Known]) -> Vec<Master> {
    [
        ("noren.txt", noren(known)),
        ("fyers.csv", fyers(known)),
        ("upstox.json", upstox(known)),
    ]
    .into_iter()
    .filter(|(_, content)| !content.is_empty())
    .map(|(name, content)| read(name, &content))
    .collect()
}

pub(crate) fn name_at(known: &Known, broker: BrokerName) -> &str {
    match broker {
        BrokerName::Flattrade => &known.flattrade,
        BrokerName::Fyers => &known.fyers,
        BrokerName::Upstox => &known.upstox,
    }
}

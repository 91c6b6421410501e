//! One contract of a table, looked at: its names, its terms, and how each broker lists it.

use rust_decimal::Decimal;
use sangam_core::timestamp::Date;
use sangam_core::{
    BrokerName, Contract, ContractKind, Exchange, Instrument, InstrumentId, Listing, OptionRight, Quantity,
    Strike, Symbol,
};

use crate::master::Kind;
use crate::naming::{self, Parts};
use crate::record::{FREE, Record, Text};
use crate::scan;
use crate::table::Table;

/// One contract of a [`Table`].
#[derive(Debug, Clone, Copy)]
pub struct Entry<'t> {
    table: &'t Table,
    record: &'t Record,
}

/// How a broker lists a contract, or would by its rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BrokerForm {
    /// The names.
    pub listing: Listing,
    /// Built by rule and seen in no master of the day: to be shown with a mark, never to be traded.
    pub derived: bool,
}

impl<'t> Entry<'t> {
    pub(crate) fn new(table: &'t Table, record: &'t Record) -> Self {
        Self { table, record }
    }

    /// Where it is listed.
    #[must_use]
    pub fn exchange(self) -> Exchange {
        self.record.exchange
    }

    /// The canonical symbol.
    #[must_use]
    pub fn symbol(self) -> &'t str {
        self.table.text(self.record, Text::Name)
    }

    /// Exchange and canonical symbol.
    #[must_use]
    pub fn id(self) -> InstrumentId {
        let symbol =
            Symbol::new(self.symbol()).expect("a master keeps only letters that canonical symbols may hold");
        InstrumentId::new(self.exchange(), symbol)
    }

    /// The underlying of a derivative, the ticker of a share, the short name of an index.
    #[must_use]
    pub fn underlying(self) -> &'t str {
        let len = usize::from(self.record.underlying_len);
        self.symbol().get(..len).unwrap_or_default()
    }

    /// The company's or index's name; empty for derivatives and where no master tells it.
    #[must_use]
    pub fn title(self) -> &'t str {
        self.table.text(self.record, Text::Title)
    }

    /// The ISIN of a share, where a master tells it.
    #[must_use]
    pub fn isin(self) -> Option<&'t str> {
        Some(self.table.text(self.record, Text::Isin)).filter(|isin| !isin.is_empty())
    }

    /// The last trading day of a derivative.
    #[must_use]
    pub fn expiry(self) -> Option<Date> {
        self.table.expiry(self.record)
    }

    /// The strike of an option.
    #[must_use]
    pub fn strike(self) -> Option<Strike> {
        let strike = Strike::from_ten_thousandths(self.record.strike);
        self.record.kind.is_option().then_some(strike)
    }

    /// Call or put, for an option.
    #[must_use]
    pub fn right(self) -> Option<OptionRight> {
        match self.record.kind {
            Kind::Call => Some(OptionRight::Call),
            Kind::Put => Some(OptionRight::Put),
            Kind::Index | Kind::Cash | Kind::Future => None,
        }
    }

    /// What one unit of quantity gains when the price rises by one rupee: 1 for shares, on MCX the value multiplier of
    /// a lot (100 for CRUDEOIL), in currency the units of a lot (1000 for USDINR). `None` where no master tells it.
    ///
    /// It values positions and is never a factor on an order's quantity.
    #[must_use]
    pub fn multiplier(self) -> Option<Decimal> {
        match self.record.kind {
            Kind::Cash => Some(Decimal::ONE),
            Kind::Index => None,
            Kind::Future | Kind::Call | Kind::Put => self.table.multiplier(self.record),
        }
    }

    /// The tuple that means the same contract at every broker.
    #[must_use]
    pub fn contract(self) -> Contract {
        let kind = match (self.record.kind, self.expiry(), self.strike(), self.right()) {
            (Kind::Cash, ..) => ContractKind::Cash {
                series: self.table.series(self.record).into(),
            },
            (_, Some(expiry), Some(strike), Some(right)) => ContractKind::Option {
                expiry,
                strike,
                right,
            },
            (_, Some(expiry), ..) => ContractKind::Future { expiry },
            _ => ContractKind::Index,
        };
        Contract {
            exchange: self.exchange(),
            underlying: self.underlying().into(),
            kind,
        }
    }

    /// The instrument as the rest of the program takes it.
    #[must_use]
    pub fn instrument(self) -> Instrument {
        let quantity =
            |units: u32| Quantity::new(units.into()).expect("32 bits lie within the range of quantities");
        Instrument {
            id: self.id(),
            contract: self.contract(),
            lot: quantity(self.record.lot),
            tick: self.table.tick(self.record),
            freeze: (self.record.freeze != FREE).then(|| quantity(self.record.freeze)),
            derived: false,
        }
    }

    /// How a broker lists it; `None` where its master does not, whatever name a rule would give.
    #[must_use]
    pub fn listing(self, broker: BrokerName) -> Option<Listing> {
        if !self.record.lists(broker) {
            return None;
        }
        Some(Listing {
            broker,
            exchange: self.exchange(),
            order_symbol: self.table.text(self.record, Text::of(broker)).into(),
            token: self.token_text(broker),
        })
    }

    /// How a broker lists it, or the name its rule gives, marked as derived. For showing only.
    ///
    /// `None` where neither a master nor a proven rule gives a name.
    #[must_use]
    pub fn broker_form(self, broker: BrokerName) -> Option<BrokerForm> {
        if let Some(listing) = self.listing(broker) {
            return Some(BrokerForm {
                listing,
                derived: false,
            });
        }
        let token = BrokerName::ALL
            .into_iter()
            .find_map(|other| self.record.token(other))?
            .to_string();
        let order_symbol = match broker {
            BrokerName::Flattrade => self.flattrade_by_rule(),
            BrokerName::Fyers => self.fyers_by_rule(),
            BrokerName::Upstox => self.upstox_by_rule(&token),
        }?;
        Some(BrokerForm {
            listing: Listing {
                broker,
                exchange: self.exchange(),
                order_symbol: order_symbol.into(),
                token: token.into(),
            },
            derived: true,
        })
    }

    /// What a broker's quote calls take: Flattrade `exch|token`, Fyers the symbol, Upstox the instrument key.
    #[must_use]
    pub fn quote_key(self, broker: BrokerName) -> Option<String> {
        let listing = self.listing(broker)?;
        match broker {
            BrokerName::Fyers | BrokerName::Upstox => Some(listing.order_symbol.into()),
            BrokerName::Flattrade => {
                let exchange = match self.exchange() {
                    Exchange::NseIndex => Exchange::Nse,
                    Exchange::BseIndex => Exchange::Bse,
                    other => other,
                };
                Some(format!("{exchange}|{}", listing.token))
            }
        }
    }

    /// Fyers' long token, which its sockets and books use beside the symbol; by rule from exchange, date and token.
    #[must_use]
    pub fn fytoken(self) -> Option<String> {
        let token = self.record.token(BrokerName::Fyers)?;
        Some(naming::fytoken(self.exchange(), self.day().unwrap_or(0), token))
    }

    /// The symbol in OpenAlgo's form: shares and indices as they are, derivatives with the whole date.
    #[must_use]
    pub fn openalgo_symbol(self) -> String {
        let mut text = String::new();
        match self.parts() {
            Some(parts) => naming::openalgo(&mut text, &parts),
            None => text.push_str(self.symbol()),
        }
        text
    }

    pub(crate) fn kind(self) -> Kind {
        self.record.kind
    }

    pub(crate) fn day(self) -> Option<i32> {
        self.expiry().and_then(scan::day_of)
    }

    pub(crate) fn record(self) -> &'t Record {
        self.record
    }

    fn parts(self) -> Option<Parts<'t>> {
        let expiry = self.day()?;
        Some(Parts {
            exchange: self.exchange(),
            underlying: self.underlying(),
            kind: self.record.kind,
            expiry,
            strike: self.record.strike,
        })
    }

    fn token_text(self, broker: BrokerName) -> Box<str> {
        self.record
            .token(broker)
            .map_or_else(Box::default, |token| token.to_string().into())
    }

    fn flattrade_by_rule(self) -> Option<String> {
        let mut text = String::new();
        match (self.parts(), self.exchange()) {
            (Some(parts), _) => naming::flattrade(&mut text, &parts, self.symbol())?,
            (None, Exchange::Nse) => {
                let series = Some(self.table.series(self.record)).filter(|series| !series.is_empty())?;
                text = format!("{}-{series}", self.underlying());
            }
            (None, Exchange::Bse) => text.push_str(self.symbol()),
            // Index names differ in every file; quotes go by token.
            _ => return None,
        }
        Some(text)
    }

    fn fyers_by_rule(self) -> Option<String> {
        let mut text = String::new();
        match self.parts() {
            Some(parts) => naming::fyers(&mut text, &parts, self.symbol()),
            None if self.record.kind == Kind::Cash => {
                let series = Some(self.table.series(self.record)).filter(|series| !series.is_empty())?;
                text = format!(
                    "{}{}-{series}",
                    naming::fyers_prefix(self.exchange()),
                    self.underlying()
                );
            }
            None => return None,
        }
        Some(text)
    }

    fn upstox_by_rule(self, token: &str) -> Option<String> {
        let segment = naming::upstox_segment(self.exchange());
        match self.record.kind {
            Kind::Index => None,
            Kind::Cash => self.isin().map(|isin| format!("{segment}|{isin}")),
            Kind::Future | Kind::Call | Kind::Put => Some(format!("{segment}|{token}")),
        }
    }
}

/// The symbol of an instrument in OpenAlgo's form: shares and indices as they are, futures `NAME` + `DDMMMYY` + `FUT`,
/// options `NAME` + `DDMMMYY` + strike + `CE` or `PE`.
#[must_use]
pub fn openalgo_symbol(instrument: &Instrument) -> String {
    let contract = &instrument.contract;
    let (kind, expiry, strike) = match &contract.kind {
        ContractKind::Cash { .. } | ContractKind::Index => return instrument.id.symbol.to_string(),
        ContractKind::Future { expiry } => (Kind::Future, *expiry, 0),
        ContractKind::Option {
            expiry,
            strike,
            right,
        } => {
            let kind = if *right == OptionRight::Call {
                Kind::Call
            } else {
                Kind::Put
            };
            (kind, *expiry, strike.ten_thousandths())
        }
    };
    let Some(expiry) = scan::day_of(expiry) else {
        return instrument.id.symbol.to_string();
    };
    let parts = Parts {
        exchange: contract.exchange,
        underlying: &contract.underlying,
        kind,
        expiry,
        strike,
    };
    let mut text = String::new();
    naming::openalgo(&mut text, &parts);
    text
}

//! What the desk's checks ask of the market: its time, its last prices, which shares have derivatives. A simulated group
//! has the time of its simulator, and is in session at any hour where the simulator is, or does not tell.

use std::collections::HashSet;
use std::sync::{Arc, Weak};
use std::time::Duration;

use parking_lot::Mutex;
use sangam_broker::{Reads, ReadsSettings, Transport as _, WireRequest};
use sangam_core::instrument::ContractKind;
use sangam_core::session::{MarketSession, next_daily_cut};
use sangam_core::{Clock, GroupId, IST, InstrumentId, Operation, Quote, Segment, Timestamp};
use sangam_instruments::{LiveTable, Table};
use sangam_orders::checks::{CheckSettings, Checks, ChecksView, KnownPrice, MarketFacts};
use sangam_orders::{Desk, DeskError};
use serde::Deserialize;

use crate::config::Config;
use crate::known_prices::KnownPrices;
use crate::system::{Inner, System};

/// How long a simulator may take to tell its time.
const PATIENCE: Duration = Duration::from_secs(2);
/// The wait between two looks at a simulator's clock: it may have been started anew.
const LOOK_AGAIN: Duration = Duration::from_secs(30);

/// The clock of one group's simulator.
#[derive(Debug)]
pub(crate) struct SimulatedTime {
    base_url: String,
    told: Mutex<Told>,
}

/// What a simulator told of its time. Before it did, its time is ours and it is in session at any hour.
#[derive(Debug, Clone, Copy, Default)]
struct Told {
    /// How far its clock is ahead of ours.
    ahead_us: i64,
    /// Whether it keeps the hours of the exchanges.
    keeps_hours: bool,
}

impl SimulatedTime {
    fn at(&self, now: Timestamp) -> Option<Timestamp> {
        let told = *self.told.lock();
        told.keeps_hours.then(|| shifted(now, told.ahead_us))
    }

    /// Asks the simulator. One that does not answer leaves things as they are.
    async fn look(&self, clock: &dyn Clock) {
        #[derive(Deserialize)]
        struct ItsClock {
            now: Timestamp,
            always_open: bool,
        }
        let url = format!("{}/__sim/clock", self.base_url);
        let Ok(transport) = Reads::new(&ReadsSettings::default()) else {
            return;
        };
        let request = WireRequest::new(Operation::SessionCheck, http::Method::GET, url).timeout(PATIENCE);
        let told = match transport.send(request).await {
            Ok(answer) => serde_json::from_slice::<ItsClock>(&answer.body).ok(),
            Err(_) => None,
        };
        let Some(told) = told else {
            tracing::debug!(base_url = self.base_url, "the simulator does not tell its time");
            return;
        };
        *self.told.lock() = Told {
            ahead_us: told.now.as_microsecond() - clock.now().as_microsecond(),
            keeps_hours: !told.always_open,
        };
    }
}

fn shifted(at: Timestamp, us: i64) -> Timestamp {
    Timestamp::from_microsecond(at.as_microsecond().saturating_add(us)).unwrap_or(at)
}

/// A simulated session that ends when its simulator's clock shows the hour, not ours.
fn ending_by(session: MarketSession, ahead_us: i64) -> MarketSession {
    let cut = IST::civil(session.expires_at).time();
    let granted = shifted(session.granted_at, ahead_us);
    let end = next_daily_cut(granted, cut.hour(), cut.minute());
    MarketSession {
        expires_at: shifted(end, -ahead_us),
        ..session
    }
}

/// The market of one group.
#[derive(Debug)]
pub(crate) struct GroupMarket {
    /// The simulator's clock; `None` for real brokers, whose time is ours.
    simulated: Option<Arc<SimulatedTime>>,
    known: Arc<KnownPrices>,
    shares: Arc<SharesWithDerivatives>,
}

impl MarketFacts for GroupMarket {
    fn time(&self, now: Timestamp) -> Option<Timestamp> {
        match &self.simulated {
            Some(simulated) => simulated.at(now),
            None => Some(now),
        }
    }

    fn has_derivatives(&self, instrument: &InstrumentId) -> Option<bool> {
        match instrument.exchange.segment() {
            Segment::Cash => self.shares.has(instrument.symbol.as_str()),
            _ => Some(true),
        }
    }

    fn price(&self, instrument: &InstrumentId) -> Option<KnownPrice> {
        self.known.one(instrument)
    }

    fn note(&self, quote: &Quote) {
        self.known.note(quote);
    }
}

/// The shares with futures or options on them, by the symbol table in force.
#[derive(Debug)]
pub(crate) struct SharesWithDerivatives {
    live: Arc<LiveTable>,
    /// Those of the table last looked at.
    found: Mutex<Option<OfTable>>,
}

/// A table, and the shares with derivatives in it. The weak hold keeps another table from its place in memory.
#[derive(Debug)]
struct OfTable {
    table: Weak<Table>,
    shares: HashSet<Box<str>>,
}

impl SharesWithDerivatives {
    fn has(&self, symbol: &str) -> Option<bool> {
        let table = self.live.current();
        let mut found = self.found.lock();
        let of_this = |found: &OfTable| std::ptr::eq(found.table.as_ptr(), Arc::as_ptr(&table));
        if !found.as_ref().is_some_and(of_this) {
            *found = Some(OfTable {
                table: Arc::downgrade(&table),
                shares: underlyings(&table),
            });
        }
        let shares = &found.as_ref()?.shares;
        // A table without derivatives tells nothing about them.
        (!shares.is_empty()).then(|| shares.contains(symbol))
    }
}

fn underlyings(table: &Table) -> HashSet<Box<str>> {
    let derivative = |contract: &sangam_core::Contract| {
        contract.exchange.segment() == Segment::EquityDerivatives
            && matches!(
                contract.kind,
                ContractKind::Future { .. } | ContractKind::Option { .. }
            )
    };
    table
        .iter()
        .map(|entry| entry.contract())
        .filter(derivative)
        .map(|contract| contract.underlying)
        .collect()
}

/// The markets of a system: one a group.
#[derive(Debug)]
pub(crate) struct Markets {
    known: Arc<KnownPrices>,
    shares: Arc<SharesWithDerivatives>,
    simulated: Vec<(GroupId, Arc<SimulatedTime>)>,
}

impl Markets {
    pub(crate) fn of(config: &Config, live: &Arc<LiveTable>, known: &Arc<KnownPrices>) -> Self {
        let mut simulated: Vec<(GroupId, Arc<SimulatedTime>)> = Vec::new();
        for account in &config.accounts {
            let first = !simulated.iter().any(|(group, _)| *group == account.group);
            if let Some(base) = account.hosts.base.as_ref().filter(|_| account.simulated && first) {
                let time = SimulatedTime {
                    base_url: base.clone(),
                    told: Mutex::default(),
                };
                simulated.push((account.group.clone(), Arc::new(time)));
            }
        }
        Self {
            known: Arc::clone(known),
            shares: Arc::new(SharesWithDerivatives {
                live: Arc::clone(live),
                found: Mutex::default(),
            }),
            simulated,
        }
    }

    /// The checks of a group's desk.
    pub(crate) fn checks(&self, group: &GroupId, settings: CheckSettings) -> Checks {
        let simulated = self.simulated.iter().find(|(name, _)| name == group);
        let market = GroupMarket {
            simulated: simulated.map(|(_, time)| Arc::clone(time)),
            known: Arc::clone(&self.known),
            shares: Arc::clone(&self.shares),
        };
        Checks::new(settings, Arc::new(market))
    }

    /// A session of a simulated group, its end taken from the simulator's clock.
    pub(crate) fn ending_by_its_clock(&self, group: &GroupId, session: MarketSession) -> MarketSession {
        match self.simulated.iter().find(|(name, _)| name == group) {
            Some((_, time)) => ending_by(session, time.told.lock().ahead_us),
            None => session,
        }
    }

    /// Asks every simulator for its time.
    pub(crate) async fn look(&self, clock: &dyn Clock) {
        let looks = self.simulated.iter().map(|(_, time)| time.look(clock));
        futures::future::join_all(looks).await;
    }
}

/// Looks at the simulators' clocks now and then.
pub(crate) async fn look_for_ever(system: Weak<Inner>) {
    loop {
        tokio::time::sleep(LOOK_AGAIN).await;
        let Some(inner) = system.upgrade() else {
            return;
        };
        inner.markets.look(inner.clock.as_ref()).await;
    }
}

impl System {
    /// The pre-trade checks of every group as they stand, with what left today.
    ///
    /// # Errors
    /// [`DeskError::Ledger`] when today's orders cannot be read.
    pub async fn checks(&self) -> Result<Vec<ChecksView>, DeskError> {
        futures::future::try_join_all(self.desks().iter().map(Desk::checks)).await
    }
}

#[cfg(test)]
mod tests {
    use sangam_core::timestamp::Date;
    use sangam_instruments::{Master, Source};

    use super::*;

    const HEADER: &str = "Exchange,Token,Lotsize,Symbol,Tradingsymbol,Instrument,Expiry,Strike,Optiontype\n";

    fn today() -> Date {
        "2026-11-23".parse().expect("a day")
    }

    fn table(rows: &str) -> Table {
        let text = format!("{HEADER}{rows}");
        let source = Source::new("Nfo_Equity_Derivatives.csv", text.as_bytes());
        let master = Master::read(&source).expect("a master");
        Table::build(today(), &[master]).expect("a table").0
    }

    /// Whether a share closes in an auction is read from the table in force, and again when another takes its place.
    #[test]
    fn shares_with_derivatives_are_those_of_the_table_in_force() {
        let live = Arc::new(LiveTable::new(Table::empty(today())));
        let shares = SharesWithDerivatives {
            live: Arc::clone(&live),
            found: Mutex::default(),
        };
        assert_eq!(
            shares.has("RELIANCE"),
            None,
            "a table without derivatives tells nothing"
        );
        live.replace(table(
            "NFO,1,500,RELIANCE,RELIANCE29DEC26F,FUTSTK,29-DEC-2026,-0.01,XX\n",
        ));
        assert_eq!(shares.has("RELIANCE"), Some(true));
        assert_eq!(shares.has("TCS"), Some(false));
        live.replace(table("NFO,2,175,TCS,TCS29DEC26F,FUTSTK,29-DEC-2026,-0.01,XX\n"));
        assert_eq!(
            (shares.has("RELIANCE"), shares.has("TCS")),
            (Some(false), Some(true))
        );
    }

    /// A simulated market keeps its simulator's distance from our clock; in session at any hour it has no time.
    #[test]
    fn a_simulated_market_has_its_simulators_time() {
        let time = SimulatedTime {
            base_url: String::new(),
            told: Mutex::default(),
        };
        let now = at("2026-11-23T04:00:00Z");
        assert_eq!(time.at(now), None);
        let hour_behind = Told {
            ahead_us: -3_600_000_000,
            keeps_hours: true,
        };
        *time.told.lock() = hour_behind;
        assert_eq!(time.at(now), Some(at("2026-11-23T03:00:00Z")));
    }

    fn at(text: &str) -> Timestamp {
        text.parse().expect("an instant")
    }

    /// Granted at 03:00 in India by ours and ending at 03:30; the simulator is at 04:00, or at 02:00 of another day.
    #[test]
    fn a_simulated_session_ends_by_its_simulators_clock() {
        let check = |ahead_s: i64, end: &str| {
            let session = MarketSession {
                token: sangam_core::session::AccessToken::new("test-token"),
                user_id: None,
                granted_at: at("2026-11-22T21:30:00Z"),
                expires_at: at("2026-11-22T22:00:00Z"),
            };
            assert_eq!(
                ending_by(session, ahead_s * 1_000_000).expires_at,
                at(end),
                "{ahead_s} s ahead"
            );
        };
        check(0, "2026-11-22T22:00:00Z");
        check(3_600, "2026-11-23T21:00:00Z");
        check(-3_600, "2026-11-22T23:00:00Z");
        check(-90_000, "2026-11-22T23:00:00Z");
    }
}

//! A log-in of today: an order on a session of an earlier Indian trading day is refused here, with the log-in step.
//!
//! Source: SEBI circular of 4 February 2025 on retail algorithmic trading and the exchanges' standards NSE/INVG/67858: two
//! factors each trading day, no endless sessions.

use sangam_core::calendar::Calendar;
use sangam_core::session::MarketSession;
use sangam_core::timestamp::Date;
use sangam_core::{AccountId, IST, Timestamp};

use super::rule::{Refusal, Rule};

const SOURCE: &str = "NSE/INVG/67858, implementation standards to SEBI's circular of 4 February 2025: log-in with two \
                      factors each trading day";

/// Refuses a session that was granted on an earlier trading day. Both instants are the market's.
pub(crate) fn check(
    calendar: &Calendar,
    account: &AccountId,
    granted: Timestamp,
    now: Timestamp,
) -> Result<(), Refusal> {
    let (granted_on, today) = (trading_day(calendar, granted), trading_day(calendar, now));
    if granted_on >= today {
        return Ok(());
    }
    Err(Refusal::new(
        Rule::SessionOfToday,
        SOURCE,
        format!(
            "{account} was logged in on {}, the trading day is {today}; run `sangam login {account}`",
            IST::date(granted)
        ),
    ))
}

/// The session's grant by the market's time.
pub(crate) fn granted_at(session: &MarketSession, ours: Timestamp, markets: Timestamp) -> Timestamp {
    let ahead = markets.duration_since(ours);
    session
        .granted_at
        .checked_add(ahead)
        .unwrap_or(session.granted_at)
}

/// The trading day an instant belongs to: its Indian date, or the last trading day before it.
fn trading_day(calendar: &Calendar, at: Timestamp) -> Date {
    let date = IST::date(at);
    calendar.on_or_before(date).unwrap_or(date)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_lives_for_its_trading_day() {
        let check = |granted: &str, now: &str, fine: bool| {
            let at = |ist: &str| IST::instant(ist.parse().expect("a civil time")).expect("an instant");
            let account = "flat-1".parse().expect("a name");
            let found = check(&Calendar::shipped(), &account, at(granted), at(now));
            assert_eq!(found.is_ok(), fine, "{granted} at {now}: {found:?}");
            if let Err(refusal) = found {
                assert!(refusal.message.contains("sangam login flat-1"), "{refusal}");
            }
        };
        check("2026-11-23T08:30:00", "2026-11-23T15:29:00", true);
        check("2026-11-23T00:10:00", "2026-11-23T09:15:00", true);
        check("2026-11-23T08:30:00", "2026-11-25T09:15:00", false);
        // Tuesday is a holiday: Monday's session is of the last trading day.
        check("2026-11-23T08:30:00", "2026-11-24T18:00:00", true);
        // Made on Sunday: Friday is its trading day.
        check("2026-11-22T20:00:00", "2026-11-22T21:00:00", true);
        check("2026-11-22T20:00:00", "2026-11-23T09:15:00", false);
        // A clock that was set back refuses nobody.
        check("2026-11-23T08:30:00", "2026-11-20T10:00:00", true);
    }
}

//! Orders, changes and cancellations for each trade, by account and Indian day: told from a level on, and stopped at a
//! limit. Exits and cancellations are never stopped.
//!
//! Source: SEBI circular SEBI/HO/MRD1/DSAP/CIR/P/2020/107 of 24 June 2020 with the exchanges' charges (BSE notice
//! 20200714-51 of 14 July 2020): charged from 50 a trade, more at 250 and 500, and a cooling-off at 2,000. The exchanges
//! count by member and leave out orders near the last price; here every one counts.

use sangam_core::AccountId;

use super::rule::{Refusal, Rule};
use super::settings::TradeRatio;
use super::tally::Counts;

const SOURCE: &str = "SEBI/HO/MRD1/DSAP/CIR/P/2020/107 of 24 June 2020; charged from 50 orders a trade (BSE notice \
                      20200714-51 of 14 July 2020)";

/// How an account stands to its ratio.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RatioState {
    /// Below the warning.
    Fine,
    /// At the warning or above.
    Warning,
    /// At the limit: only exits and cancellations leave.
    Stopped,
}

/// How the counts stand. A day without a trade counts as one with one.
pub(crate) fn state(counts: &Counts, ratio: TradeRatio) -> RatioState {
    let (messages, trades) = (counts.messages(), counts.trades.max(1));
    if messages >= u64::from(ratio.limit).saturating_mul(trades) {
        RatioState::Stopped
    } else if messages >= u64::from(ratio.warning).saturating_mul(trades) {
        RatioState::Warning
    } else {
        RatioState::Fine
    }
}

/// Refuses one more order or change where the limit is reached.
pub(crate) fn check(account: &AccountId, counts: &Counts, ratio: TradeRatio) -> Result<(), Refusal> {
    if state(counts, ratio) != RatioState::Stopped {
        return Ok(());
    }
    Err(Refusal::new(
        Rule::OrderToTradeRatio,
        SOURCE,
        format!(
            "{account} sent {} orders, changes and cancellations today for {} trades, the limit is {} for each; exits and \
             cancellations still go, or raise checks.trade_ratio_max",
            counts.messages(),
            counts.trades,
            ratio.limit
        ),
    ))
}

#[cfg(test)]
mod tests;

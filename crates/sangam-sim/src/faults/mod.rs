//! Faults on demand: decided by a seeded generator, one decision a request, acted out by the server at the connection.
//!
//! Nothing here happens unless `POST /__sim/faults` asked for it.

mod settings;

use http::StatusCode;
use parking_lot::Mutex;

use crate::broker::CallClass;
use crate::clock::SECOND_US;
use crate::rng::SplitMix;

pub use settings::{FaultError, FaultSettings, StatusFault};

/// The faults in force and the generator that decides.
#[derive(Debug)]
pub struct Faults {
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    settings: FaultSettings,
    rng: SplitMix,
}

/// What is to happen to one request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// Wait this long first.
    pub delay_ms: u64,
    /// Instead of handling it.
    pub instead: Option<Instead>,
    /// After handling it.
    pub afterwards: Option<Afterwards>,
    /// Age of the books it may see.
    pub book_age_us: i64,
}

/// A fault that keeps the broker from handling the request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Instead {
    /// The request is lost: the connection closes and nothing was counted or done.
    Drop,
    /// The same with a TCP reset.
    Reset,
    /// 307 to the same address.
    Redirect,
    /// A status and body of the tester's choice.
    Status(StatusCode, String),
    /// The broker's own 503.
    Down,
}

/// A fault that hides the answer of a handled request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Afterwards {
    /// The connection closes without an answer.
    Drop,
    /// The same with a TCP reset.
    Reset,
    /// Headers promise the whole body, half of it comes, then the connection closes.
    CutBody,
    /// A status and body of the tester's choice.
    Status(StatusCode, String),
}

impl Faults {
    /// No faults.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self {
            state: Mutex::new(State {
                settings: FaultSettings::default(),
                rng: SplitMix::new(seed),
            }),
        }
    }

    /// Changes the faults in force from the JSON of `POST /__sim/faults`: keys given replace, `clear` resets first.
    /// Returns the settings now in force and whether log-ins are to be expired.
    ///
    /// # Errors
    /// An unknown key or a value out of range; nothing changes then.
    pub fn apply(&self, json: &[u8]) -> Result<(FaultSettings, bool), FaultError> {
        let mut state = self.state.lock();
        let change = settings::Change::read(json)?;
        let next = change.applied_to(&state.settings)?;
        if let Some(seed) = change.seed() {
            state.rng = SplitMix::new(seed);
        }
        state.settings = next.clone();
        Ok((next, change.expires_sessions()))
    }

    /// The faults in force.
    #[must_use]
    pub fn settings(&self) -> FaultSettings {
        self.state.lock().settings.clone()
    }

    /// Decides what happens to a request. Every request that `paths` lets through takes the same number of draws, so
    /// one fault's rate does not shift another's decisions.
    pub fn plan(&self, path: &str, class: CallClass) -> Plan {
        let mut state = self.state.lock();
        let State { settings, rng } = &mut *state;
        if !settings.covers(path) {
            return Plan::default();
        }
        let delay_ms = settings.delay_ms.map_or(0, |(min, max)| rng.between(min, max));
        let drop_before = rng.chance(settings.drop_before);
        let drop_after = rng.chance(settings.drop_after_accept);
        let reset = rng.chance(settings.reset);
        let reset_early = rng.chance(0.5);
        let cut_body = rng.chance(settings.cut_body);
        let redirect = rng.chance(settings.redirect);
        let status = settings.status.clone().filter(|status| rng.chance(status.rate));
        let (early, late) = match status {
            Some(status) if status.after_accept => (None, Some((status.code, status.body))),
            Some(status) => (Some((status.code, status.body)), None),
            None => (None, None),
        };
        let down = (settings.orders_down && class == CallClass::Order)
            || (settings.reads_down && class == CallClass::Read);
        let instead = if drop_before {
            Some(Instead::Drop)
        } else if reset && reset_early {
            Some(Instead::Reset)
        } else if down {
            Some(Instead::Down)
        } else if redirect {
            Some(Instead::Redirect)
        } else {
            early.map(|(code, body)| Instead::Status(code, body))
        };
        let afterwards = if drop_after {
            Some(Afterwards::Drop)
        } else if reset {
            Some(Afterwards::Reset)
        } else if let Some((code, body)) = late {
            Some(Afterwards::Status(code, body))
        } else {
            cut_body.then_some(Afterwards::CutBody)
        };
        // Placing and cancelling work on the books as they are.
        let stale_s = if class == CallClass::Order {
            0
        } else {
            settings.stale_book_s
        };
        let book_age_us = i64::from(stale_s) * SECOND_US;
        Plan {
            delay_ms,
            instead,
            afterwards,
            book_age_us,
        }
    }
}

#[cfg(test)]
mod tests;

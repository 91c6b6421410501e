//! Says how likely a burst of demand is within the next minute or so, and keeps the score of having said so. For whoever
//! shifts reads early, warms connections or warns; it never loosens a limit and never decides an order.
//!
//! Demand is counted in bins of ten seconds or so and set against a burst level C. The question, asked in every bin that does not
//! exceed C itself: will some bin within the horizon? Several experts answer, each calibrated by what came of its
//! earlier answers, and are mixed by how well they did. What came is known only when the horizon has passed, so
//! everything is learnt that much later.
//!
//! It reads no clock and knows no date: whoever feeds it says when a bin ends, and a [`Calendar`] what time of day a bin
//! is. Memory is constant after the start and a bin costs well under a microsecond. `docs/forecast.md` has the design and the
//! figures.
//!
//! ```
//! use sangam_ratelimit::forecast::{Forecaster, Settings};
//!
//! // 100 calls a bin fit; above 80 it is a burst.
//! let mut forecaster = Forecaster::new(&Settings::for_capacity(100.0))?;
//! for calls in [10, 12, 11, 10, 13] {
//!     forecaster.observe(calls);
//! }
//! assert!(!forecaster.expects_burst());
//! for calls in [25, 40, 55, 65, 75] {
//!     forecaster.observe(calls);
//! }
//! assert!(forecaster.expects_burst() && !forecaster.in_burst());
//! // How often it was right so far; nothing yet, the horizon has not passed.
//! assert_eq!(forecaster.score().f1, None);
//! # Ok::<(), sangam_ratelimit::RulesError>(())
//! ```

mod alarm;
mod baselines;
mod calendar;
mod change;
mod experts;
mod forecaster;
mod logistic;
mod mix;
mod odds;
mod rates;
mod reading;
mod running;
mod settings;
mod trace;

pub use calendar::{Calendar, INDIAN_SESSION, SLOTS, Slot};
pub use forecaster::Forecaster;
pub use running::{RunningScore, Score};
pub use settings::Settings;
pub use trace::{Method, Scored, TraceError, score};

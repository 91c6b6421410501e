//! Health of one account: what checks and calls showed. An enum whose transitions are the methods.

use sangam_core::ErrorKind;

/// Failures in a row, of kinds that speak of the broker and not of the request, after which an account is passed over
/// until a check succeeds.
pub const FAILURES_BEFORE_UNHEALTHY: u32 = 3;

/// What is known of an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Health {
    /// Calls go through; `failures` in a row did not.
    Healthy {
        /// Failures since the last success.
        failures: u32,
    },
    /// Passed over until a check succeeds.
    Unhealthy {
        /// Why, in words.
        reason: String,
    },
}

impl Default for Health {
    fn default() -> Self {
        Self::Healthy { failures: 0 }
    }
}

impl Health {
    /// A health check found this.
    pub(crate) fn observe(&mut self, unhealthy: Option<String>) {
        *self = match unhealthy {
            Some(reason) => Self::Unhealthy { reason },
            None => Self::default(),
        };
    }

    /// A call ended like this. A success does not heal: calls that were on their way when a check failed may still
    /// succeed, so only a check does.
    pub(crate) fn record(&mut self, failed: Option<ErrorKind>) {
        let Self::Healthy { failures } = self else {
            return;
        };
        match failed {
            None => *failures = 0,
            Some(ErrorKind::LoginRequired) => {
                *self = Self::Unhealthy {
                    reason: "log-in required".to_owned(),
                };
            }
            Some(kind @ (ErrorKind::Unavailable | ErrorKind::Timeout | ErrorKind::Network)) => {
                *failures += 1;
                if *failures >= FAILURES_BEFORE_UNHEALTHY {
                    *self = Self::Unhealthy {
                        reason: format!("{failures} failures in a row, last {}", kind.as_str()),
                    };
                }
            }
            Some(_) => {}
        }
    }

    /// Why the account is to be passed over.
    #[must_use]
    pub fn unhealthy(&self) -> Option<&str> {
        match self {
            Self::Healthy { .. } => None,
            Self::Unhealthy { reason } => Some(reason),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_faults_in_a_row_and_only_a_check_heals() {
        let mut health = Health::default();
        health.record(Some(ErrorKind::Timeout));
        health.record(Some(ErrorKind::Timeout));
        health.record(None);
        health.record(Some(ErrorKind::Network));
        health.record(Some(ErrorKind::Network));
        assert_eq!(health.unhealthy(), None);
        health.record(Some(ErrorKind::Unavailable));
        assert!(health.unhealthy().is_some_and(|why| why.contains("unavailable")));
        health.record(None);
        assert!(health.unhealthy().is_some());
        health.observe(None);
        assert_eq!(health.unhealthy(), None);
    }

    #[test]
    fn what_speaks_of_the_request_does_not_count() {
        let mut health = Health::default();
        for _ in 0..10 {
            health.record(Some(ErrorKind::InvalidRequest));
            health.record(Some(ErrorKind::OrderRejected));
        }
        assert_eq!(health, Health::default());
    }
}

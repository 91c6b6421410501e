//! What one broker counts in a run: one window or several, written `10/1` or `10/1+600/60`.

use std::fmt;
use std::str::FromStr;

use sangam_ratelimit::Window;

/// The windows of one broker, all of which hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quota(Vec<Window>);

/// A text that is no quota.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QuotaError(String);

impl fmt::Display for QuotaError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for QuotaError {}

impl Quota {
    /// The windows, at least one.
    #[must_use]
    pub fn windows(&self) -> &[Window] {
        &self.0
    }

    /// Calls a second that can go on for ever.
    #[must_use]
    pub fn rate(&self) -> f64 {
        let rate = |window: &Window| f64::from(window.count) / window.length.as_secs_f64();
        self.0.iter().map(rate).fold(f64::INFINITY, f64::min)
    }
}

impl FromStr for Quota {
    type Err = QuotaError;

    fn from_str(text: &str) -> Result<Self, QuotaError> {
        let window = |part: &str| -> Result<Window, QuotaError> {
            let window: Window = part.parse().map_err(|_| {
                QuotaError(format!(
                    "{part:?} is no window: write calls and seconds, like 10/1"
                ))
            })?;
            if window.count == 0 || window.length.is_zero() || window.length.subsec_nanos() != 0 {
                return Err(QuotaError(format!(
                    "{part}: the simulators count whole seconds, and at least one call"
                )));
            }
            Ok(window)
        };
        text.split('+').map(window).collect::<Result<_, _>>().map(Self)
    }
}

impl fmt::Display for Quota {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, window) in self.0.iter().enumerate() {
            let plus = if at == 0 { "" } else { "+" };
            write!(f, "{plus}{}/{}", window.count, window.length.as_secs())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quota_is_read_as_it_is_shown() {
        for (text, rate) in [("10/1", 10.0), ("50/1+500/60", 500.0 / 60.0), ("3/2", 1.5)] {
            let quota: Quota = text.parse().unwrap();
            assert_eq!(quota.to_string(), text);
            assert!((quota.rate() - rate).abs() < 1e-9);
        }
        for text in ["", "10", "0/1", "10/0", "10/500ms", "10/1+", "10/1,50/1"] {
            assert!(text.parse::<Quota>().is_err(), "{text}");
        }
    }
}

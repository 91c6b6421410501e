//! Times as Fyers writes them: never with an offset, always Indian.

use jiff::civil::DateTime;
use sangam_core::{IST, Timestamp};

/// The forms seen in books: `26-Sep-2025 09:31:02` and `26-09-2025 09:31:02`.
const FORMS: [&str; 2] = ["%d-%b-%Y %H:%M:%S", "%d-%m-%Y %H:%M:%S"];

/// The first number of seconds since 1970 that is read as milliseconds: the year 5138 in one, March 1973 in the other.
const MILLISECONDS_FROM: i64 = 100_000_000_000;

/// An instant in any of the documented forms; none for anything else.
pub(super) fn instant(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    if let Ok(epoch) = text.parse::<i64>() {
        return epoch_instant(epoch);
    }
    FORMS
        .iter()
        .find_map(|form| DateTime::strptime(form, text).ok())
        .and_then(IST::instant)
}

/// An instant since 1970, in seconds or, told by their size, milliseconds. Nought is none.
pub(super) fn epoch_instant(epoch: i64) -> Option<Timestamp> {
    match epoch {
        0 => None,
        _ if epoch.unsigned_abs() >= MILLISECONDS_FROM.unsigned_abs() => {
            Timestamp::from_millisecond(epoch).ok()
        }
        _ => Timestamp::from_second(epoch).ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_forms_are_indian_time() {
        let check = |text: &str, at: Option<&str>| {
            assert_eq!(instant(text).map(|t| t.to_string()).as_deref(), at, "{text}");
        };
        check("26-Sep-2025 09:31:02", Some("2025-09-26T04:01:02Z"));
        check("26-09-2025 09:31:02", Some("2025-09-26T04:01:02Z"));
        check("1758844800", Some("2025-09-26T00:00:00Z"));
        check("1758844800000", Some("2025-09-26T00:00:00Z"));
        check("", None);
        check("0", None);
        check("31-02-2025 09:31:02", None);
        check("yesterday", None);
        check("9223372036854775807", None);
    }
}

//! The broker's dates: two forms of civil time in India, ISO 8601 with its offset, epoch milliseconds as text.

use jiff::civil::DateTime;
use sangam_core::{IST, Timestamp};

/// An instant in any of the documented forms; `None` for any other.
pub(crate) fn instant(text: &str) -> Option<Timestamp> {
    let bytes = text.as_bytes();
    if bytes.len() >= 12 && bytes.iter().all(u8::is_ascii_digit) {
        return Timestamp::from_millisecond(text.parse().ok()?).ok();
    }
    let form = match bytes.get(2) {
        Some(b'-') => "%d-%b-%Y %H:%M:%S",
        _ if bytes.get(10) == Some(&b'T') => return text.parse().ok(),
        _ => "%Y-%m-%d %H:%M:%S",
    };
    DateTime::strptime(form, text).ok().and_then(IST::instant)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_forms_are_one_instant() {
        for text in [
            "2024-01-08 09:20:15",
            "08-Jan-2024 09:20:15",
            "2024-01-08T09:20:15+05:30",
            "2024-01-08T03:50:15Z",
            "1704685815000",
        ] {
            let shown = instant(text).map(|at| at.to_string());
            assert_eq!(shown.as_deref(), Some("2024-01-08T03:50:15Z"), "{text}");
        }
        for text in [
            "",
            "0",
            "yesterday",
            "2024-13-01 00:00:00",
            "2024-01-08",
            "08-Jan-2024",
        ] {
            assert_eq!(instant(text), None, "{text}");
        }
    }
}

//! The broker's times, all Indian: epoch seconds, time before date, date before time, two- and four-digit years, months
//! by name. 1980 stands for "no time" in the broker's samples. A time that cannot be read is none: it labels, it decides
//! nothing.

use sangam_core::timestamp::{Date, Time};
use sangam_core::{IST, Timestamp};

const MONTHS: [&str; 12] = [
    "JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC",
];

/// The instant of a text in any of the documented forms.
pub(super) fn instant(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    if (9..=11).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit()) {
        let at = Timestamp::from_second(text.parse().ok()?).ok()?;
        return (IST::date(at).year() > 1980).then_some(at);
    }
    let (first, second) = text.split_once(char::is_whitespace)?;
    if first.contains(':') {
        together(second, first)
    } else {
        together(first, second)
    }
}

/// The instant of a date and a time that came apart.
pub(super) fn together(day: &str, clock: &str) -> Option<Timestamp> {
    let day = date(day)?;
    let at = day.to_datetime(time(clock)?);
    IST::instant(at)
}

/// A date: `01-12-2026`, `01/12/2026`, `01-12-26`, `21-SEP-2026`.
pub(super) fn date(text: &str) -> Option<Date> {
    let mut parts = text.trim().split(['-', '/']);
    let (day, month, year) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() {
        return None;
    }
    let month = match MONTHS.iter().position(|name| name.eq_ignore_ascii_case(month)) {
        Some(index) => i8::try_from(index + 1).ok()?,
        None => number(month)?,
    };
    let year: i16 = match year.len() {
        2 => 2000 + i16::from(number(year)?),
        4 if year.bytes().all(|b| b.is_ascii_digit()) => year.parse().ok()?,
        _ => return None,
    };
    (year > 1980)
        .then(|| Date::new(year, month, number(day)?).ok())
        .flatten()
}

fn time(text: &str) -> Option<Time> {
    let mut parts = text.trim().split(':');
    let (hour, minute, second) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() {
        return None;
    }
    Time::new(number(hour)?, number(minute)?, number(second)?, 0).ok()
}

fn number(text: &str) -> Option<i8> {
    let fine = (1..=2).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
    fine.then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_documented_form() {
        let check = |text: &str, at: Option<&str>| {
            assert_eq!(instant(text).map(|t| t.to_string()).as_deref(), at, "{text:?}");
        };
        let at = Some("2026-12-01T05:18:03Z");
        check("10:48:03 01-12-2026", at);
        check("01-12-2026 10:48:03", at);
        check("01/12/2026 10:48:03", at);
        check("01-12-26 10:48:03", at);
        check("01-DEC-2026 10:48:03", at);
        check("1796102283", at);
        check("01-01-1980 00:00:00", None);
        check("00:00:00 01-01-1980", None);
        check("0", None);
        for wrong in [
            "",
            "10:48:03",
            "01-13-2026 10:48:03",
            "x y",
            "99:99:99 01-12-2026",
            "+1-12-2026 10:48:03",
        ] {
            check(wrong, None);
        }
        assert_eq!(
            date("21-SEP-2026").map(|d| d.to_string()).as_deref(),
            Some("2026-09-21")
        );
    }
}

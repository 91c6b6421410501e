//! Numbers and dates as masters write them, read exactly and without allocation. Leaves out what they mean.

use rust_decimal::Decimal;

/// First day of the years a contract can lie in: 2000-01-01. Earlier days come from reading the wrong unit.
const DAY_MIN: i32 = 10_957;
/// 2100-01-01.
const DAY_MAX: i32 = 47_482;
/// Seconds between UTC and Indian Standard Time.
const IST_SECONDS: i64 = 19_800;
/// Months as masters write them.
pub(crate) const MONTHS: [&str; 12] = [
    "JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC",
];

/// A decimal text times `10^scale`, exact; `None` for no number, lost digits or overflow.
pub(crate) fn fixed(text: &str, scale: u32) -> Option<i64> {
    let text = text.trim();
    let (negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    if digits.bytes().any(|b| b == b'e' || b == b'E') {
        return scientific(text, scale);
    }
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    let mut value: i64 = 0;
    for byte in whole.bytes() {
        value = push_digit(value, byte)?;
    }
    let mut taken = 0;
    for byte in fraction.bytes() {
        if taken < scale {
            value = push_digit(value, byte)?;
            taken += 1;
        } else if byte != b'0' {
            return None;
        }
    }
    while taken < scale {
        value = value.checked_mul(10)?;
        taken += 1;
    }
    Some(if negative { -value } else { value })
}

fn push_digit(value: i64, byte: u8) -> Option<i64> {
    let digit = byte.checked_sub(b'0').filter(|digit| *digit < 10)?;
    value.checked_mul(10)?.checked_add(i64::from(digit))
}

/// The rare `-1e-07`: exact where it fits the scale, nought where it is smaller than the scale can tell.
fn scientific(text: &str, scale: u32) -> Option<i64> {
    let value = Decimal::from_scientific(text).ok()?;
    let scaled = value.checked_mul(Decimal::from(10_i64.checked_pow(scale)?))?;
    let whole = scaled.round();
    if (scaled - whole).abs() > Decimal::new(1, 2) {
        return None;
    }
    i64::try_from(whole).ok()
}

/// A whole number, also written `75.0`, that fits 32 bits.
pub(crate) fn whole(text: &str) -> Option<u32> {
    fixed(text, 0).and_then(|value| u32::try_from(value).ok())
}

/// An exchange token: digits only, below the value kept for "none".
pub(crate) fn token(text: &str) -> Option<u32> {
    let text = text.trim();
    let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    text.parse().ok().filter(|value| digits && *value != u32::MAX)
}

/// Days since 1970-01-01 of a civil date in the years of contracts.
pub(crate) fn day(year: i32, month: u32, day_of_month: u32) -> Option<i32> {
    let date = jiff::civil::Date::new(
        i16::try_from(year).ok()?,
        i8::try_from(month).ok()?,
        i8::try_from(day_of_month).ok()?,
    );
    let _valid = date.ok()?;
    let shifted = if month <= 2 { year - 1 } else { year };
    let era = shifted.div_euclid(400);
    let year_of_era = shifted.rem_euclid(400);
    let month_from_march = i32::try_from((month + 9) % 12).ok()?;
    let day_of_year = (153 * month_from_march + 2) / 5 + i32::try_from(day_of_month).ok()? - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    Some(era * 146_097 + day_of_era - 719_468).filter(|found| (DAY_MIN..DAY_MAX).contains(found))
}

/// Year, month and day of month of a day number.
pub(crate) fn civil(day: i32) -> (i32, u32, u32) {
    let shifted = day + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * day_of_year + 2) / 153;
    let day_of_month = day_of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 {
        from_march + 3
    } else {
        from_march - 9
    };
    let year = year_of_era + era * 400 + i32::from(month <= 2);
    (year, month.unsigned_abs(), day_of_month.unsigned_abs())
}

/// Day of the week, Monday nought.
pub(crate) fn weekday(day: i32) -> i32 {
    (day + 3).rem_euclid(7)
}

/// The month of three capital letters, one to twelve.
pub(crate) fn month(text: &[u8]) -> Option<u32> {
    let at = MONTHS.iter().position(|name| name.as_bytes() == text)?;
    u32::try_from(at + 1).ok()
}

/// `30-SEP-2025`.
pub(crate) fn noren_date(text: &str) -> Option<i32> {
    let mut parts = text.trim().split('-');
    let (date, name, year) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() || name.len() != 3 {
        return None;
    }
    let mut letters = [0_u8; 3];
    letters.copy_from_slice(name.as_bytes());
    letters.make_ascii_uppercase();
    day(year.parse().ok()?, month(&letters)?, date.parse().ok()?)
}

/// `2025-09-30`.
pub(crate) fn iso_date(text: &str) -> Option<i32> {
    let mut parts = text.trim().split('-');
    let (year, month, date) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() || year.len() != 4 {
        return None;
    }
    day(year.parse().ok()?, month.parse().ok()?, date.parse().ok()?)
}

/// The date in India of an epoch in seconds. Milliseconds land outside the years of contracts and are refused.
pub(crate) fn epoch_seconds(text: &str) -> Option<i32> {
    epoch_day(fixed(text, 0)?)
}

/// The date in India of an epoch in milliseconds. Seconds land in 1970 and are refused.
pub(crate) fn epoch_millis(text: &str) -> Option<i32> {
    epoch_day(fixed(text, 0)?.div_euclid(1000))
}

fn epoch_day(seconds: i64) -> Option<i32> {
    let day = seconds.checked_add(IST_SECONDS)?.div_euclid(86_400);
    i32::try_from(day)
        .ok()
        .filter(|found| (DAY_MIN..DAY_MAX).contains(found))
}

/// The day number of a date.
pub(crate) fn day_of(date: jiff::civil::Date) -> Option<i32> {
    day(
        date.year().into(),
        date.month().unsigned_abs().into(),
        date.day().unsigned_abs().into(),
    )
}

/// The date of a day number.
pub(crate) fn date_of(day: i32) -> Option<jiff::civil::Date> {
    let (year, month, day_of_month) = civil(day);
    jiff::civil::Date::new(
        i16::try_from(year).ok()?,
        i8::try_from(month).ok()?,
        i8::try_from(day_of_month).ok()?,
    )
    .ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_exactly_in_every_spelling() {
        let check = |text: &str, scale: u32, expected: Option<i64>| {
            assert_eq!(fixed(text, scale), expected, "{text}");
        };
        check("61400.00", 4, Some(614_000_000));
        check("397.5", 4, Some(3_975_000));
        check(".92", 4, Some(9_200));
        check("-0.01", 4, Some(-100));
        check("-1e-07", 4, Some(0));
        check("1.0E2", 0, Some(100));
        check("0.0025", 6, Some(2_500));
        check("0.00001", 4, None);
        for bad in ["", ".", "-", "1,000", "12a", "NaN", "1e", "99999999999999999999"] {
            check(bad, 4, None);
        }
    }

    #[test]
    fn dates_come_out_as_days_in_india_whatever_the_unit() {
        let expected = day(2025, 9, 30);
        assert!(expected.is_some());
        assert_eq!(noren_date("30-SEP-2025"), expected);
        assert_eq!(iso_date("2025-09-30"), expected);
        // 15:30 IST and 23:59:59 IST of that day.
        assert_eq!(epoch_seconds("1759226400"), expected);
        assert_eq!(epoch_millis("1759256999000"), expected);
        assert_eq!(
            epoch_seconds("1759256999000"),
            None,
            "milliseconds read as seconds"
        );
        assert_eq!(epoch_millis("1759226400"), None, "seconds read as milliseconds");
        for bad in ["31-FEB-2025", "30-QQQ-2025", "30-SEP-25", "30-\u{e9}P-2025", ""] {
            assert_eq!(noren_date(bad), None, "{bad}");
        }
    }

    #[test]
    fn days_and_civil_dates_are_each_others_inverse() {
        for number in DAY_MIN..DAY_MAX {
            let (year, month, date) = civil(number);
            assert_eq!(day(year, month, date), Some(number));
        }
        assert_eq!(weekday(day(2025, 10, 31).unwrap_or_default()), 4, "a Friday");
    }
}

//! Smooth, damped prices of derivatives, in whole paise.

use crate::contracts::Right;
use crate::money::Paise;

/// Minutes in a day and in a year.
const DAY_MIN: i64 = 1_440;
const YEAR_MIN: i64 = 365 * DAY_MIN;
/// Time value does not fall below that of two days, so that the last hours stay calm.
const FLOOR_MIN: i64 = 2 * DAY_MIN;
/// One sigma of a year's movement, in thousandths.
const SIGMA_MILLE: i64 = 120;
/// Every option is worth at least this, so that one tick is a small move.
const FLOOR: Paise = Paise::rupees(20);
/// An option moves this many times its index's deviation.
const ELASTICITY: i64 = 3;

/// A future: the index plus half a percent a month.
pub(super) const fn future(spot: Paise, minutes_left: i64) -> Paise {
    Paise(spot.0 + spot.0 / 200 * minutes_left / (30 * DAY_MIN))
}

/// Premium with the index at its base: intrinsic plus a time value that is widest at the money.
pub(super) fn premium(spot: Paise, strike: Paise, right: Right, minutes_left: i64) -> Paise {
    let intrinsic = match right {
        Right::Call => (spot.0 - strike.0).max(0),
        Right::Put => (strike.0 - spot.0).max(0),
    };
    let minutes = minutes_left.max(FLOOR_MIN);
    // sigma * spot * sqrt(time), the square root taken in millionths.
    let root = (i128::from(minutes) * 1_000_000_000_000 / i128::from(YEAR_MIN)).isqrt();
    let width = i128::from(spot.0) * i128::from(SIGMA_MILLE) * root / 1_000_000_000;
    let at_the_money = width * 4 / 10;
    let away = i128::from((spot.0 - strike.0).abs());
    let time_value = at_the_money * width * width / (width * width + away * away);
    let time_value = i64::try_from(time_value).expect("below the index");
    Paise(intrinsic + time_value).max(FLOOR)
}

/// An option's relative deviation for its index's.
pub(super) const fn damped(index_ppb: i64, right: Right) -> i64 {
    let signed = match right {
        Right::Call => index_ppb,
        Right::Put => -index_ppb,
    };
    let moved = signed * ELASTICITY;
    // A scripted crash of the index must not turn a premium negative.
    if moved < -900_000_000 { -900_000_000 } else { moved }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SPOT: Paise = Paise::rupees(26_000);

    #[test]
    fn premiums_are_ordered_and_affordable() {
        let week = 7 * DAY_MIN;
        let call = |strike| premium(SPOT, Paise::rupees(strike), Right::Call, week);
        let calls: Vec<Paise> = (25_000..=27_000).step_by(50).map(call).collect();
        assert!(
            calls.windows(2).all(|pair| pair[0] >= pair[1]),
            "calls cheapen as strikes rise"
        );
        let money = call(26_000);
        assert!(
            (Paise::rupees(100)..Paise::rupees(300)).contains(&money),
            "{money}"
        );
        assert!(
            premium(SPOT, Paise::rupees(26_000), Right::Call, 4 * week) > money,
            "more time costs more"
        );
        assert_eq!(premium(SPOT, Paise::rupees(26_000), Right::Put, week), money);
    }

    #[test]
    fn damping_keeps_premiums_positive() {
        assert_eq!(damped(1_000_000, Right::Put), -3_000_000);
        assert_eq!(damped(-900_000_000, Right::Call), -900_000_000);
    }
}

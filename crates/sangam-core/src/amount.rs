//! Exact amounts: [`Price`] (rupees a unit), [`Money`] (rupees) and quantities (whole units). No binary floating
//! point enters here; an operation that could leave the range returns an error instead of wrapping.
//!
//! | operation | result |
//! |---|---|
//! | `Price + Price`, `Price - Price` (checked) | `Price` |
//! | `Price x Quantity` ([`Price::times`]) | `Money` |
//! | `Price x NetQuantity` ([`Price::times_net`]) | `Money`, signed |
//! | `Money + Money`, `Money - Money` (checked) | `Money` |
//! | `Money / Quantity` ([`Money::per_unit`]) | `Price`, rounded half to even at 6 decimals |

use std::fmt;
use std::str::FromStr;

use rust_decimal::{Decimal, RoundingStrategy};
use serde::{Deserialize, Serialize};

/// Decimals kept in a price or an amount.
pub const SCALE_MAX: u32 = 6;
/// Largest magnitude of a price, in rupees.
const PRICE_MAX: i64 = 10_000_000_000;
/// Largest magnitude of an amount of money, in rupees.
const MONEY_MAX: i64 = 1_000_000_000_000_000;
/// Largest quantity, in units.
const QUANTITY_MAX: u64 = 1_000_000_000_000;

/// Why an amount could not be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AmountError {
    /// The text is not a decimal number.
    #[error("{text:?} is not a decimal number")]
    NotANumber {
        /// What was given, cut to 40 characters.
        text: String,
    },
    /// The value has too many decimals or lies outside the range of the type.
    #[error("{value} is outside the range of a {what}")]
    OutOfRange {
        /// The type: price, amount or quantity.
        what: &'static str,
        /// What was given.
        value: String,
    },
}

fn out_of_range(what: &'static str, value: impl fmt::Display) -> AmountError {
    AmountError::OutOfRange {
        what,
        value: value.to_string(),
    }
}

fn parse_decimal(text: &str) -> Result<Decimal, AmountError> {
    let cut = || AmountError::NotANumber {
        text: text.chars().take(40).collect(),
    };
    let text = text.trim();
    if text.is_empty() {
        return Err(cut());
    }
    Decimal::from_str_exact(text)
        .or_else(|_| Decimal::from_scientific(text))
        .map_err(|_| cut())
}

macro_rules! decimal_amount {
    ($(#[$doc:meta])* $name:ident, $what:literal, $max:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
        #[serde(try_from = "Decimal", into = "Decimal")]
        pub struct $name(Decimal);

        impl $name {
            /// Nought.
            pub const ZERO: Self = Self(Decimal::ZERO);

            /// Wraps a decimal.
            ///
            /// # Errors
            /// [`AmountError::OutOfRange`] beyond six decimals or the range of the type.
            pub fn new(value: Decimal) -> Result<Self, AmountError> {
                let value = value.normalize();
                if value.scale() > SCALE_MAX || value.abs() > Decimal::from($max) {
                    return Err(out_of_range($what, value));
                }
                Ok(Self(value))
            }

            /// Wraps a decimal after rounding it half to even to six decimals.
            ///
            /// # Errors
            /// [`AmountError::OutOfRange`] beyond the range of the type.
            pub fn rounded(value: Decimal) -> Result<Self, AmountError> {
                Self::new(value.round_dp_with_strategy(SCALE_MAX, RoundingStrategy::MidpointNearestEven))
            }

            /// The decimal inside, without trailing zeros.
            #[must_use]
            pub fn decimal(self) -> Decimal {
                self.0
            }

            /// Whether the value is above nought.
            #[must_use]
            pub fn is_positive(self) -> bool {
                self.0 > Decimal::ZERO
            }

            /// Whether the value is nought.
            #[must_use]
            pub fn is_zero(self) -> bool {
                self.0.is_zero()
            }

            /// The sum.
            ///
            /// # Errors
            /// [`AmountError::OutOfRange`] when the sum leaves the range.
            pub fn checked_add(self, other: Self) -> Result<Self, AmountError> {
                self.0
                    .checked_add(other.0)
                    .ok_or_else(|| out_of_range($what, self.0))
                    .and_then(Self::new)
            }

            /// The difference.
            ///
            /// # Errors
            /// [`AmountError::OutOfRange`] when the difference leaves the range.
            pub fn checked_sub(self, other: Self) -> Result<Self, AmountError> {
                self.0
                    .checked_sub(other.0)
                    .ok_or_else(|| out_of_range($what, self.0))
                    .and_then(Self::new)
            }
        }

        impl FromStr for $name {
            type Err = AmountError;

            fn from_str(text: &str) -> Result<Self, AmountError> {
                parse_decimal(text).and_then(Self::new)
            }
        }

        impl TryFrom<Decimal> for $name {
            type Error = AmountError;

            fn try_from(value: Decimal) -> Result<Self, AmountError> {
                Self::new(value)
            }
        }

        impl From<$name> for Decimal {
            fn from(value: $name) -> Decimal {
                value.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, f)
            }
        }
    };
}

decimal_amount! {
    /// A price in rupees a unit, exact, at most six decimals.
    ///
    /// ```
    /// use sangam_core::{Price, Quantity};
    /// let price: Price = "1450.50".parse()?;
    /// assert_eq!(price.times(Quantity::new(10)?)?.to_string(), "14505");
    /// # Ok::<(), sangam_core::AmountError>(())
    /// ```
    Price, "price", PRICE_MAX
}

decimal_amount! {
    /// An amount of rupees, exact, at most six decimals; negative when owed.
    Money, "amount", MONEY_MAX
}

/// Which way a price goes to the tick grid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rounding {
    /// To the tick at or below.
    Down,
    /// To the tick at or above.
    Up,
    /// To the nearest tick, halves away from nought.
    Nearest,
}

impl Price {
    /// The value of a quantity at this price.
    ///
    /// # Errors
    /// [`AmountError::OutOfRange`] when the product leaves the range of [`Money`].
    pub fn times(self, quantity: Quantity) -> Result<Money, AmountError> {
        self.0
            .checked_mul(Decimal::from(quantity.0))
            .ok_or_else(|| out_of_range("amount", self.0))
            .and_then(Money::new)
    }

    /// The value of a signed quantity at this price: negative for a short position.
    ///
    /// # Errors
    /// [`AmountError::OutOfRange`] when the product leaves the range of [`Money`].
    pub fn times_net(self, quantity: NetQuantity) -> Result<Money, AmountError> {
        self.0
            .checked_mul(Decimal::from(quantity.0))
            .ok_or_else(|| out_of_range("amount", self.0))
            .and_then(Money::new)
    }

    /// Whether the price lies on the grid of a tick. Every price lies on a grid of tick nought.
    #[must_use]
    pub fn is_on_tick(self, tick: Price) -> bool {
        tick.is_zero() || (self.0 % tick.0).is_zero()
    }

    /// The price moved to the tick grid. A tick of nought leaves it as it is.
    ///
    /// # Errors
    /// [`AmountError::OutOfRange`] when the result leaves the range.
    pub fn to_tick(self, tick: Price, rounding: Rounding) -> Result<Price, AmountError> {
        if tick.is_zero() {
            return Ok(self);
        }
        let steps = self.0 / tick.0;
        let steps = match rounding {
            Rounding::Down => steps.floor(),
            Rounding::Up => steps.ceil(),
            Rounding::Nearest => steps.round_dp_with_strategy(0, RoundingStrategy::MidpointAwayFromZero),
        };
        Price::new(steps * tick.0)
    }
}

impl Money {
    /// The price a unit of this amount over a quantity, rounded half to even at six decimals; `None` for no units.
    #[must_use]
    pub fn per_unit(self, quantity: Quantity) -> Option<Price> {
        if quantity.is_zero() {
            return None;
        }
        self.0
            .checked_div(Decimal::from(quantity.0))
            .and_then(|each| Price::rounded(each).ok())
    }
}

/// A whole number of units (shares, or units of the underlying for derivatives; lots on MCX).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(try_from = "u64", into = "u64")]
pub struct Quantity(u64);

impl Quantity {
    /// No units.
    pub const ZERO: Self = Self(0);

    /// Wraps a count of units.
    ///
    /// # Errors
    /// [`AmountError::OutOfRange`] above a million million.
    pub fn new(units: u64) -> Result<Self, AmountError> {
        if units > QUANTITY_MAX {
            return Err(out_of_range("quantity", units));
        }
        Ok(Self(units))
    }

    /// The count of units.
    #[must_use]
    pub fn units(self) -> u64 {
        self.0
    }

    /// Whether there are no units.
    #[must_use]
    pub fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// Whether the quantity is a whole number of lots. A lot of nought fits nothing but nought.
    #[must_use]
    pub fn is_multiple_of(self, lot: Quantity) -> bool {
        self.0.checked_rem(lot.0).map_or(self.0 == 0, |rest| rest == 0)
    }

    /// What is left after taking some away, never below nought.
    #[must_use]
    pub fn saturating_sub(self, other: Quantity) -> Quantity {
        Self(self.0.saturating_sub(other.0))
    }

    /// The sum.
    ///
    /// # Errors
    /// [`AmountError::OutOfRange`] when the sum leaves the range.
    pub fn checked_add(self, other: Quantity) -> Result<Quantity, AmountError> {
        Quantity::new(self.0.saturating_add(other.0))
    }
}

impl TryFrom<u64> for Quantity {
    type Error = AmountError;

    fn try_from(units: u64) -> Result<Self, AmountError> {
        Self::new(units)
    }
}

impl From<Quantity> for u64 {
    fn from(quantity: Quantity) -> u64 {
        quantity.0
    }
}

impl FromStr for Quantity {
    type Err = AmountError;

    /// Accepts a whole number, also written with a decimal point and zeros behind it.
    fn from_str(text: &str) -> Result<Self, AmountError> {
        let value = parse_decimal(text)?.normalize();
        u64::try_from(value)
            .ok()
            .filter(|_| value.scale() == 0)
            .ok_or_else(|| out_of_range("quantity", value))
            .and_then(Self::new)
    }
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// A signed number of units: positive when long, negative when short.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(try_from = "i64", into = "i64")]
pub struct NetQuantity(i64);

impl NetQuantity {
    /// Flat.
    pub const ZERO: Self = Self(0);

    /// Wraps a signed count of units.
    ///
    /// # Errors
    /// [`AmountError::OutOfRange`] beyond a million million either way.
    pub fn new(units: i64) -> Result<Self, AmountError> {
        if units.unsigned_abs() > QUANTITY_MAX {
            return Err(out_of_range("quantity", units));
        }
        Ok(Self(units))
    }

    /// The signed count of units.
    #[must_use]
    pub fn units(self) -> i64 {
        self.0
    }

    /// The size without the sign.
    #[must_use]
    pub fn size(self) -> Quantity {
        Quantity(self.0.unsigned_abs())
    }

    /// Whether the position is flat.
    #[must_use]
    pub fn is_zero(self) -> bool {
        self.0 == 0
    }
}

impl TryFrom<i64> for NetQuantity {
    type Error = AmountError;

    fn try_from(units: i64) -> Result<Self, AmountError> {
        Self::new(units)
    }
}

impl From<NetQuantity> for i64 {
    fn from(quantity: NetQuantity) -> i64 {
        quantity.0
    }
}

impl FromStr for NetQuantity {
    type Err = AmountError;

    fn from_str(text: &str) -> Result<Self, AmountError> {
        let value = parse_decimal(text)?.normalize();
        i64::try_from(value)
            .ok()
            .filter(|_| value.scale() == 0)
            .ok_or_else(|| out_of_range("quantity", value))
            .and_then(Self::new)
    }
}

impl fmt::Display for NetQuantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

#[cfg(test)]
mod property_tests;

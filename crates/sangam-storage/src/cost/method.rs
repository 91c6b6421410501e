//! The two ways to say what the units that leave a position had cost.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Which units leave a position first.
///
/// First in, first out is the default because it is the rule by which Indian income tax determines the cost of shares in
/// demat form, for each demat account by itself: section 45(2A) of the Income-tax Act, 1961, and circular 768 of the
/// Central Board of Direct Taxes of 24 June 1998. A position here is one account's, as there. What is kept is still no
/// tax statement: trades of one day are another head of income, and charges and corporate actions are not in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CostMethod {
    /// The oldest units leave first, at the price they were opened at. Exact.
    #[default]
    Fifo,
    /// Every unit costs the same; what leaves is rounded half to even at six decimals, and the rest stays.
    Average,
}

impl CostMethod {
    /// Both of them.
    pub const ALL: [Self; 2] = [Self::Fifo, Self::Average];

    /// The name used in configuration, JSON and the ledger.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Fifo => "fifo",
            Self::Average => "average",
        }
    }
}

impl fmt::Display for CostMethod {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A text that names no cost method.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown cost method {0:?}; known are fifo, average")]
pub struct UnknownCostMethod(pub String);

impl FromStr for CostMethod {
    type Err = UnknownCostMethod;

    fn from_str(text: &str) -> Result<Self, UnknownCostMethod> {
        Self::ALL
            .into_iter()
            .find(|method| method.as_str() == text)
            .ok_or_else(|| UnknownCostMethod(text.chars().take(40).collect()))
    }
}

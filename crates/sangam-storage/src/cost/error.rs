//! Why a fill could not be taken into a position. Whatever the reason, the position is as it was.

use super::place::{FillPlace, PositionKey};

/// Why a fill could not be taken into a position. The position is as it was.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CostError {
    /// The fill stands before one that is already in: the position must be recomputed from all its fills.
    #[error("{fill} of {position} came after {last} was taken in; recompute the position from all its fills")]
    Late {
        /// The position.
        position: Box<PositionKey>,
        /// The fill that came late.
        fill: Box<FillPlace>,
        /// The last fill that is in.
        last: Box<FillPlace>,
    },
    /// The fill is of another position.
    #[error("a fill of {fill} was given to the position {position}")]
    OtherPosition {
        /// The position.
        position: Box<PositionKey>,
        /// The position the fill belongs to.
        fill: Box<PositionKey>,
    },
    /// A figure of the position would leave the range of its type.
    #[error("{what} of {position} leaves the range it can be kept in")]
    OutOfRange {
        /// The position.
        position: Box<PositionKey>,
        /// Which figure.
        what: &'static str,
    },
    /// There are no fills to compute a position from.
    #[error("a position is computed from its fills, and none was given")]
    NoFills,
    /// The figures of a position contradict each other: it was not written by this module.
    #[error(
        "the kept position {position} is damaged: {what}; `sangam ledger rebuild` computes it anew from its fills"
    )]
    Damaged {
        /// The position.
        position: Box<PositionKey>,
        /// Which figures.
        what: &'static str,
    },
}

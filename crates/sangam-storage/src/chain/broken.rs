//! What is wrong with a chain, in words.

use sangam_core::timestamp::Date;

use super::Digest;

/// The first thing found wrong with a chain. What lies after it was not looked at.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Broken {
    /// An entry does not say what was hashed.
    #[error(
        "entry {sequence} of {day} was changed: it carries the hash {carried}, but what it says now has the hash {computed}"
    )]
    Changed {
        /// Its number.
        sequence: u64,
        /// The day it says.
        day: Date,
        /// The hash it carries.
        carried: Digest,
        /// The hash of what it says, after the entry before.
        computed: Digest,
    },
    /// Entries are not there.
    #[error("entries {first} to {last} are missing")]
    Missing {
        /// The first of them.
        first: u64,
        /// The last of them.
        last: u64,
    },
    /// An entry with a number that was there already.
    #[error("entry {found} stands where entry {expected} belongs: out of order, or there twice")]
    OutOfOrder {
        /// Its number.
        found: u64,
        /// The number that belongs there.
        expected: u64,
    },
    /// The day of an entry is neither its own date nor that of the entry before.
    #[error("entry {sequence} is put under {found}, but belongs to {expected}")]
    WrongDay {
        /// Its number.
        sequence: u64,
        /// The day it says.
        found: Date,
        /// The day it belongs to.
        expected: Date,
    },
    /// A day took entries after it was sealed.
    #[error("entry {sequence} is put under {day}, which had been sealed before it")]
    Reopened {
        /// Its number.
        sequence: u64,
        /// The day.
        day: Date,
    },
    /// A day that is over has no seal.
    #[error("{day} is over and has entries, but no seal: it was removed, or its day was changed")]
    NotSealed {
        /// The day.
        day: Date,
    },
    /// A sealed day that was not pruned has no entries.
    #[error("entries {first} to {last} are missing: all of {day}, which is sealed and not pruned")]
    Emptied {
        /// The day.
        day: Date,
        /// Its first entry.
        first: u64,
        /// Its last entry.
        last: u64,
    },
    /// A day is not what its seal says.
    #[error("{day} is not what was sealed: {what} is {found}, sealed was {sealed}")]
    SealDiffers {
        /// The day.
        day: Date,
        /// What differs.
        what: &'static str,
        /// As its entries have it.
        found: String,
        /// As the seal has it.
        sealed: String,
    },
    /// A day has another root than the one kept elsewhere.
    #[error("the root of {day} differs: it is {found}, expected was {expected}")]
    RootDiffers {
        /// The day.
        day: Date,
        /// As the chain has it.
        found: Digest,
        /// As it was given.
        expected: Digest,
    },
    /// A root was given for a day that has no entry.
    #[error("a root is expected for {day}, which has no entries here")]
    NoSuchDay {
        /// The day.
        day: Date,
    },
    /// Seals do not follow each other.
    #[error(
        "the seal of {day} begins at entry {found}, the one before it ends so that it begins at {expected}: a seal was removed or changed"
    )]
    SealsApart {
        /// The day.
        day: Date,
        /// Its first entry.
        found: u64,
        /// What follows on the seal before.
        expected: u64,
    },
    /// A seal that no day can have.
    #[error("the seal of {day} cannot be right: {why}")]
    ImpossibleSeal {
        /// The day.
        day: Date,
        /// Why not.
        why: &'static str,
    },
    /// A day was pruned while one before it was not.
    #[error("{day} was pruned, but not the day before it: only the oldest days may go")]
    PrunedOutOfTurn {
        /// The day.
        day: Date,
    },
    /// Days are marked as pruned, and no entry says who pruned them.
    #[error(
        "{day} is marked as pruned, but no entry says that it was: its entries were taken out by other means"
    )]
    PrunedUnsaid {
        /// The newest of these days.
        day: Date,
    },
    /// A day is said to have been sealed at another time than that of the entry that begins the next day.
    #[error("the seal of {day} was changed: it carries another time than the entry that sealed it")]
    SealedAtOtherTime {
        /// The oldest such day.
        day: Date,
    },
    /// The last entries are not there.
    #[error("the chain is cut: its last entry is {last}, its head says {head}")]
    Cut {
        /// The number of the last entry there is.
        last: u64,
        /// The number of the last entry as the head has it.
        head: u64,
    },
    /// There are entries the head knows nothing of.
    #[error(
        "the chain has entries to {last}, but its head says {head}: added past it, or the head was changed"
    )]
    PastHead {
        /// The number of the last entry there is.
        last: u64,
        /// The number of the last entry as the head has it.
        head: u64,
    },
    /// The head carries another hash than the last entry.
    #[error("the head of the chain differs: entry {sequence} has the hash {found}, the head says {head}")]
    HeadDiffers {
        /// The number of the last entry.
        sequence: u64,
        /// Its hash.
        found: Digest,
        /// The hash in the head.
        head: Digest,
    },
    /// Two parts of the chain, checked apart, do not fit.
    #[error(
        "what follows entry {sequence} was checked against another entry {sequence} than the one found: check again, and if it stays so, it was changed"
    )]
    Joint {
        /// The entry between them.
        sequence: u64,
    },
}

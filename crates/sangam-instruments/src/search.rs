//! Finding instruments by parts of their names. One pass over the table, which takes a few milliseconds on a whole
//! day's masters; a person types slower than that.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use crate::entry::Entry;
use crate::master::Kind;
use crate::table::Table;

/// Most words of a query that are looked at.
const WORDS_MAX: usize = 8;

impl Table {
    /// The best matches for some words, best first, at most `limit`.
    ///
    /// Every word must be found: at the front of the symbol or the underlying, inside the symbol, at the front of a word
    /// of the name, or as the exchange. Whole underlyings come before fronts of them, indices and shares before
    /// derivatives, near expiries before far ones.
    #[must_use]
    pub fn search(&self, query: &str, limit: usize) -> Vec<Entry<'_>> {
        let query = query.to_ascii_uppercase();
        let words: Vec<&str> = query
            .split(|c: char| c.is_whitespace() || c == ':')
            .filter(|word| !word.is_empty())
            .take(WORDS_MAX)
            .collect();
        if words.is_empty() || limit == 0 {
            return Vec::new();
        }
        let mut best: BinaryHeap<Hit<'_>> = BinaryHeap::new();
        for (place, entry) in self.iter().enumerate() {
            let Some(rank) = rank(entry, &words) else { continue };
            best.push(Hit {
                key: (rank, order(entry.kind()), entry.day().unwrap_or(0), place),
                entry,
            });
            if best.len() > limit {
                best.pop();
            }
        }
        best.into_sorted_vec().into_iter().map(|hit| hit.entry).collect()
    }
}

struct Hit<'t> {
    key: (u32, u8, i32, usize),
    entry: Entry<'t>,
}

impl PartialEq for Hit<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.key == other.key
    }
}

impl Eq for Hit<'_> {}

impl PartialOrd for Hit<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Hit<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.key.cmp(&other.key)
    }
}

fn order(kind: Kind) -> u8 {
    match kind {
        Kind::Index => 0,
        Kind::Cash => 1,
        Kind::Future => 2,
        Kind::Call | Kind::Put => 3,
    }
}

/// The sum of how well each word fits, smaller is better; `None` when one does not fit at all.
fn rank(entry: Entry<'_>, words: &[&str]) -> Option<u32> {
    words
        .iter()
        .try_fold(0, |sum, word| Some(sum + fit(entry, word)?))
}

fn fit(entry: Entry<'_>, word: &str) -> Option<u32> {
    let symbol = entry.symbol();
    let underlying = entry.underlying();
    if symbol == word {
        Some(0)
    } else if underlying == word || entry.exchange().as_str() == word || entry.isin() == Some(word) {
        Some(1)
    } else if underlying.starts_with(word) {
        Some(3)
    } else if symbol.starts_with(word) {
        Some(4)
    } else if has_word(entry.title(), word) {
        Some(6)
    } else if symbol.contains(word) {
        Some(7)
    } else {
        None
    }
}

/// Whether a word of the name begins so, whatever the case.
fn has_word(title: &str, word: &str) -> bool {
    title
        .split(|c: char| !c.is_alphanumeric() && c != '&')
        .any(|part| {
            part.get(..word.len())
                .is_some_and(|front| front.eq_ignore_ascii_case(word))
        })
}

//! The gateway's books held against the brokers': every order a broker took is ours under its caller's key, and no key has two.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::{Context as _, Result};
use serde_json::Value;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, Row as _, SqliteConnection};

/// What the ledger says of one attempt.
#[derive(Debug, Clone)]
pub(super) struct Attempt {
    pub(super) key: String,
    /// Whether the order is known by the broker's number.
    pub(super) is_found: bool,
    /// Whether nobody knows yet what became of the order.
    pub(super) is_in_doubt: bool,
}

/// The attempts of the ledger by their tags.
pub(super) type Attempts = BTreeMap<String, Attempt>;

/// A connection that only reads, as any program beside the gateway may have.
pub(super) async fn reader(ledger: &Path) -> Result<SqliteConnection> {
    let options = SqliteConnectOptions::new()
        .filename(ledger)
        .pragma("query_only", "on");
    Ok(options.connect().await?)
}

/// All attempts there are.
pub(super) async fn attempts(books: &mut SqliteConnection) -> Result<Attempts> {
    let rows = sqlx::query(
        "select attempts.tag, orders.client_order_id, orders.broker_order_id is not null, \
         orders.state in ('in_doubt', 'parked') from attempts join orders on orders.uid = attempts.order_uid",
    )
    .fetch_all(books)
    .await?;
    rows.iter()
        .map(|row| {
            let key: Option<String> = row.try_get(1)?;
            let attempt = Attempt {
                key: key.context("every order of this test has a key")?,
                is_found: row.try_get(2)?,
                is_in_doubt: row.try_get(3)?,
            };
            Ok((row.try_get(0)?, attempt))
        })
        .collect()
}

/// Orders the brokers took, by tag.
pub(super) fn taken(stats: &[Value]) -> Result<BTreeMap<String, u64>> {
    let mut taken = BTreeMap::new();
    for broker in stats {
        let by_tag = broker["accepted_by_tag"].as_object().context("orders by tag")?;
        for (tag, count) in by_tag {
            let count = count.as_u64().context("a count")?;
            // Fyers shows the tag with its own mark before it.
            *taken.entry(tag.trim_start_matches("1:").to_owned()).or_default() += count;
        }
        let untagged = broker["accepted_untagged"].as_u64().context("a count")?;
        anyhow::ensure!(
            untagged == 0,
            "{untagged} orders without a tag at {}",
            broker["broker"]
        );
    }
    Ok(taken)
}

/// What a comparison found.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Found {
    /// Orders the brokers took.
    pub(super) accepted: u64,
    /// Keys with more than one of them.
    pub(super) duplicates: BTreeSet<String>,
    /// Tags of those the ledger does not know, or does not know as standing at a broker.
    pub(super) lost: BTreeSet<String>,
    /// Keys of which nobody knows what became of them, though no broker took them.
    pub(super) parked: BTreeSet<String>,
}

pub(super) fn compared(attempts: &Attempts, taken: &BTreeMap<String, u64>) -> Found {
    let mut found = Found::default();
    let mut of_key: BTreeMap<&str, u64> = BTreeMap::new();
    for (tag, count) in taken {
        found.accepted += count;
        match attempts.get(tag) {
            Some(attempt) => {
                *of_key.entry(&attempt.key).or_default() += count;
                if !attempt.is_found {
                    found.lost.insert(tag.clone());
                }
            }
            None => drop(found.lost.insert(tag.clone())),
        }
    }
    let twice = of_key.into_iter().filter(|(_, count)| *count > 1);
    found.duplicates = twice.map(|(key, _)| key.to_owned()).collect();
    let unknown = attempts
        .iter()
        .filter(|(tag, attempt)| attempt.is_in_doubt && !taken.contains_key(*tag));
    found.parked = unknown.map(|(_, attempt)| attempt.key.clone()).collect();
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attempt(key: &str, is_found: bool) -> Attempt {
        Attempt {
            key: key.to_owned(),
            is_found,
            is_in_doubt: !is_found,
        }
    }

    #[test]
    fn what_is_lost_and_what_is_twice_is_told() {
        let attempts = Attempts::from_iter([
            ("T1".to_owned(), attempt("one", true)),
            ("T2".to_owned(), attempt("two", true)),
            ("T3".to_owned(), attempt("two", true)),
            ("T4".to_owned(), attempt("four", false)),
            ("T5".to_owned(), attempt("five", false)),
        ]);
        let stats = serde_json::json!([
            {"broker": "fyers", "accepted_by_tag": {"1:T1": 1, "T2": 1}, "accepted_untagged": 0},
            {"broker": "upstox", "accepted_by_tag": {"T3": 1, "T4": 1, "T9": 1}, "accepted_untagged": 0},
        ]);
        let taken = taken(stats.as_array().expect("a list")).expect("counts");
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        let found = Found {
            accepted: 5,
            duplicates: names(&["two"]),
            lost: names(&["T4", "T9"]),
            parked: names(&["five"]),
        };
        assert_eq!(compared(&attempts, &taken), found);
    }
}

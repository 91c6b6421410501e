//! What somebody with the rights to write the database may do to the audit log, as SQL.

use proptest::prelude::*;
use proptest::sample::Index;

/// Something done by hand. Numbers pick an entry or a day among those there are.
#[derive(Debug, Clone)]
pub(crate) enum Damage {
    /// A value of an entry is changed: `{n}` stands for its number.
    Entry(&'static str, Index),
    /// A value of a sealed day is changed: `{n}` stands for its place, from nought.
    Day(&'static str, Index),
    /// Entries from one to another go; those behind close up or not.
    Delete(Index, Index, bool),
    /// Two entries change places, with their hashes or without.
    Swap(Index, Index, bool),
    /// An entry is put in twice, and those behind move up.
    Double(Index),
    /// An entry is written behind the last.
    Append,
    /// The last entries go; the head is set back or not.
    Cut(Index, bool),
    /// The head is changed.
    Head(&'static str),
    /// The oldest days are marked as pruned, and go.
    Prune(Index),
}

/// What may be done to an entry.
const OF_AN_ENTRY: &[&str] = &[
    "update audit set actor = actor || 'x' where sequence = {n}",
    "update audit set event = 'x' || event where sequence = {n}",
    "update audit set subject = subject || ' ' where sequence = {n}",
    "update audit set detail = detail || char(0) where sequence = {n}",
    "update audit set detail = detail || char(0) || 'x' where sequence = {n}",
    "update audit set detail = '' where sequence = {n}",
    "update audit set actor = actor || event, event = '' where sequence = {n}",
    "update audit set at = at + 1 where sequence = {n}",
    "update audit set at = at - 86400000000000 where sequence = {n}",
    "update audit set day = '2026-11-22' where sequence = {n}",
    "update audit set day = replace(day, '-', '') where sequence = {n}",
    "update audit set sequence = sequence + 1000 where sequence = {n}",
    "update audit set hash = zeroblob(32) where sequence = {n}",
];

/// What may be done to a sealed day.
const OF_A_DAY: &[&str] = &[
    "delete from audit_days where rowid = (select rowid from audit_days order by day limit 1 offset {n})",
    "update audit_days set root = zeroblob(32) where rowid = (select rowid from audit_days order by day limit 1 offset {n})",
    "update audit_days set last_hash = root where rowid = (select rowid from audit_days order by day limit 1 offset {n})",
    "update audit_days set first = first + 1 where rowid = (select rowid from audit_days order by day limit 1 offset {n})",
    "update audit_days set entries = entries + 1 where rowid = (select rowid from audit_days order by day limit 1 offset {n})",
    "update audit_days set day = '2026-11-01' where rowid = (select rowid from audit_days order by day limit 1 offset {n})",
    "update audit_days set day = replace(day, '-', '') where rowid = (select rowid from audit_days order by day limit 1 offset {n})",
    "update audit_days set sealed_at = sealed_at + 1 where rowid = (select rowid from audit_days order by day limit 1 offset {n})",
    "update audit_days set pruned_at = sealed_at where rowid = (select rowid from audit_days order by day limit 1 offset {n})",
];

const OF_THE_HEAD: &[&str] = &[
    "update audit_head set sequence = sequence + 1",
    "update audit_head set sequence = sequence - 1",
    "update audit_head set hash = zeroblob(32)",
];

pub(crate) fn damages() -> impl Strategy<Value = Damage> {
    let at = any::<Index>;
    let one_of = prop::sample::select::<&'static str>;
    prop_oneof![
        6 => (one_of(OF_AN_ENTRY), at()).prop_map(|(sql, n)| Damage::Entry(sql, n)),
        4 => (one_of(OF_A_DAY), at()).prop_map(|(sql, n)| Damage::Day(sql, n)),
        2 => (at(), at(), any::<bool>()).prop_map(|(from, to, closed)| Damage::Delete(from, to, closed)),
        2 => (at(), at(), any::<bool>()).prop_map(|(one, other, hashes)| Damage::Swap(one, other, hashes)),
        1 => at().prop_map(Damage::Double),
        1 => Just(Damage::Append),
        2 => (at(), any::<bool>()).prop_map(|(from, head)| Damage::Cut(from, head)),
        1 => one_of(OF_THE_HEAD).prop_map(Damage::Head),
        1 => at().prop_map(Damage::Prune),
    ]
}

impl Damage {
    /// The SQL, for so many entries and sealed days.
    pub(crate) fn sql(&self, entries: usize, days: usize) -> String {
        let number = |index: &Index| index.index(entries) + 1;
        match self {
            Self::Entry(sql, n) => sql.replace("{n}", &number(n).to_string()),
            Self::Day(_, _) | Self::Prune(_) if days == 0 => String::new(),
            Self::Day(sql, n) => sql.replace("{n}", &n.index(days).to_string()),
            Self::Delete(one, other, closed) => {
                let (from, to) = (number(one).min(number(other)), number(one).max(number(other)));
                let mut sql = format!("delete from audit where sequence between {from} and {to};");
                if *closed {
                    sql.push_str(&moved(to + 1, -i64::try_from(to + 1 - from).expect("small")));
                }
                sql
            }
            Self::Swap(one, other, hashes) => {
                let (one, other) = (number(one), number(other));
                let hashes = if *hashes { ", hash" } else { "" };
                let taken = format!("(at, actor, event, subject, detail{hashes})");
                let given = format!("at, actor, event, subject, detail{hashes}");
                format!(
                    "create temp table kept as select * from audit where sequence in ({one}, {other}); \
                     update audit set {taken} = (select {given} from kept where sequence = {other}) where sequence = {one}; \
                     update audit set {taken} = (select {given} from kept where sequence = {one}) where sequence = {other};"
                )
            }
            Self::Double(n) => {
                let n = number(n);
                format!(
                    "{} insert into audit select {n} + 1, day, at, actor, event, subject, detail, hash from audit where \
                     sequence = {n};",
                    moved(n + 1, 1)
                )
            }
            Self::Append => "insert into audit select sequence + 1, day, at, actor, event, subject, detail, hash from audit \
                             order by sequence desc limit 1"
                .to_owned(),
            Self::Cut(from, head) => {
                let from = number(from);
                let mut sql = format!("delete from audit where sequence >= {from};");
                if *head {
                    sql.push_str(&format!(
                        "update audit_head set sequence = {from} - 1, hash = coalesce((select hash from audit where \
                         sequence = {from} - 1), x'{}');",
                        sangam_storage::chain::Digest::GENESIS
                    ));
                }
                sql
            }
            Self::Head(sql) => (*sql).to_owned(),
            Self::Prune(n) => format!(
                "update audit_days set exported_at = sealed_at, pruned_at = sealed_at where day <= (select day from audit_days \
                 order by day limit 1 offset {});
                 delete from audit where day in (select day from audit_days where pruned_at is not null);",
                n.index(days)
            ),
        }
    }

    /// Whether nothing in the books can show it: entries of the open day went, and the head was set back along with them.
    pub(crate) fn only_a_root_shows_it(&self, entries: usize, sealed: usize) -> bool {
        matches!(self, Self::Cut(from, true) if from.index(entries) >= sealed)
    }
}

/// Entries from a number on get other numbers. In two steps, so that no two have the same meanwhile.
fn moved(from: usize, by: i64) -> String {
    format!(
        "update audit set sequence = sequence + 1000000 where sequence >= {from}; \
         update audit set sequence = sequence - 1000000 + {by} where sequence > 1000000;"
    )
}

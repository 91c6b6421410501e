//! Writing or finding many rows by one statement: what is wanted is said once, each dialect makes its own text of it.

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Int,
    Text,
    Blob,
}

/// A column.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Column {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
}

pub(crate) const fn int(name: &'static str) -> Column {
    Column {
        name,
        kind: Kind::Int,
    }
}

pub(crate) const fn text(name: &'static str) -> Column {
    Column {
        name,
        kind: Kind::Text,
    }
}

pub(crate) const fn blob(name: &'static str) -> Column {
    Column {
        name,
        kind: Kind::Blob,
    }
}

/// A way to write rows of a table, or to find them.
#[derive(Debug)]
pub(crate) enum Op {
    /// New rows.
    Insert {
        table: &'static str,
        columns: &'static [Column],
    },
    /// New rows, or new values for those with the same keys. The keys come first.
    Upsert {
        table: &'static str,
        keys: usize,
        columns: &'static [Column],
    },
    /// New values for the rows that have these values in the key columns. The keys come first; a column may be both: a
    /// state that is left and a state that is reached.
    Update {
        table: &'static str,
        keys: &'static [Column],
        sets: &'static [Column],
    },
    /// Rows that go.
    Delete {
        table: &'static str,
        keys: &'static [Column],
    },
    /// The rows that have these values in the key columns: a question.
    Find {
        table: &'static str,
        keys: &'static [Column],
        columns: &'static [Column],
    },
}

impl Op {
    /// The table it is about.
    pub(crate) fn table(&self) -> &'static str {
        match self {
            Self::Insert { table, .. }
            | Self::Upsert { table, .. }
            | Self::Update { table, .. }
            | Self::Delete { table, .. }
            | Self::Find { table, .. } => table,
        }
    }

    /// The columns of a row as it is handed over.
    pub(crate) fn columns(&self) -> impl ExactSizeIterator<Item = Column> + Clone + '_ {
        let (one, two): (&[Column], &[Column]) = match self {
            Self::Insert { columns, .. } | Self::Upsert { columns, .. } => (columns, &[]),
            Self::Update { keys, sets, .. } => (keys, sets),
            Self::Delete { keys, .. } | Self::Find { keys, .. } => (keys, &[]),
        };
        let count = one.len() + two.len();
        (0..count).map(move |place| match place.checked_sub(one.len()) {
            None => one[place],
            Some(rest) => two[rest],
        })
    }

    /// How many values a row has.
    pub(crate) fn width(&self) -> usize {
        self.columns().len()
    }

    /// The statement for one row whose values are the columns `c{first}`, ... of the `new` row of a trigger.
    pub(crate) fn sql_of_row(&self, first: usize) -> String {
        let values: Vec<_> = (first..first + self.width())
            .map(|place| format!("new.c{place}"))
            .collect();
        let bare = format!("values ({})", values.join(", "));
        let pairs = |columns: &[Column], values: &[String], between: &str| {
            let pairs: Vec<_> = columns
                .iter()
                .zip(values)
                .map(|(column, value)| format!("{} = {value}", column.name))
                .collect();
            pairs.join(between)
        };
        match self {
            Self::Update { table, keys, sets } => {
                let (found, written) = values.split_at(keys.len());
                format!(
                    "update {table} set {} where {}",
                    pairs(sets, written, ", "),
                    pairs(keys, found, " and ")
                )
            }
            Self::Delete { table, keys } => {
                format!("delete from {table} where {}", pairs(keys, &values, " and "))
            }
            Self::Insert { .. } | Self::Upsert { .. } | Self::Find { .. } => self.sql(&Source {
                bare: &bare,
                with: "",
                named: "new",
            }),
        }
    }

    /// The statement, given the text that stands for the rows. Where rows are named by another statement, the columns
    /// are called `c0`, `c1`, ... of `new`.
    pub(crate) fn sql(&self, rows: &Source<'_>) -> String {
        match self {
            Self::Insert { table, columns } => {
                format!("insert into {table} ({}) {}", names(columns), rows.bare)
            }
            Self::Upsert { table, keys, columns } => {
                let sets: Vec<_> = columns[*keys..]
                    .iter()
                    .map(|column| format!("{0} = excluded.{0}", column.name))
                    .collect();
                format!(
                    "insert into {table} ({}) {} on conflict ({}) do update set {}",
                    names(columns),
                    rows.bare,
                    names(&columns[..*keys]),
                    sets.join(", ")
                )
            }
            Self::Update { table, keys, sets } => {
                let changes: Vec<_> = sets
                    .iter()
                    .enumerate()
                    .map(|(place, column)| format!("{} = new.c{}", column.name, place + keys.len()))
                    .collect();
                format!(
                    "{}update {table} set {} from {} where {}",
                    rows.with,
                    changes.join(", "),
                    rows.named,
                    matching(table, keys)
                )
            }
            Self::Delete { table, keys } => format!(
                "{}delete from {table} where exists (select 1 from {} where {})",
                rows.with,
                rows.named,
                matching(table, keys)
            ),
            Self::Find { table, keys, columns } => {
                let names: Vec<_> = columns
                    .iter()
                    .map(|column| format!("{table}.{}", column.name))
                    .collect();
                // Crossed in this order, SQLite takes the keys one by one to the index.
                format!(
                    "{}select {} from {} cross join {table} where {}",
                    rows.with,
                    names.join(", "),
                    rows.named,
                    matching(table, keys)
                )
            }
        }
    }
}

/// The texts that stand for the rows in a statement.
pub(crate) struct Source<'a> {
    /// As the rows of an insert.
    pub(crate) bare: &'a str,
    /// What comes before a statement that names the rows.
    pub(crate) with: &'a str,
    /// The rows as a table called `new`.
    pub(crate) named: &'a str,
}

fn names(columns: &[Column]) -> String {
    let names: Vec<_> = columns.iter().map(|column| column.name).collect();
    names.join(", ")
}

fn matching(table: &str, keys: &[Column]) -> String {
    let matching: Vec<_> = keys
        .iter()
        .enumerate()
        .map(|(place, column)| format!("{table}.{} = new.c{place}", column.name))
        .collect();
    matching.join(" and ")
}

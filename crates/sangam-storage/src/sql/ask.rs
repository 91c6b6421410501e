//! Questions: written once with question marks, kept in the words of both databases.

use std::sync::Arc;

use sqlx::{AssertSqlSafe, SqlSafeStr as _, SqlStr};

use super::columns::list;
use super::dialect::{Dialect, numbered};
use super::op::Column;

/// A statement that is prepared once a connection.
#[derive(Debug)]
pub(crate) struct Ask {
    sqlite: Arc<str>,
    postgres: Arc<str>,
}

impl Ask {
    /// From a text with question marks for the values.
    pub(crate) fn new(sql: &str) -> Self {
        Self {
            sqlite: sql.into(),
            postgres: numbered(sql).into(),
        }
    }

    /// From a text of its own for each database.
    pub(crate) fn each(sqlite: &str, postgres: &str) -> Self {
        Self {
            sqlite: sqlite.into(),
            postgres: numbered(postgres).into(),
        }
    }

    /// From a text with `{}` where the names of the columns go.
    pub(crate) fn of(columns: &[Column], sql: &str) -> Self {
        Self::new(&sql.replace("{}", &list(columns)))
    }

    /// The text for a database; all of it comes from this crate.
    pub(crate) fn text(&self, dialect: Dialect) -> SqlStr {
        let text = match dialect {
            Dialect::Sqlite => &self.sqlite,
            Dialect::Postgres => &self.postgres,
        };
        AssertSqlSafe(Arc::clone(text)).into_sql_str()
    }
}

/// A question that is put together when it is first asked.
macro_rules! ask {
    ($vis:vis $name:ident, $sql:expr) => {
        $vis static $name: std::sync::LazyLock<$crate::sql::ask::Ask> =
            std::sync::LazyLock::new(|| $crate::sql::ask::Ask::new($sql));
    };
    ($vis:vis $name:ident, $columns:expr, $sql:expr) => {
        $vis static $name: std::sync::LazyLock<$crate::sql::ask::Ask> =
            std::sync::LazyLock::new(|| $crate::sql::ask::Ask::of($columns, $sql));
    };
}
pub(crate) use ask;

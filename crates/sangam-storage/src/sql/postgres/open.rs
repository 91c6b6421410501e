//! Connecting, and what must be true of the server before anything is written.

use std::sync::atomic::{AtomicBool, Ordering};

use sangam_core::ports::LedgerError;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{ConnectOptions as _, Connection as _, PgConnection, Row as _};

use super::schema;
use super::session::PostgresSession;
use super::settings::PostgresSettings;
use crate::sql::failure::Fault;

/// A database, and whether its tables were brought up.
#[derive(Debug)]
pub(crate) struct Server {
    pub(crate) settings: PostgresSettings,
    brought_up: AtomicBool,
}

impl Server {
    pub(crate) fn of(settings: PostgresSettings) -> Self {
        Self {
            settings,
            brought_up: AtomicBool::new(false),
        }
    }

    pub(crate) fn name(&self) -> String {
        self.settings.name()
    }

    /// A connection that writes, to tables of the newest schema.
    pub(crate) async fn writer(&self) -> Result<PostgresSession, Fault> {
        let mut connection = self.connect("write").await?;
        if !self.brought_up.load(Ordering::Acquire) {
            // A pool tries again until its time is over and then tells nothing but that: a server that is not there, or that
            // refuses the log-in, is told by one connection made first.
            self.connect("write").await?.close().await?;
            // A pool of one, as only a pool can be migrated from a future that moves between threads.
            let pool = PgPoolOptions::new()
                .max_connections(1)
                .acquire_timeout(self.settings.patience)
                .connect_with(self.options("write"))
                .await?;
            let brought_up = schema::bring_up(&pool, &self.settings.name()).await;
            pool.close().await;
            brought_up?;
            self.brought_up.store(true, Ordering::Release);
        }
        check(&mut connection, &self.settings.name()).await?;
        Ok(self.session(connection))
    }

    /// A connection that reads and refuses to write.
    pub(crate) async fn reader(&self) -> Result<PostgresSession, Fault> {
        Ok(self.session(self.connect("read").await?))
    }

    fn session(&self, connection: PgConnection) -> PostgresSession {
        PostgresSession {
            connection,
            patience: self.settings.patience,
        }
    }

    async fn connect(&self, purpose: &str) -> Result<PgConnection, sqlx::Error> {
        let options = self.options(purpose);
        match tokio::time::timeout(self.settings.patience, options.connect()).await {
            Ok(connected) => connected,
            Err(_) => Err(sqlx::Error::Io(std::io::Error::new(
                std::io::ErrorKind::TimedOut,
                format!("no connection within {} s", self.settings.patience.as_secs()),
            ))),
        }
    }

    fn options(&self, purpose: &str) -> PgConnectOptions {
        let lock_timeout = self.settings.lock_timeout.as_millis().to_string();
        let read_only = if purpose == "read" { "on" } else { "off" };
        // A process that was frozen inside a transaction must not hold up the others: they wait no longer than for a lock. One
        // that reads holds up nobody.
        let idle = match purpose {
            "read" => self.settings.patience,
            _ => self.settings.lock_timeout * 4 / 5,
        };
        // Nought would be for ever.
        let idle_timeout = idle.as_millis().max(1).to_string();
        self.settings.options.clone().options([
            ("synchronous_commit", "on"),
            ("lock_timeout", lock_timeout.as_str()),
            ("idle_in_transaction_session_timeout", idle_timeout.as_str()),
            ("default_transaction_read_only", read_only),
        ])
    }
}

/// A server that does not sync its commits loses orders when its power fails: better no ledger.
async fn check(connection: &mut PgConnection, name: &str) -> Result<(), Fault> {
    let sql = "select current_setting('fsync'), current_setting('full_page_writes'), \
               current_setting('synchronous_commit'), pg_is_in_recovery()::text";
    let row = sqlx::query(sql).fetch_one(connection).await?;
    let found: [String; 4] = [row.try_get(0)?, row.try_get(1)?, row.try_get(2)?, row.try_get(3)?];
    if found == ["on", "on", "on", "false"] {
        return Ok(());
    }
    let [fsync, full_page_writes, synchronous_commit, standby] = found;
    Err(LedgerError::NotWritten {
        what: format!(
            "{name} does not keep commits safe: set fsync, full_page_writes and synchronous_commit to on, and name the primary \
             server"
        ),
        source: format!(
            "fsync {fsync}, full_page_writes {full_page_writes}, synchronous_commit {synchronous_commit}, standby {standby}"
        )
        .into(),
    }
    .into())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use sangam_testkit::PostgresServer;
    use sqlx::Executor as _;

    use super::*;

    async fn settings_of(session: &mut PostgresSession) -> [String; 5] {
        let sql = "select current_setting('synchronous_commit'), current_setting('lock_timeout'), \
                   current_setting('idle_in_transaction_session_timeout'), \
                   current_setting('default_transaction_read_only'), current_setting('application_name')";
        let row = sqlx::query(sql)
            .fetch_one(&mut session.connection)
            .await
            .expect("asks");
        std::array::from_fn(|place| row.try_get(place).expect("a text"))
    }

    /// A kill cannot show a sync that is missing: the settings have to be looked at.
    #[tokio::test]
    async fn the_writer_syncs_every_commit_and_readers_cannot_write() {
        let database = PostgresServer::shared().database();
        let hand = PostgresSettings::of_url(database.url()).expect("an address");
        let mut hand = hand.options.connect().await.expect("connects");
        let off = format!("alter database {} set synchronous_commit = off", database.name());
        hand.execute(sqlx::AssertSqlSafe(off)).await.expect("owns it");

        let mut settings = PostgresSettings::of_url(database.url()).expect("an address");
        settings.lock_timeout = Duration::from_millis(1_500);
        settings.patience = Duration::from_secs(7);
        let server = Server::of(settings);
        let mut writer = server.writer().await.expect("opens");
        assert_eq!(
            settings_of(&mut writer).await,
            ["on", "1500ms", "1200ms", "off", "sangam"]
        );
        let mut reader = server.reader().await.expect("opens");
        assert_eq!(settings_of(&mut reader).await[3], "on");
        let refused = reader.connection.execute("delete from orders").await;
        assert!(refused.expect_err("read only").to_string().contains("read-only"));
    }
}

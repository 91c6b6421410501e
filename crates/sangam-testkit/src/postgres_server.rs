//! A throw-away PostgreSQL for tests: on a free port of this machine, in a folder of its own, gone with the value and with the
//! test process whatever that dies of. It writes as one in production does (`fsync`, `synchronous_commit` and
//! `full_page_writes` on), so a kill costs it nothing that it had confirmed.

mod programs;
#[cfg(test)]
mod tests;

use std::net::{Ipv4Addr, SocketAddr};
use std::process::Command;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU32, Ordering};

use self::programs::Programs;
use crate::keeper::{Keeper, Plan, User};

/// Of the tests' role and of the superuser.
const PASSWORD: &str = "test-password";
/// May do everything; `sql` is its.
const SUPERUSER: &str = "postgres";
/// The tests' role, as narrow as one in production: it owns its databases and nothing else.
const ROLE: &str = "sangam";
/// What a killed server leaves behind is a few bytes of System V shared memory, of which a machine has some thousands.
const CLEANUP: &str = "sed -n 7p data/postmaster.pid | { read -r key segment && ipcrm -m \"$segment\"; }";

/// Made once a process, which takes half a second, and copied for each server.
static TEMPLATE: LazyLock<Template> = LazyLock::new(Template::make);
static SHARED: LazyLock<PostgresServer> = LazyLock::new(PostgresServer::start);

/// A running PostgreSQL with an empty database.
#[derive(Debug)]
pub struct PostgresServer {
    port: u16,
    pub(crate) keeper: Keeper,
    databases: AtomicU32,
}

/// A database of its own on a server, empty when made. It goes with the server.
#[derive(Debug, Clone)]
pub struct PostgresDatabase {
    name: String,
    url: String,
}

impl PostgresServer {
    /// Starts one for a test that kills, freezes or restarts it.
    ///
    /// # Panics
    /// If PostgreSQL is not installed or does not start.
    #[must_use]
    pub fn start() -> Self {
        Self::start_with(&[])
    }

    /// Starts one with settings of its own, for instance `("synchronous_commit", "off")`.
    ///
    /// # Panics
    /// If PostgreSQL is not installed or does not start.
    #[must_use]
    pub fn start_with(settings: &[(&str, &str)]) -> Self {
        let template = &*TEMPLATE;
        let server = server(&template.programs, settings);
        let keeper = Keeper::new(&Plan {
            user: template.user,
            prepare: &format!("cp -R '{}/data' data", template.keeper.folder().display()),
            cleanup: CLEANUP,
            server: &server.iter().map(String::as_str).collect::<Vec<_>>(),
            ready: "database system is ready to accept connections",
        });
        Self {
            port: keeper.run_anywhere(),
            keeper,
            databases: AtomicU32::new(0),
        }
    }

    /// The one server of this test process, for tests that only want a database. It ends with the process.
    ///
    /// # Panics
    /// If PostgreSQL is not installed or does not start.
    #[must_use]
    pub fn shared() -> &'static Self {
        &SHARED
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        SocketAddr::from((Ipv4Addr::LOCALHOST, self.port))
    }

    /// Its port.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The database it was made with: `postgres://sangam:test-password@127.0.0.1:PORT/sangam`.
    #[must_use]
    pub fn url(&self) -> String {
        self.url_of(ROLE)
    }

    /// Makes a fresh database, which the role `sangam` owns.
    ///
    /// # Panics
    /// If the server does not answer.
    #[must_use]
    pub fn database(&self) -> PostgresDatabase {
        let name = format!("test_{}", self.databases.fetch_add(1, Ordering::Relaxed));
        self.sql(&format!("create database {name} owner {ROLE}"));
        PostgresDatabase {
            url: self.url_of(&name),
            name,
        }
    }

    /// Does this as the superuser in the database it was made with, and returns the rows: one a line, columns parted by `|`.
    ///
    /// # Panics
    /// If it is refused or the server does not answer.
    pub fn sql(&self, statements: &str) -> String {
        let url = format!("postgres://{SUPERUSER}:{PASSWORD}@{}/{ROLE}", self.address());
        self.psql(&url, statements)
            .unwrap_or_else(|error| panic!("{statements}: {error}"))
    }

    /// Ends it and its children at once, as a crash does. Connections break and nobody can connect.
    pub fn kill(&mut self) {
        self.keeper.kill();
    }

    /// Lets it end in its own time: connections are closed, everything is written.
    pub fn stop(&mut self) {
        self.keeper.interrupt();
    }

    /// Starts it again on its port with its data, killed before if it runs.
    ///
    /// # Panics
    /// If it does not start, for instance because the port was taken meanwhile.
    pub fn restart(&mut self) {
        self.keeper.run_again(self.port);
    }

    /// Stops it in the middle of whatever it does, connections open.
    ///
    /// # Panics
    /// If it does not run.
    pub fn freeze(&mut self) {
        self.keeper.freeze();
    }

    /// Lets it go on.
    ///
    /// # Panics
    /// If it does not run.
    pub fn thaw(&mut self) {
        self.keeper.thaw();
    }

    fn url_of(&self, database: &str) -> String {
        format!("postgres://{ROLE}:{PASSWORD}@{}/{database}", self.address())
    }

    /// What the server answers, or why it does not.
    fn psql(&self, url: &str, statements: &str) -> Result<String, String> {
        let output = Command::new(TEMPLATE.programs.path("psql"))
            .args([
                "--no-psqlrc",
                "--no-password",
                "--quiet",
                "--tuples-only",
                "--no-align",
            ])
            .args([
                "--set",
                "ON_ERROR_STOP=1",
                "--dbname",
                url,
                "--command",
                statements,
            ])
            .env("LC_ALL", "C")
            .output()
            .expect("`psql` starts");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim_end().to_owned();
        if output.status.success() {
            return Ok(text(&output.stdout));
        }
        Err(text(&output.stderr))
    }
}

impl PostgresDatabase {
    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// `postgres://sangam:test-password@127.0.0.1:PORT/NAME`.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }
}

/// A cluster that nobody runs, with the role and its database.
#[derive(Debug)]
struct Template {
    keeper: Keeper,
    programs: Programs,
    user: Option<User>,
}

impl Template {
    fn make() -> Self {
        let programs = Programs::find();
        let quoted = |name: &str| format!("'{}'", programs.path(name).display());
        let prepare = format!(
            "echo {PASSWORD} >password
            {} -D data --username={SUPERUSER} --pwfile=password --auth=scram-sha-256 --locale=C --encoding=UTF8 \
                --no-sync --no-instructions
            printf '%s\\n' \"create role {ROLE} login password '{PASSWORD}'\" 'create database {ROLE} owner {ROLE}' \
                | {} --single -D data postgres",
            quoted("initdb"),
            quoted("postgres")
        );
        let user = unprivileged();
        let keeper = Keeper::new(&Plan {
            user,
            prepare: &prepare,
            cleanup: "",
            server: &[],
            ready: "it runs no server",
        });
        Self {
            keeper,
            programs,
            user,
        }
    }
}

/// PostgreSQL refuses to run as root.
fn unprivileged() -> Option<User> {
    User::is_root().then(|| {
        User::named("postgres")
            .or_else(|| User::named("nobody"))
            .expect("a user `postgres` or `nobody`: PostgreSQL refuses to run as root")
    })
}

/// Its command without the port.
fn server(programs: &Programs, settings: &[(&str, &str)]) -> Vec<String> {
    let ours = [
        ("listen_addresses", "127.0.0.1"),
        ("unix_socket_directories", ""),
        ("max_connections", "200"),
        // In its folder, or a killed server would leave it in /dev/shm.
        ("dynamic_shared_memory_type", "mmap"),
    ];
    let mut words = vec![
        programs.path("postgres").display().to_string(),
        "-D".into(),
        "data".into(),
    ];
    for (name, value) in ours.iter().chain(settings) {
        words.extend(["-c".into(), format!("{name}={value}")]);
    }
    words.push("-p".into());
    words
}

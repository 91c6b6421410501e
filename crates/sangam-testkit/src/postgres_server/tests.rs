//! Tests of the server that other tests rely upon.

use super::*;

#[test]
fn a_server_starts_with_an_empty_database_and_settings_as_in_production() {
    let server = PostgresServer::shared();
    assert_eq!(
        server.sql("select count(*) from pg_tables where schemaname = 'public'"),
        "0"
    );
    for name in ["fsync", "synchronous_commit", "full_page_writes"] {
        assert_eq!(server.sql(&format!("show {name}")), "on", "{name}");
    }
}

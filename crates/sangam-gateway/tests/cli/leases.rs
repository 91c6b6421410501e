//! Two gateways, the real program, on one PostgreSQL: one trades for a group at a time, also when it is killed or frozen, and
//! another group's trades beside it.

use sangam_testkit::PostgresServer;
use serde_json::Value;

use crate::books::{count, place_order};
use crate::program::{Place, Ran, Server};

/// Longest a condition may take to come true: each look starts the program.
const LOOKS: usize = 400;

fn status(place: &Place, env: &[(&str, &str)]) -> Value {
    place.run_with(env, &["ledger", "status", "--json"]).done().json()
}

/// Waits until nobody leads the group `main`.
fn free(place: &Place, env: &[(&str, &str)]) {
    for _ in 0..LOOKS {
        let now = status(place, env);
        let leases = now["leases"].as_array().expect("a list");
        if leases
            .iter()
            .all(|lease| lease["group"] != "main" || lease["running"] == false)
        {
            return;
        }
    }
    panic!("the lease does not end");
}

fn buy(place: &Place) -> Ran {
    place.run(&["orders", "place", "NSE:INFY", "--side", "buy", "--quantity", "1"])
}

#[test]
fn one_gateway_leads_a_group_whatever_becomes_of_it() {
    let database = PostgresServer::shared().database();
    let env = [
        ("SANGAM_LEDGER_URL", database.url()),
        ("SANGAM_LEDGER__LEASE_S", "2"),
    ];
    let (one, two) = (Place::new(), Place::new());
    let first = one.serve_with(&env, &[]);
    place_order(&one, &[]);
    let holder = std::fs::read_to_string(one.path("sangam-data/installation")).expect("a name");
    two.run_with(&env, &["serve", "--listen", "127.0.0.1:0"])
        .refused(1, &["group main is led by", holder.trim()]);
    // Nor do the books go elsewhere under it.
    two.run_with(&env, &["migrate", "--to", "elsewhere.sqlite"])
        .refused(1, &["trades for group main", holder.trim()]);

    // Killed: the second comes in when the lease has run out.
    first.signal("KILL");
    drop(first);
    free(&two, &env);
    let second = two.serve_with(&env, &[]);
    place_order(&two, &[]);

    // Frozen while the first takes over again, and thawed: it is fenced.
    second.signal("STOP");
    free(&one, &env);
    let first = one.serve_with(&env, &[]);
    place_order(&one, &[]);
    let before = status(&one, &env);
    second.signal("CONT");
    // The server may have closed its connection meanwhile, which it hears first.
    let fenced = || {
        let ran = buy(&two).refused(1, &[]);
        ran.err.contains("taken by another gateway")
    };
    assert!((0..5).any(|_| fenced()), "it is told that another trades");
    let after = status(&one, &env);
    assert_eq!(count(&after, "orders"), count(&before, "orders"));
    assert_eq!(count(&after, "attempts"), count(&before, "attempts"));
    assert_eq!(count(&after, "orders"), 3, "{after}");
    place_order(&one, &[]);
    // A backup reads the whole chain and every row.
    one.run_with(&env, &["backup", "books.sqlite"]).done();
    one.run_with(&env, &["ledger", "rebuild", "--check"]).done();
    drop(second);
    assert!(first.stop().0);
}

#[test]
fn another_group_trades_beside_it_on_the_same_books() {
    let database = PostgresServer::shared().database();
    let env = [("SANGAM_LEDGER_URL", database.url())];
    let (one, two) = (Place::new(), Place::new());
    let first = one.serve_with(&env, &[]);
    let sim = two.sim("upstox");
    two.write(
        "sangam.toml",
        &format!(
            "[[account]]\nname = \"second\"\nbroker = \"upstox\"\ngroup = \"second\"\nowner = \"ravi\"\nsimulated = true\n\
             base_url = \"{}\"\napi_key = \"test-client-id\"\napi_secret = \"test-client-secret\"\nredirect_uri = \"http://127.0.0.1/\"\n",
            sim.address()
        ),
    );
    let second = two.serve_with(&env, &[]);
    std::thread::scope(|scope| {
        for place in [&one, &one, &two, &two] {
            scope.spawn(|| (0..3).for_each(|_| drop(place_order(place, &[]))));
        }
    });
    let now = status(&one, &env);
    assert_eq!(count(&now, "orders"), 12, "{now}");
    let led: Vec<_> = now["leases"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|lease| (lease["group"].as_str(), lease["running"].as_bool()))
        .collect();
    assert_eq!(led, [(Some("main"), Some(true)), (Some("second"), Some(true))]);
    one.run_with(&env, &["backup", "books.sqlite"]).done();
    one.run_with(&env, &["ledger", "rebuild", "--check"]).done();
    let stops = |server: Server| assert!(server.stop().0);
    stops(first);
    stops(second);
}

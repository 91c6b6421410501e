//! Faults as asked for: read, refused when out of range, drawn from the seed.

use super::*;

fn plans(faults: &Faults, count: usize) -> Vec<Plan> {
    (0..count)
        .map(|_| faults.plan("/PlaceOrder", CallClass::Order))
        .collect()
}

#[test]
fn nothing_happens_unless_asked_for() {
    assert!(
        plans(&Faults::new(1), 1_000)
            .iter()
            .all(|plan| *plan == Plan::default())
    );
}

#[test]
fn one_seed_one_series_of_faults() {
    let run = |seed: u64| {
        let faults = Faults::new(0);
        let json = format!(
            "{{\"drop_before\":0.2,\"cut_body\":0.3,\"delay_ms\":{{\"min\":1,\"max\":9}},\"seed\":{seed}}}"
        );
        faults.apply(json.as_bytes()).expect("valid");
        plans(&faults, 200)
    };
    assert_eq!(run(5), run(5));
    assert_ne!(run(5), run(6));
    let dropped = run(5)
        .iter()
        .filter(|plan| plan.instead == Some(Instead::Drop))
        .count();
    assert!((20..60).contains(&dropped), "{dropped}");
    assert!(run(5).iter().all(|plan| (1..=9).contains(&plan.delay_ms)));
}

#[test]
fn keys_add_up_until_cleared() {
    let faults = Faults::new(1);
    faults.apply(b"{\"orders_down\":true}").expect("valid");
    faults
        .apply(b"{\"stale_book_s\":30,\"paths\":[\"Order\"]}")
        .expect("valid");
    let order = faults.plan("/PlaceOrder", CallClass::Order);
    assert_eq!(
        (order.instead, order.book_age_us),
        (Some(Instead::Down), 0),
        "orders work on the books as they are"
    );
    let read = faults.plan("/OrderBook", CallClass::Read);
    assert_eq!(
        (read.instead, read.book_age_us),
        (None, 30 * SECOND_US),
        "reads are up, and stale"
    );
    assert_eq!(
        faults.plan("/Limits", CallClass::Read),
        Plan::default(),
        "narrowed by paths"
    );
    faults
        .apply(b"{\"clear\":true,\"reads_down\":true}")
        .expect("valid");
    assert_eq!(
        faults.settings(),
        FaultSettings {
            reads_down: true,
            ..FaultSettings::default()
        }
    );
}

#[test]
fn a_reset_comes_before_or_after_handling() {
    let faults = Faults::new(3);
    faults.apply(b"{\"reset\":1}").expect("valid");
    let plans = plans(&faults, 100);
    let early = plans
        .iter()
        .filter(|plan| plan.instead == Some(Instead::Reset))
        .count();
    assert!((30..70).contains(&early), "{early}");
    assert!(
        plans
            .iter()
            .all(|plan| plan.afterwards == Some(Afterwards::Reset))
    );
}

#[test]
fn mistakes_are_named_and_change_nothing() {
    let faults = Faults::new(1);
    faults.apply(b"{\"reset\":0.5}").expect("valid");
    for (json, field) in [
        ("", "body"),
        ("[]", "body"),
        ("{\"drop\":1}", "drop"),
        ("{\"drop_before\":1.5}", "drop_before"),
        ("{\"reset\":-0.1}", "reset"),
        ("{\"cut_body\":\"1\"}", "cut_body"),
        ("{\"delay_ms\":5}", "delay_ms"),
        ("{\"delay_ms\":{\"min\":5,\"max\":1}}", "delay_ms.min"),
        ("{\"delay_ms\":{\"max\":1,\"mid\":1}}", "delay_ms.mid"),
        ("{\"status\":{\"code\":99}}", "status.code"),
        ("{\"status\":{\"body\":\"x\"}}", "status.code"),
        ("{\"status\":{\"code\":500,\"rate\":2}}", "status.rate"),
        ("{\"sessions\":\"kill\"}", "sessions"),
        ("{\"stale_book_s\":-1}", "stale_book_s"),
        ("{\"orders_down\":1}", "orders_down"),
        ("{\"paths\":\"x\"}", "paths"),
        ("{\"paths\":[\"\"]}", "paths"),
        ("{\"seed\":\"x\"}", "seed"),
        ("{\"clear\":1}", "clear"),
    ] {
        let error = faults.apply(json.as_bytes()).expect_err(json);
        assert_eq!(error.field, field, "{json}");
    }
    assert_eq!(
        faults.settings(),
        FaultSettings {
            reset: 0.5,
            ..FaultSettings::default()
        }
    );
}

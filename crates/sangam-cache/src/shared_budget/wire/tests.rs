//! Answers that are right are read, all others are refused without a panic.

use proptest::prelude::*;
use sangam_core::AccountId;

use super::super::settings::SharedBudgetSettings;
use super::super::split::{PoolScope, ShareWindow};
use super::*;

fn plan() -> Plan {
    let scope = |name: &str, within: Option<&str>| PoolScope {
        name: name.into(),
        within: within.map(str::to_owned),
        windows: vec![
            ShareWindow::new(10, Duration::from_secs(1)),
            ShareWindow::new(100, Duration::from_secs(60)),
        ],
        has_base: true,
    };
    let account = AccountId::new("acct").unwrap();
    let pool = [scope("all", None), scope("orders", Some("all"))];
    Plan::new(&account, &pool, &SharedBudgetSettings::default()).unwrap()
}

fn list(numbers: &[i64]) -> Value {
    Value::Array(numbers.iter().map(|number| Value::Integer(*number)).collect())
}

#[test]
fn a_right_answer_is_read() {
    let value = list(&[7, 1_000, 1, 0, 500, 2, 1, 9, 10, 3, 3, -1, -1]);
    let full = Full {
        wait: Duration::from_micros(500),
        scope: 1,
        window: 0,
        used: 9,
        limit: 10,
    };
    let heard = Heard {
        now_us: 1_000,
        verdicts: vec![Verdict::Granted, Verdict::Refused(full)],
        used: vec![vec![Some(3), Some(3)], vec![None, None]],
    };
    assert_eq!(read(value, &plan(), 7, 2), Ok(Reply::Heard(heard)));
    assert_eq!(read(list(&[7, 1_000, 0]), &plan(), 7, 5), Ok(Reply::Lost));
}

#[test]
fn every_other_answer_is_refused() {
    let plan = plan();
    let right = [7, 1_000, 1, 0, 3, 3, 4, 4];
    assert!(read(list(&right), &plan, 7, 1).is_ok());
    for length in 0..right.len() {
        assert!(read(list(&right[..length]), &plan, 7, 1).is_err(), "{length}");
    }
    let check = |at: usize, wrong: i64| {
        let mut numbers = right;
        numbers[at] = wrong;
        let read = read(list(&numbers), &plan, 7, 1);
        assert!(matches!(read, Err(_) | Ok(Reply::Lost)), "{numbers:?}: {read:?}");
    };
    for (at, wrong) in [
        (0, 8),
        (0, -7),
        (1, 0),
        (1, i64::MAX),
        (2, 2),
        (2, 0),
        (3, -1),
        (3, i64::MAX),
        (4, -2),
        (7, i64::MAX),
    ] {
        check(at, wrong);
    }
    let longer: Vec<i64> = right.iter().copied().chain([1]).collect();
    assert!(read(list(&longer), &plan, 7, 1).is_err());
    assert!(
        read(list(&[7, 1_000, 1, 5, 9, 1, 1, 1, 3, 3, 4, 4]), &plan, 7, 1).is_err(),
        "no such scope"
    );
    assert!(
        read(list(&[7, 1_000, 1, 5, 0, 1, 1, 1, 3, 3, 4, 4]), &plan, 7, 1).is_err(),
        "no such scope"
    );
    for value in [
        Value::Null,
        Value::Integer(1),
        Value::from("OK"),
        Value::Array(vec![]),
        Value::Array(vec![Value::Null; 1_000]),
    ] {
        assert!(read(value, &plan, 7, 1).is_err());
    }
}

fn anything() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Boolean),
        any::<i64>().prop_map(Value::Integer),
        (-3_i64..12).prop_map(Value::Integer),
        any::<f64>().prop_map(Value::Double),
        ".*".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 64, 16, |inner| {
        prop::collection::vec(inner, 0..16).prop_map(Value::Array)
    })
}

proptest! {
    #[test]
    fn property_no_answer_panics_or_grants_more_than_was_asked(value in anything(), wishes in 0_usize..4) {
        if let Ok(Reply::Heard(heard)) = read(value, &plan(), 1, wishes) {
            prop_assert_eq!(heard.verdicts.len(), wishes);
        }
    }
}

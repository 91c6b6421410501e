//! The sum of the parts never exceeds the whole.

use proptest::prelude::*;

use super::*;

fn window() -> impl Strategy<Value = ShareWindow> {
    let lengths = prop::sample::select(vec![1_u64, 60, 1_800, 3_600, 7_200, 86_400]);
    (64_u32..200_000, lengths)
        .prop_map(|(count, seconds)| ShareWindow::new(count, Duration::from_secs(seconds)))
}

fn small_window() -> impl Strategy<Value = ShareWindow> {
    (1_u32..200).prop_map(|count| ShareWindow::new(count, Duration::from_secs(1)))
}

fn scopes() -> impl Strategy<Value = Vec<ShareScope>> {
    let windows = || {
        (small_window(), prop::collection::vec(window(), 0..4)).prop_map(|(small, more)| {
            let mut windows = vec![small];
            windows.extend(more);
            windows
        })
    };
    prop::collection::vec((windows(), any::<bool>()), 1..5).prop_map(|scopes| {
        let scope = |(at, (windows, inside)): (usize, (Vec<ShareWindow>, bool))| ShareScope {
            name: format!("scope{at}"),
            within: (inside && at > 0).then(|| format!("scope{}", at - 1)),
            windows,
            minute_breaches_max: None,
        };
        scopes.into_iter().enumerate().map(scope).collect()
    })
}

fn sum(windows: &[ShareWindow], length: Duration) -> u64 {
    windows
        .iter()
        .filter(|window| window.length == length)
        .map(|window| u64::from(window.count))
        .sum()
}

proptest! {
    #[test]
    fn property_the_parts_are_never_more_than_the_whole(scopes in scopes(), processes in 1_u32..65, base_percent in 0_u8..101) {
        let rule = SplitRule { processes, base_percent, ..SplitRule::default() };
        let parts = split(&scopes, &rule).unwrap();
        for (at, scope) in scopes.iter().enumerate() {
            for window in &scope.windows {
                let whole = sum(&scope.windows, window.length);
                let pool = sum(&parts.pool[at].windows, window.length);
                let base = sum(&parts.base[at].windows, window.length);
                if window.length > rule.pooled_max {
                    let long = sum(&parts.long[at].windows, window.length);
                    prop_assert!(pool == 0 && u64::from(processes) * long <= whole, "{window:?}");
                } else if parts.pool[at].has_base {
                    prop_assert!(base >= 1);
                    prop_assert!(u64::from(processes) * base + pool <= whole, "{window:?}: {processes} x {base} + {pool}");
                } else {
                    prop_assert_eq!(pool, whole);
                }
            }
            let outer = scope.within.as_ref().map(|name| parts.pool.iter().find(|other| other.name == *name).unwrap());
            prop_assert!(outer.is_none_or(|outer| outer.has_base) || !parts.pool[at].has_base);
        }
    }
}

fn scope(name: &str, within: Option<&str>, windows: &[(u32, u64)]) -> ShareScope {
    ShareScope {
        name: name.to_owned(),
        within: within.map(str::to_owned),
        windows: windows
            .iter()
            .map(|(count, seconds)| ShareWindow::new(*count, Duration::from_secs(*seconds)))
            .collect(),
        minute_breaches_max: None,
    }
}

#[test]
fn a_window_smaller_than_the_processes_is_all_pool() {
    let scopes = [
        scope("all", None, &[(40, 1)]),
        scope("bulk", Some("all"), &[(3, 1), (36, 60)]),
    ];
    let parts = split(
        &scopes,
        &SplitRule {
            processes: 4,
            ..SplitRule::default()
        },
    )
    .unwrap();
    assert!(parts.pool[0].has_base && !parts.pool[1].has_base);
    assert_eq!(parts.pool[1].windows, scopes[1].windows);
    assert!(parts.long.is_empty());
}

#[test]
fn a_scope_without_long_windows_is_bound_by_those_around_it() {
    let scopes = [
        scope("all", None, &[(10, 1), (900, 86_400)]),
        scope("orders", Some("all"), &[(8, 1)]),
        scope("apart", None, &[(8, 1)]),
    ];
    let parts = split(
        &scopes,
        &SplitRule {
            processes: 3,
            ..SplitRule::default()
        },
    )
    .unwrap();
    assert_eq!(
        parts.long[1].windows,
        [ShareWindow::new(300, Duration::from_secs(86_400))]
    );
    assert_eq!(parts.long[2].windows, [OPEN]);
}

#[test]
fn what_cannot_be_split_is_named() {
    let check = |scopes: &[ShareScope], rule: SplitRule, field: &str| {
        assert_eq!(split(scopes, &rule).unwrap_err().field, field);
    };
    let rule = SplitRule {
        processes: 4,
        ..SplitRule::default()
    };
    let all = scope("all", None, &[(10, 1)]);
    check(&[], rule, "scopes");
    check(&[all.clone(), all.clone()], rule, "scopes.all.name");
    check(&[scope("all", None, &[])], rule, "scopes.all.windows");
    check(&[scope("all", None, &[(0, 1)])], rule, "scopes.all.windows[0]");
    check(
        &[scope("all", None, &[(10, 1), (3, 86_400)])],
        rule,
        "scopes.all.windows[1].count",
    );
    check(&[scope("a", Some("b"), &[(1, 1)])], rule, "scopes.a.within");
    check(
        &[scope("a", Some("b"), &[(1, 1)]), scope("b", Some("a"), &[(1, 1)])],
        rule,
        "scopes.a.within",
    );
    check(
        std::slice::from_ref(&all),
        SplitRule { processes: 0, ..rule },
        "processes",
    );
    check(
        &[all],
        SplitRule {
            base_percent: 101,
            ..rule
        },
        "base_percent",
    );
}

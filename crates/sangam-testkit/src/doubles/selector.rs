//! A selector that expects calls.

use sangam_core::AccountId;
use sangam_core::ports::{CallReport, Ranking, RouteQuery, Selector};

mockall::mock! {
    /// A [`Selector`] that answers what a test expects of it, and panics on any other call.
    #[derive(Debug)]
    pub Selector {}

    impl Selector for Selector {
        fn rank<'a>(&self, query: RouteQuery<'a>) -> Ranking;
        fn record(&self, account: &AccountId, report: CallReport);
        fn observe_health(&self, account: &AccountId, unhealthy: Option<String>);
    }
}

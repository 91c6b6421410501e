//! What has to pass before a change is taken: the quick checks first, then what compiles, then every test.

use crate::steps::Steps;
use crate::{layers, statics, suites, tidy};

/// All static checks, then all tests. Every step runs, so that one run tells everything that is wrong.
pub(crate) fn run(steps: &mut Steps<'_>) {
    statics::format(steps);
    layers::run(steps);
    tidy::run(steps);
    statics::clippy(steps);
    statics::docs(steps);
    statics::deny(steps);
    suites::everything(steps);
}

//! The registered algorithm's name on each order, where the account is set so and its broker has a field for it.
//!
//! Source: SEBI circular of 4 February 2025 on retail algorithmic trading, and NSE/INVG/67858: each order carries the
//! exchange's identification of its algorithm.

use sangam_core::{AccountId, AlgoName, Capabilities};

use super::rule::{Refusal, Rule};

const SOURCE: &str = "NSE/INVG/67858, implementation standards to SEBI's circular of 4 February 2025: algorithm's id on each order";

/// Refuses an order that would leave without the name it must carry.
pub(crate) fn check(
    account: &AccountId,
    required: bool,
    algo: Option<&AlgoName>,
    can: &Capabilities,
) -> Result<(), Refusal> {
    if !required || !can.carries_algo || algo.is_some() {
        return Ok(());
    }
    Err(Refusal::new(
        Rule::AlgorithmTag,
        SOURCE,
        format!(
            "{account} has to name its algorithm on each order and has none; set `algo` in its [[account]]"
        ),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_account_that_can_and_must_is_refused() {
        let account = "up-1".parse().expect("a name");
        let algo: AlgoName = "my-algo".parse().expect("a name");
        let with_field = |carries_algo| {
            let mut can = Capabilities::least();
            can.carries_algo = carries_algo;
            can
        };
        let found = |required, algo: Option<&AlgoName>, field| {
            check(&account, required, algo, &with_field(field)).map_err(|refusal| refusal.rule)
        };
        assert_eq!(found(true, None, true), Err(Rule::AlgorithmTag));
        assert_eq!(found(true, Some(&algo), true), Ok(()));
        assert_eq!(found(true, None, false), Ok(()));
        assert_eq!(found(false, None, true), Ok(()));
    }
}

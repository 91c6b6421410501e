//! The most units of one order: our own guard against a slipped finger, below the exchange's most of one order, which SEBI's
//! circular CIR/MRD/DP/09/2012 of 30 March 2012 (4: quantity limit check) has programs' orders held to. Lots, ticks and freeze quantities are checked
//! with the instrument (`sangam_core::order_check`).

use sangam_core::Quantity;

use super::rule::{Refusal, Rule};

const SOURCE: &str = "[checks] quantity_max, this gateway's own limit for the quantity check of SEBI CIR/MRD/DP/09/2012 of 30 March 2012, 4";

/// Refuses an order of more units than one may have.
pub(crate) fn check(quantity: Quantity, most: Quantity) -> Result<(), Refusal> {
    if quantity <= most {
        return Ok(());
    }
    Err(Refusal::new(
        Rule::OrderQuantity,
        SOURCE,
        format!(
            "{quantity} units are more than the {most} of one order; split it, or raise checks.quantity_max"
        ),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_itself_goes() {
        let units = |n| Quantity::new(n).expect("small");
        assert!(check(units(100), units(100)).is_ok());
        let refusal = check(units(101), units(100)).expect_err("too many");
        assert!(refusal.message.contains("101") && refusal.message.contains("100"));
        assert_eq!(refusal.rule, Rule::OrderQuantity);
    }
}

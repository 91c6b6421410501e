//! Counts around the warning and the limit.

use proptest::prelude::*;

use super::*;

const RATIO: TradeRatio = TradeRatio {
    warning: 50,
    limit: 500,
};

fn counts(orders: u64, modifies: u64, cancels: u64, trades: u64) -> Counts {
    Counts {
        orders,
        modifies,
        cancels,
        trades,
    }
}

#[test]
fn everything_sent_counts_against_the_trades() {
    for (counts, wanted) in [
        (counts(0, 0, 0, 0), RatioState::Fine),
        (counts(49, 0, 0, 0), RatioState::Fine),
        (counts(20, 20, 10, 0), RatioState::Warning),
        (counts(20, 20, 10, 1), RatioState::Warning),
        (counts(20, 20, 10, 2), RatioState::Fine),
        (counts(499, 0, 0, 1), RatioState::Warning),
        (counts(200, 200, 100, 1), RatioState::Stopped),
        (counts(200, 200, 100, 2), RatioState::Warning),
    ] {
        assert_eq!(state(&counts, RATIO), wanted, "{counts:?}");
        let account = "flat-1".parse().expect("a name");
        let found = check(&account, &counts, RATIO);
        assert_eq!(found.is_err(), wanted == RatioState::Stopped);
        if let Err(refusal) = found {
            assert!(
                refusal.message.contains("sent 500") && refusal.message.contains("limit is 500"),
                "{refusal}"
            );
        }
    }
}

proptest! {
    /// Held to its limit before each, an account never sends more than the limit for each trade.
    #[test]
    fn the_limit_is_never_passed(limit in 1_u32..50, trades in prop::collection::vec(any::<bool>(), 0..300)) {
        let ratio = TradeRatio { warning: 1, limit };
        let mut now = Counts::default();
        for trade in trades {
            if state(&now, ratio) != RatioState::Stopped {
                now.orders += 1;
            }
            prop_assert!(now.messages() <= u64::from(limit) * now.trades.max(1));
            now.trades += u64::from(trade);
        }
    }
}

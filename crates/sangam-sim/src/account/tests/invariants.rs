//! Whatever is placed, changed and cancelled, in whatever order: the books agree with one another.

use proptest::prelude::*;

use super::*;

/// One thing a client does.
#[derive(Clone, Debug)]
enum Deed {
    Place {
        symbol: usize,
        sell: bool,
        intraday: bool,
        quantity: i64,
        off_bp: Option<i64>,
        ioc: bool,
    },
    Change {
        order: usize,
        quantity: i64,
        off_bp: i64,
    },
    Cancel {
        order: usize,
    },
    Wait {
        us: i64,
    },
}

const SYMBOLS: [&str; 4] = [RELIANCE, SBIN, "NSE:IDEA-EQ", "NSE:NIFTY26DEC26000CE"];

fn deed() -> impl Strategy<Value = Deed> {
    let place = (
        0..SYMBOLS.len(),
        any::<bool>(),
        any::<bool>(),
        1_i64..60,
        prop::option::of(-300_i64..300),
        any::<bool>(),
    );
    prop_oneof![
        4 => place.prop_map(|(symbol, sell, intraday, quantity, off_bp, ioc)| Deed::Place {
            symbol, sell, intraday, quantity, off_bp, ioc
        }),
        2 => (0_usize..12, 1_i64..80, -300_i64..300)
            .prop_map(|(order, quantity, off_bp)| Deed::Change { order, quantity, off_bp }),
        1 => (0_usize..12).prop_map(|order| Deed::Cancel { order }),
        2 => (0_i64..30 * SECOND_US).prop_map(|us| Deed::Wait { us }),
    ]
}

impl Desk {
    fn price_off(&self, fyers: &str, bp: i64) -> Paise {
        let last = self.last(fyers);
        Paise(last.0 + last.0 * bp / 10_000).floor_to(self.contract(fyers).tick)
    }

    fn perform(&mut self, deed: &Deed) {
        match *deed {
            Deed::Place {
                symbol,
                sell,
                intraday,
                quantity,
                off_bp,
                ioc,
            } => {
                let fyers = SYMBOLS[symbol];
                let side = if sell { Side::Sell } else { Side::Buy };
                let units = quantity * self.contract(fyers).lot;
                let mut new = match off_bp {
                    Some(bp) => self.limit(fyers, side, units, self.price_off(fyers, bp)),
                    None => self.order(fyers, side, units),
                };
                if intraday {
                    new.product = Product::Intraday;
                }
                if ioc {
                    new.validity = Validity::Ioc;
                }
                self.place(new);
            }
            Deed::Change {
                order,
                quantity,
                off_bp,
            } => {
                let id = format!("o{order}");
                let known = self.account.order(&id, self.now);
                let price = known.map(|order| self.price_off(&order.contract.names.fyers.clone(), off_bp));
                let change = Change {
                    quantity: Some(quantity),
                    price,
                    ..Change::default()
                };
                // A refusal is as good an outcome as a change here.
                let _outcome = self.with_account(|account, scene| account.modify(scene, &id, &change));
            }
            Deed::Cancel { order } => {
                let id = format!("o{order}");
                let _outcome = self.with_account(|account, scene| account.cancel(scene, &id));
            }
            Deed::Wait { us } => {
                self.after(us);
            }
        }
    }

    fn agree(&mut self) -> Result<(), TestCaseError> {
        let now = self.now;
        let orders = self.account.orders(now);
        for order in &orders {
            let filled: i64 = order.fills.iter().map(|fill| fill.quantity).sum();
            let value: Paise = order
                .fills
                .iter()
                .map(|fill| fill.price.times(fill.quantity))
                .sum();
            prop_assert_eq!((order.filled, order.value), (filled, value));
            prop_assert!(order.filled <= order.terms.quantity);
            prop_assert_eq!(
                order.state == OrderState::Complete,
                order.filled == order.terms.quantity
            );
            prop_assert!(
                order
                    .history
                    .windows(2)
                    .all(|pair| pair[0].at <= pair[1].at && pair[0].filled <= pair[1].filled)
            );
            prop_assert!(
                order
                    .history
                    .iter()
                    .rev()
                    .skip(1)
                    .all(|event| !event.state.is_final()),
                "final is final"
            );
            let last = order.history.last().expect("received at least");
            prop_assert_eq!((last.state, last.filled), (order.state, order.filled));
            prop_assert_eq!(
                order.state.is_final(),
                !self
                    .account
                    .open
                    .iter()
                    .any(|at| self.account.orders[*at].order.id == order.id)
            );
            if order.terms.kind == OrderKind::Limit && order.side == Side::Buy && order.requests == 1 {
                prop_assert!(order.fills.iter().all(|fill| fill.price <= order.terms.price));
            }
        }
        for position in self.positions() {
            let mine = |side| -> i64 {
                let of = |order: &&Order| {
                    order.contract.key() == position.contract.key()
                        && order.product == position.product
                        && order.side == side
                };
                orders.iter().filter(of).map(|order| order.filled).sum()
            };
            prop_assert_eq!(
                (position.day_buy.quantity, position.day_sell.quantity),
                (mine(Side::Buy), mine(Side::Sell))
            );
        }
        let holdings = self.with_account(|account, scene| account.holdings(scene, now));
        prop_assert!(
            holdings.iter().all(|holding| holding.remaining() >= 0),
            "nothing is sold that was not there"
        );
        let funds = self.funds();
        prop_assert!(funds.blocked >= Paise::ZERO && funds.margin >= Paise::ZERO);
        Ok(())
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    #[test]
    fn property_the_books_agree(deeds in prop::collection::vec(deed(), 1..40)) {
        let mut desk = Desk::new();
        for deed in &deeds {
            desk.perform(deed);
            desk.agree()?;
        }
    }
}

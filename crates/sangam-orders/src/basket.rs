//! A basket: independent legs under one key. Each leg is an order of its own with an outcome of its own; there is no bulk
//! call to a broker and no promise that all or none are placed.

use std::fmt::Write as _;
use std::sync::Arc;

use sangam_core::{BrokerName, ClientOrderId, FieldError, FieldErrors, OrderDraft, Side};
use sha2::{Digest as _, Sha256};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::checks::{Refusal, Rule};
use crate::desk::{Desk, Submitted};
use crate::digest;
use crate::error::DeskError;

/// The most legs of one basket. A leg that its accounts' rates have no room for within its deadline ends by itself, never
/// sent.
pub const BASKET_LEGS_MAX: usize = 50;
/// Legs on their way at once: what an account may send in a second.
const AT_ONCE: usize = 8;
/// The longest client order id.
const KEY_MAX: usize = 64;

const SOURCE: &str = "the order desk's own bound on one basket";

/// One leg: the order, and the broker it is to go to if it must be that one.
pub type Leg = (OrderDraft, Option<BrokerName>);

/// What became of each leg, in the order given.
pub type LegResults = Vec<Result<Submitted, DeskError>>;

impl Desk {
    /// Takes a basket and answers when each leg is acknowledged, refused or in doubt, in the order given. Purchases go
    /// first, as they may free margin for sales. A leg that is refused stops no other.
    ///
    /// With a key each leg has a client order id derived from it, `<key>:<n>` with n from 1, and the basket is sent once
    /// however often it is submitted: a leg sent before is answered as it stands now. Without one the legs' own ids hold.
    ///
    /// # Errors
    /// With nothing sent: [`DeskError::Refused`] for more than [`BASKET_LEGS_MAX`] legs; [`DeskError::Invalid`] for none,
    /// and for legs with ids of their own in a basket with a key; [`DeskError::KeyReused`] when the key was used with
    /// another basket or for one order; [`DeskError::Ledger`].
    pub async fn submit_basket(
        &self,
        key: Option<ClientOrderId>,
        legs: Vec<Leg>,
    ) -> Result<LegResults, DeskError> {
        check_shape(key.as_ref(), &legs)?;
        let desk = self.clone();
        // As with one order: whoever waits may go away, and the legs are driven to their end.
        let driven = tokio::spawn(async move { desk.drive_basket(key, legs).await });
        driven.await.map_err(|_| DeskError::Interrupted)?
    }

    async fn drive_basket(
        &self,
        key: Option<ClientOrderId>,
        mut legs: Vec<Leg>,
    ) -> Result<LegResults, DeskError> {
        let group = self.group();
        let turn = key.as_ref().map(|key| self.inner.same_key.basket(key));
        let _only_of_its_key = match &turn {
            Some(turn) => Some(turn.lock().await),
            None => None,
        };
        let mut digests: Vec<String> = legs
            .iter()
            .map(|(draft, broker)| digest::of(draft, *broker, group))
            .collect();
        if let Some(key) = &key {
            // A leg belongs to its basket: with another leg changed, added or taken out it is another one.
            let whole = digest::of_all(&digests);
            for (at, (draft, _)) in legs.iter_mut().enumerate() {
                draft.client_order_id = Some(leg_key(key, at + 1)?);
                digests[at] = digest::of_all(&[whole.clone(), digests[at].clone()]);
            }
            self.refuse_another(key, &digests).await?;
        }
        let mut results: Vec<Option<Result<Submitted, DeskError>>> = legs.iter().map(|_| None).collect();
        let (buys, sells): (Vec<_>, Vec<_>) = legs
            .into_iter()
            .zip(digests)
            .enumerate()
            .partition(|(_, ((draft, _), _))| draft.side == Side::Buy);
        for wave in [buys, sells] {
            self.drive_wave(wave, &mut results).await;
        }
        let interrupted = |result: Option<_>| result.unwrap_or(Err(DeskError::Interrupted));
        Ok(results.into_iter().map(interrupted).collect())
    }

    async fn drive_wave(
        &self,
        wave: Vec<(usize, (Leg, String))>,
        results: &mut [Option<Result<Submitted, DeskError>>],
    ) {
        let places = Arc::new(Semaphore::new(AT_ONCE));
        let mut driven = JoinSet::new();
        for (at, ((draft, broker), digest)) in wave {
            let (desk, places) = (self.clone(), Arc::clone(&places));
            driven.spawn(async move {
                // The semaphore is never closed; without a place the leg would go all the same.
                let _place = places.acquire().await;
                (at, desk.submit_as(draft, broker, digest).await)
            });
        }
        while let Some(ended) = driven.join_next().await {
            match ended {
                Ok((at, result)) => results[at] = Some(result),
                Err(error) => tracing::error!(%error, "a leg of a basket was interrupted"),
            }
        }
    }

    /// Refuses the basket where its key, or the key of any leg that one may have, is another order's: also one of a longer
    /// basket, of which these legs were refused.
    async fn refuse_another(&self, key: &ClientOrderId, digests: &[String]) -> Result<(), DeskError> {
        let parts = &self.inner.parts;
        let mut used = vec![(key.clone(), None)];
        for number in 1..=BASKET_LEGS_MAX {
            used.push((leg_key(key, number)?, digests.get(number - 1)));
        }
        for (key, digest) in used {
            let found = parts.ledger.order_by_client_id(&parts.owner, &key).await?;
            if let Some(other) = found.filter(|order| Some(&order.body_digest) != digest) {
                return Err(DeskError::KeyReused {
                    existing: other.number,
                });
            }
        }
        Ok(())
    }
}

/// Refuses a basket of too many legs.
///
/// # Errors
/// [`Refusal`] above [`BASKET_LEGS_MAX`].
pub fn check_basket_size(legs: usize) -> Result<(), Refusal> {
    if legs <= BASKET_LEGS_MAX {
        return Ok(());
    }
    Err(Refusal::new(
        Rule::BasketSize,
        SOURCE,
        format!(
            "the basket has {legs} legs, {BASKET_LEGS_MAX} is the most; nothing was sent, send it in parts"
        ),
    ))
}

fn check_shape(key: Option<&ClientOrderId>, legs: &[Leg]) -> Result<(), DeskError> {
    check_basket_size(legs.len())?;
    let wrong = |field, message| {
        Err(DeskError::Invalid(FieldErrors(vec![FieldError::new(
            field, message,
        )])))
    };
    if legs.is_empty() {
        return wrong("orders", "a basket needs at least one order");
    }
    if key.is_some() && legs.iter().any(|(draft, _)| draft.client_order_id.is_some()) {
        return wrong(
            "client_order_id",
            "give one to the basket or one to each leg, not both",
        );
    }
    Ok(())
}

/// The key of a leg: the basket's key and the leg's number. A key too long for that is replaced by its hash.
fn leg_key(key: &ClientOrderId, number: usize) -> Result<ClientOrderId, DeskError> {
    let mut text = format!("{key}:{number}");
    if text.len() > KEY_MAX {
        let hash = Sha256::digest(key.as_str().as_bytes());
        text.clear();
        for byte in &hash[..24] {
            // Writing to a String cannot fail.
            let _ = write!(text, "{byte:02x}");
        }
        let _ = write!(text, ":{number}");
    }
    text.parse().map_err(|_| {
        DeskError::Invalid(FieldErrors(vec![FieldError::new(
            "client_order_id",
            format!("{key} makes no key for leg {number}"),
        )]))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_leg_has_the_key_of_its_basket_and_its_number() {
        let leg = |key: &str, number| {
            let key: ClientOrderId = key.parse().expect("a key");
            leg_key(&key, number).expect("a key").to_string()
        };
        assert_eq!(leg("alert-7", 3), "alert-7:3");
        let (long, other) = ("x".repeat(63), format!("{}y", "x".repeat(62)));
        assert!(leg(&long, 1).len() <= KEY_MAX && leg(&long, 50).ends_with(":50"));
        assert_ne!(leg(&long, 1), leg(&other, 1), "two long keys stay two");
        assert_eq!(leg(&long, 1), leg(&long, 1));
        assert_eq!(
            leg(&"x".repeat(62), 1),
            format!("{}:1", "x".repeat(62)),
            "what fits is kept"
        );
    }
}

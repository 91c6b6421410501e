//! Waiting at the base and at the pool at the same time.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

use sangam_core::ports::{Permit, RateRefusal};

use super::pool::{Ask, Pool};

/// The first permit of the two. The other place is given up, without a hole. Each keeps the deadline by itself.
pub(super) async fn either(
    base: Option<impl Future<Output = Result<Box<dyn Permit>, RateRefusal>> + Unpin>,
    pool: &Arc<Pool>,
    ask: Ask,
) -> Result<Box<dyn Permit>, RateRefusal> {
    let mut base = base;
    let mut refused: [Option<RateRefusal>; 2] = [None, None];
    let mut pooled = pin!(pool.acquire(ask));
    let mut pool_over = false;
    poll_fn(|context| {
        if let Some(place) = &mut base {
            match std::pin::Pin::new(place).poll(context) {
                Poll::Ready(Ok(permit)) => return Poll::Ready(Ok(permit)),
                Poll::Ready(Err(refusal)) => {
                    refused[0] = Some(refusal);
                    base = None;
                }
                Poll::Pending => {}
            }
        }
        if !pool_over {
            match pooled.as_mut().poll(context) {
                Poll::Ready(Ok(permit)) => return Poll::Ready(Ok(Box::new(permit) as Box<dyn Permit>)),
                Poll::Ready(Err(refusal)) => {
                    refused[1] = Some(refusal);
                    pool_over = true;
                }
                Poll::Pending => {}
            }
        }
        // Nobody else to wait for; a pool out of reach is no reason to.
        if base.is_none() && (pool_over || !pool.joined()) {
            let refusal = refused
                .iter_mut()
                .filter_map(Option::take)
                .min_by_key(|refusal| refusal.retry_after);
            return Poll::Ready(Err(refusal.unwrap_or_else(|| pool.no_answer())));
        }
        Poll::Pending
    })
    .await
}

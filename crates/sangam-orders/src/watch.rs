//! The endless reading of one account's books, at the pace doubts and open orders ask for.

use sangam_core::AccountId;

use crate::desk::{Desk, Inner, Reading};

impl Desk {
    /// Reads one account's books for ever, at the pace doubts and open orders ask for. Ends when dropped.
    pub async fn watch(&self, account: &AccountId) {
        let Some(reading) = self.inner.reading.get(account) else {
            return;
        };
        loop {
            let has_work = match self.reconcile(account).await {
                Ok(found) => {
                    reading.pace.lock().read(found.doubts > 0);
                    found.open + found.doubts > 0 || reading.owes_trades()
                }
                Err(error) => {
                    tracing::debug!(%account, %error, "books could not be read");
                    reading.pace.lock().failed();
                    self.inner.may_have_work(account, reading).await
                }
            };
            reading.rest(has_work).await;
        }
    }
}

impl Reading {
    /// Waits until the next read is due: as long as the pace says when there is work, else until some comes up. A doubt or
    /// an acknowledgement that comes up meanwhile may shorten the wait and never prolongs it.
    async fn rest(&self, has_work: bool) {
        if !has_work {
            self.wake.notified().await;
            self.pace.lock().woken();
        }
        let mut wait = self.pace.lock().wait();
        let mut over = std::pin::pin!(tokio::time::sleep(wait));
        loop {
            tokio::select! {
                () = &mut over => break,
                () = self.wake.notified() => {
                    let now = self.pace.lock().wait();
                    if now < wait {
                        wait = now;
                        over.set(tokio::time::sleep(wait));
                    }
                }
            }
        }
        self.pace.lock().waited();
    }
}

impl Inner {
    /// Whether there is something to read an account's books for. When our own books cannot be read either, there may be.
    async fn may_have_work(&self, account: &AccountId, reading: &Reading) -> bool {
        reading.owes_trades()
            || self
                .open_orders(account)
                .await
                .map_or(true, |orders| !orders.is_empty())
    }
}

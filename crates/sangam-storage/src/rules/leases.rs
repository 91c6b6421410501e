//! Who may trade for a group: one holder at a time, and a number that only grows.

use std::time::Duration;

use sangam_core::ports::{AuditEntry, Lease, LedgerError};
use sangam_core::{GroupId, Timestamp};

use super::{Undo, Working, entry_fits, without_nought};

impl Working {
    /// Whether a lease is still the newest of its group.
    pub(crate) fn check_lease(&self, lease: &Lease) -> Result<(), LedgerError> {
        let newest = self.leases.get(&lease.group).map_or(0, |newest| newest.epoch);
        if newest == lease.epoch {
            return Ok(());
        }
        Err(LedgerError::Fenced {
            group: lease.group.clone(),
            ours: lease.epoch,
            newest,
        })
    }

    /// Gives a lease to a holder with a new epoch, unless another's still runs.
    pub(crate) fn take_lease(
        &mut self,
        group: &GroupId,
        holder: &str,
        now: Timestamp,
        lasting: Duration,
        audit: &AuditEntry,
    ) -> Result<Lease, LedgerError> {
        entry_fits(audit)?;
        let holder = without_nought(holder);
        let before = self.leases.get(group);
        if let Some(held) = before.filter(|held| held.holder != holder && held.expires_at > now) {
            return Err(LedgerError::LeaseHeld {
                group: group.clone(),
                holder: held.holder.clone(),
                until: held.expires_at,
            });
        }
        let lease = Lease {
            group: group.clone(),
            holder,
            epoch: before.map_or(0, |before| before.epoch) + 1,
            expires_at: after(now, lasting),
        };
        self.begin();
        self.keep_lease(lease.clone());
        self.append(audit);
        Ok(lease)
    }

    /// Makes a lease last longer.
    pub(crate) fn renew_lease(
        &mut self,
        lease: &Lease,
        now: Timestamp,
        lasting: Duration,
    ) -> Result<Lease, LedgerError> {
        self.check_lease(lease)?;
        let renewed = Lease {
            expires_at: after(now, lasting),
            ..lease.clone()
        };
        self.begin();
        self.keep_lease(renewed.clone());
        Ok(renewed)
    }

    fn keep_lease(&mut self, lease: Lease) {
        let group = lease.group.clone();
        let before = self.leases.insert(group.clone(), lease);
        self.dirty.leases.insert(group.clone());
        self.undo.push(Undo::Lease(group, before));
    }
}

fn after(now: Timestamp, lasting: Duration) -> Timestamp {
    now.checked_add(lasting).unwrap_or(Timestamp::MAX)
}

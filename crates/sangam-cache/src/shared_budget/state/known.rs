//! How full the pool's windows were when Redis last said so, and until when it is no use to ask. Old figures fade: after a
//! window's length nobody of those who were in it still is.

use std::time::Duration;

use sangam_core::Monotonic;

use super::super::plan::Plan;
use super::super::wire::{Full, Heard};

#[derive(Debug)]
pub(in super::super) struct Known {
    /// By scope, for those who may not and those who may use the reserve: not asked for before.
    not_before: Vec<[Monotonic; 2]>,
    /// By scope and window, what was used when it was last told, and when that was.
    told: Vec<Vec<(u32, Monotonic)>>,
}

impl Known {
    pub(super) fn new(plan: &Plan) -> Self {
        let never = Monotonic::default();
        Self {
            not_before: vec![[never; 2]; plan.scopes.len()],
            told: plan
                .scopes
                .iter()
                .map(|scope| vec![(0, never); scope.windows.len()])
                .collect(),
        }
    }

    pub(super) fn told(&mut self, heard: &Heard, now: Monotonic) {
        for (scope, windows) in heard.used.iter().enumerate() {
            for (window, used) in windows.iter().enumerate() {
                if let Some(used) = used {
                    self.told[scope][window] = (*used, now);
                }
            }
        }
    }

    pub(super) fn shut(&mut self, plan: &Plan, scope: usize, until: Monotonic) {
        for at in &plan.scopes[scope].path {
            for bound in &mut self.not_before[*at] {
                *bound = until.max(*bound);
            }
        }
    }

    pub(super) fn forget_bounds(&mut self) {
        for bounds in &mut self.not_before {
            *bounds = [Monotonic::default(); 2];
        }
    }

    /// When a scope is worth asking for.
    pub(in super::super) fn due_at(&self, plan: &Plan, scope: usize, privileged: bool) -> Monotonic {
        let path = plan.scopes[scope].path.iter();
        path.map(|at| self.not_before[*at][usize::from(privileged)])
            .max()
            .unwrap_or_default()
    }

    pub(super) fn full(&mut self, full: &Full, privileged: bool, now: Monotonic) {
        let until = now.after(full.wait);
        // Who may not use the reserve has even less room.
        for bound in &mut self.not_before[full.scope][..=usize::from(privileged)] {
            *bound = (*bound).max(until);
        }
    }

    /// What is known of a window's use.
    pub(in super::super) fn used(&self, plan: &Plan, scope: usize, window: usize, now: Monotonic) -> u32 {
        let (used, at) = self.told[scope][window];
        // After its length nobody knows; those who were in it have left.
        if at.after(plan.scopes[scope].windows[window].length) > now {
            used
        } else {
            0
        }
    }

    /// The fullest window a scope is charged to, in thousandths; at least 1,000 while it is known to be full.
    pub(in super::super) fn fullness_permille(&self, plan: &Plan, scope: usize, now: Monotonic) -> u32 {
        let full = self.due_at(plan, scope, false) > now;
        let windows = plan.scopes[scope].path.iter().flat_map(|at| {
            let windows = plan.scopes[*at].windows.iter().enumerate();
            windows.map(|(window, its)| permille(self.used(plan, *at, window, now), its.count))
        });
        windows.max().unwrap_or(0).max(if full { 1_000 } else { 0 })
    }

    /// The length of the fullest window of at most a minute: the one a broker that names none most likely means.
    pub(in super::super) fn fullest_short(&self, plan: &Plan, scope: usize, now: Monotonic) -> Duration {
        let windows = plan.scopes[scope].path.iter().flat_map(|at| {
            let windows = plan.scopes[*at].windows.iter().enumerate();
            windows.map(|(window, its)| (permille(self.used(plan, *at, window, now), its.count), its.length))
        });
        let short = windows.filter(|(_, length)| *length <= Duration::from_secs(60));
        short
            .max_by_key(|(fullness, length)| (*fullness, std::cmp::Reverse(*length)))
            .map_or(Duration::from_secs(1), |(_, length)| length)
    }

    /// Used and limit of the fullest window of this length that a scope is charged to.
    pub(in super::super) fn window_use(
        &self,
        plan: &Plan,
        scope: usize,
        length: Duration,
        now: Monotonic,
    ) -> Option<(u32, u32)> {
        let windows = plan.scopes[scope].path.iter().flat_map(|at| {
            let windows = plan.scopes[*at].windows.iter().enumerate();
            windows
                .filter(|(_, its)| its.length == length)
                .map(|(window, its)| (self.used(plan, *at, window, now), its.count))
        });
        windows.min_by_key(|(used, limit)| limit.saturating_sub(*used))
    }
}

fn permille(used: u32, limit: u32) -> u32 {
    if limit == 0 {
        return 1_000;
    }
    u32::try_from(u64::from(used) * 1_000 / u64::from(limit)).unwrap_or(u32::MAX)
}

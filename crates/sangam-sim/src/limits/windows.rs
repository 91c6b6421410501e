//! Exact counts in rolling and calendar windows.

use std::collections::VecDeque;

use crate::clock::{DAY_US, Instant64, MINUTE_US};

/// Indian calendar windows start at Indian midnight; 5:30 ahead of UTC matters only to windows above half an hour.
const IST_US: i64 = 330 * MINUTE_US;

/// Arrivals of the last window length. `worst` is the most that any window of that length held.
#[derive(Debug)]
pub(super) struct Rolling {
    length_us: i64,
    arrivals: VecDeque<(i64, u32)>,
    held: u64,
    worst: u64,
}

impl Rolling {
    pub(super) const fn new(length_us: i64) -> Self {
        Self {
            length_us,
            arrivals: VecDeque::new(),
            held: 0,
            worst: 0,
        }
    }

    /// An arrival exactly one length ago has left: the window is half open.
    fn expire(&mut self, now: Instant64) {
        while let Some(&(at, weight)) = self.arrivals.front() {
            if at > now.0 - self.length_us {
                return;
            }
            self.held -= u64::from(weight);
            self.arrivals.pop_front();
        }
    }

    pub(super) fn add(&mut self, now: Instant64, weight: u32) {
        self.expire(now);
        self.arrivals.push_back((now.0, weight));
        self.held += u64::from(weight);
        self.worst = self.worst.max(self.held);
    }

    /// None if `weight` more fits under `limit` now, else the time until it does (a whole length if it never can).
    pub(super) fn wait(&mut self, limit: u64, weight: u32, now: Instant64) -> Option<i64> {
        self.expire(now);
        let wanted = self.held + u64::from(weight);
        if wanted <= limit {
            return None;
        }
        let mut surplus = wanted - limit;
        for &(at, held) in &self.arrivals {
            if u64::from(held) >= surplus {
                return Some(at + self.length_us - now.0);
            }
            surplus -= u64::from(held);
        }
        Some(self.length_us)
    }

    pub(super) const fn worst(&self) -> u64 {
        self.worst
    }
}

/// Arrivals of the present calendar window: seconds, minutes, half hours, days of the Indian clock.
#[derive(Debug)]
pub(super) struct Calendar {
    length_us: i64,
    index: i64,
    held: u64,
    worst: u64,
}

impl Calendar {
    pub(super) const fn new(length_us: i64) -> Self {
        Self {
            length_us,
            index: i64::MIN,
            held: 0,
            worst: 0,
        }
    }

    const fn turn(&mut self, now: Instant64) {
        let length = if self.length_us > DAY_US {
            DAY_US
        } else {
            self.length_us
        };
        let index = (now.0 + IST_US).div_euclid(length);
        if index != self.index {
            self.index = index;
            self.held = 0;
        }
    }

    pub(super) fn add(&mut self, now: Instant64, weight: u32) {
        self.turn(now);
        self.held += u64::from(weight);
        self.worst = self.worst.max(self.held);
    }

    pub(super) const fn present(&mut self, now: Instant64) -> u64 {
        self.turn(now);
        self.held
    }

    pub(super) const fn worst(&self) -> u64 {
        self.worst
    }
}

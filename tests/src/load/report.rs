//! What a run showed: at the brokers, of the waits, and against the bound.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use sangam_core::{BrokerName, Monotonic};
use serde::Serialize;

use super::bound::{Bounds, FleetBound, best_waits};
use super::drive::{Driven, Read};
use super::quota::Quota;
use super::settings::{Anchor, Settings};
use super::stack::Counted;

/// How long reads waited, in milliseconds: from the question to the first byte on its way.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct Waits {
    /// Half of them no longer than this.
    #[serde(rename = "wait_p50_ms")]
    pub p50_ms: f64,
    /// 99 of 100 no longer than this.
    #[serde(rename = "wait_p99_ms")]
    pub p99_ms: f64,
    /// The longest.
    #[serde(rename = "wait_max_ms")]
    pub max_ms: f64,
    /// What 99 of 100 would have waited at most, had each gone where room was earliest, first come first served, with every
    /// call as long under way as the mean of this run: the best that could be done with these arrivals.
    #[serde(rename = "wait_best_p99_ms")]
    pub best_p99_ms: f64,
}

/// What became of the orders placed around the stop of a broker.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct OrderCounts {
    /// Orders handed to the desk.
    pub placed: u32,
    /// Acknowledged by a broker.
    pub acknowledged: u32,
    /// Refused, by a broker or before anything was sent.
    pub refused: u32,
    /// In doubt: it may or may not stand at a broker, and the desk says so.
    pub in_doubt: u32,
    /// None of these.
    pub lost: u32,
    /// Taken by brokers more than once.
    pub twice: u32,
}

/// A broker that was stopped, and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stopped {
    pub(super) broker: BrokerName,
    pub(super) at: Monotonic,
}

/// The most a broker's window held.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Worst {
    /// The broker's rule.
    pub rule: &'static str,
    /// The window's length in seconds.
    pub seconds: i64,
    /// Calls it takes.
    pub limit: u32,
    /// The most in any stretch of its length.
    pub rolling: u64,
    /// The most between two full seconds, minutes, half hours.
    pub calendar: u64,
}

/// The figures of a run.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    /// The profile.
    pub profile: &'static str,
    /// Reads asked for.
    pub requests: u32,
    /// The seed.
    pub seed: u64,
    /// What each broker counts.
    pub quota: Vec<String>,
    /// What windows were measured from.
    pub anchor: &'static str,
    /// The guard where they were measured from the send, in milliseconds.
    pub guard_ms: u64,
    /// The share of each window reads may not use.
    pub reserve_percent: u8,
    /// The least and the most a call was under way by the paths, in milliseconds.
    pub delay_ms: [u64; 2],
    /// Calls beyond a rule, at all brokers.
    pub violations: u64,
    /// How long reads waited.
    #[serde(flatten)]
    pub waits: Waits,
    /// The bound with one call's latency, over the time taken.
    pub efficiency: f64,
    /// The earliest instant at which the last read could have left, in seconds.
    pub bound_s: f64,
    /// From the first question to the last answer, in seconds.
    pub time_s: f64,
    /// From the first byte on its way to the answer, on average, in milliseconds.
    pub latency_mean_ms: f64,
    /// The broker that was stopped half-way.
    pub stopped: Option<String>,
    /// Answers by broker.
    pub shares: BTreeMap<String, u64>,
    /// Reads that ended in an error.
    pub lost: u32,
    /// Why the first of them did.
    pub lost_why: Option<String>,
    /// Orders in doubt.
    pub in_doubt: u32,
    /// The orders.
    pub orders: OrderCounts,
    /// Quotes that left the stack, repeats at other brokers included.
    pub sent: u64,
    /// Quotes the brokers counted.
    pub arrived: u64,
    /// The most each broker's windows held.
    pub worst: BTreeMap<String, Vec<Worst>>,
}

impl Report {
    pub(super) fn of(
        settings: &Settings,
        driven: &Driven,
        counted: &[Counted],
        mut orders: OrderCounts,
        stopped: Option<Stopped>,
    ) -> Self {
        let reads = &driven.reads;
        let held: Vec<Duration> = reads.iter().filter_map(held).collect();
        let latency = mean(&held);
        let waits = reads
            .iter()
            .filter_map(|read| Some(read.leaving?.first.since(read.asked)));
        let mut arrivals: Vec<_> = reads.iter().map(|read| read.asked.since(driven.start)).collect();
        arrivals.sort_unstable();
        let brokers: Vec<Bounds> = settings
            .fleet()
            .map(|(broker, quota)| Bounds {
                windows: as_held(quota, settings, latency),
                until: stopped
                    .filter(|stopped| stopped.broker == broker)
                    .map(|stopped| stopped.at.since(driven.start)),
            })
            .collect();
        let bound = FleetBound::of(settings.requests, &brokers).arriving(&arrivals);
        let last = reads.iter().map(|read| read.ended).max().unwrap_or(driven.start);
        let time = last.since(driven.start);
        let mut shares: BTreeMap<String, u64> = settings
            .fleet()
            .map(|(broker, _)| (broker.to_string(), 0))
            .collect();
        for broker in reads.iter().filter_map(|read| read.answer.as_ref().ok()) {
            *shares.entry(broker.to_string()).or_default() += 1;
        }
        let answered: u64 = shares.values().sum();
        orders.twice = twice(counted);
        Self {
            profile: settings.profile.name(),
            requests: settings.requests,
            seed: settings.seed,
            quota: settings.quotas.iter().map(ToString::to_string).collect(),
            anchor: settings.anchor.name(),
            guard_ms: guard(settings.anchor),
            reserve_percent: settings.reserve_percent,
            delay_ms: [settings.delay.min_ms, settings.delay.max_ms],
            violations: counted.iter().map(|counted| counted.violations).sum(),
            waits: waits_of(waits.collect(), best_waits(&arrivals, &brokers)),
            efficiency: rounded(
                (bound + latency).as_secs_f64() / time.as_secs_f64().max(f64::EPSILON),
                4,
            ),
            bound_s: rounded(bound.as_secs_f64(), 4),
            time_s: rounded(time.as_secs_f64(), 4),
            latency_mean_ms: ms(latency),
            stopped: stopped.map(|stopped| stopped.broker.to_string()),
            shares,
            lost: settings
                .requests
                .saturating_sub(u32::try_from(answered).unwrap_or(u32::MAX)),
            lost_why: reads.iter().find_map(|read| read.answer.as_ref().err().cloned()),
            in_doubt: orders.in_doubt,
            orders,
            sent: reads
                .iter()
                .filter_map(|read| read.leaving)
                .map(|leaving| u64::from(leaving.times))
                .sum(),
            arrived: counted.iter().map(|counted| counted.quotes).sum(),
            worst: counted
                .iter()
                .map(|counted| (counted.broker.to_string(), worst(counted)))
                .collect(),
        }
    }

    /// What must not be and was; empty for a run that held.
    #[must_use]
    pub fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        if self.violations > 0 && self.anchor == Anchor::Answer.name() {
            faults.push(format!(
                "the brokers counted {} calls beyond their windows, and measured from the answer there must be none",
                self.violations
            ));
        }
        if self.lost > 0 {
            let why = self.lost_why.as_deref().unwrap_or("their tasks ended badly");
            faults.push(format!(
                "{} of {} reads were lost: {why}",
                self.lost, self.requests
            ));
        }
        if self.orders.lost > 0 {
            faults.push(format!(
                "{} orders are neither acknowledged nor refused nor in doubt",
                self.orders.lost
            ));
        }
        if self.orders.twice > 0 {
            faults.push(format!("{} orders were taken more than once", self.orders.twice));
        }
        faults
    }
}

/// A window's length as the limiter holds it: clocks differ in rate.
pub(super) fn stretched(length: Duration) -> Duration {
    length + length / 1_000 + Duration::from_millis(1)
}

/// What a window of so many calls leaves to reads: at least one call, and less one at least where it holds two.
pub(super) fn less_reserve(count: u32, percent: u8) -> u32 {
    if percent == 0 || count < 2 {
        return count;
    }
    count - (count * u32::from(percent) / 100).clamp(1, count - 1)
}

fn guard(anchor: Anchor) -> u64 {
    match anchor {
        Anchor::Answer => 0,
        Anchor::Send(guard_ms) => guard_ms,
    }
}

/// A broker's windows as the limiter holds them: stretched, with the guard or the mean time a call is under way, and less
/// what is kept back.
fn as_held(quota: &Quota, settings: &Settings, latency: Duration) -> Vec<(u32, Duration)> {
    let more = match settings.anchor {
        Anchor::Answer => latency,
        Anchor::Send(guard_ms) => Duration::from_millis(guard_ms),
    };
    let held = quota.windows().iter().map(|window| {
        (
            less_reserve(window.count, settings.reserve_percent),
            stretched(window.length) + more,
        )
    });
    held.collect()
}

/// How long an answered read was under way.
fn held(read: &Read) -> Option<Duration> {
    read.answer.as_ref().ok()?;
    Some(read.ended.since(read.leaving?.last))
}

fn mean(times: &[Duration]) -> Duration {
    let count = u32::try_from(times.len()).unwrap_or(u32::MAX).max(1);
    times.iter().sum::<Duration>() / count
}

fn waits_of(mut waits: Vec<Duration>, mut best: Vec<Duration>) -> Waits {
    best.sort_unstable();
    waits.sort_unstable();
    Waits {
        p50_ms: ms(percentile(&waits, 50)),
        p99_ms: ms(percentile(&waits, 99)),
        max_ms: ms(waits.last().copied().unwrap_or_default()),
        best_p99_ms: ms(percentile(&best, 99)),
    }
}

/// The smallest of sorted values that so many percent of them do not exceed; nought of none.
fn percentile(sorted: &[Duration], percent: usize) -> Duration {
    let rank = (sorted.len() * percent).div_ceil(100);
    sorted.get(rank.saturating_sub(1)).copied().unwrap_or_default()
}

fn ms(time: Duration) -> f64 {
    rounded(time.as_secs_f64() * 1_000.0, 3)
}

fn rounded(value: f64, places: i32) -> f64 {
    let scale = 10_f64.powi(places);
    (value * scale).round() / scale
}

fn worst(counted: &Counted) -> Vec<Worst> {
    let used = counted.rules.iter().flat_map(|rule| {
        rule.windows
            .iter()
            .filter(|window| window.worst_rolling > 0)
            .map(|window| Worst {
                rule: rule.rule,
                seconds: window.seconds,
                limit: window.limit,
                rolling: window.worst_rolling,
                calendar: window.worst_calendar,
            })
    });
    used.collect()
}

/// Orders that brokers took more than once: by their tag, at one or at several.
fn twice(counted: &[Counted]) -> u32 {
    let mut tags: BTreeMap<&str, u64> = BTreeMap::new();
    for (tag, count) in counted.iter().flat_map(|counted| &counted.accepted) {
        *tags.entry(tag).or_default() += count;
    }
    u32::try_from(tags.values().filter(|count| **count > 1).count()).unwrap_or(u32::MAX)
}

/// For people.
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { waits, orders, .. } = self;
        writeln!(
            f,
            "{}: {} reads, seed {}, measured from the {}, {} to {} ms under way",
            self.profile, self.requests, self.seed, self.anchor, self.delay_ms[0], self.delay_ms[1]
        )?;
        writeln!(
            f,
            "\n{:<10} {:>8} {:>8}   most in a window (rolling, calendar, of)",
            "broker", "quota", "answers"
        )?;
        for ((broker, answers), quota) in self.shares.iter().zip(self.quotas_by_name()) {
            let worst = self.worst.get(broker).map(Vec::as_slice).unwrap_or_default();
            let worst: Vec<String> = worst
                .iter()
                .map(|w| {
                    format!(
                        "{} {} s: {}, {}, {}",
                        w.rule, w.seconds, w.rolling, w.calendar, w.limit
                    )
                })
                .collect();
            writeln!(f, "{broker:<10} {quota:>8} {answers:>8}   {}", worst.join("; "))?;
        }
        writeln!(f, "\nviolations {:>10}", self.violations)?;
        writeln!(
            f,
            "waits      {:>10.1} ms median, {:.1} ms p99 (at best {:.1} ms), {:.1} ms longest",
            waits.p50_ms, waits.p99_ms, waits.best_p99_ms, waits.max_ms
        )?;
        writeln!(
            f,
            "efficiency {:>10.4}: bound {:.3} s and latency {:.1} ms, taken {:.3} s",
            self.efficiency, self.bound_s, self.latency_mean_ms, self.time_s
        )?;
        writeln!(f, "lost       {:>10}", self.lost)?;
        if let Some(stopped) = &self.stopped {
            writeln!(
                f,
                "orders     {:>10}: {} acknowledged, {} refused, {} in doubt, {} lost, {} twice; {stopped} was stopped",
                orders.placed,
                orders.acknowledged,
                orders.refused,
                orders.in_doubt,
                orders.lost,
                orders.twice
            )?;
        }
        Ok(())
    }
}

impl Report {
    /// The quotas in the order of `shares`.
    fn quotas_by_name(&self) -> impl Iterator<Item = &String> {
        let named: BTreeMap<String, &String> = super::settings::BROKERS
            .iter()
            .map(ToString::to_string)
            .zip(&self.quota)
            .collect();
        named.into_values()
    }
}

#[cfg(test)]
mod tests;

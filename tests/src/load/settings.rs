//! What a run is asked to be.

use sangam_core::BrokerName;

use super::quota::Quota;

/// The brokers in the order quotas are given: 10, 50 and 20 calls a second unless told otherwise.
pub const BROKERS: [BrokerName; 3] = [BrokerName::Fyers, BrokerName::Upstox, BrokerName::Flattrade];

/// How reads come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Profile {
    /// At random instants, at 70 % of what the brokers take.
    Steady,
    /// All at once.
    Burst,
    /// All at once, and the busiest broker stops when half of them are done; orders are placed around that instant.
    Failover,
}

impl Profile {
    /// As it is written on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Steady => "steady",
            Self::Burst => "burst",
            Self::Failover => "failover",
        }
    }
}

/// What the stack measures windows from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Anchor {
    /// The answer: holds whatever the network does.
    Answer,
    /// The send, with a guard in milliseconds.
    Send(u64),
}

impl Anchor {
    /// As it is written on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Answer => "answer",
            Self::Send(_) => "send",
        }
    }
}

/// How long a call is under way, there and back together, in milliseconds. Each of the two ways takes between half of the
/// least and half of the most, drawn anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Delay {
    /// The least.
    pub min_ms: u64,
    /// The most.
    pub max_ms: u64,
}

impl Delay {
    /// What the loopback itself takes, and no more.
    pub const NONE: Self = Self { min_ms: 0, max_ms: 0 };
}

/// One run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// How reads come.
    pub profile: Profile,
    /// How many.
    pub requests: u32,
    /// What each of [`BROKERS`] counts; fewer than three leave the last ones out.
    pub quotas: Vec<Quota>,
    /// What the stack measures windows from.
    pub anchor: Anchor,
    /// How long calls are under way.
    pub delay: Delay,
    /// Share of each window the reads may not use, in percent.
    pub reserve_percent: u8,
    /// How long a call without an answer counts as in flight, in milliseconds.
    pub unanswered_ms: u64,
    /// Orders placed around the stop of a broker.
    pub orders: u32,
    /// Seed of arrivals, delays and the market.
    pub seed: u64,
}

impl Settings {
    /// A profile with everything else as by default: in steady nothing but the loopback itself, else 5 to 60 ms under way.
    #[must_use]
    pub fn new(profile: Profile) -> Self {
        let quota = |text: &str| text.parse().expect("written correctly here");
        Self {
            profile,
            requests: match profile {
                Profile::Steady => 2_000,
                Profile::Burst | Profile::Failover => 1_000,
            },
            quotas: ["10/1", "50/1", "20/1"].map(quota).to_vec(),
            anchor: Anchor::Answer,
            delay: match profile {
                Profile::Steady => Delay::NONE,
                Profile::Burst | Profile::Failover => Delay {
                    min_ms: 5,
                    max_ms: 60,
                },
            },
            reserve_percent: match profile {
                Profile::Steady => 10,
                Profile::Burst | Profile::Failover => 0,
            },
            unanswered_ms: 30_000,
            orders: 20,
            seed: 1,
        }
    }

    /// The brokers of this run with what they count.
    pub fn fleet(&self) -> impl Iterator<Item = (BrokerName, &Quota)> {
        BROKERS.into_iter().zip(&self.quotas)
    }

    /// Calls a second all brokers take together.
    #[must_use]
    pub fn rate(&self) -> f64 {
        self.quotas.iter().map(Quota::rate).sum()
    }
}

//! The desk over the real adapters and the simulated brokers on a network that parts, holds and crashes them: no order twice,
//! none lost, and when it is repaired every order is settled that a broker knows of.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures::executor::block_on;
use sangam_core::ports::{AttemptRecord, Ledger as _, OrderFilter, OrderRecord};
use sangam_core::{BrokerName, OrderState};
use sangam_sim::World;
use sangam_sim::rng::SplitMix;
use turmoil::Sim;

use crate::simulated::{Kept, Policy, serve, trade, world};

/// Networks that are tried, each with its seed.
const SEEDS: u64 = 8;
/// Orders of each.
const ORDERS: u64 = 120;
/// A step of the simulation.
const TICK: Duration = Duration::from_millis(5);
/// How long the network misbehaves, and how long it is whole after that: a book is read every minute by then.
const TROUBLE: Duration = Duration::from_secs(40);
const PEACE: Duration = Duration::from_secs(150);
/// Between two changes of the network, in steps.
const CHANGE_MIN: u64 = 20;
const CHANGE_MAX: u64 = 400;
/// Where the desk runs.
const DESK: &str = "desk";

/// What is wrong at the moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wrong {
    Nothing,
    Parted(BrokerName),
    /// Only what goes to the broker is lost, or only what comes back.
    PartedOneWay(BrokerName, bool),
    /// What is under way arrives when it is released.
    Held(BrokerName),
}

struct Stage {
    sim: Sim<'static>,
    worlds: BTreeMap<BrokerName, Arc<World>>,
    kept: Arc<Kept>,
    random: SplitMix,
    wrong: Wrong,
}

impl Stage {
    fn new(seed: u64, policy: Policy) -> Self {
        let mut sim = turmoil::Builder::new()
            .rng_seed(seed)
            .tick_duration(TICK)
            .simulation_duration(TROUBLE + PEACE + PEACE)
            .min_message_latency(Duration::from_millis(1))
            .max_message_latency(Duration::from_millis(60))
            .build();
        let mut worlds = BTreeMap::new();
        for broker in BrokerName::ALL {
            let engine = world(broker);
            worlds.insert(broker, Arc::clone(&engine));
            sim.host(broker.as_str(), move || serve(broker, Arc::clone(&engine)));
        }
        let kept = Kept::new(ORDERS);
        let desk = Arc::clone(&kept);
        sim.host(DESK, move || trade(Arc::clone(&desk), policy));
        Self {
            sim,
            worlds,
            kept,
            random: SplitMix::new(seed),
            wrong: Wrong::Nothing,
        }
    }

    fn steps(&mut self, count: u64) {
        for _ in 0..count {
            self.sim.step().expect("no host fails");
        }
    }

    /// Lets the network be what it should.
    fn mend(&mut self) {
        match std::mem::replace(&mut self.wrong, Wrong::Nothing) {
            Wrong::Nothing => {}
            Wrong::Parted(broker) | Wrong::PartedOneWay(broker, _) => {
                self.sim.repair(DESK, broker.as_str());
            }
            Wrong::Held(broker) => self.sim.release(DESK, broker.as_str()),
        }
    }

    /// Something else goes wrong.
    fn change(&mut self) {
        self.mend();
        let place = self.random.between(0, BrokerName::ALL.len() as u64 - 1);
        let broker = BrokerName::ALL[usize::try_from(place).expect("a place")];
        self.wrong = match self.random.between(0, 9) {
            0 | 1 => Wrong::Parted(broker),
            2 => Wrong::PartedOneWay(broker, true),
            3 | 4 => Wrong::PartedOneWay(broker, false),
            5 | 6 => Wrong::Held(broker),
            7 => {
                self.sim.crash(broker.as_str());
                self.sim.bounce(broker.as_str());
                Wrong::Nothing
            }
            8 => {
                self.sim.crash(DESK);
                self.sim.bounce(DESK);
                Wrong::Nothing
            }
            _ => Wrong::Nothing,
        };
        match self.wrong {
            Wrong::Nothing => {}
            Wrong::Parted(broker) => self.sim.partition(DESK, broker.as_str()),
            Wrong::PartedOneWay(broker, true) => self.sim.partition_oneway(DESK, broker.as_str()),
            Wrong::PartedOneWay(broker, false) => self.sim.partition_oneway(broker.as_str(), DESK),
            Wrong::Held(broker) => self.sim.hold(DESK, broker.as_str()),
        }
    }

    fn run(&mut self) {
        let all = u64::try_from(TROUBLE.as_millis() / TICK.as_millis()).expect("steps");
        let mut done = 0;
        while done < all {
            let next = self.random.between(CHANGE_MIN, CHANGE_MAX);
            self.steps(next);
            self.change();
            done += next;
        }
        self.mend();
        self.steps(u64::try_from(PEACE.as_millis() / TICK.as_millis()).expect("steps"));
    }

    /// Orders the brokers took, by tag.
    fn taken(&self) -> BTreeMap<String, u64> {
        let mut taken = BTreeMap::new();
        for world in self.worlds.values() {
            let report = world.report();
            assert_eq!(report.accepted_untagged, 0, "every order has its tag");
            for (tag, count) in report.accepted_by_tag {
                *taken.entry(tag.trim_start_matches("1:").to_owned()).or_default() += count;
            }
        }
        taken
    }

    fn books(&self) -> Vec<(OrderRecord, Vec<AttemptRecord>)> {
        let books = &self.kept.books;
        let orders = block_on(books.orders(&OrderFilter::default())).expect("readable");
        orders
            .into_iter()
            .map(|order| {
                let attempts = block_on(books.attempts(order.uid)).expect("readable");
                (order, attempts)
            })
            .collect()
    }
}

/// What became of the orders of one network.
#[derive(Debug, Default)]
struct Seen {
    taken: u64,
    moved: u64,
    was_in_doubt: u64,
    left_in_doubt: u64,
}

fn check(seed: u64) -> Seen {
    let mut stage = Stage::new(seed, Policy::Ours);
    stage.run();
    let mut taken = stage.taken();
    let mut seen = Seen::default();
    assert_eq!(
        stage.kept.asked(),
        ORDERS,
        "seed {seed}: the desk came to its end"
    );
    for (order, attempts) in stage.books() {
        let at_brokers: u64 = attempts
            .iter()
            .filter_map(|attempt| taken.remove(attempt.tag.as_str()))
            .sum();
        assert!(
            at_brokers <= 1,
            "seed {seed}: {at_brokers} orders for one key: {order:?} {attempts:?}"
        );
        seen.taken += at_brokers;
        seen.moved += u64::from(attempts.len() > 1);
        match order.state {
            OrderState::InDoubt => {
                assert_eq!(
                    at_brokers, 0,
                    "seed {seed}: a broker has it: {order:?} {attempts:?}"
                );
                seen.left_in_doubt += 1;
            }
            state if state.is_live() => {
                assert_eq!(
                    at_brokers, 1,
                    "seed {seed}: no broker has it: {order:?} {attempts:?}"
                );
                assert!(order.broker_order_id.is_some(), "seed {seed}: {order:?}");
            }
            OrderState::Filled => assert_eq!(at_brokers, 1, "seed {seed}: {order:?}"),
            state => assert!(
                state.is_terminal() && at_brokers == 0,
                "seed {seed}: not settled: {order:?} {attempts:?}"
            ),
        }
        seen.was_in_doubt += u64::from(was_in_doubt(&stage, &order));
    }
    assert!(taken.is_empty(), "seed {seed}: not in the books: {taken:?}");
    seen
}

fn was_in_doubt(stage: &Stage, order: &OrderRecord) -> bool {
    let entries = block_on(stage.kept.books.audit_of(&order.uid.to_string())).expect("readable");
    entries.iter().any(|entry| entry.event.contains("doubt"))
}

#[test]
fn no_network_makes_an_order_two_or_none() {
    let mut all = Seen::default();
    for seed in 1..=SEEDS {
        let seen = check(seed);
        all.taken += seen.taken;
        all.moved += seen.moved;
        all.was_in_doubt += seen.was_in_doubt;
        all.left_in_doubt += seen.left_in_doubt;
    }
    // A network that troubles nobody would show nothing.
    assert!(
        all.taken > SEEDS * ORDERS / 3
            && all.moved > 0
            && all.left_in_doubt > 0
            && all.was_in_doubt > all.left_in_doubt,
        "{all:?}"
    );
}

/// The same networks find what is wrong with a policy that is.
#[test]
fn the_networks_are_rough_enough_to_double_what_is_sent_again() {
    let doubled = (1..=SEEDS).any(|seed| {
        let mut stage = Stage::new(seed, Policy::SendAgain);
        stage.run();
        stage.taken().values().any(|count| *count > 1)
    });
    assert!(doubled);
}

//! What the cache costs beside what it could have been, all in turn, so that a machine that is slow for a while is slow for
//! all of them. Tells medians, and ratios as the median of the ratios of each turn. Starts its own Redis; build it with
//! `--release`. The last line is JSON.

#![expect(clippy::print_stdout, reason = "its figures are for the terminal")]
#![expect(
    clippy::disallowed_methods,
    reason = "a program that measures reads the clock"
)]

use std::time::Instant;

use sangam_benches::cache::{Contestant, encodings, memory, redis};
use serde_json::{Map, Value, json};

/// Turns that are counted; as many as a tenth go before them.
const TURNS: usize = 300;

/// Nanoseconds each took, by turns, so many times in a row.
fn in_turn(mut contestants: Vec<Contestant>, turns: usize, times: u32) -> Vec<(Contestant, Vec<f64>)> {
    let mut took = vec![Vec::with_capacity(turns); contestants.len()];
    for turn in 0..turns + turns / 10 {
        for (contestant, took) in contestants.iter_mut().zip(&mut took) {
            let start = Instant::now();
            for _ in 0..times {
                (contestant.run)();
            }
            if turn >= turns / 10 {
                took.push(start.elapsed().as_secs_f64() * 1e9 / f64::from(times));
            }
        }
    }
    contestants.into_iter().zip(took).collect()
}

fn median(of: impl IntoIterator<Item = f64>) -> f64 {
    let mut of: Vec<f64> = of.into_iter().collect();
    of.sort_unstable_by(f64::total_cmp);
    of[of.len() / 2]
}

/// Each with its median, its ratio to the first and its bytes.
fn told(took: &[(Contestant, Vec<f64>)]) -> Map<String, Value> {
    let first = &took[0].1;
    let row = |(contestant, ns): &(Contestant, Vec<f64>)| {
        let ratio = median(ns.iter().zip(first).map(|(ns, first)| ns / first));
        let ns = median(ns.iter().copied());
        println!("{:<40} {ns:>14.1} ns {ratio:>8.2}", contestant.name);
        let told = json!({ "ns": ns, "ratio": ratio, "bytes": contestant.bytes });
        (contestant.name.clone(), told)
    };
    took.iter().map(row).collect()
}

fn main() {
    let memory = told(&in_turn(memory(), TURNS, 2_000));
    let encodings = told(&in_turn(encodings(), TURNS, 200));
    let (many, one): (Vec<_>, Vec<_>) = redis()
        .into_iter()
        .partition(|contestant| contestant.name.starts_with("thousand"));
    let many = told(&in_turn(many, 100, 1));
    let one = told(&in_turn(one, TURNS, 20));
    println!(
        "{}",
        json!({ "memory": memory, "encodings": encodings, "redis_many": many, "redis_one": one })
    );
}

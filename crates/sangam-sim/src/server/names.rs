//! Names in the settings that mean nothing to this broker: refused at start, so that a mistyped one is not a silent
//! default.

use std::io;

use crate::config::SimConfig;
use crate::limits::RateRule;
use crate::world::World;

/// Checks rule names, symbols and holdings against what the simulator has.
pub(super) fn check(config: &SimConfig, rules: &[RateRule], world: &World) -> io::Result<()> {
    let universe = world.universe();
    let known_symbol = |symbol: &str| {
        universe
            .contracts()
            .iter()
            .any(|contract| !contract.segment.is_derivative() && contract.symbol == symbol)
    };
    for changed in &config.rules {
        if !rules.iter().any(|rule| rule.name == changed.name) {
            let known: Vec<&str> = rules.iter().map(|rule| rule.name).collect();
            return Err(unknown(
                "rules",
                &changed.name,
                &format!("this broker has {}", known.join(", ")),
            ));
        }
    }
    for price in &config.prices {
        if !known_symbol(&price.symbol) {
            return Err(unknown(
                "prices",
                &price.symbol,
                "name a share or an index of the simulator",
            ));
        }
    }
    for scripted in &config.moves {
        if !known_symbol(&scripted.symbol) {
            return Err(unknown(
                "moves",
                &scripted.symbol,
                "name a share or an index of the simulator",
            ));
        }
    }
    for holding in &config.holdings {
        if universe
            .by_flattrade("NSE", &holding.symbol)
            .is_none_or(|contract| contract.isin.is_none())
        {
            return Err(unknown(
                "holdings",
                &holding.symbol,
                "name an NSE share with its series, as SBIN-EQ",
            ));
        }
    }
    Ok(())
}

fn unknown(field: &str, name: &str, way_out: &str) -> io::Error {
    io::Error::new(
        io::ErrorKind::InvalidInput,
        format!("simulator configuration: {field}: unknown {name:?}; {way_out}"),
    )
}

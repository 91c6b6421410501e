//! The order desk over scripted brokers and books that fail, one module a subject. Time is paused: waits cost nothing.

mod answers;
mod baskets;
mod books_fail;
mod changes;
mod checks;
mod day_limits;
mod eligibility;
mod keys;
mod market_orders;
mod model;
mod reading;
mod replies_lost;
mod restart;
mod support;
mod wait;
mod watching;

//! The whole stack over simulated brokers: real HTTP over loopback, a real SQLite file, the adapters and the desk as they
//! ship. The seed's tests stand here under their own names.

mod api_failover_mechanism;
mod bad_input;
mod baskets;
mod brokers_down;
mod cache_backends;
mod cache_performance_under_load;
mod checks;
mod gateway_contract;
mod gateways_share;
mod kill_books;
mod ledgers;
mod limit_your_own_client;
mod load;
mod market_data_caching_workflow;
mod order_rates;
mod order_safety;
mod portfolio_aggregation;
mod portfolio_on_books;
mod predictive_analytics_spike_detection;
mod rate_limits;
mod redis_proxy;
mod redis_trouble;
mod secrets_stay_out;
mod shared_budget;
mod snapshots;
mod support;
mod symbols_and_masters;
mod trade_logging_integration;
mod two_gateways_one_postgres;

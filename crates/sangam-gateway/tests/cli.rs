//! The program as people meet it: the real binary, in folders of its own, on free ports. Each file below is one side of it.

#[path = "cli/audit.rs"]
mod audit;
#[path = "cli/baskets.rs"]
mod baskets;
#[path = "cli/books.rs"]
mod books;
#[path = "cli/config.rs"]
mod config;
#[path = "cli/forecast.rs"]
mod forecast;
#[path = "cli/help.rs"]
mod help;
#[path = "cli/instruments.rs"]
mod instruments;
#[path = "cli/leases.rs"]
mod leases;
#[path = "cli/limits.rs"]
mod limits;
#[path = "cli/login.rs"]
mod login;
#[path = "cli/migrate.rs"]
mod migrate;
#[path = "cli/orders.rs"]
mod orders;
#[path = "cli/program.rs"]
mod program;
#[path = "cli/serve.rs"]
mod serve;

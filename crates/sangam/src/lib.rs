#![doc = include_str!("../README.md")]

mod accounts;
mod adapters;
pub mod audit;
mod book_reads;
pub mod books;
mod boot;
mod bursts;
mod caching;
mod clock;
pub mod config;
mod data_dir;
mod demand;
mod direct_login;
pub mod entropy;
mod error;
mod found;
mod known_prices;
mod leases;
mod limits;
mod limits_view;
mod market;
pub mod masters;
pub mod portfolio;
mod prices;
pub mod private_file;
mod reads;
mod refresh;
mod sessions;
mod shares;
mod snapshots;
mod system;
mod tasks;
mod view;

pub use bursts::{ForecastView, ScoreView};
pub use clock::SystemClock;
pub use direct_login::DirectLogin;
pub use error::StartError;
pub use limits_view::{LimitsView, PoolView, ScopeView, ShutView, WindowView};
pub use sessions::SessionFiles;
pub use system::System;
pub use view::{BrokerView, Found, Gathered, OrdersToday, Row, Seen, Trade};

pub use sangam_core as core;
pub use sangam_instruments as instruments;
pub use sangam_orders as orders;
pub use sangam_ratelimit::forecast;

/// The parts of the adapter kit a program over the facade needs: reads over HTTP and downloads.
pub mod kit {
    pub use http::Method;
    pub use http::header::CONTENT_TYPE;
    pub use sangam_broker::{
        Fetch, FetchSettings, Progress, Reads, ReadsSettings, Transport, TransportFault, WireRequest,
    };
}

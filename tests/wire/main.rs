//! The three real adapters on wires that fail: a server on loopback that answers as no HTTP library would, and a simulated network
//! between the desk and the simulated brokers.

mod accounts;
mod bad_answers;
mod bad_server;
mod network;
mod simulated;

//! The adapter over scripted answers: commands, reads, log-in, and damaged answers.

mod commands;
mod common;
mod damaged_answers;
mod login;
mod reads;

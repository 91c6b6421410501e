//! Whole masters in and names out: layouts, joins, conflicts, changes, and damaged input.

mod conflicts;
mod layouts;
mod mapping;
mod properties;
mod support;

//! The adapter as a whole: the account over canned answers, the table of refusals walked, and every recorded answer damaged.

mod damaged;
mod evidence;
mod login;
mod orders;
mod reads;
mod support;

//! What every ledger owes, checked through core's port. An implementation's own tests run it on fresh, empty ledgers; what
//! outlives a restart and how a file fails is theirs to test.

mod attempts;
mod bounds;
mod crowd;
mod fills;
mod leases;
mod orders;
mod snapshots;
mod stops;
mod together;

use std::sync::Arc;

use sangam_core::ports::{Change, Ledger, LedgerError};
use sangam_core::{AttemptNo, AttemptState, OrderNumber};

use crate::samples;

/// Runs the whole suite; `fresh` makes an empty ledger for each part.
///
/// # Panics
/// With the rule that is broken.
pub async fn ledger_conformance<F, L>(mut fresh: F)
where
    F: AsyncFnMut() -> L,
    L: Ledger + 'static,
{
    // In boxes of their own: the parts together are too much for one stack.
    Box::pin(orders_and_attempts(&mut fresh)).await;
    Box::pin(fills_and_commits(&mut fresh)).await;
    Box::pin(crowds(&mut fresh)).await;
    Box::pin(snapshots_and_leases(&mut fresh)).await;
    Box::pin(what_does_not_fit(&mut fresh)).await;
}

/// What is told by ids and states.
async fn orders_and_attempts<F, L>(fresh: &mut F)
where
    F: AsyncFnMut() -> L,
    L: Ledger + 'static,
{
    orders::read_back_as_written(&fresh().await).await;
    orders::numbers_follow_the_indian_date(&fresh().await).await;
    orders::a_client_order_id_is_used_once_per_owner(&fresh().await).await;
    orders::an_order_is_received_once(&fresh().await).await;
    orders::every_move_is_a_listed_one(fresh).await;
    orders::a_move_needs_its_starting_state(&fresh().await).await;
    orders::a_move_changes_what_it_knows(&fresh().await).await;
    orders::a_cumulative_fill_only_grows(&fresh().await).await;
    orders::lists_are_filtered_newest_first(&fresh().await).await;
    attempts::read_back_as_written(&fresh().await).await;
    attempts::tags_and_attempts_are_used_once(&fresh().await).await;
    attempts::every_move_is_a_listed_one(fresh).await;
    attempts::open_ones_are_those_in_doubt(&fresh().await).await;
}

/// What is counted once, and what is all or nothing.
async fn fills_and_commits<F, L>(fresh: &mut F)
where
    F: AsyncFnMut() -> L,
    L: Ledger + 'static,
{
    fills::count_once(&fresh().await).await;
    fills::take_a_link_found_later(&fresh().await).await;
    fills::are_listed_oldest_first(&fresh().await).await;
    fills::positions_are_replaced_by_account(&fresh().await).await;
    together::a_refused_change_takes_the_whole_commit_back(&fresh().await).await;
    together::changes_apply_in_order(&fresh().await).await;
    together::audit_entries_stay_in_order(&fresh().await).await;
    together::awkward_texts_survive(&fresh().await).await;
    together::one_key_used_at_once_makes_one_order(Arc::new(fresh().await)).await;
    together::numbers_given_at_once_are_all_different(Arc::new(fresh().await)).await;
}

/// Many commits at once, and what refused ones leave behind.
async fn crowds<F, L>(fresh: &mut F)
where
    F: AsyncFnMut() -> L,
    L: Ledger + 'static,
{
    crowd::each_answer_is_right(Arc::new(fresh().await)).await;
    crowd::a_refused_commit_is_forgotten(&fresh().await).await;
    crowd::attempts_are_listed_as_they_were_taken(Arc::new(fresh().await)).await;
}

/// What replaces what was there.
async fn snapshots_and_leases<F, L>(fresh: &mut F)
where
    F: AsyncFnMut() -> L,
    L: Ledger + 'static,
{
    snapshots::holdings_are_replaced_within_a_date(&fresh().await).await;
    snapshots::a_log_in_replaces_the_one_before(&fresh().await).await;
    snapshots::window_counts_are_replaced_by_account(&fresh().await).await;
    snapshots::windows_that_cannot_be_are_refused_by_name(&fresh().await).await;
    stops::are_read_back_and_lifted(&fresh().await).await;
    stops::keep_attempts_from_being_made(&fresh().await).await;
    stops::a_wish_is_kept_until_the_order_is_over(&fresh().await).await;
    stops::are_taken_back_with_their_commit(&fresh().await).await;
    stops::an_attempt_is_found_by_its_tag(&fresh().await).await;
    together::what_happened_on_a_day_is_found_at_once(&fresh().await).await;
    leases::is_held_by_one(&fresh().await).await;
    leases::fences_who_lost_it(&fresh().await).await;
    leases::is_renewed_without_a_trace(&fresh().await).await;
    leases::taken_at_once_leaves_one(Arc::new(fresh().await)).await;
}

/// What a store cannot hold as it is.
async fn what_does_not_fit<F, L>(fresh: &mut F)
where
    F: AsyncFnMut() -> L,
    L: Ledger + 'static,
{
    bounds::a_clock_that_is_behind_makes_no_orders(&fresh().await).await;
    bounds::an_instant_no_store_can_hold_is_refused(&fresh().await).await;
    bounds::an_amount_out_of_range_is_refused_by_name(&fresh().await).await;
    bounds::late_fills_are_taken(&fresh().await).await;
    bounds::a_character_nought_is_replaced(&fresh().await).await;
    bounds::long_texts_are_kept_and_long_names_refused(&fresh().await).await;
}

type Answer = Result<Option<OrderNumber>, LedgerError>;

/// Commits with an audit entry that does not matter.
async fn commit(ledger: &impl Ledger, changes: &[Change]) -> Answer {
    ledger
        .commit(changes, &samples::audit("suite.step", "suite"))
        .await
}

/// Commits what must be taken.
async fn taken(ledger: &impl Ledger, changes: &[Change]) -> Option<OrderNumber> {
    commit(ledger, changes).await.expect("a sound commit")
}

/// Writes the sample order of a seed and answers its number.
async fn receive(ledger: &impl Ledger, seed: u8) -> OrderNumber {
    taken(ledger, &[received(seed)])
        .await
        .expect("a received order has a number")
}

fn received(seed: u8) -> Change {
    Change::Received(Box::new(samples::order_record(seed)))
}

fn intended(seed: u8) -> Change {
    Change::Intended(Box::new(samples::attempt_record(seed)))
}

fn attempt_moved(seed: u8, from: &'static str, to: AttemptState) -> Change {
    Change::AttemptMoved {
        order: samples::uid(seed),
        no: AttemptNo::FIRST,
        from,
        to,
        at: samples::morning(),
    }
}

macro_rules! refused {
    ($answer:expr, $kind:pat) => {
        match $answer {
            Err($kind) => {}
            other => panic!("expected {}, found {other:?}", stringify!($kind)),
        }
    };
}
use refused;

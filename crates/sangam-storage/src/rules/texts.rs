//! Texts of somebody else's making, as every store can keep them: a database's text cannot hold the character nought, and
//! what an index is made of may not be long.

use sangam_core::ports::{AuditEntry, Change, FillRecord, LedgerError, StopId, WindowCount};
use sangam_core::{AttemptState, BookInstrument, NotPlaced, Product};

/// Most bytes of an audit entry's subject: it is looked up by it.
const SUBJECT_MAX: usize = 1_000;
/// Most bytes of a broker's name for an instrument or a product, where positions are kept by it.
const SYMBOL_MAX: usize = 256;
/// Most bytes of the name of what a window counts.
const SCOPE_MAX: usize = 256;

/// The changes as they can be kept: everything that reads or compares their texts sees them so.
pub(crate) fn keepable(changes: &[Change]) -> Vec<Change> {
    let mut changes = changes.to_vec();
    changes.iter_mut().for_each(change);
    changes
}

/// An entry as it can be kept.
pub(crate) fn bare(entry: &AuditEntry) -> AuditEntry {
    AuditEntry {
        at: entry.at,
        actor: without_nought(&entry.actor),
        event: without_nought(&entry.event),
        subject: without_nought(&entry.subject),
        detail: without_nought(&entry.detail),
    }
}

/// A text with every character nought replaced by the sign for one that cannot be shown.
pub(crate) fn without_nought(text: &str) -> String {
    text.replace('\0', "\u{FFFD}")
}

fn text(text: &mut String) {
    if text.contains('\0') {
        *text = without_nought(text);
    }
}

fn change(change: &mut Change) {
    match change {
        Change::Received(order) => {
            text(&mut order.body_digest);
            order.strategy.as_mut().map(text);
            order.message.as_mut().map(text);
            product(&mut order.request.product);
            if let Some(terms) = &mut order.wishes.awaited {
                product(&mut terms.product);
            }
        }
        Change::Intended(attempt) => {
            product(&mut attempt.request.product);
            attempt_state(&mut attempt.state);
        }
        Change::AttemptMoved { to, .. } => attempt_state(to),
        Change::OrderMoved(moved) => {
            moved.message.as_mut().map(text);
            if let Some(request) = &mut moved.request {
                product(&mut request.product);
            }
        }
        Change::Filled(record) => {
            instrument(&mut record.fill.instrument);
            record.fill.product.as_mut().map(product);
        }
        Change::PositionsRead { positions, .. } => {
            for record in positions {
                instrument(&mut record.position.instrument);
                record.position.product.as_mut().map(product);
            }
        }
        Change::HoldingsRead { holdings, .. } => {
            for record in holdings {
                instrument(&mut record.holding.instrument);
                record.holding.isin.as_mut().map(text);
            }
        }
        Change::TermsAwaited { terms, .. } => {
            if let Some(terms) = terms {
                product(&mut terms.product);
            }
        }
        Change::Stopped(stop) => {
            text(&mut stop.id.about);
            text(&mut stop.actor);
            text(&mut stop.reason);
        }
        Change::Lifted(id) => text(&mut id.about),
        Change::SessionSeen(_) | Change::CancelRequested { .. } => {}
        Change::WindowsCounted { counts, .. } => {
            counts.iter_mut().for_each(|count| text(&mut count.scope));
        }
    }
}

fn product(product: &mut Product) {
    if let Product::Other(word) = product {
        text(word);
    }
}

fn instrument(instrument: &mut BookInstrument) {
    text(&mut instrument.broker_symbol);
}

fn attempt_state(state: &mut AttemptState) {
    match state {
        AttemptState::Unknown { reason: words } | AttemptState::Parked { reason: words } => text(words),
        AttemptState::NotPlaced { proof } => match proof {
            NotPlaced::Refused { code: words } | NotPlaced::Operator { note: words } => text(words),
            NotPlaced::NeverSent | NotPlaced::SeenRejected | NotPlaced::DayEnd => {}
        },
        AttemptState::Intent | AttemptState::Acked { .. } => {}
    }
}

/// Whether a subject can be looked up by.
pub(super) fn subject_fits(entry: &AuditEntry) -> Result<(), LedgerError> {
    short("the audit entry", "its subject", &entry.subject, SUBJECT_MAX)
}

/// Whether a position can be kept under the names a fill uses.
pub(super) fn names_fit(record: &FillRecord) -> Result<(), LedgerError> {
    let fill = &record.fill;
    let subject = format!("fill {} of order {}", fill.trade_id, fill.order_id);
    short(
        &subject,
        "the broker's symbol",
        &fill.instrument.broker_symbol,
        SYMBOL_MAX,
    )?;
    let product = fill.product.as_ref().map_or("", |product| product.as_str());
    short(&subject, "its product", product, SYMBOL_MAX)
}

/// Whether a stop can be told from others by what it is about.
pub(super) fn stop_fits(id: &StopId) -> Result<(), LedgerError> {
    let subject = format!("the {} of {}", id.kind, id.subject);
    short(&subject, "what it is about", &id.about, SUBJECT_MAX)
}

/// Whether a count has a window to speak of.
pub(super) fn window_fits(count: &WindowCount) -> Result<(), LedgerError> {
    let subject = format!("the window count of account {}", count.account);
    short(&subject, "its scope", &count.scope, SCOPE_MAX)?;
    let figures = [
        ("its length", count.window_ms, 1),
        ("what was used", count.used, 0),
        ("its quota", count.quota, 0),
    ];
    for (what, figure, least) in figures {
        if figure < least || i64::try_from(figure).is_err() {
            return Err(LedgerError::OutOfRange {
                subject,
                what: format!("{what} is {figure}"),
            });
        }
    }
    Ok(())
}

fn short(subject: &str, what: &str, text: &str, most: usize) -> Result<(), LedgerError> {
    if text.len() <= most {
        return Ok(());
    }
    Err(LedgerError::OutOfRange {
        subject: subject.to_owned(),
        what: format!("{what} has {} bytes, {most} can be kept", text.len()),
    })
}

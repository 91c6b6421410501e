//! From an answer that is no success to an error with kind, outcome and advice.

use sangam_broker::evidence::kind_of_status;
use sangam_broker::{CodeRule, Refusal, collapsed, judge, shown};
use sangam_core::{Advice, BrokerName, BrokerOrderId, Error, ErrorKind, Operation, Outcome};

use super::rate::rate_notice;
use super::sentences::{FRAGMENTS, SENTENCES, Sentence};
use crate::translate::object;
use crate::wire::Envelope;

/// The error an answer without success ends in: the broker's own refusal when the body is whole and in the broker's own
/// error form, else an answer that proves nothing.
#[must_use]
pub fn failure(operation: Operation, status: u16, body: &[u8]) -> Error {
    match object::<Envelope>(body) {
        Some(envelope) if is_refusal(&envelope) => refused(operation, status, &envelope),
        Some(envelope) => {
            let error = strange(status, "an answer without the broker's verdict");
            match order_id(&envelope) {
                Some(id) => error.with_broker_order_id(id),
                None => error,
            }
        }
        None => strange(status, "an answer that is not in the broker's own form"),
    }
}

/// Whether the answer is the broker's own word for "nothing there": the whole sentence, in its own error form.
pub(crate) fn is_no_data(status: u16, body: &[u8]) -> bool {
    let spoken = matches!(status, 200..=299 | 400 | 404);
    spoken
        && object::<Envelope>(body).is_some_and(|envelope| {
            is_refusal(&envelope) && order_id(&envelope).is_none() && {
                let text = collapsed(envelope.emsg.get().unwrap_or_default());
                ["error occurred : 5 \"no data\"", "no data :", "no data"]
                    .iter()
                    .any(|known| text.eq_ignore_ascii_case(known))
            }
        })
}

/// The error for "nothing there" where something was asked for by name.
pub(crate) fn no_data(operation: Operation, what: &str) -> Error {
    Error::new(
        kind_of_no_data(operation),
        Outcome::Rejected,
        format!("the broker has no {what}"),
    )
    .at(BrokerName::Flattrade)
}

/// An answer that proves nothing. A bare status says what it can.
pub(crate) fn strange(status: u16, what: &str) -> Error {
    let kind = match status {
        200..=399 => ErrorKind::UnexpectedAnswer,
        other => kind_of_status(other),
    };
    Error::new(kind, Outcome::Unknown, what)
        .at(BrokerName::Flattrade)
        .with_code(format!("http {status}"))
}

fn is_refusal(envelope: &Envelope) -> bool {
    envelope
        .stat
        .get()
        .is_some_and(|stat| stat.eq_ignore_ascii_case("not_ok"))
}

fn refused(operation: Operation, status: u16, envelope: &Envelope) -> Error {
    let text = collapsed(envelope.emsg.get().unwrap_or_default());
    let known = SENTENCES
        .iter()
        .find(|sentence| sentence.rule.code.eq_ignore_ascii_case(&text));
    let mut error = match known {
        Some(sentence) => listed(operation, status, sentence),
        None => unlisted(operation, status, &text),
    };
    if let Some(id) = order_id(envelope) {
        error = error.with_outcome(Outcome::Unknown).with_broker_order_id(id);
    }
    error
}

fn listed(operation: Operation, status: u16, sentence: &Sentence) -> Error {
    let applies = operation.is_read() || sentence.proves.contains(&operation);
    let rule = CodeRule {
        refusal: if applies {
            sentence.rule.refusal
        } else {
            Refusal::NoProof
        },
        ..sentence.rule
    };
    let (kind, outcome) = judge(Some(&rule), status, operation);
    let kind = if is_nothing_there(sentence.rule.code) {
        kind_of_no_data(operation)
    } else {
        kind
    };
    Error::new(kind, outcome, sentence.told)
        .at(BrokerName::Flattrade)
        .with_code(sentence.rule.code)
}

fn unlisted(operation: Operation, status: u16, text: &str) -> Error {
    let (bare, outcome) = judge(None, status, operation);
    let lower = text.to_ascii_lowercase();
    let kind = FRAGMENTS
        .iter()
        .find(|fragment| lower.contains(fragment.part))
        .map_or(bare, |fragment| fragment.kind);
    let message = if text.is_empty() {
        "the broker refused without saying why".to_owned()
    } else {
        format!("the broker says {:?}", shown(text))
    };
    let error = Error::new(kind, outcome, message).at(BrokerName::Flattrade);
    let error = if status == 200 {
        error
    } else {
        error.with_code(format!("http {status}"))
    };
    match rate_notice(text) {
        Some(notice) => error.with_advice(Advice::Wait(Some(notice.window))),
        None => error,
    }
}

fn is_nothing_there(code: &str) -> bool {
    code.to_ascii_lowercase().contains("no data")
}

fn kind_of_no_data(operation: Operation) -> ErrorKind {
    match operation {
        Operation::Quotes | Operation::Depth | Operation::Candles => ErrorKind::UnknownInstrument,
        _ => ErrorKind::NotFound,
    }
}

/// An order number in an answer, wherever the broker put it.
fn order_id(envelope: &Envelope) -> Option<BrokerOrderId> {
    [&envelope.norenordno, &envelope.result]
        .into_iter()
        .find_map(|text| text.get())
        .and_then(|text| BrokerOrderId::new(text).ok())
}

//! The evidence list: which of a broker's codes mean "nothing was placed", at which HTTP status, from which source.
//! Default is doubt: a code that is not listed, or comes with another status, leaves the outcome unknown.

use sangam_core::{ErrorKind, Operation, Outcome};

/// Whether a code proves that an order command had no effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// It proves nothing: rate limits, time-outs, faults, codes with two meanings.
    NoProof,
    /// It is the broker's refusal when it comes with one of these HTTP statuses.
    At(&'static [u16]),
}

/// One row of a broker's table of codes.
#[derive(Debug, Clone, Copy)]
pub struct CodeRule {
    /// The code as sent, or the whole sentence where the broker has no codes.
    pub code: &'static str,
    /// What it means.
    pub kind: ErrorKind,
    /// What it proves.
    pub refusal: Refusal,
    /// Document, section and date it is known from.
    pub source: &'static str,
}

/// What a failure means, from the rule of its code (if any), its HTTP status and what was asked.
///
/// Reads have no effect to doubt: a whole answer in the broker's own error form is a refusal.
#[must_use]
pub fn judge(rule: Option<&CodeRule>, status: u16, operation: Operation) -> (ErrorKind, Outcome) {
    let kind = rule.map_or_else(|| kind_of_status(status), |rule| rule.kind);
    if operation.is_read() || operation == Operation::Login {
        return (
            kind,
            if status < 500 {
                Outcome::Rejected
            } else {
                Outcome::Unknown
            },
        );
    }
    let proven = rule.is_some_and(|rule| match rule.refusal {
        Refusal::NoProof => false,
        Refusal::At(statuses) => {
            statuses.contains(&status) && (status == 200 || (400..500).contains(&status))
        }
    });
    (
        kind,
        if proven {
            Outcome::Rejected
        } else {
            Outcome::Unknown
        },
    )
}

/// What a bare HTTP status says, for answers without a code we know.
#[must_use]
pub fn kind_of_status(status: u16) -> ErrorKind {
    match status {
        401 => ErrorKind::LoginRequired,
        403 => ErrorKind::Permission,
        404 => ErrorKind::NotFound,
        408 | 504 => ErrorKind::Timeout,
        423 => ErrorKind::Closed,
        429 => ErrorKind::RateLimited,
        400..=499 => ErrorKind::InvalidRequest,
        500..=599 => ErrorKind::Unavailable,
        _ => ErrorKind::UnexpectedAnswer,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULE: CodeRule = CodeRule {
        code: "-392",
        kind: ErrorKind::InvalidRequest,
        refusal: Refusal::At(&[200, 400]),
        source: "test",
    };

    #[test]
    fn doubt_wins() {
        let place = |rule, status| judge(rule, status, Operation::Place).1;
        assert_eq!(place(Some(&RULE), 400), Outcome::Rejected);
        assert_eq!(place(Some(&RULE), 200), Outcome::Rejected);
        assert_eq!(place(Some(&RULE), 403), Outcome::Unknown);
        assert_eq!(place(None, 400), Outcome::Unknown);
        assert_eq!(place(None, 429), Outcome::Unknown);
        let no_proof = CodeRule {
            refusal: Refusal::NoProof,
            ..RULE
        };
        assert_eq!(place(Some(&no_proof), 400), Outcome::Unknown);
        let lying = CodeRule {
            refusal: Refusal::At(&[500]),
            ..RULE
        };
        assert_eq!(place(Some(&lying), 500), Outcome::Unknown);
    }

    #[test]
    fn reads_have_nothing_to_doubt() {
        assert_eq!(
            judge(None, 400, Operation::Orders),
            (ErrorKind::InvalidRequest, Outcome::Rejected)
        );
        assert_eq!(
            judge(None, 502, Operation::Orders),
            (ErrorKind::Unavailable, Outcome::Unknown)
        );
    }
}

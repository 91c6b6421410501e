//! What goes to the script and what comes back. Nothing that comes back is believed before its shape, its number and its
//! ranges are right.

use std::time::Duration;

use fred::types::Value;

use super::plan::Plan;

/// Weights above this do not fit into a call.
pub(super) const WEIGHT_MAX: u32 = 256;
/// A server's time after this is none (the year 2255), and would not be exact in the script.
const TIME_MAX: i64 = 9_000_000_000_000_000;
const WAIT_MAX: i64 = 3 * 86_400_000_000;

/// What became of a permit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum EndKind {
    /// Never used, or never known to have been granted.
    Back = 0,
    /// The broker answered.
    Answered = 1,
    /// Given up on; it may still arrive.
    Unanswered = 2,
    /// It lives, and longer than most.
    Renewed = 3,
    /// Not a permit: the broker refuses this scope for so many microseconds.
    Shut = 4,
}

/// One end on its way to the pool.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct End {
    /// The permit; microseconds for [`EndKind::Shut`].
    pub(super) id: u64,
    pub(super) scope: usize,
    pub(super) weight: u32,
    pub(super) kind: EndKind,
}

/// One wish for a permit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Wish {
    pub(super) id: u64,
    pub(super) scope: usize,
    pub(super) weight: u32,
    pub(super) privileged: bool,
}

/// The arguments of a call.
pub(super) fn arguments(
    number: u64,
    prefix: &str,
    ends: &[End],
    wishes: impl ExactSizeIterator<Item = Wish>,
) -> Vec<Value> {
    let mut values = Vec::with_capacity(3 + 2 * (ends.len() + wishes.len()));
    let mut put = |number: u64| values.push(Value::from(number.to_string()));
    put(number);
    put(0);
    put(ends.len() as u64);
    for end in ends {
        put(end.id);
        put(end.kind as u64 + 8 * end.scope as u64 + 256 * u64::from(end.weight));
    }
    for wish in wishes {
        put(wish.id);
        put(u64::from(wish.privileged) + 2 * wish.scope as u64 + 64 * u64::from(wish.weight));
    }
    values[1] = Value::from(prefix);
    values
}

/// What the pool said to one wish.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    Granted,
    Refused(Full),
}

/// A window without room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Full {
    /// At least until then.
    pub(super) wait: Duration,
    pub(super) scope: usize,
    pub(super) window: usize,
    pub(super) used: u32,
    pub(super) limit: u32,
}

/// What the script answered.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Reply {
    /// The pool has forgotten what it counted.
    Lost,
    Heard(Heard),
}

#[derive(Debug, PartialEq, Eq)]
pub(super) struct Heard {
    /// The server's time.
    pub(super) now_us: i64,
    pub(super) verdicts: Vec<Verdict>,
    /// By scope and window, what is used, where it was looked at.
    pub(super) used: Vec<Vec<Option<u32>>>,
}

/// An answer that is none of the script's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("answered what the script never does: {0}")]
pub(super) struct Garbage(pub(super) String);

/// Reads the answer to the call of this number with so many wishes.
pub(super) fn read(value: Value, plan: &Plan, number: u64, wishes: usize) -> Result<Reply, Garbage> {
    let garbage = |what: &str| Garbage(what.to_owned());
    let Value::Array(values) = value else {
        return Err(Garbage(format!("{:?} instead of a list", value.kind())));
    };
    let mut numbers = values.into_iter().map(|value| match value {
        Value::Integer(number) => Ok(number),
        other => Err(Garbage(format!("{:?} instead of a number", other.kind()))),
    });
    let mut next = || {
        numbers
            .next()
            .unwrap_or_else(|| Err(Garbage("a list that ends early".to_owned())))
    };
    if u64::try_from(next()?) != Ok(number) {
        return Err(garbage("the answer to another call"));
    }
    let now_us = next()?;
    if !(1..TIME_MAX).contains(&now_us) {
        return Err(garbage("a time that cannot be"));
    }
    match next()? {
        0 => return Ok(Reply::Lost),
        1 => {}
        _ => return Err(garbage("an unknown state")),
    }
    let mut verdicts = Vec::with_capacity(wishes);
    for _ in 0..wishes {
        let wait = next()?;
        if wait == 0 {
            verdicts.push(Verdict::Granted);
            continue;
        }
        if !(1..=WAIT_MAX).contains(&wait) {
            return Err(garbage("a wait that cannot be"));
        }
        let mut small = || usize::try_from(next()?).map_err(|_| garbage("a negative number"));
        let (scope, window) = (small()?.wrapping_sub(1), small()?.wrapping_sub(1));
        if plan
            .scopes
            .get(scope)
            .is_none_or(|scope| window >= scope.windows.len())
        {
            return Err(garbage("a window that is not there"));
        }
        let count = |number: usize| u32::try_from(number).map_err(|_| garbage("a count that cannot be"));
        verdicts.push(Verdict::Refused(Full {
            wait: Duration::from_micros(wait.unsigned_abs()),
            scope,
            window,
            used: count(small()?)?,
            limit: count(small()?)?,
        }));
    }
    let mut used = Vec::with_capacity(plan.scopes.len());
    for scope in &plan.scopes {
        let mut windows = Vec::with_capacity(scope.windows.len());
        for _ in &scope.windows {
            windows.push(match next()? {
                -1 => None,
                count => Some(u32::try_from(count).map_err(|_| garbage("a count that cannot be"))?),
            });
        }
        used.push(windows);
    }
    if numbers.next().is_some() {
        return Err(garbage("a list that does not end"));
    }
    Ok(Reply::Heard(Heard {
        now_us,
        verdicts,
        used,
    }))
}

#[cfg(test)]
mod tests;

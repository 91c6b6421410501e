//! What stands in Redis under one of our keys: a version, who wrote the entry and as which of their writes, when its value
//! was made and when it dies, then the value. Anything else is a miss.

use std::sync::Arc;
use std::time::Duration;

use sangam_core::ports::CacheEntry;
use sangam_core::{Monotonic, Timestamp};

/// The version of this layout. It stands in the first byte and in every key, so that programs of two versions can share a
/// server.
pub(super) const FORMAT: u8 = 1;
/// Bytes before the value: version 1, writer 8, write 8, made at 8, dies at 8, all big-endian.
pub(super) const HEAD: usize = 33;

/// Where an entry comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stamp {
    /// 64 random bits of the process that wrote it.
    pub(super) writer: u64,
    /// Which of its writes this is, from 1.
    pub(super) write: u64,
    /// When the value was made, by the writer's wall clock.
    pub(super) made_at: Timestamp,
    /// When it dies, by the writer's monotonic clock; means nothing to others.
    pub(super) dies_at: Monotonic,
}

/// The bytes of an entry; `None` if a time is outside what 64 bits of nanoseconds hold, which no real one is.
pub(super) fn seal(stamp: Stamp, value: &[u8]) -> Option<Vec<u8>> {
    let made_at = i64::try_from(stamp.made_at.as_nanosecond()).ok()?;
    let dies_at = stamp.dies_at.since(Monotonic::default()).as_nanos();
    let dies_at = u64::try_from(dies_at).ok()?;
    let mut bytes = Vec::with_capacity(HEAD + value.len());
    bytes.push(FORMAT);
    bytes.extend_from_slice(&stamp.writer.to_be_bytes());
    bytes.extend_from_slice(&stamp.write.to_be_bytes());
    bytes.extend_from_slice(&made_at.to_be_bytes());
    bytes.extend_from_slice(&dies_at.to_be_bytes());
    bytes.extend_from_slice(value);
    Some(bytes)
}

/// What is in the bytes; `None` for another version and for what never was an entry.
pub(super) fn open(bytes: &[u8]) -> Option<(Stamp, CacheEntry)> {
    let (head, value) = bytes.split_first_chunk::<HEAD>()?;
    if head[0] != FORMAT {
        return None;
    }
    let word = |at: usize| u64::from_be_bytes(std::array::from_fn(|byte| head[at + byte]));
    let made_at = Timestamp::from_nanosecond(i128::from(word(17).cast_signed())).ok()?;
    let stamp = Stamp {
        writer: word(1),
        write: word(9),
        made_at,
        dies_at: Monotonic::from_origin(Duration::from_nanos(word(25))),
    };
    let bytes = Arc::from(value);
    Some((stamp, CacheEntry { bytes, made_at }))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn another_version_and_garbage_are_nothing() {
        let stamp = Stamp {
            writer: 7,
            write: 1,
            made_at: Timestamp::UNIX_EPOCH,
            dies_at: Monotonic::default(),
        };
        let bytes = seal(stamp, b"x").unwrap();
        assert!(open(&bytes).is_some());
        let mut other = bytes.clone();
        other[0] = FORMAT + 1;
        assert!(open(&other).is_none());
        assert!(open(&bytes[..HEAD - 1]).is_none());
        assert!(open(b"").is_none());
        assert!(
            seal(
                Stamp {
                    made_at: Timestamp::MAX,
                    ..stamp
                },
                b"x"
            )
            .is_none()
        );
    }

    proptest! {
        #[test]
        fn property_entries_come_back_as_they_were(
            writer: u64,
            write: u64,
            made_ns: i64,
            dies_ns: u64,
            value: Vec<u8>,
        ) {
            let stamp = Stamp {
                writer,
                write,
                made_at: Timestamp::from_nanosecond(made_ns.into()).unwrap(),
                dies_at: Monotonic::from_origin(Duration::from_nanos(dies_ns)),
            };
            let (again, entry) = open(&seal(stamp, &value).unwrap()).unwrap();
            prop_assert_eq!(again, stamp);
            prop_assert_eq!(entry.bytes.as_ref(), value.as_slice());
            prop_assert_eq!(entry.made_at, stamp.made_at);
        }

        #[test]
        fn property_no_bytes_break_it(bytes: Vec<u8>) {
            if let Some((stamp, entry)) = open(&bytes) {
                prop_assert_eq!(seal(stamp, &entry.bytes).unwrap(), bytes);
            }
        }
    }
}

//! One line of a journal: 24 bytes, its own check included.

use crate::nanos::Nanos;

/// Bytes of a record.
pub(crate) const LEN: usize = 24;

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Kind {
    /// A call left.
    Sent = 1,
    /// It was answered. Without a call of that id: calls carried over from another time.
    Answered = 2,
    /// It had not left after all.
    NotSent = 3,
    /// Its connection was aborted.
    GivenUp = 4,
    /// The broker refused for its rate; `id` is its wait in milliseconds and `weight` the window's length in milliseconds,
    /// the largest number and nought where it said neither.
    Refused = 5,
    /// The broker named a limit; `id` is the window's length in milliseconds, `weight` the limit.
    Told = 6,
    /// What was called before is not on record; windows longer than an hour are shut until `id`.
    Unknown = 7,
    /// The wall clock: `id` is in seconds since 1970.
    Wall = 8,
}

impl Kind {
    fn of(byte: u8) -> Option<Self> {
        Some(match byte {
            1 => Self::Sent,
            2 => Self::Answered,
            3 => Self::NotSent,
            4 => Self::GivenUp,
            5 => Self::Refused,
            6 => Self::Told,
            7 => Self::Unknown,
            8 => Self::Wall,
            _ => return None,
        })
    }
}

/// One record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Record {
    pub(crate) kind: Kind,
    pub(crate) scope: u8,
    pub(crate) weight: u32,
    pub(crate) id: u64,
    pub(crate) at: Nanos,
}

impl Record {
    pub(crate) fn encode(&self) -> [u8; LEN] {
        let mut bytes = [0; LEN];
        bytes[..8].copy_from_slice(&self.at.get().to_le_bytes());
        bytes[8..16].copy_from_slice(&self.id.to_le_bytes());
        bytes[16..20].copy_from_slice(&self.weight.to_le_bytes());
        bytes[20] = self.scope;
        bytes[21] = self.kind as u8;
        let check = check(&bytes[..22]);
        bytes[22..].copy_from_slice(&check.to_le_bytes());
        bytes
    }

    /// `None` for bytes that are no record.
    pub(crate) fn decode(bytes: &[u8; LEN]) -> Option<Self> {
        let number = |from: usize| -> [u8; 8] { bytes[from..from + 8].try_into().expect("eight bytes") };
        if check(&bytes[..22]).to_le_bytes() != bytes[22..] {
            return None;
        }
        Some(Self {
            kind: Kind::of(bytes[21])?,
            scope: bytes[20],
            weight: u32::from_le_bytes(bytes[16..20].try_into().expect("four bytes")),
            id: u64::from_le_bytes(number(8)),
            at: Nanos::new(u64::from_le_bytes(number(0))),
        })
    }
}

/// Tells a record from what an accident left: Fletcher's sum, never nought for nought bytes.
fn check(bytes: &[u8]) -> u16 {
    let (mut low, mut high) = (1_u32, 0_u32);
    for byte in bytes {
        low = (low + u32::from(*byte)) % 255;
        high = (high + low) % 255;
    }
    u16::try_from(high << 8 | low).expect("two bytes")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn property_a_record_is_read_as_written_and_damage_is_seen(
            kind in 1_u8..=8, scope: u8, weight: u32, id: u64, at: u64, place in 0_usize..LEN, bit in 0_u32..8,
        ) {
            let kind = Kind::of(kind).expect("a kind");
            let record = Record { kind, scope, weight, id, at: Nanos::new(at) };
            let mut bytes = record.encode();
            prop_assert_eq!(Record::decode(&bytes), Some(record));
            bytes[place] ^= 1 << bit;
            prop_assert_eq!(Record::decode(&bytes), None);
        }
    }

    #[test]
    fn nought_bytes_are_no_record() {
        assert_eq!(Record::decode(&[0; LEN]), None);
        assert_eq!(Record::decode(&[0xff; LEN]), None);
    }
}

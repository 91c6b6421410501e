//! A SHA-256 value, as bytes inside and as hexadecimal text outside.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest as _, Sha256};

/// A SHA-256 value. As text 64 hexadecimal digits: written in lower case, read in either.
///
/// ```
/// use sangam_storage::chain::Digest;
/// let digest = Digest([0xa5; 32]);
/// assert_eq!(digest.to_string(), "a5".repeat(32));
/// assert_eq!("A5".repeat(32).parse(), Ok(digest));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest(pub [u8; 32]);

/// A text or a run of bytes that is no SHA-256 value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NotADigest {
    /// Not as long as it must be.
    #[error("a SHA-256 value has {wanted}, not {found}")]
    Length {
        /// How long it must be, in words.
        wanted: &'static str,
        /// How long it is.
        found: usize,
    },
    /// A character that is no hexadecimal digit.
    #[error("character {position} of a SHA-256 value is no hexadecimal digit")]
    Digit {
        /// Which one, from 1.
        position: usize,
    },
}

impl Digest {
    /// The hash before the first entry: SHA-256 of `sangam audit chain 1, before the first entry`.
    pub const GENESIS: Self = Self([
        0x9e, 0x0e, 0xf0, 0xba, 0x8f, 0x01, 0xc3, 0xdc, 0x76, 0xc4, 0xce, 0xa4, 0xa6, 0x3a, 0x9b, 0xce, 0x71,
        0x12, 0xdb, 0x6f, 0x2f, 0x2d, 0x39, 0x26, 0x7f, 0xc9, 0x13, 0x74, 0xac, 0xc9, 0xfe, 0x9c,
    ]);

    /// The 32 bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// From bytes as a database gives them.
    ///
    /// # Errors
    /// When they are not 32.
    pub fn from_slice(bytes: &[u8]) -> Result<Self, NotADigest> {
        bytes.try_into().map(Self).map_err(|_| NotADigest::Length {
            wanted: "32 bytes",
            found: bytes.len(),
        })
    }

    /// What a hasher has come to.
    pub(super) fn of(hasher: Sha256) -> Self {
        Self(hasher.finalize().into())
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let mut text = [0; 64];
        for (pair, byte) in text.chunks_exact_mut(2).zip(self.0) {
            pair[0] = DIGITS[usize::from(byte >> 4)];
            pair[1] = DIGITS[usize::from(byte & 15)];
        }
        f.pad(str::from_utf8(&text).expect("hexadecimal digits are text"))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Digest {
    type Err = NotADigest;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut bytes = [0; 32];
        for (index, character) in text.chars().enumerate() {
            let digit = character
                .to_digit(16)
                .and_then(|digit| u8::try_from(digit).ok())
                .ok_or(NotADigest::Digit { position: index + 1 })?;
            // What is past the 64th is counted below.
            if let Some(byte) = bytes.get_mut(index / 2) {
                *byte = *byte << 4 | digit;
            }
        }
        if text.len() != 64 {
            return Err(NotADigest::Length {
                wanted: "64 hexadecimal digits",
                found: text.len(),
            });
        }
        Ok(Self(bytes))
    }
}

impl Serialize for Digest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Digest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;
        impl serde::de::Visitor<'_> for Text {
            type Value = Digest;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("64 hexadecimal digits")
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Digest, E> {
                text.parse().map_err(E::custom)
            }
        }
        deserializer.deserialize_str(Text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_genesis_is_the_hash_of_its_text() {
        let hasher = Sha256::new_with_prefix("sangam audit chain 1, before the first entry");
        assert_eq!(Digest::of(hasher), Digest::GENESIS);
    }

    #[test]
    fn text_and_bytes_come_back() {
        let bytes: [u8; 32] = std::array::from_fn(|i| u8::try_from(i * 8).expect("small"));
        let digest = Digest(bytes);
        assert_eq!(digest.to_string().parse(), Ok(digest));
        assert_eq!(digest.to_string().to_uppercase().parse(), Ok(digest));
        assert_eq!(Digest::from_slice(digest.as_bytes()), Ok(digest));
        let json = serde_json::to_string(&digest).expect("writes");
        assert_eq!(json, format!("\"{digest}\""));
        assert_eq!(serde_json::from_str::<Digest>(&json).expect("reads"), digest);
    }

    #[test]
    fn what_is_none_is_refused_in_words() {
        let said = |text: &str| text.parse::<Digest>().expect_err("refused").to_string();
        assert_eq!(said("ab"), "a SHA-256 value has 64 hexadecimal digits, not 2");
        assert_eq!(
            said(&"0".repeat(65)),
            "a SHA-256 value has 64 hexadecimal digits, not 65"
        );
        assert_eq!(
            said("ag"),
            "character 2 of a SHA-256 value is no hexadecimal digit"
        );
        assert_eq!(
            said("0é"),
            "character 2 of a SHA-256 value is no hexadecimal digit"
        );
        let short = Digest::from_slice(&[0; 31]).expect_err("refused");
        assert_eq!(short.to_string(), "a SHA-256 value has 32 bytes, not 31");
    }
}

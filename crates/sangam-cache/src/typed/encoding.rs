//! Values as bytes: a byte that names the encoding, then MessagePack with the fields' names. Names cost bytes and make a
//! value of another program version a miss instead of a wrong value. Why not JSON: `docs/cache.md`.

use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;

/// MessagePack with names. An encoding to come takes the next number; a value in any other is a miss and is replaced.
const ENCODING: u8 = 1;
/// Room made for a value before it is known how large it is: a quote.
const TYPICAL: usize = 512;

/// Why bytes are no value.
#[derive(Debug, thiserror::Error)]
pub(super) enum Undecoded {
    #[error("its encoding is not {ENCODING}")]
    Encoding,
    #[error("{0}")]
    Value(#[from] rmp_serde::decode::Error),
}

pub(super) fn encode<T: Serialize>(value: &T) -> Result<Arc<[u8]>, rmp_serde::encode::Error> {
    let mut bytes = Vec::with_capacity(TYPICAL);
    bytes.push(ENCODING);
    rmp_serde::encode::write_named(&mut bytes, value)?;
    Ok(bytes.into())
}

pub(super) fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Undecoded> {
    match bytes.split_first() {
        Some((&ENCODING, value)) => Ok(rmp_serde::from_slice(value)?),
        _ => Err(Undecoded::Encoding),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde::Deserialize;

    use super::*;

    /// What formats that do not describe themselves stumble over.
    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    struct Awkward {
        #[serde(skip_serializing_if = "Option::is_none")]
        left_out: Option<u32>,
        #[serde(flatten)]
        inner: Inner,
        either: Either,
        tagged: Tagged,
        map: std::collections::BTreeMap<String, Option<i64>>,
    }

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    struct Inner {
        big: u64,
        small: i64,
        text: String,
    }

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    #[serde(untagged)]
    enum Either {
        Number(u64),
        Text(String),
    }

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    #[serde(tag = "kind", rename_all = "snake_case")]
    enum Tagged {
        One,
        Two { with: bool },
    }

    prop_compose! {
        fn awkward()(
            left_out: Option<u32>,
            big: u64,
            small: i64,
            text: String,
            number: Option<u64>,
            with: Option<bool>,
            map: std::collections::BTreeMap<String, Option<i64>>,
        ) -> Awkward {
            Awkward {
                left_out,
                either: number.map_or_else(|| Either::Text(text.clone()), Either::Number),
                inner: Inner { big, small, text },
                tagged: with.map_or(Tagged::One, |with| Tagged::Two { with }),
                map,
            }
        }
    }

    proptest! {
        #[test]
        fn property_awkward_values_come_back(value in awkward()) {
            prop_assert_eq!(decode::<Awkward>(&encode(&value).unwrap()).unwrap(), value);
        }

        #[test]
        fn property_no_bytes_break_it(mut bytes: Vec<u8>, ours: bool) {
            if let Some(first) = bytes.first_mut().filter(|_| ours) {
                *first = ENCODING;
            }
            // An error or a value, and either in no time.
            let _either = decode::<Awkward>(&bytes);
        }
    }

    #[test]
    fn another_encoding_and_another_shape_are_told_apart() {
        let bytes = encode(&Inner {
            big: 1,
            small: -1,
            text: "x".to_owned(),
        })
        .unwrap();
        assert!(matches!(decode::<Awkward>(&bytes), Err(Undecoded::Value(_))));
        assert!(matches!(decode::<Inner>(b"{}"), Err(Undecoded::Encoding)));
        assert!(matches!(decode::<Inner>(b""), Err(Undecoded::Encoding)));
        // Lists in lists, as many as fit.
        let mut deep = vec![0x91; 1 << 20];
        deep[0] = ENCODING;
        assert!(matches!(decode::<Awkward>(&deep), Err(Undecoded::Value(_))));
    }
}

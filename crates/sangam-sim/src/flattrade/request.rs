//! The broker's request encoding: `jData=<JSON object>&jKey=<token>`, the JSON as it is.
//!
//! The first `&` ends the JSON, wherever it stands, and nothing is decoded but symbols and search texts, which may be
//! written either for an address (`M%26M-EQ`, `NIFTY+26000`) or with JSON's own escape (`M\u0026M-EQ`).

use std::collections::BTreeMap;

use percent_encoding::percent_decode_str;
use serde_json::{Map, Value};

use super::errors::{self, Refused};

/// A call as it was read: its fields, all of them text, and its token.
#[derive(Debug)]
pub(super) struct Asked {
    fields: BTreeMap<String, String>,
    key: String,
}

impl Asked {
    pub(super) fn read(body: &[u8]) -> Result<Self, Refused> {
        let body = std::str::from_utf8(body).map_err(|_| errors::jdata_malformed())?;
        let part = |name: &str| {
            body.split('&')
                .find_map(|part| part.trim_start().strip_prefix(name))
        };
        let data = part("jData=").ok_or_else(errors::no_jdata)?;
        let object: Map<String, Value> = serde_json::from_str(data).map_err(|_| errors::jdata_malformed())?;
        let mut fields = BTreeMap::new();
        for (name, value) in object {
            match value {
                Value::String(text) => {
                    fields.insert(name, text);
                }
                // The official client sends this for an order without a tag.
                Value::Null if name == "remarks" => {}
                _ => return Err(errors::not_text()),
            }
        }
        let key = part("jKey=").unwrap_or_default().trim_end().to_owned();
        Ok(Self { fields, key })
    }

    /// The token.
    pub(super) fn key(&self) -> &str {
        &self.key
    }

    /// A field as it came, empty or not.
    pub(super) fn raw(&self, name: &str) -> Option<&str> {
        self.fields.get(name).map(String::as_str)
    }

    /// A field that says something.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.raw(name).filter(|text| !text.is_empty())
    }

    /// A field that has to be there.
    pub(super) fn need(&self, name: &str) -> Result<&str, Refused> {
        self.get(name).ok_or_else(|| errors::missing(name))
    }

    /// A symbol or a search text.
    pub(super) fn need_name(&self, name: &str) -> Result<String, Refused> {
        self.need(name).map(decoded)
    }

    /// A whole number above zero.
    pub(super) fn need_quantity(&self, name: &str) -> Result<i64, Refused> {
        let digits = self.need(name)?;
        let number = digits.parse().map_err(|_| errors::invalid_input())?;
        if number > 0 {
            Ok(number)
        } else {
            Err(errors::invalid_input())
        }
    }
}

/// A text that may be encoded as in an address.
fn decoded(text: &str) -> String {
    let spaced = text.replace('+', " ");
    percent_decode_str(&spaced).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn symbol(body: &str) -> Result<String, Refused> {
        Asked::read(body.as_bytes()).and_then(|asked| asked.need_name("tsym"))
    }

    #[test]
    fn both_spellings_of_an_ampersand_are_read() {
        for spelling in ["M%26M-EQ", "M\\u0026M-EQ"] {
            let body = format!("jData={{\"tsym\": \"{spelling}\"}}&jKey=k");
            assert_eq!(symbol(&body), Ok("M&M-EQ".to_owned()), "{spelling}");
        }
        assert_eq!(
            symbol("jData={\"tsym\": \"BAJAJ-AUTO-EQ\"}&jKey=k"),
            Ok("BAJAJ-AUTO-EQ".to_owned())
        );
    }

    #[test]
    fn a_literal_ampersand_ends_the_json() {
        assert_eq!(
            symbol("jData={\"tsym\": \"M&M-EQ\"}&jKey=k"),
            Err(errors::jdata_malformed())
        );
    }

    #[test]
    fn the_json_is_not_form_encoded() {
        assert_eq!(
            symbol("jData=%7B%22tsym%22%3A%22TCS-EQ%22%7D&jKey=k"),
            Err(errors::jdata_malformed())
        );
        assert_eq!(symbol("jData=[]&jKey=k"), Err(errors::jdata_malformed()));
        assert_eq!(symbol("{\"tsym\": \"TCS-EQ\"}"), Err(errors::no_jdata()));
    }

    #[test]
    fn values_are_text_but_for_an_absent_tag() {
        assert_eq!(
            symbol("jData={\"tsym\": \"TCS-EQ\", \"remarks\": null}&jKey=k"),
            Ok("TCS-EQ".to_owned())
        );
        for value in ["1", "null", "true", "[]"] {
            let body = format!("jData={{\"tsym\": \"TCS-EQ\", \"qty\": {value}}}&jKey=k");
            assert_eq!(symbol(&body), Err(errors::not_text()), "{value}");
        }
        let asked = Asked::read(b"jData={\"a\": \"\", \"qty\": \"1.5\"}&jKey=abc\n").expect("it is read");
        assert_eq!(
            (asked.raw("a"), asked.get("a"), asked.key()),
            (Some(""), None, "abc")
        );
        assert_eq!(asked.need("a"), Err(errors::missing("a")));
        assert_eq!(asked.need_quantity("qty"), Err(errors::invalid_input()));
    }
}

//! The request body: `jData=<JSON object>&jKey=<token>`, the JSON placed raw, every value a string, pure ASCII. An `&`
//! inside the JSON would end it early, so none is ever written there.

use bytes::Bytes;
use sangam_core::{BrokerName, Error, ErrorKind, Listing};

use super::words;
use crate::config::AmpersandForm;

/// Who sends: what every body carries besides the command itself.
#[derive(Clone, Copy)]
pub struct Sender<'a> {
    /// The user id.
    pub uid: &'a str,
    /// The account code.
    pub actid: &'a str,
    /// The session's token.
    pub token: &'a str,
    /// How an `&` in a symbol travels.
    pub ampersand: AmpersandForm,
}

impl std::fmt::Debug for Sender<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Sender({}, token hidden)", self.uid)
    }
}

/// A body being written.
pub(super) struct Body<'a> {
    sender: &'a Sender<'a>,
    text: String,
}

impl<'a> Body<'a> {
    /// An empty object.
    pub(super) fn new(sender: &'a Sender<'a>) -> Self {
        let mut text = String::with_capacity(320);
        text.push_str("jData={");
        Self { sender, text }
    }

    /// The beginning of calls that name their source.
    pub(super) fn sourced(sender: &'a Sender<'a>) -> Self {
        Self::new(sender).field("ordersource", "API").uid()
    }

    pub(super) fn uid(self) -> Self {
        let uid = self.sender.uid;
        self.field("uid", uid)
    }

    pub(super) fn actid(self) -> Self {
        let actid = self.sender.actid;
        self.field("actid", actid)
    }

    /// A field with a value of ours or a plain number.
    pub(super) fn field(mut self, name: &'static str, value: &str) -> Self {
        if !self.text.ends_with('{') {
            self.text.push(',');
        }
        self.text.push('"');
        self.text.push_str(name);
        self.text.push_str("\":\"");
        push_escaped(&mut self.text, value);
        self.text.push('"');
        self
    }

    /// A field, if there is a value.
    pub(super) fn some(self, name: &'static str, value: Option<&str>) -> Self {
        match value {
            Some(value) => self.field(name, value),
            None => self,
        }
    }

    /// A symbol or a search text, its `&` in the form the account is set to.
    pub(super) fn symbol(self, name: &'static str, value: &str) -> Self {
        match self.sender.ampersand {
            AmpersandForm::Percent if value.contains('&') => {
                let value = value.replace('&', "%26");
                self.field(name, &value)
            }
            AmpersandForm::Percent | AmpersandForm::JsonEscape => self.field(name, value),
        }
    }

    /// Exchange and symbol of an order.
    pub(super) fn listing(self, listing: &Listing) -> Result<Self, Error> {
        let exchange = words::order_exchange(listing.exchange).ok_or_else(|| {
            Error::refused(
                ErrorKind::NotOffered,
                format!(
                    "the broker takes no orders on {}; use another broker",
                    listing.exchange
                ),
            )
            .at(BrokerName::Flattrade)
        })?;
        Ok(self.field("exch", exchange).symbol("tsym", &listing.order_symbol))
    }

    /// The body, closed with the token.
    pub(super) fn finish(mut self) -> Bytes {
        self.text.push_str("}&jKey=");
        self.text.push_str(self.sender.token);
        Bytes::from(self.text)
    }
}

fn push_escaped(text: &mut String, value: &str) {
    for c in value.chars() {
        match c {
            '"' => text.push_str("\\\""),
            '\\' => text.push_str("\\\\"),
            '&' => text.push_str("\\u0026"),
            ' '..='~' => text.push(c),
            other => {
                let mut units = [0; 2];
                for unit in other.encode_utf16(&mut units) {
                    text.push_str(&format!("\\u{unit:04x}"));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(ampersand: AmpersandForm, value: &str) -> String {
        let sender = Sender {
            uid: "FT000000",
            actid: "FT000000",
            token: "test-token",
            ampersand,
        };
        let body = Body::new(&sender).symbol("tsym", value).finish();
        String::from_utf8(body.to_vec()).expect("a body is text")
    }

    #[test]
    fn an_ampersand_never_splits_the_body() {
        assert_eq!(
            written(AmpersandForm::Percent, "M&M-EQ"),
            r#"jData={"tsym":"M%26M-EQ"}&jKey=test-token"#
        );
        assert_eq!(
            written(AmpersandForm::JsonEscape, "M&M-EQ"),
            r#"jData={"tsym":"M\u0026M-EQ"}&jKey=test-token"#
        );
    }

    #[test]
    fn blanks_stay_raw_and_the_rest_is_escaped() {
        assert_eq!(
            written(AmpersandForm::Percent, "NIFTY 26000 CE"),
            r#"jData={"tsym":"NIFTY 26000 CE"}&jKey=test-token"#
        );
        let odd = "a\"b\\c\u{7}é𝄞\u{7f}";
        let body = written(AmpersandForm::JsonEscape, odd);
        assert!(body.is_ascii());
        let json = &body["jData=".len()..body.rfind("&jKey=").expect("a token")];
        let back: std::collections::BTreeMap<String, String> = serde_json::from_str(json).expect("JSON");
        assert_eq!(back["tsym"], odd);
    }

    #[test]
    fn a_sender_hides_its_token() {
        let sender = Sender {
            uid: "FT000000",
            actid: "FT000000",
            token: "test-token",
            ampersand: AmpersandForm::Percent,
        };
        assert!(!format!("{sender:?}").contains("test-token"));
    }
}

//! What a person brings back from a broker's log-in page: the whole address the browser ended at, its query, or the code
//! alone. Which name the code goes by in the address is the broker's matter and the caller's to say.

use std::fmt;

use url::form_urlencoded;

/// A pasted text, taken apart. It holds a secret: `Debug` shows nothing of it.
///
/// ```
/// use sangam_broker::Pasted;
/// let address = Pasted::read("https://example.test/back?code=a%2Bb&state=7#top");
/// assert_eq!((address.value("code"), address.bare()), (Some("a+b"), None));
/// assert_eq!(Pasted::read(" a.b-c ").bare(), Some("a.b-c"));
/// ```
pub struct Pasted {
    pairs: Vec<(String, String)>,
    bare: Option<String>,
}

impl Pasted {
    /// Takes a pasted text apart; blanks around it mean nothing.
    #[must_use]
    pub fn read(text: &str) -> Self {
        let text = text.trim();
        let query = text.split_once('?').map_or(text, |(_, query)| query);
        let query = query.split('#').next().unwrap_or_default();
        let looks_like_a_code = !text.is_empty()
            && !text.contains(['?', '=', '&', '/', '#'])
            && !text.contains(char::is_whitespace);
        Self {
            pairs: form_urlencoded::parse(query.as_bytes()).into_owned().collect(),
            bare: looks_like_a_code.then(|| text.to_owned()),
        }
    }

    /// The value of a name in the query, decoded; `None` where it is absent or blank.
    #[must_use]
    pub fn value(&self, name: &str) -> Option<&str> {
        self.pairs
            .iter()
            .find(|(key, value)| key == name && !value.is_empty())
            .map(|(_, value)| value.as_str())
    }

    /// The text itself, where it is neither an address nor a query.
    #[must_use]
    pub fn bare(&self) -> Option<&str> {
        self.bare.as_deref()
    }
}

impl fmt::Debug for Pasted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pasted(hidden)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_queries_and_codes_are_told_apart() {
        let check = |text: &str, value: Option<&str>, bare: Option<&str>| {
            let pasted = Pasted::read(text);
            assert_eq!((pasted.value("code"), pasted.bare()), (value, bare), "{text:?}");
        };
        check("https://example.test/back?state=1&code=abc", Some("abc"), None);
        check("\n http://127.0.0.1/?code=abc#part \t", Some("abc"), None);
        check("code=abc&state=1", Some("abc"), None);
        check("?code=abc", Some("abc"), None);
        check("a.b-c_d", None, Some("a.b-c_d"));
        check("https://example.test/back?code=", None, None);
        check("https://example.test/back", None, None);
        check("https://example.test/back?other=abc", None, None);
        check("two words", None, None);
        check("", None, None);
        check("  ", None, None);
    }

    #[test]
    fn a_blank_value_does_not_hide_a_later_one() {
        assert_eq!(Pasted::read("code=&code=abc").value("code"), Some("abc"));
    }

    #[test]
    fn nothing_of_it_is_shown() {
        assert!(!format!("{:?}", Pasted::read("abc")).contains("abc"));
    }
}

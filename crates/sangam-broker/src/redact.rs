//! Showing addresses without what may be secret in them.
//!
//! Log-in codes travel in queries and passwords in the user part of an address, and both end up in error texts sooner
//! or later. Errors, `Debug` and log lines of this crate show addresses only through here. Secrets elsewhere in a text
//! have no form to know them by: keep them out of texts in the first place.

use std::fmt;

/// What is shown in place of an address that cannot be told apart from a secret.
const HIDDEN: &str = "(hidden)";

/// What stands before `://` in addresses of ours; anything else there may be anything.
const SCHEMES: [&str; 4] = ["https", "http", "wss", "ws"];

/// An address as people may see it: scheme, host, port and path.
///
/// User part, query and fragment are left out. Where it is not plain which part is which (an `@` past the host, a port
/// that is no number), only the scheme is shown, and not even that if it is none of the web's.
///
/// ```
/// use sangam_broker::redact::ShownUrl;
/// let url = "https://user:password@api.example:8443/v2/login?code=secret";
/// assert_eq!(ShownUrl(url).to_string(), "https://api.example:8443/v2/login");
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct ShownUrl<'a>(pub &'a str);

impl fmt::Display for ShownUrl<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some((scheme, rest)) = self.0.split_once("://") else {
            return f.write_str(HIDDEN);
        };
        if !SCHEMES.contains(&scheme) {
            return f.write_str(HIDDEN);
        }
        write!(f, "{scheme}://")?;
        let authority = &rest[..rest.find(['/', '?', '#', '\\']).unwrap_or(rest.len())];
        let after = &rest[authority.len()..];
        let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
        // `user:pa/ss@host` reads as host `user`, path `/ss@host`: an `@` further on makes everything doubtful.
        if !is_host(host) || after.contains('@') {
            return f.write_str(HIDDEN);
        }
        let path = &after[..after.find(['?', '#']).unwrap_or(after.len())];
        write!(f, "{host}{path}")
    }
}

impl fmt::Debug for ShownUrl<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A text with every address in it shown as [`ShownUrl`] shows it.
///
/// ```
/// let text = "cannot read https://api.example/masters?token=secret: refused";
/// assert_eq!(sangam_broker::redact::text(text), "cannot read https://api.example/masters: refused");
/// ```
#[must_use]
pub fn text(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(colon) = rest.find("://") {
        let start = rest[..colon]
            .rfind(|c: char| !is_scheme_char(c))
            .map_or(0, |at| at + rest[at..].chars().next().map_or(1, char::len_utf8));
        let tail = &rest[start..];
        let mut end = tail
            .find(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '<' | '>' | '`' | ')' | ']' | '}'))
            .unwrap_or(tail.len());
        // Punctuation that ends a clause is the text's, not the address's.
        end = tail[..end].trim_end_matches([':', ',', ';', '.']).len();
        shown.push_str(&rest[..start]);
        shown.push_str(&ShownUrl(&tail[..end]).to_string());
        // An address cut at its colon would be found again: always move past the `://`.
        let past = end.max(colon - start + "://".len());
        rest = &tail[past..];
    }
    shown.push_str(rest);
    shown
}

fn is_scheme_char(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.')
}

/// Whether this is `host`, `host:port`, `[v6]` or `[v6]:port` and nothing else.
fn is_host(text: &str) -> bool {
    let (host, port) = match text.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
        _ => (text, None),
    };
    let name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    let host_is_plain = match host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
        Some(v6) => v6
            .chars()
            .all(|c| c.is_ascii_hexdigit() || matches!(c, ':' | '.')),
        None => host.chars().all(name),
    };
    !host.is_empty() && host_is_plain && port.is_none_or(|port| port.parse::<u16>().is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn shows_where_and_hides_who() {
        let check = |url: &str, shown: &str| assert_eq!(ShownUrl(url).to_string(), shown, "{url}");
        check(
            "http://127.0.0.1:9103/v2/order?a=b",
            "http://127.0.0.1:9103/v2/order",
        );
        check("https://[::1]:9/x#frag", "https://[::1]:9/x");
        check("https://[::1]/x", "https://[::1]/x");
        check("https://u@h/x", "https://h/x");
        check("https://u:p@ss@h/x", "https://h/x");
        check("https://u:p/w@h/x", "https://(hidden)");
        check("https://u:12/w@h/x", "https://(hidden)");
        check("https://u:12?w@h/x", "https://(hidden)");
        check("https://h:port/x", "https://(hidden)");
        check("no address", "(hidden)");
        check("secret word://x", "(hidden)");
        check("secret://x", "(hidden)");
    }

    #[test]
    fn texts_keep_their_words() {
        let check = |from: &str, to: &str| assert_eq!(text(from), to);
        check("nothing here", "nothing here");
        check("see (https://a.b/c?d=e), then", "see (https://a.b/c), then");
        check(
            "moved from 'http://a/?x=1' to 'http://b/?y=2'",
            "moved from 'http://a/' to 'http://b/'",
        );
        check("a :// b", "a (hidden) b");
    }

    proptest! {
        #[test]
        fn property_a_planted_secret_never_shows(
            before in "[a-z:/?#@ .\\\\-]{0,12}",
            between in "[a-z0-9:/?#@.&=\\\\-]{0,12}",
        ) {
            // Wherever an `@` or a `?` makes it user part or query.
            let user = format!("https://{between}SECRET@host.example/path");
            prop_assert!(!ShownUrl(&user).to_string().contains("SECRET"), "{user}");
            let query = format!("https://host.example/path?{between}SECRET");
            prop_assert!(!ShownUrl(&query).to_string().contains("SECRET"), "{query}");
            prop_assert!(!text(&format!("{before} {query}")).contains("SECRET"), "{before} {query}");
        }

        #[test]
        fn property_any_text_is_shown_without_a_panic(any in ".{0,60}") {
            let _ = text(&any);
            let _ = ShownUrl(&any).to_string();
        }
    }
}

//! A broker's text as it is passed on: on one line and of bounded length.

/// Most characters of a broker's text that are passed on.
const SHOWN_MAX: usize = 300;

/// A text with its runs of blanks, line ends among them, collapsed to one space.
///
/// ```
/// assert_eq!(sangam_broker::collapsed(" Session Expired :  Invalid\n Key "), "Session Expired : Invalid Key");
/// ```
#[must_use]
pub fn collapsed(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        if !out.is_empty() {
            out.push(' ');
        }
        out.push_str(word);
    }
    out
}

/// A broker's text for an error: collapsed, at most 300 characters.
#[must_use]
pub fn shown(text: &str) -> String {
    let mut text = collapsed(text);
    if let Some((end, _)) = text.char_indices().nth(SHOWN_MAX) {
        text.truncate(end);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_line_of_bounded_length_cut_between_characters() {
        assert_eq!(shown("a\r\n\tb"), "a b");
        assert_eq!(shown(""), "");
        let long = "₹".repeat(SHOWN_MAX + 1);
        assert_eq!(shown(&long).chars().count(), SHOWN_MAX);
        assert_eq!(shown(&"x".repeat(SHOWN_MAX)).len(), SHOWN_MAX);
    }
}

//! Blocks of figures in a page.

use anyhow::{Context as _, Result, ensure};

const END: &str = "<!-- /figures -->";

/// The page with what stands in the block of this name replaced.
pub(super) fn replace(page: &str, name: &str, made: &str) -> Result<String> {
    let begin = format!("<!-- figures:{name} -->");
    let missing = || format!("there is no line `{begin}` with a line `{END}` after it");
    let (before, rest) = cut(page, &begin).with_context(missing)?;
    let (old, after) = cut(rest, END).with_context(missing)?;
    ensure!(
        !old.contains("<!-- figures:"),
        "the block `{begin}` has no end of its own"
    );
    Ok(format!("{before}{begin}\n{}\n{END}\n{after}", made.trim_end()))
}

/// What stands before and after the line.
fn cut<'a>(text: &'a str, line: &str) -> Option<(&'a str, &'a str)> {
    let mut at = 0;
    for piece in text.split_inclusive('\n') {
        if piece.trim_end() == line {
            return Some((&text[..at], &text[at + piece.len()..]));
        }
        at += piece.len();
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_block_of_the_name_changes() {
        let page = "a\n<!-- figures:x -->\nold\nold\n<!-- /figures -->\nb\n<!-- figures:y -->\nkept\n<!-- /figures -->\n";
        let new = replace(page, "x", "new\n").unwrap();
        assert_eq!(new, page.replace("old\nold", "new"));
        assert_eq!(replace(&new, "x", "new").unwrap(), new, "the same again");
    }

    #[test]
    fn a_block_that_is_not_there_is_named() {
        for page in [
            "",
            "<!-- figures:x -->\nno end\n",
            "text <!-- figures:x --> <!-- /figures -->\n",
        ] {
            let error = replace(page, "x", "new").unwrap_err().to_string();
            assert!(error.contains("<!-- figures:x -->"), "{error}");
        }
        let unended = "<!-- figures:x -->\n<!-- figures:y -->\n<!-- /figures -->\n";
        assert!(replace(unended, "x", "").is_err());
    }
}

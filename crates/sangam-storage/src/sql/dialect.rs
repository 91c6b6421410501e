//! The two databases, and where their SQL differs.

/// Which database speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dialect {
    Sqlite,
    Postgres,
}

/// A statement with `$1`, `$2`, ... for its question marks. Quoted texts in our statements hold none.
pub(crate) fn numbered(sql: &str) -> String {
    let mut out = String::with_capacity(sql.len() + 16);
    let mut place = 0;
    for part in sql.split_inclusive('?') {
        match part.strip_suffix('?') {
            Some(text) => {
                place += 1;
                out.push_str(text);
                out.push('$');
                out.push_str(&place.to_string());
            }
            None => out.push_str(part),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_numbered_in_order() {
        assert_eq!(numbered("select 1"), "select 1");
        assert_eq!(numbered("a = ? and b in (?, ?)"), "a = $1 and b in ($2, $3)");
    }
}

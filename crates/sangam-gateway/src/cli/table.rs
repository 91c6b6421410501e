//! Tables for eyes: columns as wide as their widest cell, numbers to the right.

use std::io::Write as _;

use anyhow::Result;

/// Prints a table.
pub(crate) fn print(headings: &[&str], rows: &[Vec<String>]) -> Result<()> {
    let out = std::io::stdout();
    let mut out = out.lock();
    out.write_all(render(headings, rows).as_bytes())?;
    Ok(())
}

/// Prints one line.
pub(crate) fn line(text: &str) -> Result<()> {
    let out = std::io::stdout();
    writeln!(out.lock(), "{text}")?;
    Ok(())
}

fn render(headings: &[&str], rows: &[Vec<String>]) -> String {
    let width = |column: usize| {
        let cells = rows
            .iter()
            .filter_map(|row| row.get(column))
            .map(|cell| cell.chars().count());
        cells.chain([headings[column].chars().count()]).max().unwrap_or(0)
    };
    let widths: Vec<_> = (0..headings.len()).map(width).collect();
    let numeric: Vec<_> = (0..headings.len())
        .map(|column| {
            !rows.is_empty()
                && rows
                    .iter()
                    .all(|row| row.get(column).is_none_or(|cell| is_number(cell)))
        })
        .collect();
    let mut text = String::new();
    let heading: Vec<_> = headings.iter().map(|heading| (*heading).to_owned()).collect();
    push(&mut text, &heading, &widths, &numeric);
    let rule: Vec<_> = widths.iter().map(|width| "-".repeat(*width)).collect();
    push(&mut text, &rule, &widths, &numeric);
    for row in rows {
        push(&mut text, row, &widths, &numeric);
    }
    if rows.is_empty() {
        text.push_str("(none)\n");
    }
    text
}

fn push(text: &mut String, cells: &[String], widths: &[usize], numeric: &[bool]) {
    let mut line = String::new();
    for (column, width) in widths.iter().enumerate() {
        let cell = cells.get(column).map_or("", String::as_str);
        let gap = " ".repeat(width.saturating_sub(cell.chars().count()));
        let padded = if numeric[column] {
            format!("{gap}{cell}")
        } else {
            format!("{cell}{gap}")
        };
        line.push_str(&padded);
        line.push_str("  ");
    }
    text.push_str(line.trim_end());
    text.push('\n');
}

fn is_number(cell: &str) -> bool {
    cell.is_empty()
        || cell
            .trim_end_matches('%')
            .parse::<rust_decimal::Decimal>()
            .is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_stand_right_and_words_left() {
        let rows = vec![
            vec!["RELIANCE".to_owned(), "1450.5".to_owned()],
            vec!["M&M".to_owned(), "99".to_owned()],
        ];
        assert_eq!(
            render(&["symbol", "price"], &rows),
            "symbol     price\n--------  ------\nRELIANCE  1450.5\nM&M           99\n"
        );
        assert_eq!(render(&["a"], &[]), "a\n-\n(none)\n");
    }
}

//! Reads a trace of requests: CSV with the header `bin,count`, plain or gzipped, told apart by its first bytes. Every bin
//! is there and in order, or the line that is wrong is named. Read line by line rather than by a CSV reader: two numbers
//! need no quotes, line numbers stay exact over empty lines, and a line has a bound.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use anyhow::{Context as _, Result, bail};
use flate2::read::MultiGzDecoder;

/// What gzip begins with.
const GZIP: [u8; 2] = [0x1f, 0x8b];
const HEADER: [&str; 2] = ["bin", "count"];
/// Two numbers take less.
const LINE_BYTES_MAX: u64 = 256;
/// Three years of bins of a second.
const BINS_MAX: usize = 100_000_000;

/// The counts of a trace, bin by bin.
pub(crate) fn read(path: &Path) -> Result<Vec<u64>> {
    counts_of(path).with_context(|| path.display().to_string())
}

fn counts_of(path: &Path) -> Result<Vec<u64>> {
    let file = File::open(path).context("cannot be opened; give the name of a trace")?;
    let mut file = BufReader::new(file);
    let start = file
        .fill_buf()
        .context("cannot be read; give the name of a file")?;
    if start.starts_with(&GZIP) {
        parse(MultiGzDecoder::new(file)).context("gzipped")
    } else {
        parse(file)
    }
}

fn parse(trace: impl Read) -> Result<Vec<u64>> {
    let mut trace = BufReader::new(trace);
    let mut bytes = Vec::new();
    let mut counts = Vec::new();
    let mut header_seen = false;
    let mut last = None;
    for line in 1_u64.. {
        bytes.clear();
        let read = trace.by_ref().take(LINE_BYTES_MAX).read_until(b'\n', &mut bytes);
        let read =
            read.with_context(|| format!("line {line}: the file is damaged here; fetch or write it anew"))?;
        if read == 0 {
            break;
        }
        let at = || format!("line {line}");
        let text = text(&bytes).with_context(at)?;
        if text.is_empty() {
            continue;
        }
        if !header_seen {
            header(text).with_context(at)?;
            header_seen = true;
            continue;
        }
        let (bin, count) = one(text, last).with_context(at)?;
        if counts.len() == BINS_MAX {
            bail!("line {line}: more than {BINS_MAX} bins; cut the trace or make its bins longer");
        }
        last = Some(bin);
        counts.push(count);
    }
    if !header_seen {
        bail!("is empty; a trace has the header `bin,count` and then one line a bin");
    }
    Ok(counts)
}

fn text(bytes: &[u8]) -> Result<&str> {
    if bytes.len() as u64 == LINE_BYTES_MAX && !bytes.ends_with(b"\n") {
        bail!("is too long for a bin and its count; write one bin a line");
    }
    let text = std::str::from_utf8(bytes)
        .ok()
        .context("is no text; write the file as CSV or gzipped CSV")?;
    Ok(text.trim())
}

fn header(text: &str) -> Result<()> {
    // Some programs mark the start of a text.
    let names = text.trim_start_matches('\u{feff}').split(',');
    if names.map(str::trim).eq(HEADER) {
        return Ok(());
    }
    bail!(
        "the header is {:?}, not `bin,count`; write it as the first line, and the file as CSV or gzipped CSV",
        cut(text)
    )
}

/// The bin and its count.
fn one(text: &str, last: Option<u64>) -> Result<(u64, u64)> {
    let columns = text.split_once(',').filter(|(_, count)| !count.contains(','));
    let (bin, count) = columns
        .with_context(|| format!("{:?} has not two columns; write the bin and its count", cut(text)))?;
    let bin = number("bin", bin.trim())?;
    let count = number("count", count.trim())?;
    match last {
        Some(last) if bin <= last => {
            bail!("bin {bin} after bin {last}; write each bin once and in order")
        }
        Some(last) if bin - last > 1 => {
            let missing = if bin - last == 2 {
                format!("bin {} is missing", last + 1)
            } else {
                format!("bins {} to {} are missing", last + 1, bin - 1)
            };
            bail!("bin {bin} after bin {last}: {missing}; write a bin without requests with count 0")
        }
        _ => Ok((bin, count)),
    }
}

fn number(column: &str, text: &str) -> Result<u64> {
    text.parse()
        .ok()
        .with_context(|| format!("{column} {:?} is not a whole number from 0 up", cut(text)))
}

/// As much of a text as a message takes.
fn cut(text: &str) -> String {
    const SHOWN_MAX: usize = 40;
    let mut shown: String = text.chars().take(SHOWN_MAX).collect();
    if shown.len() < text.len() {
        shown.push('…');
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Result<&[u64], &str>) {
        match (parse(text.as_bytes()), expected) {
            (Ok(counts), Ok(expected)) => assert_eq!(counts, expected, "{text:?}"),
            (Err(error), Err(words)) => {
                let error = format!("{error:#}");
                assert!(error.contains(words), "{text:?}: {error}");
            }
            (read, expected) => panic!("{text:?}: {read:?}, not {expected:?}"),
        }
    }

    #[test]
    fn traces_are_read_or_the_line_is_named() {
        check("bin,count\n0,3\n1,0\n2,18\n", Ok(&[3, 0, 18]));
        check("\u{feff}bin, count\r\n7,3\r\n\r\n8,1", Ok(&[3, 1]));
        check("bin,count\n", Ok(&[]));
        check("", Err("is empty"));
        check("0,3\n1,4\n", Err("line 1: the header is \"0,3\""));
        check("time,count\n0,3\n", Err("not `bin,count`"));
        check("bin,count\n0,3\n1,many\n", Err("line 3: count \"many\""));
        check(
            "bin,count\n0,3\n1,-4\n",
            Err("line 3: count \"-4\" is not a whole number from 0 up"),
        );
        check("bin,count\n0,3\n1,4.5\n", Err("line 3: count \"4.5\""));
        check("bin,count\nx,3\n", Err("line 2: bin \"x\""));
        check("bin,count\n0,99999999999999999999\n", Err("line 2: count"));
        check("bin,count\n0,3\n1\n", Err("line 3: \"1\" has not two columns"));
        check(
            "bin,count\n0,3\n1,2,3\n",
            Err("line 3: \"1,2,3\" has not two columns"),
        );
        check(
            "bin,count\n0,3\n2,4\n",
            Err("line 3: bin 2 after bin 0: bin 1 is missing"),
        );
        check(
            "bin,count\n0,3\n\n9,4\n",
            Err("line 4: bin 9 after bin 0: bins 1 to 8 are missing"),
        );
        check(
            "bin,count\n5,3\n5,4\n",
            Err("line 3: bin 5 after bin 5; write each bin once"),
        );
    }

    #[test]
    fn what_is_no_text_is_named_too() {
        let read = parse(&b"bin,count\n0,3\n1,\xff\xfe\n"[..]);
        let error = format!("{:#}", read.unwrap_err());
        assert!(error.contains("line 3: is no text"), "{error}");
        let endless = format!("bin,count\n0,{}", "1".repeat(1_000_000));
        check(&endless, Err("line 2: is too long"));
    }
}

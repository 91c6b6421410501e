//! A file as it came from a broker, and which layout its content is. Leaves out reading rows: that is `layouts`.

use std::borrow::Cow;
use std::fmt;
use std::io::Read;

use flate2::read::MultiGzDecoder;
use sangam_core::BrokerName;

use crate::fault::MasterError;

/// The largest master unpacked: four times the largest seen.
const UNPACKED_MAX: u64 = 512 * 1024 * 1024;

/// A master's bytes, plain or gzip, and the name it is reported by.
#[derive(Debug, Clone, Copy)]
pub struct Source<'a> {
    /// The file or address, for reports only: the layout is told by the content.
    pub name: &'a str,
    /// The bytes as they came.
    pub bytes: &'a [u8],
}

impl<'a> Source<'a> {
    /// Puts the two together.
    #[must_use]
    pub fn new(name: &'a str, bytes: &'a [u8]) -> Self {
        Self { name, bytes }
    }
}

/// The layouts masters come in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Layout {
    /// Flattrade's CSV and the Noren text files, which differ in columns but name them in a header.
    Noren,
    /// Fyers' CSV without a header.
    Fyers,
    /// Upstox' array of objects.
    UpstoxJson,
    /// Upstox' older CSV.
    UpstoxCsv,
}

impl Layout {
    /// The broker whose names it holds.
    #[must_use]
    pub fn broker(self) -> BrokerName {
        match self {
            Self::Noren => BrokerName::Flattrade,
            Self::Fyers => BrokerName::Fyers,
            Self::UpstoxJson | Self::UpstoxCsv => BrokerName::Upstox,
        }
    }
}

impl fmt::Display for Layout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Noren => "a Flattrade (Noren) master",
            Self::Fyers => "a Fyers master",
            Self::UpstoxJson => "an Upstox JSON master",
            Self::UpstoxCsv => "an Upstox CSV master",
        })
    }
}

/// The plain content of a source and its layout.
pub(crate) fn open<'a>(source: &Source<'a>) -> Result<(Cow<'a, [u8]>, Layout), MasterError> {
    let content = unpack(source)?;
    let content = match content {
        Cow::Borrowed(bytes) => Cow::Borrowed(bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(bytes)),
        Cow::Owned(mut bytes) => {
            if bytes.starts_with(BYTE_ORDER_MARK) {
                bytes.drain(..BYTE_ORDER_MARK.len());
            }
            Cow::Owned(bytes)
        }
    };
    let layout = detect(&content).map_err(|found| match found {
        Looks::Empty => MasterError::Empty {
            file: source.name.to_owned(),
        },
        Looks::Like(found) => MasterError::UnknownLayout {
            file: source.name.to_owned(),
            found,
        },
    })?;
    Ok((content, layout))
}

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

fn unpack<'a>(source: &Source<'a>) -> Result<Cow<'a, [u8]>, MasterError> {
    if !source.bytes.starts_with(&[0x1f, 0x8b]) {
        return Ok(Cow::Borrowed(source.bytes));
    }
    let mut content = Vec::with_capacity(source.bytes.len().saturating_mul(8).min(256 * 1024 * 1024));
    MultiGzDecoder::new(source.bytes)
        .take(UNPACKED_MAX + 1)
        .read_to_end(&mut content)
        .map_err(|error| MasterError::Gzip {
            file: source.name.to_owned(),
            source: error,
        })?;
    if u64::try_from(content.len()).is_ok_and(|len| len > UNPACKED_MAX) {
        return Err(MasterError::TooLarge {
            file: source.name.to_owned(),
            limit: UNPACKED_MAX,
        });
    }
    Ok(Cow::Owned(content))
}

enum Looks {
    Empty,
    Like(&'static str),
}

fn detect(content: &[u8]) -> Result<Layout, Looks> {
    let content = content.trim_ascii_start();
    match content.first() {
        None => return Err(Looks::Empty),
        Some(b'<') => return Err(Looks::Like("it is a web page or XML")),
        Some(b'{') => return Err(Looks::Like("it is a JSON object, often a broker's error message")),
        Some(b'[') => return Ok(Layout::UpstoxJson),
        Some(_) => {}
    }
    if content.starts_with(b"PK\x03\x04") {
        return Err(Looks::Like("it is a zip archive, to be unpacked first"));
    }
    let first = content.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let Ok(first) = std::str::from_utf8(first.get(..4096).unwrap_or(first)) else {
        return Err(Looks::Like("it is not text"));
    };
    let columns: Vec<String> = first
        .split(',')
        .map(|name| name.trim().trim_matches('"').to_ascii_lowercase())
        .collect();
    let names = |wanted: &str| columns.iter().any(|column| column == wanted);
    if names("exchange") && names("token") && names("tradingsymbol") {
        return Ok(Layout::Noren);
    }
    if names("instrument_key") {
        return Ok(Layout::UpstoxCsv);
    }
    let digits = |text: &String| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let fyers_symbol = || first.split(',').skip(9).any(is_fyers_symbol);
    if columns.len() >= 17 && columns.first().is_some_and(digits) && fyers_symbol() {
        return Ok(Layout::Fyers);
    }
    Err(Looks::Like("the first line has the columns of no known master"))
}

fn is_fyers_symbol(field: &str) -> bool {
    ["NSE:", "BSE:", "MCX:"]
        .iter()
        .any(|prefix| field.starts_with(prefix))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(content: &[u8], needle: &str) {
        let text = match open(&Source::new("today.csv", content)) {
            Ok((_, layout)) => format!("taken for {layout}"),
            Err(error) => error.to_string(),
        };
        assert!(text.starts_with("today.csv: ") && text.contains(needle), "{text}");
    }

    #[test]
    fn what_is_no_master_is_refused_by_name() {
        refused(b"", "empty");
        refused(b"  \r\n", "empty");
        refused(b"<!DOCTYPE html><html>", "web page");
        refused(b"{\"status\":\"error\"}", "JSON object");
        refused(b"PK\x03\x04....", "zip");
        refused(b"\x1f\x8b\x08\x00\x00", "gzip data is damaged");
        refused(b"a,b,c\n1,2,3\n", "no known master");
        refused(&[0xff, 0xfe, 0x00], "not text");
    }

    #[test]
    fn the_layout_is_told_by_content_and_not_by_name() {
        let check = |content: &str, layout: Layout| {
            let found = open(&Source::new("x.bin", content.as_bytes())).map(|(_, found)| found);
            assert!(found.is_ok_and(|found| found == layout), "{content}");
        };
        check(
            "EXCHANGE,TOKEN,Lotsize,Symbol,TRADINGSYMBOL,Instrument\n",
            Layout::Noren,
        );
        check(
            "\u{feff}\"instrument_key\",\"exchange_token\"\n",
            Layout::UpstoxCsv,
        );
        check("\n[{}]", Layout::UpstoxJson);
        check(
            "1,A,0,1,0.05,,s,d,,NSE:A-EQ,10,10,1,A,1,-1.0,XX,1,None,0,0.0\n",
            Layout::Fyers,
        );
    }
}

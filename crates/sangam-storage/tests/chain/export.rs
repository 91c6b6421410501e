//! Exports: what was written is accepted, whatever else is not.

mod property;

use std::collections::BTreeMap;

use sangam_storage::chain::{Digest, ExportError, ExportWriter, Link, Verified, verify_export};
use sha2::{Digest as _, Sha256};

use crate::kept::{Kept, days_of};

/// All sealed days from one on.
pub(super) fn write(kept: &Kept, from: usize) -> Result<Vec<u8>, ExportError> {
    let seals: Vec<_> = kept.sealed[from..].iter().map(|day| day.seal.clone()).collect();
    let before = from
        .checked_sub(1)
        .map_or(Link::GENESIS, |day| kept.sealed[day].seal.link());
    let last = seals.last().map_or(0, |seal| seal.last());
    let mut export = ExportWriter::begin(Vec::new(), before.hash, seals)?;
    for entry in &kept.entries {
        if (before.sequence + 1..=last).contains(&entry.sequence) {
            export.entry(entry)?;
        }
    }
    export.finish().map(|(file, _)| file)
}

pub(super) fn read(file: &[u8]) -> Result<Verified, ExportError> {
    verify_export(file, BTreeMap::new())
}

/// With the sum in its last line made right again, as someone would who edits an export.
pub(super) fn summed(mut lines: Vec<String>) -> Vec<u8> {
    let sum = |lines: &[String]| Digest(Sha256::digest(lines.concat()).into());
    if let Some(last) = lines.pop() {
        let its = last.find(r#""sha256":""#).map(|at| at + 10);
        let last = its
            .and_then(|at| last.get(at..at + 64))
            .map_or(last.clone(), |old| last.replace(old, &sum(&lines).to_string()));
        lines.push(last);
    }
    lines.concat().into_bytes()
}

pub(super) fn lines(file: &[u8]) -> Vec<String> {
    String::from_utf8_lossy(file)
        .split_inclusive('\n')
        .map(str::to_owned)
        .collect()
}

/// Two sealed days of three and two entries: eight lines and a header.
fn file() -> Vec<u8> {
    write(&days_of(&[3, 2, 1]), 0).expect("writes")
}

fn said(change: impl FnOnce(&mut Vec<String>)) -> String {
    let mut lines = lines(&file());
    change(&mut lines);
    read(&summed(lines)).expect_err("not accepted").to_string()
}

#[test]
fn the_form_is_the_written_one() {
    let lines = lines(&file());
    assert_eq!(lines.len(), 9);
    assert_eq!(
        lines[0],
        format!(
            "{{\"header\":{{\"format\":\"sangam audit export 1\",\"from\":\"2026-11-23\",\"to\":\"2026-11-24\",\"first\":1,\
             \"previous\":\"{}\"}}}}\n",
            Digest::GENESIS
        )
    );
    assert!(
        lines[1].starts_with(
            r#"{"entry":{"sequence":1,"day":"2026-11-23","at":"2026-11-23T03:45:00Z","actor":"desk","event":"order.received","subject":"2611230000001","detail":"{\"n\":0}","hash":""#
        ),
        "{}",
        lines[1]
    );
    assert!(lines[4].starts_with(r#"{"seal":{"day":"2026-11-23","first":1,"entries":3,"root":""#));
    assert!(lines[8].starts_with(r#"{"end":{"days":2,"entries":5,"sha256":""#));
}

#[test]
fn exports_join() {
    let kept = days_of(&[3, 2, 4, 1]);
    let whole = read(&write(&kept, 0).expect("writes")).expect("right");
    let later = read(&write(&kept, 2).expect("writes")).expect("right");
    assert_eq!(later.head, whole.head);
    assert_eq!(later.after.head(), kept.sealed[1].seal.link().head());
    assert_eq!(later.sealed, whole.sealed[2..]);
}

#[test]
fn roots_given_from_outside_are_held_against_it() {
    let kept = days_of(&[3, 2, 1]);
    assert!(verify_export(file().as_slice(), kept.roots()).is_ok());
    let forged = {
        let mut kept = kept.clone();
        kept.entries[1].entry.detail.push(' ');
        kept.forged()
    };
    let forged = write(&forged, 0).expect("writes");
    assert!(read(&forged).is_ok());
    let error = verify_export(forged.as_slice(), kept.roots()).expect_err("another root");
    assert!(
        error
            .to_string()
            .starts_with("line 5: the root of 2026-11-23 differs"),
        "{error}"
    );
    let other_day = BTreeMap::from([("2026-11-25".parse().expect("a date"), Digest::GENESIS)]);
    let error = verify_export(file().as_slice(), other_day).expect_err("no such day");
    assert_eq!(
        error.to_string(),
        "line 9: a root is expected for 2026-11-25, which has no entries here"
    );
}

#[test]
fn a_broken_chain_is_not_exported() {
    let mut changed = days_of(&[3, 2, 1]);
    changed.entries[3].entry.actor.clear();
    let error = write(&changed, 0).expect_err("broken").to_string();
    assert!(
        error.starts_with("the chain is broken and not exported: entry 4 of 2026-11-24 was changed"),
        "{error}"
    );
    let mut cut = days_of(&[3, 2, 1]);
    cut.entries.remove(4);
    assert!(matches!(write(&cut, 0), Err(ExportError::ChainBroken(_))));
    let none = days_of(&[3]);
    assert!(matches!(write(&none, 0), Err(ExportError::NoDays)));
}

#[test]
fn what_is_wrong_is_named_with_its_line() {
    assert_eq!(
        said(|lines| drop(lines.remove(2))),
        "line 3: entries 2 to 2 are missing"
    );
    assert_eq!(
        said(|lines| drop(lines.remove(4))),
        "line 5: 2026-11-23 is over and has entries, but no seal: it was removed, or its day was changed"
    );
    assert_eq!(
        said(|lines| lines.insert(5, lines[4].clone())),
        "line 6 is a seal, where an entry or the last line belongs: lines were taken out, added or moved"
    );
    assert_eq!(
        said(|lines| drop(lines.drain(5..8))),
        "line 1 says that the last day is 2026-11-24, but it is 2026-11-23"
    );
    assert_eq!(
        said(|lines| drop(lines.drain(1..8))),
        "line 2 is the last line, where an entry belongs: lines were taken out, added or moved"
    );
    assert_eq!(
        said(|lines| lines[2] = lines[2].replace(",\"day\"", ", \"day\"")),
        "line 3 is not in the form it was written in: it was edited"
    );
    assert_eq!(
        said(|lines| lines[2] = "{}\n".to_owned()),
        "line 3 is no line of an export"
    );
    assert_eq!(
        said(|lines| lines[0] = lines[0].replace("export 1", "export 2")),
        r#"the export has the form "sangam audit export 2", this version reads "sangam audit export 1": use the sangam that wrote it"#
    );
    assert_eq!(
        said(|lines| lines[0] = lines[0].replace("\"first\":1", "\"first\":0")),
        "line 1 says that the number of the first entry is 0, but it is 1 or more"
    );
    assert_eq!(
        said(|lines| lines[8] = lines[8].replace("\"days\":2", "\"days\":3")),
        "line 9 says that the count of days is 3, but it is 2"
    );
}

#[test]
fn ends_are_told_apart() {
    let file = file();
    let without_its_last_byte = &file[..file.len() - 1];
    assert!(matches!(
        read(without_its_last_byte),
        Err(ExportError::Cut { lines: 9 })
    ));
    assert!(matches!(read(b""), Err(ExportError::Cut { lines: 0 })));
    let more = [file.as_slice(), b"\n"].concat();
    assert!(matches!(read(&more), Err(ExportError::Trailing { line: 9 })));
    let endless = vec![b' '; (16 << 20) + 2];
    assert!(matches!(
        read(&endless),
        Err(ExportError::TooLong { line: 1, .. })
    ));
}

#[test]
fn a_failing_disk_is_told() {
    struct Full;
    impl std::io::Write for Full {
        fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
            Err(std::io::ErrorKind::StorageFull.into())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let seals = vec![days_of(&[1, 1]).sealed[0].seal.clone()];
    let refused = ExportWriter::begin(Full, Digest::GENESIS, seals);
    assert!(matches!(refused, Err(ExportError::Write(_))));
}

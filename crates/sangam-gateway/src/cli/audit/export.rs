//! `sangam audit export`: a file that is whole or not there, read back before its days are marked.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter};
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use sangam::SystemClock;
use sangam::audit::Verified;
use sangam::books::SqlLedger;
use sangam::core::timestamp::Date;
use sangam::core::{Clock as _, IST};
use serde_json::json;

use super::{Bar, counted, verify};
use crate::cli::args::{AuditExport, Common};
use crate::cli::{books, table};

pub(super) async fn run(common: &Common, args: &AuditExport) -> Result<()> {
    let days = args.from.unwrap_or(Date::MIN)..=args.to.unwrap_or(Date::MAX);
    if days.is_empty() {
        bail!("--from {} is after --to {}", days.start(), days.end());
    }
    let shown = args.file.display();
    if args.file.exists() {
        bail!("{shown} is there already: name another file, or move it away");
    }
    let books = books::open(common).await?;
    let sealed = seal(&books, &days, &args.by.actor()).await?;
    // What is exported by default does not begin with days that are gone.
    let days = match args.from {
        Some(_) => days,
        None => oldest(&books).await?..=*days.end(),
    };
    let draft = Draft::beside(&args.file)?;
    let written = write(common, &books, days, &draft).await?;
    let read = verify::file(common, &draft.path, BTreeMap::new())
        .context("read back what was just written; check the disk")?;
    if read != written {
        bail!("{shown} does not read back as it was written; check the disk");
    }
    draft.keep(&args.file)?;
    books
        .mark_exported(&written, &args.by.actor(), SystemClock::new().now())
        .await
        .with_context(|| {
            format!("{shown} is whole, but its days could not be marked as exported; export them again")
        })?;
    told(common, &args.file, &written, sealed)
}

fn told(common: &Common, path: &Path, written: &Verified, sealed: Option<Date>) -> Result<()> {
    if common.json {
        return table::line(&serde_json::to_string_pretty(&json!({
            "file": path, "entries": written.entries, "after": written.after.sequence, "head": written.head.sequence,
            "days": written.sealed, "sealed_now": sealed,
        }))?);
    }
    let days = u64::try_from(written.sealed.len()).unwrap_or(u64::MAX);
    let (Some(first), Some(last)) = (written.sealed.first(), written.sealed.last()) else {
        return Ok(());
    };
    if let Some(day) = sealed {
        table::line(&format!("{day} was sealed by opening today"))?;
    }
    table::line(&format!(
        "{}: {}, {} to {}, {}\nthe root of {} is {}",
        path.display(),
        counted(days, "day", "days"),
        first.day,
        last.day,
        counted(written.entries, "entry", "entries"),
        last.day,
        last.root
    ))
}

/// Seals the newest day, if it is asked for and over. Answers it.
async fn seal(books: &SqlLedger, days: &RangeInclusive<Date>, actor: &str) -> Result<Option<Date>> {
    let head = books.chain_head().await?;
    let newest = books.chained(head.sequence, 1).await?;
    let now = SystemClock::new().now();
    match newest.first() {
        Some(newest) if days.contains(&newest.day) && newest.day < IST::date(now) => {
            Ok(books.open_day(actor, now).await?)
        }
        _ => Ok(None),
    }
}

/// The oldest day that has entries.
async fn oldest(books: &SqlLedger) -> Result<Date> {
    let days = books.sealed_days().await?;
    let kept = days.iter().find(|day| day.pruned_at.is_none());
    Ok(kept.map_or(Date::MIN, |day| day.seal.day))
}

async fn write(
    common: &Common,
    books: &SqlLedger,
    days: RangeInclusive<Date>,
    draft: &Draft,
) -> Result<Verified> {
    let bar = Bar::of_entries(common, "exporting")?;
    let out = BufWriter::with_capacity(1 << 20, draft.make()?);
    let (out, written) = books
        .export_days(days, out, |progress| bar.hear(progress))
        .await?;
    let file = out.into_inner().map_err(io::IntoInnerError::into_error);
    file.and_then(|file| file.sync_all()).with_context(|| {
        format!(
            "write {}; free the disk or name another place",
            draft.path.display()
        )
    })?;
    Ok(written)
}

/// The file under another name, until it is whole; gone if it does not become so.
struct Draft {
    path: PathBuf,
    folder: PathBuf,
}

impl Draft {
    fn beside(path: &Path) -> Result<Self> {
        let name = path.file_name().and_then(|name| name.to_str());
        let Some(name) = name else {
            bail!("{} is no name of a file", path.display());
        };
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        let folder = folder.unwrap_or(Path::new(".")).to_path_buf();
        let path = folder.join(format!(".{name}.{}", std::process::id()));
        Ok(Self { path, folder })
    }

    /// Makes it, readable by its owner alone.
    fn make(&self) -> Result<File> {
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        options.open(&self.path).with_context(|| {
            format!(
                "make a file in {}; the folder must be there and writable",
                self.folder.display()
            )
        })
    }

    /// Gives it its name, for good.
    fn keep(self, path: &Path) -> Result<()> {
        let named = fs::rename(&self.path, path);
        #[cfg(unix)]
        let named = named.and_then(|()| File::open(&self.folder)?.sync_all());
        named.with_context(|| format!("give the export its name {}", path.display()))
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        // It is not there if it was given its name, or was never made.
        let _gone = fs::remove_file(&self.path);
    }
}

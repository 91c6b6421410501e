//! `sangam backup` and `sangam restore`.

use anyhow::{Result, bail};
use sangam::books;
use serde_json::{Value, json};

use super::args::{Backup, Common, Restore};
use super::copying::{self, OPERATOR};
use super::table;

/// Makes a backup.
pub(crate) async fn back_up(common: &Common, args: &Backup) -> Result<()> {
    if args.file.exists() && !args.force {
        bail!(
            "{} is there already: name another file, or let --force replace it",
            args.file.display()
        );
    }
    let place = copying::place(common)?;
    let bar = copying::bar(common)?;
    let copied = books::back_up(&place, &args.file, copying::show(&bar)).await;
    bar.finish_and_clear();
    let copied = copied?;
    if common.json {
        let mut told = copying::json_of(&copied);
        told.insert("file".to_owned(), copying::text(&args.file));
        return table::line(&serde_json::to_string_pretty(&told)?);
    }
    table::line(&format!("{}: {}", args.file.display(), copying::words(&copied)))
}

/// Puts a backup in the place of the books.
pub(crate) async fn restore(common: &Common, args: &Restore) -> Result<()> {
    let place = copying::place(common)?;
    let bar = copying::bar(common)?;
    let restored = books::restore(
        &place,
        &args.file,
        args.force,
        OPERATOR,
        copying::now(),
        copying::show(&bar),
    )
    .await;
    bar.finish_and_clear();
    let restored = restored?;
    let aside = restored.aside.as_deref();
    if common.json {
        let mut told = copying::json_of(&restored.copied);
        told.insert("place".to_owned(), json!(restored.place));
        told.insert("moved_aside".to_owned(), aside.map_or(Value::Null, copying::text));
        return table::line(&serde_json::to_string_pretty(&told)?);
    }
    table::line(&format!(
        "{} is what {} holds: {}",
        restored.place,
        args.file.display(),
        copying::words(&restored.copied)
    ))?;
    if let Some(aside) = aside {
        table::line(&format!("the books from before are at {}", aside.display()))?;
    }
    Ok(())
}

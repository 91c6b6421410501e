//! Positions computed anew from all fills: to prove that those kept are right, and to make them where they are not.

use sangam_core::Money;
use sangam_core::ports::{FillRecord, LedgerError};

use super::ask::ask;
use super::cells::Cells;
use super::encode::Encode;
use super::failure::Fault;
use super::op::{Column, Op, text};
use super::persist::{self, position_text};
use super::session::{Cell, Session};
use super::{columns as c, row};
use crate::cost::{CostError, CostMethod, KeptPosition, Posted};

ask!(NAMES, "select distinct position from fills order by position");
ask!(
    FILLS,
    c::FILLS,
    "select {} from fills where position = ? order by trading_date, traded_at is null, traded_at, id"
);
ask!(KEPT, c::KEPT, "select {} from kept_positions where position = ?");
ask!(LOTS, c::LOTS, "select {} from lots where position = ?");
ask!(
    POSTINGS,
    c::POSTINGS,
    "select {} from postings where position = ?"
);
ask!(
    EXTRA,
    "select position from kept_positions where position not in (select position from fills)"
);
ask!(DELETE_LOTS, "delete from lots");
ask!(DELETE_KEPT, "delete from kept_positions");
ask!(DELETE_POSTINGS, "delete from postings");

// For those who remember positions and ask only for what fills have moved since.
ask!(
    MARK,
    "insert into settings (name, value) select 'positions_rebuilt', cast(sequence + 1 as text) from audit_head where id = 1 \
     on conflict (name) do update set value = excluded.value"
);

const NAME: &[Column] = &[text("position")];
pub(super) static SETTING: Op = Op::Upsert {
    table: "settings",
    keys: 1,
    columns: c::SETTINGS,
};

/// What came of computing positions anew.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Rebuilt {
    /// Positions there are.
    pub positions: u64,
    /// Fills they are made of.
    pub fills: u64,
    /// Positions that were kept otherwise, each with what differs.
    pub differing: Vec<(String, String)>,
}

/// Computes every position and compares it with what is kept.
pub(super) async fn compare(session: &mut dyn Session, method: CostMethod) -> Result<Rebuilt, Fault> {
    let mut rebuilt = Rebuilt::default();
    for name in names(session).await? {
        let fills = fills(session, &name).await?;
        rebuilt.positions += 1;
        rebuilt.fills += fills.len() as u64;
        let computed = computed(method, &fills)?;
        let kept = kept(session, &name, method).await?;
        let posted = posted(session, &name).await?;
        let expected = Posted::between(None, &computed);
        let differs = match kept {
            None => Some("it was not kept".to_owned()),
            Some(kept) if kept != computed => Some(difference(&kept, &computed)),
            Some(_) if posted != expected => {
                Some(format!("postings add up to {posted:?} instead of {expected:?}"))
            }
            Some(_) => None,
        };
        if let Some(differs) = differs {
            rebuilt.differing.push((computed.key.to_string(), differs));
        }
    }
    for row in session.rows(&EXTRA, Vec::new()).await? {
        let name = Cells::new(&row, "kept_positions", NAME, "position").text("position")?;
        rebuilt.differing.push((name, "it has no fills".to_owned()));
    }
    Ok(rebuilt)
}

/// Computes every position and writes it in place of what is kept.
pub(super) async fn rewrite(session: &mut dyn Session, method: CostMethod) -> Result<(), Fault> {
    session.run(&DELETE_POSTINGS, Vec::new()).await?;
    session.run(&DELETE_LOTS, Vec::new()).await?;
    session.run(&DELETE_KEPT, Vec::new()).await?;
    for name in names(session).await? {
        let fills = fills(session, &name).await?;
        let mut postings = Encode::default();
        let mut kept: Option<KeptPosition> = None;
        for (id, record) in &fills {
            let applied = match &mut kept {
                Some(kept) => kept.apply(record, *id),
                None => KeptPosition::opened_by(record, *id, method).map(|(opened, applied)| {
                    kept = Some(opened);
                    applied
                }),
            };
            let posted = applied.map_err(|error| unfit(&error))?.posted;
            postings
                .count(*id)
                .free(&name)
                .shown(&record.trading_date)
                .shown(&posted.cash)
                .shown(&posted.stock)
                .shown(&posted.profit);
        }
        let Some(kept) = kept else {
            continue;
        };
        let (mut position, mut lots) = (Encode::default(), Encode::default());
        persist::kept_row(&mut position, &kept);
        for lot in &kept.lots {
            persist::lot_row(&mut lots, &kept.key, lot);
        }
        session.write(&persist::NEW_POSTINGS, postings.rows()).await?;
        session.write(&persist::KEPT, position.rows()).await?;
        if !lots.is_empty() {
            session.write(&persist::LOTS, lots.rows()).await?;
        }
    }
    session.run(&MARK, Vec::new()).await?;
    let mut setting = Encode::default();
    setting.word("cost_method").word(method.as_str());
    session.write(&SETTING, setting.rows()).await?;
    Ok(())
}

async fn names(session: &mut dyn Session) -> Result<Vec<String>, Fault> {
    let rows = session.rows(&NAMES, Vec::new()).await?;
    let name = |row| Cells::new(row, "fills", NAME, "position").text("position");
    Ok(rows.iter().map(name).collect::<Result<_, _>>()?)
}

async fn fills(session: &mut dyn Session, name: &str) -> Result<Vec<(u64, FillRecord)>, Fault> {
    let rows = session.rows(&FILLS, vec![Cell::from(name)]).await?;
    let fill = |row| Ok((row::fill_id(row)?, row::fill(row)?));
    Ok(rows.iter().map(fill).collect::<Result<_, LedgerError>>()?)
}

fn computed(method: CostMethod, fills: &[(u64, FillRecord)]) -> Result<KeptPosition, Fault> {
    KeptPosition::recompute(method, fills.iter().map(|(id, record)| (*id, record)))
        .map_err(|error| unfit(&error).into())
}

/// What is kept under a name.
async fn kept(
    session: &mut dyn Session,
    name: &str,
    method: CostMethod,
) -> Result<Option<KeptPosition>, Fault> {
    let rows = session.rows(&LOTS, vec![Cell::from(name)]).await?;
    let lots: Vec<_> = rows
        .iter()
        .map(|row| row::lot(row).map(|(_, lot)| lot))
        .collect::<Result<_, _>>()?;
    let rows = session.rows(&KEPT, vec![Cell::from(name)]).await?;
    let kept = rows.first().map(|row| row::kept(row, method, |_| Some(lots)));
    Ok(kept.transpose()?)
}

/// What the postings of a position add up to; `None` where they leave the range of money.
async fn posted(session: &mut dyn Session, name: &str) -> Result<Option<Posted>, Fault> {
    let mut sum = Some(Posted {
        cash: Money::ZERO,
        stock: Money::ZERO,
        profit: Money::ZERO,
    });
    for row in session.rows(&POSTINGS, vec![Cell::from(name)]).await? {
        let cells = Cells::new(&row, "postings", c::POSTINGS, "fill");
        let (cash, stock, profit): (Money, Money, Money) = (
            cells.parse("cash")?,
            cells.parse("stock")?,
            cells.parse("profit")?,
        );
        sum = sum.and_then(|sum| {
            Some(Posted {
                cash: sum.cash.checked_add(cash).ok()?,
                stock: sum.stock.checked_add(stock).ok()?,
                profit: sum.profit.checked_add(profit).ok()?,
            })
        });
    }
    Ok(sum)
}

fn difference(kept: &KeptPosition, computed: &KeptPosition) -> String {
    let figures = |position: &KeptPosition| {
        format!(
            "net {}, cost {}, realised {}, {} fills, {} lots",
            position.net,
            position.cost,
            position.realised,
            position.fills,
            position.lots.len()
        )
    };
    format!("kept: {}; from fills: {}", figures(kept), figures(computed))
}

fn unfit(error: &CostError) -> LedgerError {
    LedgerError::OutOfRange {
        subject: "a position".to_owned(),
        what: error.to_string(),
    }
}

/// The name of the position a fill belongs to.
pub(super) fn name_of(record: &FillRecord) -> String {
    position_text(&crate::cost::PositionKey::of(record))
}

//! A line's figures over its parts.

use sangam_core::Money;

use super::draft::{self, Beyond};
use super::view::{Figures, Part};
use crate::cost::exact;

/// The figures over the parts of a line: each is known where it is known of all parts, realised profit where of any.
pub(super) fn parts(parts: &[Part], raw_cost: Option<i128>) -> Result<Figures, Beyond> {
    if let [only] = parts {
        return Ok(only.figures);
    }
    let all = |figure: fn(&Figures) -> Option<Money>, what| {
        let sum = parts
            .iter()
            .try_fold(0, |sum, part| Some(sum + exact::of(figure(&part.figures)?)));
        sum.map(|sum| exact::money(sum).ok_or(Beyond(what))).transpose()
    };
    let any = |figure: fn(&Figures) -> Option<Money>, what| {
        let known = parts
            .iter()
            .filter_map(|part| figure(&part.figures))
            .map(exact::of);
        let sum = known.reduce(|sum, more| sum + more);
        sum.map(|sum| exact::money(sum).ok_or(Beyond(what))).transpose()
    };
    let quantities = || parts.iter().map(|part| part.figures.quantity.units());
    let quantity = quantities().fold(0, i64::saturating_add);
    // Long here and short there has a sum, but no average.
    let one_sided = quantities().all(|units| units >= 0) || quantities().all(|units| units <= 0);
    Ok(Figures {
        quantity: draft::net(quantity)?,
        average_price: draft::average(raw_cost.filter(|_| one_sided), quantity),
        cost: all(|figures| figures.cost, "the cost")?,
        value: all(|figures| figures.value, "the value")?,
        unrealised: all(|figures| figures.unrealised, "the unrealised profit")?,
        realised: any(|figures| figures.realised, "the realised profit")?,
        realised_today: any(|figures| figures.realised_today, "today's profit")?,
        differs: parts.iter().any(|part| part.figures.differs),
    })
}

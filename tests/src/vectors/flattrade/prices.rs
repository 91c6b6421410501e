//! Quotes, depth and candles against what their JSON says.

use rust_decimal::Decimal;
use sangam_core::{Candle, Depth, DepthLevel, Timestamp};

use super::rows::{Row, moment};
use crate::vectors::compare::Differences;

impl Row<'_> {
    /// A quote with its depth.
    pub(super) fn depth(&self, found: &Depth, out: &mut Differences) {
        let quote = &found.quote;
        self.same_number("lp", self.number("lp"), Some(quote.last.decimal()), out);
        for (key, price) in [
            ("o", quote.open),
            ("h", quote.high),
            ("l", quote.low),
            ("c", quote.previous_close),
            ("lc", quote.lower_circuit),
            ("uc", quote.upper_circuit),
            ("bp1", quote.bid),
            ("sp1", quote.ask),
        ] {
            self.same_price(key, key, price, out);
        }
        for (key, quantity) in [
            ("v", quote.volume),
            ("oi", quote.open_interest),
            ("ltq", found.last_quantity),
            ("tbq", found.total_bid),
            ("tsq", found.total_ask),
        ] {
            self.same_number(
                key,
                self.number(key),
                quantity.map(|quantity| quantity.units().into()),
                out,
            );
        }
        let expected = match (self.text("ltd"), self.text("ltt")) {
            (Some(day), Some(clock)) => moment(&format!("{day} {clock}")),
            _ => None,
        };
        let show = |at: Option<Timestamp>| at.map(|at| at.to_string());
        self.same_text(
            "ltt",
            show(expected).as_deref(),
            show(quote.exchange_time).as_deref(),
            out,
        );
        self.levels("b", &found.bids, out);
        self.levels("s", &found.asks, out);
    }

    fn levels(&self, side: &str, found: &[DepthLevel], out: &mut Differences) {
        let mut levels = found.iter();
        for place in 1..=5 {
            let keyed = |what: &str| format!("{side}{what}{place}");
            let (price, quantity) = (self.some(&keyed("p")), self.some(&keyed("q")));
            if price.is_none() || quantity.is_none() {
                continue;
            }
            let level = levels.next();
            self.same_number(&keyed("p"), price, level.map(|level| level.price.decimal()), out);
            self.same_number(
                &keyed("q"),
                quantity,
                level.map(|level| level.quantity.units().into()),
                out,
            );
            let odd = format!("{}o{place}", side.to_ascii_uppercase());
            let orders = self.number(&keyed("o")).or_else(|| self.number(&odd));
            self.same_number(
                &keyed("o"),
                orders,
                level.and_then(|level| level.orders).map(Decimal::from),
                out,
            );
        }
        if levels.next().is_some() {
            out.say(format!("{}.{side}", self.at), "more levels than were sent");
        }
    }

    /// A candle.
    pub(super) fn candle(&self, found: &Candle, out: &mut Differences) {
        self.same_time("time", &["time", "ssboe"], Some(found.start), out);
        for (key, price) in [
            ("into", found.open),
            ("inth", found.high),
            ("intl", found.low),
            ("intc", found.close),
        ] {
            self.same_number(key, self.number(key), Some(price.decimal()), out);
        }
        self.same_number(
            "intv",
            Some(self.count("intv")),
            Some(found.volume.units().into()),
            out,
        );
        self.same_number(
            "oi",
            self.number("oi"),
            found.open_interest.map(|oi| oi.units().into()),
            out,
        );
    }
}

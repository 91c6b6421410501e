//! What a recorded row says, read straight from its JSON, against what the adapter made of it. Codes, statuses and times
//! are read here a second time on purpose.

use rust_decimal::Decimal;
use sangam_core::{
    BookInstrument, BrokerOrder, BrokerOrderStatus, Fill, Funds, Holding, IST, InstrumentId, OrderKind,
    Position, Price, Product, Side, Timestamp, Validity,
};
use serde_json::Value;

use super::plain;
use crate::vectors::compare::{self, Differences};

/// A row and where it stands.
pub(super) struct Row<'a> {
    pub(super) at: String,
    pub(super) json: &'a Value,
}

impl Row<'_> {
    pub(super) fn text(&self, key: &str) -> Option<String> {
        plain(self.json.get(key))
    }

    pub(super) fn number(&self, key: &str) -> Option<Decimal> {
        self.json.get(key).and_then(compare::decimal)
    }

    pub(super) fn count(&self, key: &str) -> Decimal {
        self.number(key).unwrap_or_default()
    }

    /// A number of which nought means none.
    pub(super) fn some(&self, key: &str) -> Option<Decimal> {
        self.number(key).filter(|number| !number.is_zero())
    }

    fn first(&self, keys: &[&str]) -> Option<String> {
        keys.iter().find_map(|key| self.text(key))
    }

    pub(super) fn same_text(
        &self,
        field: &str,
        expected: Option<&str>,
        found: Option<&str>,
        out: &mut Differences,
    ) {
        out.check_text(format!("{}.{field}", self.at), expected, found);
    }

    pub(super) fn same_number(
        &self,
        field: &str,
        expected: Option<Decimal>,
        found: Option<Decimal>,
        out: &mut Differences,
    ) {
        out.check_number(format!("{}.{field}", self.at), expected, found);
    }

    pub(super) fn same_price(&self, field: &str, key: &str, found: Option<Price>, out: &mut Differences) {
        self.same_number(field, self.some(key), found.map(Price::decimal), out);
    }

    pub(super) fn same_time(
        &self,
        field: &str,
        keys: &[&str],
        found: Option<Timestamp>,
        out: &mut Differences,
    ) {
        let expected = keys
            .iter()
            .filter_map(|key| self.text(key))
            .find_map(|text| moment(&text));
        let show = |at: Option<Timestamp>| at.map(|at| IST::civil(at).to_string());
        self.same_text(field, show(expected).as_deref(), show(found).as_deref(), out);
    }

    fn same_instrument(&self, known: &InstrumentId, found: &BookInstrument, out: &mut Differences) {
        self.same_text(
            "instrument.id",
            Some(&known.to_string()),
            found.id.as_ref().map(ToString::to_string).as_deref(),
            out,
        );
        self.same_text(
            "instrument.exchange",
            self.text("exch").as_deref(),
            found.exchange.map(|e| e.as_str()),
            out,
        );
        self.same_text(
            "instrument.symbol",
            self.text("tsym").as_deref(),
            Some(&found.broker_symbol),
            out,
        );
    }

    fn same_side(&self, found: Side, out: &mut Differences) {
        let letter = match found {
            Side::Buy => "B",
            Side::Sell => "S",
        };
        self.same_text("trantype", self.text("trantype").as_deref(), Some(letter), out);
    }

    fn same_product(&self, keys: &[&str], found: Option<&Product>, out: &mut Differences) {
        let letter = found.map(|product| match product {
            Product::Delivery => "C",
            Product::Intraday => "I",
            Product::CarryForward => "M",
            Product::Other(word) => word,
        });
        self.same_text("prd", self.first(keys).as_deref(), letter, out);
    }

    /// An order of the book or an event of a history.
    pub(super) fn order(&self, known: &InstrumentId, found: &BrokerOrder, out: &mut Differences) {
        self.same_text(
            "norenordno",
            self.text("norenordno").as_deref(),
            Some(found.id.as_str()),
            out,
        );
        self.same_text(
            "exchordid",
            self.text("exchordid").as_deref(),
            found.exchange_order_id.as_deref(),
            out,
        );
        self.same_instrument(known, &found.instrument, out);
        self.same_side(found.side, out);
        let kind = found.kind.map(|kind| match kind {
            OrderKind::Market => "MKT",
            OrderKind::Limit => "LMT",
            OrderKind::StopLossLimit => "SL-LMT",
            OrderKind::StopLossMarket => "SL-MKT",
        });
        let known_kind = self
            .text("prctyp")
            .filter(|word| ["MKT", "LMT", "SL-LMT", "SL-MKT"].contains(&word.as_str()));
        self.same_text("prctyp", known_kind.as_deref(), kind, out);
        self.same_product(&["prd"], found.product.as_ref(), out);
        let known_validity = self
            .text("ret")
            .filter(|word| ["DAY", "IOC"].contains(&word.as_str()));
        self.same_text(
            "ret",
            known_validity.as_deref(),
            found.validity.map(Validity::as_str),
            out,
        );
        self.same_number(
            "qty",
            self.number("qty"),
            Some(found.quantity.units().into()),
            out,
        );
        self.same_number(
            "fillshares",
            Some(self.count("fillshares")),
            Some(found.filled.units().into()),
            out,
        );
        self.same_number(
            "dscqty",
            Some(self.count("dscqty")),
            Some(found.disclosed.units().into()),
            out,
        );
        let limited = matches!(found.kind, Some(OrderKind::Limit | OrderKind::StopLossLimit));
        let price = self.some("prc").or_else(|| self.some("rprc").filter(|_| limited));
        self.same_number("prc", price, found.price.map(Price::decimal), out);
        self.same_price("trgprc", "trgprc", found.trigger_price, out);
        self.same_price("avgprc", "avgprc", found.average_price, out);
        let word = self.text("status").unwrap_or_default();
        let expected = status(&word);
        if found.status != expected {
            out.say(
                format!("{}.status", self.at),
                format!("{word} must be {expected:?}, found {:?}", found.status),
            );
        }
        self.same_text("status_word", Some(&word), Some(&found.status_word), out);
        self.same_text(
            "rejreason",
            self.text("rejreason").as_deref(),
            found.message.as_deref(),
            out,
        );
        self.same_text(
            "remarks",
            self.text("remarks").as_deref(),
            found.tag.as_ref().map(|tag| tag.as_str()),
            out,
        );
        self.same_time(
            "placed_at",
            &["ordenttm", "orddttm", "norentm"],
            found.placed_at,
            out,
        );
        self.same_time("updated_at", &["exch_tm", "extm"], found.updated_at, out);
        let after_market = self
            .text("amo")
            .is_some_and(|word| word.eq_ignore_ascii_case("yes"));
        self.same_text(
            "amo",
            Some(&after_market.to_string()),
            Some(&found.after_market.to_string()),
            out,
        );
    }

    /// A fill.
    pub(super) fn trade(&self, known: &InstrumentId, found: &Fill, out: &mut Differences) {
        self.same_text(
            "norenordno",
            self.text("norenordno").as_deref(),
            Some(found.order_id.as_str()),
            out,
        );
        self.same_text(
            "flid",
            self.text("flid").as_deref(),
            Some(found.trade_id.as_str()),
            out,
        );
        self.same_instrument(known, &found.instrument, out);
        self.same_side(found.side, out);
        self.same_product(&["prd"], found.product.as_ref(), out);
        self.same_number(
            "flqty",
            self.number("flqty"),
            Some(found.quantity.units().into()),
            out,
        );
        self.same_number("flprc", self.number("flprc"), Some(found.price.decimal()), out);
        self.same_time("fltm", &["fltm", "exch_tm", "norentm"], found.at, out);
        self.same_text(
            "remarks",
            self.text("remarks").as_deref(),
            found.tag.as_ref().map(|tag| tag.as_str()),
            out,
        );
    }

    /// A position.
    pub(super) fn position(&self, known: &InstrumentId, found: &Position, out: &mut Differences) {
        self.same_instrument(known, &found.instrument, out);
        self.same_product(&["prd", "prarr"], found.product.as_ref(), out);
        self.same_number(
            "netqty",
            self.number("netqty"),
            Some(found.net.units().into()),
            out,
        );
        let average = self.some("netavgprc").filter(|_| !self.count("netqty").is_zero());
        self.same_number("netavgprc", average, found.average_price.map(Price::decimal), out);
        for (side, units, average) in [
            ("buy", found.bought, found.buy_average),
            ("sell", found.sold, found.sell_average),
        ] {
            let (day, carried) = (
                self.count(&format!("day{side}qty")),
                self.count(&format!("cf{side}qty")),
            );
            self.same_number(side, Some(day + carried), Some(units.units().into()), out);
            let value = day * self.count(&format!("day{side}avgprc"))
                + carried * self.count(&format!("cf{side}avgprc"));
            let expected = value
                .checked_div(day + carried)
                .map(|average| average.round_dp(6));
            self.same_number(
                &format!("{side}avgprc"),
                expected,
                average.map(Price::decimal),
                out,
            );
        }
        self.same_price("lp", "lp", found.last_price, out);
        self.same_number(
            "rpnl",
            self.number("rpnl"),
            found.realised.map(|money| money.decimal()),
            out,
        );
        self.same_number(
            "urmtom",
            self.number("urmtom"),
            found.unrealised.map(|money| money.decimal()),
            out,
        );
    }

    /// A holding, by the broker's two formulas.
    pub(super) fn holding(&self, found: &Holding, out: &mut Differences) {
        let count = |key| self.count(key);
        let common =
            count("btstqty") + count("holdqty") + count("unplgdqty") + count("benqty") - count("usedqty");
        let owned = common + count("brkcolqty") + count("npoadqty").max(count("dpqty"));
        let saleable = common + count("dpqty");
        self.same_number(
            "quantity",
            Some(owned.max(Decimal::ZERO)),
            Some(found.quantity.units().into()),
            out,
        );
        self.same_number(
            "saleable",
            Some(saleable.max(Decimal::ZERO)),
            Some(found.saleable.units().into()),
            out,
        );
        self.same_number(
            "btstqty",
            Some(count("btstqty")),
            Some(found.undelivered.units().into()),
            out,
        );
        self.same_price("upldprc", "upldprc", found.average_price, out);
        let listings = self.json["exch_tsym"].as_array().cloned().unwrap_or_default();
        let named = listings.iter().any(|listing| {
            plain(listing.get("exch")).as_deref()
                == found.instrument.exchange.map(|exchange| exchange.as_str())
                && plain(listing.get("tsym")).as_deref() == Some(&found.instrument.broker_symbol)
        });
        if !named {
            out.say(
                format!("{}.exch_tsym", self.at),
                format!("{:?} is none of its listings", found.instrument),
            );
        }
    }

    /// The funds.
    pub(super) fn funds(&self, found: &Funds, out: &mut Differences) {
        let available = self.count("cash") + self.count("payin") - self.count("marginused");
        self.same_number("available", Some(available), Some(found.available.decimal()), out);
        self.same_number(
            "marginused",
            Some(self.count("marginused")),
            Some(found.used.decimal()),
            out,
        );
        let collateral = self
            .some("brkcollamt")
            .unwrap_or_else(|| self.count("collateral"));
        self.same_number(
            "brkcollamt",
            Some(collateral),
            Some(found.collateral.decimal()),
            out,
        );
        self.same_number(
            "rpnl",
            Some(self.count("rpnl")),
            Some(found.realised.decimal()),
            out,
        );
        let unrealised = self.number("urmtom").unwrap_or_else(|| self.count("unmtom"));
        self.same_number("urmtom", Some(unrealised), Some(found.unrealised.decimal()), out);
    }
}

/// The statuses of the wire document, flattrade.md 6.
fn status(word: &str) -> BrokerOrderStatus {
    let plain: Vec<String> = word
        .to_uppercase()
        .replace('_', " ")
        .split_whitespace()
        .map(str::to_owned)
        .collect();
    let plain = plain.join(" ");
    let known = [
        (BrokerOrderStatus::Open, &["OPEN"][..]),
        (BrokerOrderStatus::TriggerPending, &["TRIGGER PENDING"]),
        (BrokerOrderStatus::Complete, &["COMPLETE"]),
        (BrokerOrderStatus::Cancelled, &["CANCELED", "CANCELLED"]),
        (BrokerOrderStatus::Rejected, &["REJECTED", "REJECT"]),
        (
            BrokerOrderStatus::AfterMarket,
            &["AFTER MARKET ORDER REQ RECEIVED"],
        ),
        (
            BrokerOrderStatus::Pending,
            &[
                "PENDING",
                "NEW",
                "REPLACED",
                "OPEN PENDING",
                "MODIFY PENDING",
                "CANCEL PENDING",
            ],
        ),
    ];
    known
        .into_iter()
        .find(|(_, words)| words.contains(&plain.as_str()))
        .map_or_else(
            || BrokerOrderStatus::Unknown(word.to_owned()),
            |(status, _)| status,
        )
}

/// The times of the wire document, flattrade.md 8, by a parser of its own: patterns, one after the other.
pub(super) fn moment(text: &str) -> Option<Timestamp> {
    const PATTERNS: &[&str] = &[
        "%H:%M:%S %d-%m-%Y",
        "%d-%m-%Y %H:%M:%S",
        "%d/%m/%Y %H:%M:%S",
        "%d-%m-%y %H:%M:%S",
    ];
    if text.len() >= 9
        && let Ok(seconds) = text.parse::<i64>()
    {
        return Timestamp::from_second(seconds).ok();
    }
    let civil = PATTERNS
        .iter()
        .find_map(|pattern| jiff::civil::DateTime::strptime(pattern, text).ok())
        .or_else(|| {
            jiff::civil::Date::strptime("%d-%b-%Y", text)
                .ok()
                .map(|day| day.at(0, 0, 0, 0))
        })?;
    IST::instant(civil).filter(|_| civil.year() != 1980)
}

//! Fyers' numbers and words for sides, kinds, products, states, exchanges and tags.

use sangam_core::{
    BrokerOrderStatus, Error, ErrorKind, Exchange, OrderKind, Product, Result, Side, Tag, Validity,
};

/// The broker's prefix of a tag the user gave; `2:` marks one the broker made.
const USER_TAG: &str = "1:";
/// What the broker writes for no tag.
const UNTAGGED: &str = "Untagged";
/// Most characters of a tag.
pub(crate) const TAG_LENGTH_MAX: usize = 30;

pub(super) fn side_out(side: Side) -> i8 {
    match side {
        Side::Buy => 1,
        Side::Sell => -1,
    }
}

pub(super) fn side_in(code: i64) -> Option<Side> {
    match code {
        1 => Some(Side::Buy),
        -1 => Some(Side::Sell),
        _ => None,
    }
}

pub(super) fn kind_out(kind: OrderKind) -> u8 {
    match kind {
        OrderKind::Limit => 1,
        OrderKind::Market => 2,
        OrderKind::StopLossMarket => 3,
        OrderKind::StopLossLimit => 4,
    }
}

pub(super) fn kind_in(code: i64) -> Option<OrderKind> {
    match code {
        1 => Some(OrderKind::Limit),
        2 => Some(OrderKind::Market),
        3 => Some(OrderKind::StopLossMarket),
        4 => Some(OrderKind::StopLossLimit),
        _ => None,
    }
}

pub(super) fn product_out(product: &Product) -> Result<&'static str> {
    match product {
        Product::Delivery => Ok("CNC"),
        Product::Intraday => Ok("INTRADAY"),
        Product::CarryForward => Ok("MARGIN"),
        Product::Other(word) => Err(Error::refused(
            ErrorKind::NotOffered,
            format!("product {word:?} is not placed; use CNC, MIS or NRML"),
        )),
    }
}

pub(super) fn product_in(word: String) -> Product {
    match word.as_str() {
        "CNC" => Product::Delivery,
        "INTRADAY" => Product::Intraday,
        "MARGIN" => Product::CarryForward,
        _ => Product::Other(word),
    }
}

pub(super) fn validity_in(word: &str) -> Option<Validity> {
    word.parse().ok()
}

/// The state of a row. Numbers that no document lists (3 is "unused", 90 was seen on the order socket) stay unknown,
/// which counts as live.
///
/// Fyers has one number for "pending": a stop order that has filled nothing is taken to wait for its trigger, and an
/// after-market order without an exchange's number to wait for its session. Both readings are of live orders.
pub(super) fn status_in(code: i64, row: Waiting) -> BrokerOrderStatus {
    match code {
        1 => BrokerOrderStatus::Cancelled,
        2 => BrokerOrderStatus::Complete,
        5 => BrokerOrderStatus::Rejected,
        7 => BrokerOrderStatus::Expired,
        4 | 6 if row.for_session => BrokerOrderStatus::AfterMarket,
        4 => BrokerOrderStatus::Pending,
        6 if row.for_trigger => BrokerOrderStatus::TriggerPending,
        6 => BrokerOrderStatus::Open,
        other => BrokerOrderStatus::Unknown(other.to_string()),
    }
}

/// What a live order may be waiting for.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Waiting {
    pub(super) for_session: bool,
    pub(super) for_trigger: bool,
}

/// The exchange of the broker's exchange and segment numbers.
pub(super) fn exchange_in(exchange: Option<i64>, segment: Option<i64>) -> Option<Exchange> {
    match (exchange?, segment?) {
        (10, 10) => Some(Exchange::Nse),
        (10, 11) => Some(Exchange::Nfo),
        (10, 12) => Some(Exchange::Cds),
        (10, 20) => Some(Exchange::Nco),
        (11, 20) => Some(Exchange::Mcx),
        (12, 10) => Some(Exchange::Bse),
        (12, 11) => Some(Exchange::Bfo),
        (12, 12) => Some(Exchange::Bcd),
        _ => None,
    }
}

/// A tag as an order carries it: letters and digits, at most 30, not the client's id and not the broker's own word.
///
/// # Errors
/// [`ErrorKind::InvalidRequest`] when Fyers cannot carry it; nothing is sent.
pub fn sent_tag<'a>(tag: &'a Tag, client_id: Option<&str>) -> Result<&'a str> {
    let text = tag.as_str();
    let refuse = |why: &str| {
        Err(Error::refused(
            ErrorKind::InvalidRequest,
            format!("tag {text:?} cannot be carried by Fyers: {why}"),
        ))
    };
    if text.len() > TAG_LENGTH_MAX {
        return refuse("use at most 30 characters");
    }
    if !text.bytes().all(|b| b.is_ascii_alphanumeric()) {
        return refuse("use letters and digits only");
    }
    if text.eq_ignore_ascii_case(UNTAGGED) {
        return refuse("it is the broker's word for no tag");
    }
    if client_id.is_some_and(|id| id.eq_ignore_ascii_case(text)) {
        return refuse("it is the client id");
    }
    Ok(text)
}

/// A tag as the books filter by it.
pub(crate) fn filter_tag(tag: &Tag) -> String {
    format!("{USER_TAG}{tag}")
}

/// The user's tag of a book's `1:<tag>`. None for the broker's own `2:…`, for either form of `Untagged`, and for what
/// is not of the shape of a tag. A tag without prefix counts as the user's: it could be no one else's.
#[must_use]
pub fn shown_tag(text: &str) -> Option<Tag> {
    let bare = match text.split_once(':') {
        Some(("1", bare)) => bare,
        Some(_) => return None,
        None => text,
    };
    if bare.eq_ignore_ascii_case(UNTAGGED) {
        return None;
    }
    Tag::new(bare).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_lose_their_prefix() {
        let check = |text: &str, tag: Option<&str>| {
            assert_eq!(shown_tag(text), tag.map(|tag| tag.parse().unwrap()), "{text}");
        };
        check("1:algo001order0001", Some("algo001order0001"));
        check("algo001order0001", Some("algo001order0001"));
        check("1:GTTmine", Some("GTTmine"));
        check("2:Untagged", None);
        check("1:Untagged", None);
        check("Untagged", None);
        check("2:made by the broker", None);
        check("1:", None);
        check("3:other", None);
    }

    #[test]
    fn tags_the_broker_cannot_carry_are_refused_here() {
        let refused = |text: &str| {
            let tag = text.parse().unwrap();
            sent_tag(&tag, Some("XA00001")).map_err(|e| e.kind()).is_err()
        };
        assert!(!refused("S4F7Q2K9XA0B71"));
        assert!(!refused(&"a".repeat(30)));
        assert!(refused(&"a".repeat(31)));
        assert!(refused("with-hyphen"));
        assert!(refused("untagged"));
        assert!(refused("xa00001"));
    }

    #[test]
    fn states_by_number() {
        use BrokerOrderStatus as S;
        let at = |code| status_in(code, Waiting::default());
        let check = |code, status| assert_eq!(at(code), status);
        check(1, S::Cancelled);
        check(2, S::Complete);
        check(3, S::Unknown("3".into()));
        check(4, S::Pending);
        check(5, S::Rejected);
        check(6, S::Open);
        check(7, S::Expired);
        check(90, S::Unknown("90".into()));
        assert!(!at(90).is_final());
        let stop = Waiting {
            for_trigger: true,
            ..Waiting::default()
        };
        assert_eq!(status_in(6, stop), S::TriggerPending);
        assert_eq!(status_in(1, stop), S::Cancelled);
        let evening = Waiting {
            for_session: true,
            ..Waiting::default()
        };
        assert_eq!(status_in(6, evening), S::AfterMarket);
    }

    #[test]
    fn exchanges_by_two_numbers() {
        assert_eq!(exchange_in(Some(10), Some(11)), Some(Exchange::Nfo));
        assert_eq!(exchange_in(Some(11), Some(20)), Some(Exchange::Mcx));
        assert_eq!(exchange_in(Some(12), Some(10)), Some(Exchange::Bse));
        assert_eq!(exchange_in(Some(13), Some(10)), None);
        assert_eq!(exchange_in(Some(10), None), None);
    }

    #[test]
    fn codes_come_back_as_they_went() {
        for &kind in OrderKind::ALL {
            assert_eq!(kind_in(kind_out(kind).into()), Some(kind));
        }
        for &side in Side::ALL {
            assert_eq!(side_in(side_out(side).into()), Some(side));
        }
        for product in [Product::Delivery, Product::Intraday, Product::CarryForward] {
            let word = product_out(&product).unwrap().to_owned();
            assert_eq!(product_in(word), product);
        }
        assert_eq!(product_in("BO".into()), Product::Other("BO".into()));
        assert!(product_out(&Product::Other("MTF".into())).is_err());
    }
}

//! The broker's codes and ours. A descriptive word we do not know is kept as it is; a side we do not know is an error.

use sangam_core::{BrokerOrderStatus, Exchange, OrderKind, Product, Side, Validity};

/// Candle lengths the broker offers, in minutes.
pub(crate) const MINUTES: &[u16] = &[1, 3, 5, 10, 15, 30, 60, 120, 240];

pub(super) fn side_out(side: Side) -> &'static str {
    match side {
        Side::Buy => "B",
        Side::Sell => "S",
    }
}

pub(super) fn side_in(word: &str) -> Option<Side> {
    match word {
        "B" | "b" => Some(Side::Buy),
        "S" | "s" => Some(Side::Sell),
        _ => None,
    }
}

pub(super) fn kind_out(kind: OrderKind) -> &'static str {
    match kind {
        OrderKind::Market => "MKT",
        OrderKind::Limit => "LMT",
        OrderKind::StopLossLimit => "SL-LMT",
        OrderKind::StopLossMarket => "SL-MKT",
    }
}

pub(super) fn kind_in(word: &str) -> Option<OrderKind> {
    OrderKind::ALL
        .iter()
        .copied()
        .find(|kind| kind_out(*kind).eq_ignore_ascii_case(word))
}

pub(super) fn validity_out(validity: Validity) -> &'static str {
    validity.as_str()
}

pub(super) fn validity_in(word: &str) -> Option<Validity> {
    Validity::ALL
        .iter()
        .copied()
        .find(|validity| validity.as_str().eq_ignore_ascii_case(word))
}

/// The code of a product Sangam places; `None` for those it only reads.
pub(super) fn product_out(product: &Product) -> Option<&'static str> {
    match product {
        Product::Delivery => Some("C"),
        Product::Intraday => Some("I"),
        Product::CarryForward => Some("M"),
        Product::Other(_) => None,
    }
}

/// A product by its letter, or by the display name the field table promises.
pub(super) fn product_in(word: &str) -> Product {
    match word.to_ascii_uppercase().as_str() {
        "C" | "CNC" | "DELIVERY" => Product::Delivery,
        "I" | "MIS" | "INTRADAY" => Product::Intraday,
        "M" | "NRML" | "NORMAL" => Product::CarryForward,
        _ => Product::Other(word.to_owned()),
    }
}

/// The exchange of an order; `None` where the broker has no word for it.
pub(super) fn order_exchange(exchange: Exchange) -> Option<&'static str> {
    match exchange {
        Exchange::Nse | Exchange::Bse | Exchange::Nfo | Exchange::Bfo | Exchange::Mcx | Exchange::Cds => {
            Some(exchange.as_str())
        }
        Exchange::Bcd | Exchange::Nco | Exchange::NseIndex | Exchange::BseIndex => None,
    }
}

/// The exchange of a price: indices are quoted under their exchange's own code.
pub(crate) fn quote_exchange(exchange: Exchange) -> Option<&'static str> {
    match exchange {
        Exchange::NseIndex => Some("NSE"),
        Exchange::BseIndex => Some("BSE"),
        other => order_exchange(other),
    }
}

/// A status after trimming, upper-casing and turning `_` into a space: spellings vary.
pub(super) fn status_in(word: &str) -> BrokerOrderStatus {
    let plain = sangam_broker::collapsed(&word.to_ascii_uppercase().replace('_', " "));
    match plain.as_str() {
        "PENDING" | "NEW" | "REPLACED" | "OPEN PENDING" | "MODIFY PENDING" | "CANCEL PENDING" => {
            BrokerOrderStatus::Pending
        }
        "AFTER MARKET ORDER REQ RECEIVED" => BrokerOrderStatus::AfterMarket,
        "TRIGGER PENDING" => BrokerOrderStatus::TriggerPending,
        "OPEN" => BrokerOrderStatus::Open,
        "COMPLETE" => BrokerOrderStatus::Complete,
        "CANCELED" | "CANCELLED" => BrokerOrderStatus::Cancelled,
        "REJECTED" | "REJECT" => BrokerOrderStatus::Rejected,
        _ => BrokerOrderStatus::Unknown(word.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statuses_in_every_spelling() {
        let check = |word: &str, status: BrokerOrderStatus| assert_eq!(status_in(word), status, "{word}");
        check("OPEN", BrokerOrderStatus::Open);
        check("Open", BrokerOrderStatus::Open);
        check("TRIGGER_PENDING", BrokerOrderStatus::TriggerPending);
        check(" trigger  pending ", BrokerOrderStatus::TriggerPending);
        check("CANCELED", BrokerOrderStatus::Cancelled);
        check("CANCELLED", BrokerOrderStatus::Cancelled);
        check("REJECT", BrokerOrderStatus::Rejected);
        check("Replaced", BrokerOrderStatus::Pending);
        check("AFTER_MARKET_ORDER_REQ_RECEIVED", BrokerOrderStatus::AfterMarket);
        for word in ["RJT", "EXPIRED", "COMPLETED", "", "OPENED"] {
            let status = status_in(word);
            assert_eq!(status, BrokerOrderStatus::Unknown(word.to_owned()));
            assert!(!status.is_final());
        }
    }

    #[test]
    fn codes_go_both_ways() {
        for kind in OrderKind::ALL {
            assert_eq!(kind_in(kind_out(*kind)), Some(*kind));
        }
        assert_eq!(kind_in("2L"), None);
        assert_eq!(validity_in("EOS"), None);
        for product in [Product::Delivery, Product::Intraday, Product::CarryForward] {
            assert_eq!(product_out(&product).map(product_in), Some(product));
        }
        assert_eq!(product_in("Normal"), Product::CarryForward);
        assert_eq!(product_in("H"), Product::Other("H".into()));
        assert_eq!(side_in("X"), None);
        assert_eq!(quote_exchange(Exchange::NseIndex), Some("NSE"));
        assert_eq!(order_exchange(Exchange::NseIndex), None);
    }
}

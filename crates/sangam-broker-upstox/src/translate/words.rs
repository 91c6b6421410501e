//! The broker's words: exchanges and segments, products, kinds, statuses.

use sangam_core::{BrokerOrderStatus, Exchange, OrderKind, Product, Segment, Side, Validity};

/// The exchange of an order row.
pub(crate) fn exchange(word: &str) -> Option<Exchange> {
    Some(match word {
        "NSE" => Exchange::Nse,
        "BSE" => Exchange::Bse,
        "NFO" => Exchange::Nfo,
        "BFO" => Exchange::Bfo,
        "CDS" => Exchange::Cds,
        "BCD" => Exchange::Bcd,
        "MCX" => Exchange::Mcx,
        "NSCOM" => Exchange::Nco,
        _ => return None,
    })
}

/// The exchange of an instrument key, `SEGMENT|ID`.
pub(crate) fn exchange_of_key(key: &str) -> Option<Exchange> {
    Some(match key.split_once('|')?.0 {
        "NSE_EQ" => Exchange::Nse,
        "BSE_EQ" => Exchange::Bse,
        "NSE_FO" => Exchange::Nfo,
        "BSE_FO" => Exchange::Bfo,
        "NCD_FO" => Exchange::Cds,
        "BCD_FO" => Exchange::Bcd,
        "MCX_FO" => Exchange::Mcx,
        "NSE_COM" => Exchange::Nco,
        "NSE_INDEX" => Exchange::NseIndex,
        "BSE_INDEX" => Exchange::BseIndex,
        _ => return None,
    })
}

pub(crate) fn side(word: &str) -> Option<Side> {
    match word {
        "BUY" => Some(Side::Buy),
        "SELL" => Some(Side::Sell),
        _ => None,
    }
}

pub(crate) fn kind(word: &str) -> Option<OrderKind> {
    word.parse().ok()
}

pub(crate) fn validity(word: &str) -> Option<Validity> {
    word.parse().ok()
}

/// What a product is called on the wire; `None` for those Sangam does not place.
pub(crate) fn product_out(product: &Product) -> Option<&'static str> {
    match product {
        Product::Delivery | Product::CarryForward => Some("D"),
        Product::Intraday => Some("I"),
        Product::Other(_) => None,
    }
}

/// `D` is delivery for shares and carry-forward for derivatives: the exchange tells.
pub(crate) fn product_in(word: &str, exchange: Option<Exchange>) -> Product {
    match (word, exchange.map(Exchange::segment)) {
        ("I", _) => Product::Intraday,
        ("D", Some(Segment::Cash)) => Product::Delivery,
        ("D", Some(_)) => Product::CarryForward,
        _ => Product::Other(word.to_owned()),
    }
}

/// The state of an order. The 17 words of the official appendix, without regard to case; any other is unknown and
/// counts as live.
pub(crate) fn status(word: &str) -> BrokerOrderStatus {
    match word.to_ascii_lowercase().as_str() {
        "put order req received"
        | "validation pending"
        | "open pending"
        | "modify pending"
        | "modify validation pending"
        | "cancel pending" => BrokerOrderStatus::Pending,
        "after market order req received" | "modify after market order req received" => {
            BrokerOrderStatus::AfterMarket
        }
        "trigger pending" => BrokerOrderStatus::TriggerPending,
        "open" | "modified" | "not modified" | "not cancelled" => BrokerOrderStatus::Open,
        "complete" => BrokerOrderStatus::Complete,
        "cancelled" | "cancelled after market order" => BrokerOrderStatus::Cancelled,
        "rejected" => BrokerOrderStatus::Rejected,
        _ => BrokerOrderStatus::Unknown(word.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_seventeen_statuses() {
        let final_ones = [
            "complete",
            "cancelled",
            "cancelled after market order",
            "rejected",
        ];
        let live = [
            "put order req received",
            "validation pending",
            "open pending",
            "after market order req received",
            "modify after market order req received",
            "trigger pending",
            "open",
            "modify pending",
            "modify validation pending",
            "modified",
            "not modified",
            "cancel pending",
            "not cancelled",
        ];
        assert_eq!(final_ones.len() + live.len(), 17);
        for word in final_ones {
            assert!(status(word).is_final(), "{word}");
        }
        for word in live {
            assert!(!status(word).is_final(), "{word}");
            assert!(!matches!(status(word), BrokerOrderStatus::Unknown(_)), "{word}");
        }
        assert_eq!(status("Complete"), BrokerOrderStatus::Complete);
        assert_eq!(
            status("squared off"),
            BrokerOrderStatus::Unknown("squared off".into())
        );
    }

    #[test]
    fn a_product_means_what_the_exchange_makes_of_it() {
        assert_eq!(product_in("D", Some(Exchange::Nse)), Product::Delivery);
        assert_eq!(product_in("D", Some(Exchange::Nfo)), Product::CarryForward);
        assert_eq!(product_in("I", None), Product::Intraday);
        assert_eq!(product_in("D", None), Product::Other("D".into()));
        assert_eq!(
            product_in("MTF", Some(Exchange::Nse)),
            Product::Other("MTF".into())
        );
    }

    #[test]
    fn segments_of_keys_and_codes_of_rows_agree() {
        let pairs = [
            ("NSE_EQ|INE002A01018", "NSE"),
            ("BSE_EQ|INE002A01018", "BSE"),
            ("NSE_FO|1", "NFO"),
            ("BSE_FO|1", "BFO"),
            ("NCD_FO|1", "CDS"),
            ("BCD_FO|1", "BCD"),
            ("MCX_FO|1", "MCX"),
            ("NSE_COM|1", "NSCOM"),
        ];
        for (key, code) in pairs {
            assert!(exchange(code).is_some());
            assert_eq!(exchange_of_key(key), exchange(code), "{key}");
        }
        assert_eq!(exchange_of_key("NSE_INDEX|Nifty 50"), Some(Exchange::NseIndex));
        assert_eq!(exchange_of_key("GLOBAL_INDEX|X"), None);
        assert_eq!(exchange_of_key("NSE_EQ"), None);
    }
}

//! Order commands as bodies.

use sangam_broker::{Number, calls};
use sangam_core::{
    BrokerName, Error, ErrorKind, ModifyOrder, PlaceOrder, Price, Pricing, Quantity, Result, Validity,
};

use super::words;
use crate::config::{ApiVersion, MarketBand};
use crate::wire;

/// What of an account's settings shows in the bodies of its commands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CommandStyle {
    /// The version called.
    pub version: ApiVersion,
    /// The band of market orders; version 2 has no field for it.
    pub band: MarketBand,
}

/// The body of a placement of the instrument with this key. Slicing at the broker is off: it turns one order into
/// several.
///
/// # Errors
/// [`ErrorKind::NotOffered`] for a product that Sangam does not place, [`ErrorKind::InvalidRequest`] for a quantity beyond
/// the wire's 32 bits. Nothing is sent.
///
/// ```
/// use sangam_broker_upstox::translate::{CommandStyle, place_body};
/// # use sangam_core::*;
/// # let request = OrderRequest { instrument: "NSE:INFY".parse().unwrap(), side: Side::Sell,
/// #   quantity: Quantity::new(5).unwrap(), pricing: Pricing::Market, product: Product::Intraday, validity: Validity::Day,
/// #   disclosed: Quantity::ZERO, after_market: false, position_effect: None };
/// let order = PlaceOrder { request, tag: None, algo: None };
/// let body = place_body(&order, "NSE_EQ|INE009A01021", CommandStyle::default()).unwrap();
/// assert!(String::from_utf8(body).unwrap().contains(r#""order_type":"MARKET""#));
/// ```
pub fn place_body(order: &PlaceOrder, key: &str, style: CommandStyle) -> Result<Vec<u8>> {
    let request = &order.request;
    let product = words::product_out(&request.product).ok_or_else(|| {
        refused(
            ErrorKind::NotOffered,
            format!("product {} is not placed; use CNC, MIS or NRML", request.product),
        )
    })?;
    write(&wire::Place {
        quantity: int32("quantity", request.quantity)?,
        product,
        validity: request.validity.as_str(),
        price: number(request.pricing.limit()),
        tag: order.tag.as_ref().map(sangam_core::Tag::as_str),
        slice: match style.version {
            ApiVersion::V2 => None,
            ApiVersion::V3 => Some(false),
        },
        instrument_token: key,
        order_type: request.pricing.kind().as_str(),
        transaction_type: request.side.as_str(),
        disclosed_quantity: int32("disclosed quantity", request.disclosed)?,
        trigger_price: number(request.pricing.trigger()),
        is_amo: request.after_market,
        market_protection: protection(request.pricing, style),
    })
}

/// The body of a change. What the change leaves out keeps its value, but for the validity, which the broker asks for
/// again.
///
/// # Errors
/// [`ErrorKind::InvalidRequest`] for a quantity beyond the wire's 32 bits. Nothing is sent.
pub fn modify_body(change: &ModifyOrder, style: CommandStyle) -> Result<Vec<u8>> {
    let quantity = |what, quantity: Option<Quantity>| quantity.map(|q| int32(what, q)).transpose();
    write(&wire::Modify {
        quantity: quantity("quantity", change.quantity)?,
        validity: change.validity.unwrap_or(Validity::Day).as_str(),
        price: number(change.pricing.limit()),
        order_id: change.broker_order_id.as_str(),
        order_type: change.pricing.kind().as_str(),
        disclosed_quantity: quantity("disclosed quantity", change.disclosed)?,
        trigger_price: number(change.pricing.trigger()),
        market_protection: protection(change.pricing, style),
    })
}

fn write(body: &impl serde::Serialize) -> Result<Vec<u8>> {
    serde_json::to_vec(body).map_err(|error| {
        refused(
            ErrorKind::Internal,
            "an order command could not be written as JSON".to_owned(),
        )
        .with_source(error)
    })
}

fn protection(pricing: Pricing, style: CommandStyle) -> Option<i8> {
    match (pricing, style.version) {
        (Pricing::Market | Pricing::StopLossMarket { .. }, ApiVersion::V3) => Some(style.band.on_wire()),
        _ => None,
    }
}

/// The price, or the nought that stands for none.
fn number(price: Option<Price>) -> Number {
    price.unwrap_or(Price::ZERO).into()
}

fn int32(what: &str, quantity: Quantity) -> Result<i32> {
    calls::int32(BrokerName::Upstox, what, quantity)
}

fn refused(kind: ErrorKind, what: String) -> Error {
    Error::refused(kind, what).at(BrokerName::Upstox)
}

#[cfg(test)]
mod tests {
    use sangam_core::{OrderRequest, Outcome, Product, Side, Tag};

    use super::*;

    fn order(pricing: Pricing) -> PlaceOrder {
        PlaceOrder {
            request: OrderRequest {
                instrument: "NSE:RELIANCE".parse().expect("an instrument"),
                side: Side::Buy,
                quantity: Quantity::new(10).expect("a quantity"),
                pricing,
                product: Product::Delivery,
                validity: Validity::Ioc,
                disclosed: Quantity::ZERO,
                after_market: true,
                position_effect: None,
            },
            tag: Some(Tag::new("S1").expect("a tag")),
            algo: None,
        }
    }

    fn text(body: Result<Vec<u8>>) -> String {
        String::from_utf8(body.expect("a body")).expect("text")
    }

    fn price(text: &str) -> Price {
        text.parse().expect("a price")
    }

    #[test]
    fn all_four_kinds() {
        let style = CommandStyle::default();
        let body = |pricing| text(place_body(&order(pricing), "K", style));
        let start = r#"{"quantity":10,"product":"D","validity":"IOC","price":"#;
        let middle = r#","tag":"S1","slice":false,"instrument_token":"K","order_type":"#;
        let end = r#","transaction_type":"BUY","disclosed_quantity":0,"trigger_price":"#;
        assert_eq!(
            body(Pricing::Limit {
                limit: price("1450.50")
            }),
            format!(r#"{start}1450.5{middle}"LIMIT"{end}0,"is_amo":true}}"#)
        );
        assert_eq!(
            body(Pricing::Market),
            format!(r#"{start}0{middle}"MARKET"{end}0,"is_amo":true,"market_protection":-1}}"#)
        );
        assert_eq!(
            body(Pricing::StopLossLimit {
                trigger: price("1440"),
                limit: price("1441.05")
            }),
            format!(r#"{start}1441.05{middle}"SL"{end}1440,"is_amo":true}}"#)
        );
        assert_eq!(
            body(Pricing::StopLossMarket {
                trigger: price("1440")
            }),
            format!(r#"{start}0{middle}"SL-M"{end}1440,"is_amo":true,"market_protection":-1}}"#)
        );
    }

    #[test]
    fn version_two_has_neither_slice_nor_band() {
        let style = CommandStyle {
            version: ApiVersion::V2,
            band: MarketBand::Automatic,
        };
        let body = text(place_body(&order(Pricing::Market), "K", style));
        assert!(
            !body.contains("slice") && !body.contains("market_protection"),
            "{body}"
        );
    }

    #[test]
    fn what_the_wire_cannot_carry_is_refused_here() {
        let mut huge = order(Pricing::Market);
        huge.request.quantity = Quantity::new(1 << 31).expect("a quantity");
        let error = place_body(&huge, "K", CommandStyle::default()).expect_err("too many");
        assert_eq!(
            (error.kind(), error.outcome()),
            (ErrorKind::InvalidRequest, Outcome::NotSent)
        );
        let mut other = order(Pricing::Market);
        other.request.product = Product::Other("MTF".into());
        let error = place_body(&other, "K", CommandStyle::default()).expect_err("not placed");
        assert_eq!(
            (error.kind(), error.outcome()),
            (ErrorKind::NotOffered, Outcome::NotSent)
        );
    }

    #[test]
    fn a_change_leaves_out_what_stays() {
        let change = ModifyOrder {
            broker_order_id: sangam_core::BrokerOrderId::new("24010").expect("an id"),
            instrument: "NSE:RELIANCE".parse().expect("an instrument"),
            pricing: Pricing::Limit {
                limit: price("16.85"),
            },
            quantity: None,
            validity: None,
            disclosed: None,
            algo: None,
        };
        assert_eq!(
            text(modify_body(&change, CommandStyle::default())),
            r#"{"validity":"DAY","price":16.85,"order_id":"24010","order_type":"LIMIT","trigger_price":0}"#
        );
    }
}

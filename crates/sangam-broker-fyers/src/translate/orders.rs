//! Order commands going out. Faithful for all four kinds; what an account may send is for its capabilities to say.

use sangam_broker::Number;
use sangam_broker::calls::int32;
use sangam_core::{
    BrokerName, CancelOrder, Error, ErrorKind, ModifyOrder, OrderKind, PlaceOrder, Price, Quantity, Result,
    Validity,
};
use serde::Serialize;

use super::codes;
use crate::wire::orders::{CancelBody, ModifyBody, PlaceBody};

/// The body of a placement under the broker's symbol.
///
/// # Errors
/// With nothing sent: [`ErrorKind::InvalidRequest`] for a tag or quantity that Fyers cannot carry,
/// [`ErrorKind::NotOffered`] for a product that is not placed.
pub fn place_body(order: &PlaceOrder, symbol: &str) -> Result<Vec<u8>> {
    let request = &order.request;
    let price = |price: Option<Price>| Number::from(price.unwrap_or(Price::ZERO));
    json(&PlaceBody {
        symbol,
        qty: units("quantity", request.quantity)?,
        r#type: codes::kind_out(request.pricing.kind()),
        side: codes::side_out(request.side),
        product_type: codes::product_out(&request.product)?,
        limit_price: price(request.pricing.limit()),
        stop_price: price(request.pricing.trigger()),
        disclosed_qty: units("disclosed quantity", request.disclosed)?,
        validity: request.validity.as_str(),
        offline_order: request.after_market,
        order_tag: order
            .tag
            .as_ref()
            .map(|tag| codes::sent_tag(tag, None))
            .transpose()?,
    })
}

/// The body of a change. Only what the new kind has is sent: whether a price of nought would clear the old one is not
/// known.
///
/// # Errors
/// With nothing sent: [`ErrorKind::InvalidRequest`] for a quantity that Fyers cannot carry, [`ErrorKind::NotOffered`]
/// for a change to IOC.
pub fn modify_body(change: &ModifyOrder) -> Result<Vec<u8>> {
    if change.validity == Some(Validity::Ioc) {
        return Err(Error::refused(
            ErrorKind::NotOffered,
            "Fyers cannot change the validity of an order; cancel it and place a new one",
        ));
    }
    json(&ModifyBody {
        id: change.broker_order_id.as_str(),
        r#type: codes::kind_out(change.pricing.kind()),
        limit_price: change.pricing.limit().map(Number::from),
        stop_price: change.pricing.trigger().map(Number::from),
        qty: change
            .quantity
            .map(|quantity| units("quantity", quantity))
            .transpose()?,
        disclosed_qty: change
            .disclosed
            .map(|quantity| units("disclosed quantity", quantity))
            .transpose()?,
    })
}

/// The body of a cancellation.
///
/// # Errors
/// None that an order id can bring about.
pub fn cancel_body(cancel: &CancelOrder) -> Result<Vec<u8>> {
    json(&CancelBody {
        id: cancel.broker_order_id.as_str(),
    })
}

/// Whether an order of this kind waits for a trigger.
pub(super) fn is_stop(kind: OrderKind) -> bool {
    matches!(kind, OrderKind::StopLossLimit | OrderKind::StopLossMarket)
}

fn units(what: &str, quantity: Quantity) -> Result<i32> {
    int32(BrokerName::Fyers, what, quantity)
}

pub(super) fn json(body: &impl Serialize) -> Result<Vec<u8>> {
    serde_json::to_vec(body).map_err(|error| {
        Error::refused(ErrorKind::Internal, "the request could not be written as JSON").with_source(error)
    })
}

#[cfg(test)]
mod tests {
    use sangam_core::{OrderRequest, Pricing, Product, Side};

    use super::*;

    fn order(pricing: Pricing) -> PlaceOrder {
        PlaceOrder {
            request: OrderRequest {
                instrument: "NSE:INFY".parse().unwrap(),
                side: Side::Sell,
                quantity: Quantity::new(20).unwrap(),
                pricing,
                product: Product::Intraday,
                validity: Validity::Day,
                disclosed: Quantity::ZERO,
                after_market: false,
                position_effect: None,
            },
            tag: None,
            algo: None,
        }
    }

    fn price(text: &str) -> Price {
        text.parse().unwrap()
    }

    #[test]
    fn each_kind_sends_its_prices_and_nought_for_the_others() {
        let check = |pricing, expected: &str| {
            let body = String::from_utf8(place_body(&order(pricing), "NSE:INFY-EQ").unwrap()).unwrap();
            assert!(body.contains(expected), "{body}");
            assert!(!body.contains("orderTag"), "{body}");
        };
        check(
            Pricing::Market,
            r#""type":2,"side":-1,"productType":"INTRADAY","limitPrice":0,"stopPrice":0,"#,
        );
        check(
            Pricing::StopLossMarket {
                trigger: price("1495.5"),
            },
            r#""type":3,"side":-1,"productType":"INTRADAY","limitPrice":0,"stopPrice":1495.5,"#,
        );
        check(
            Pricing::StopLossLimit {
                trigger: price("95.6"),
                limit: price("95.05"),
            },
            r#""type":4,"side":-1,"productType":"INTRADAY","limitPrice":95.05,"stopPrice":95.6,"#,
        );
    }

    #[test]
    fn what_the_wire_cannot_carry_is_refused() {
        let mut large = order(Pricing::Market);
        large.request.quantity = Quantity::new(2_147_483_648).unwrap();
        let error = place_body(&large, "X").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidRequest);
        assert!(error.outcome().is_certainly_not_placed());
        let mut tagged = order(Pricing::Market);
        tagged.tag = Some("a-b".parse().unwrap());
        assert_eq!(
            place_body(&tagged, "X").unwrap_err().kind(),
            ErrorKind::InvalidRequest
        );
    }

    #[test]
    fn a_change_sends_no_price_it_does_not_mean() {
        let mut change = ModifyOrder {
            broker_order_id: "25092600001234".parse().unwrap(),
            instrument: "NSE:INFY".parse().unwrap(),
            pricing: Pricing::Market,
            quantity: None,
            validity: Some(Validity::Day),
            disclosed: None,
            algo: None,
        };
        let body = |change: &ModifyOrder| String::from_utf8(modify_body(change).unwrap()).unwrap();
        assert_eq!(body(&change), r#"{"id":"25092600001234","type":2}"#);
        change.pricing = Pricing::Limit {
            limit: price("811.5"),
        };
        change.quantity = Some(Quantity::new(8).unwrap());
        assert_eq!(
            body(&change),
            r#"{"id":"25092600001234","type":1,"limitPrice":811.5,"qty":8}"#
        );
        change.validity = Some(Validity::Ioc);
        assert_eq!(modify_body(&change).unwrap_err().kind(), ErrorKind::NotOffered);
    }
}

//! Order commands out, acknowledgements back.

use bytes::Bytes;
use sangam_broker::calls::int32;
use sangam_broker::{Text, shown};
use sangam_core::ports::{Accepted, Placed};
use sangam_core::{
    BrokerName, BrokerOrderId, Capabilities, Error, ErrorKind, Listing, ModifyOrder, Operation, Outcome,
    PlaceOrder, Price, Pricing, Quantity, Validity,
};

use super::answer::{is_ok, object, unexpected};
use super::body::{Body, Sender};
use super::words;
use crate::error;
use crate::wire::Envelope;

/// Most characters of a tag. The broker documents no bound; longer ones were not seen to come back whole.
pub(crate) const TAG_LENGTH_MAX: usize = 20;

/// The body of `PlaceOrder`. Faithful for every kind of order, market ones included.
///
/// # Errors
/// With nothing sent: [`ErrorKind::NotOffered`] for a product or exchange the broker has no word for,
/// [`ErrorKind::InvalidRequest`] for a tag or quantity it cannot carry.
pub fn place_body(sender: &Sender<'_>, listing: &Listing, order: &PlaceOrder) -> Result<Bytes, Error> {
    let request = &order.request;
    let product = words::product_out(&request.product).ok_or_else(|| {
        refuse(
            ErrorKind::NotOffered,
            format!(
                "product {} cannot be placed; use CNC, MIS or NRML",
                request.product
            ),
        )
    })?;
    if let Some(tag) = order
        .tag
        .as_ref()
        .filter(|tag| tag.as_str().len() > TAG_LENGTH_MAX)
    {
        return Err(refuse(
            ErrorKind::InvalidRequest,
            format!("tag {tag} is longer than the {TAG_LENGTH_MAX} characters the broker carries"),
        ));
    }
    let body = Body::sourced(sender)
        .actid()
        .field("trantype", words::side_out(request.side))
        .field("prd", product)
        .listing(listing)?
        .field("qty", &quantity(request.quantity)?)
        .field("dscqty", &quantity(request.disclosed)?);
    let body = priced(body, &request.pricing)
        .field("ret", words::validity_out(request.validity))
        .some("remarks", order.tag.as_ref().map(|tag| tag.as_str()))
        .some("amo", request.after_market.then_some("Yes"));
    Ok(body.finish())
}

/// The body of `ModifyOrder`.
///
/// # Errors
/// With nothing sent: [`ErrorKind::InvalidRequest`] without the whole quantity, which the broker requires, or with a new
/// disclosed quantity, for which it has no field; [`ErrorKind::NotOffered`] for an exchange it has no word for.
pub fn modify_body(sender: &Sender<'_>, listing: &Listing, change: &ModifyOrder) -> Result<Bytes, Error> {
    let whole = change.quantity.filter(|units| !units.is_zero()).ok_or_else(|| {
        refuse(
            ErrorKind::InvalidRequest,
            "the broker requires the whole quantity with every change; read the order and pass its quantity",
        )
    })?;
    if change.disclosed.is_some_and(|units| !units.is_zero()) {
        return Err(refuse(
            ErrorKind::InvalidRequest,
            "the broker cannot change the disclosed quantity; leave it out, or cancel and place anew",
        ));
    }
    let body = Body::sourced(sender)
        .actid()
        .field("norenordno", change.broker_order_id.as_str())
        .listing(listing)?
        .field("qty", &quantity(whole)?);
    let validity = change.validity.unwrap_or(Validity::Day);
    Ok(priced(body, &change.pricing)
        .field("ret", words::validity_out(validity))
        .finish())
}

/// The body of `CancelOrder`.
#[must_use]
pub fn cancel_body(sender: &Sender<'_>, id: &BrokerOrderId) -> Bytes {
    Body::sourced(sender).field("norenordno", id.as_str()).finish()
}

/// Reads the answer to `PlaceOrder`.
///
/// # Errors
/// Whatever is not a 2xx answer that says `Ok` with an order number and nothing to doubt it.
pub fn placed(status: u16, body: &[u8]) -> Result<Placed, Error> {
    let said = agreed(Operation::Place, status, body)?;
    match id(&said.norenordno) {
        Some(broker_order_id) => Ok(Placed {
            broker_order_id,
            message: None,
        }),
        None => Err(keep_id(
            unexpected("the broker took the order but gave no order number; look in the order book"),
            &said,
        )),
    }
}

/// Reads the answer to `ModifyOrder` or `CancelOrder`, which must name the order asked about.
///
/// # Errors
/// Whatever is not a 2xx answer that says `Ok` with this order's number and nothing to doubt it.
pub fn accepted(
    operation: Operation,
    status: u16,
    body: &[u8],
    asked: &BrokerOrderId,
) -> Result<Accepted, Error> {
    let said = agreed(operation, status, body)?;
    match id(&said.result).or_else(|| id(&said.norenordno)) {
        Some(broker_order_id) if broker_order_id == *asked => Ok(Accepted {
            broker_order_id,
            message: None,
        }),
        Some(other) => Err(
            unexpected(format!("the answer names order {other}, asked was {asked}"))
                .with_broker_order_id(other),
        ),
        None => Err(unexpected("the answer names no order; look in the order book")),
    }
}

/// The envelope of an answer that says `Ok`, at 2xx, without a complaint beside it.
fn agreed(operation: Operation, status: u16, body: &[u8]) -> Result<Envelope, Error> {
    let said = match object::<Envelope>(body) {
        Some(said) if is_ok(&said.stat) => said,
        _ => return Err(error::failure(operation, status, body)),
    };
    if !(200..300).contains(&status) {
        return Err(keep_id(
            error::strange(status, "the broker says Ok with a status of failure"),
            &said,
        ));
    }
    if let Some(complaint) = said.emsg.get() {
        let error = unexpected(format!("the broker says Ok and {:?} at once", shown(complaint)));
        return Err(keep_id(error, &said));
    }
    Ok(said)
}

fn keep_id(error: Error, said: &Envelope) -> Error {
    match id(&said.norenordno).or_else(|| id(&said.result)) {
        Some(id) => error.with_outcome(Outcome::Unknown).with_broker_order_id(id),
        None => error,
    }
}

fn id(text: &Text) -> Option<BrokerOrderId> {
    text.get().and_then(|text| BrokerOrderId::new(text).ok())
}

/// Kind, price and trigger. A trigger is written only for kinds that have one: the broker refuses a nought.
fn priced<'a>(body: Body<'a>, pricing: &Pricing) -> Body<'a> {
    let limit = pricing.limit().unwrap_or(Price::ZERO).to_string();
    let trigger = pricing.trigger().map(|trigger| trigger.to_string());
    body.field("prctyp", words::kind_out(pricing.kind()))
        .field("prc", &limit)
        .some("trgprc", trigger.as_deref())
}

fn quantity(quantity: Quantity) -> Result<String, Error> {
    int32(BrokerName::Flattrade, "quantity", quantity).map(|units| units.to_string())
}

fn refuse(kind: ErrorKind, message: impl Into<String>) -> Error {
    Error::refused(kind, message).at(BrokerName::Flattrade)
}

/// What may be sent, apart from what the account is set to.
pub(crate) fn capabilities(mcx: bool) -> Capabilities {
    use sangam_core::{Exchange, MarketProtection, OrderKinds};
    let mut can = Capabilities::least();
    can.order_kinds = OrderKinds::LIMITS;
    can.market_protection = MarketProtection::Refused;
    can.validities = vec![Validity::Day, Validity::Ioc];
    can.exchanges = vec![
        Exchange::Nse,
        Exchange::Bse,
        Exchange::Nfo,
        Exchange::Bfo,
        Exchange::Cds,
    ];
    if mcx {
        can.exchanges.push(Exchange::Mcx);
    }
    can.tag_length_max = TAG_LENGTH_MAX;
    can.tag_alphanumeric = false;
    can.quotes_per_call = 1;
    can.candles = true;
    can.orders_by_tag = false;
    can.after_market = true;
    can.modify_needs_quantity = true;
    can.modify_quantity_is_total = true;
    can
}

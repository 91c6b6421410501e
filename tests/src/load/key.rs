//! Which contract a request on the way asks a quote of, read from its bytes as the broker would: written from the brokers'
//! formats, without the adapters.

use sangam_core::BrokerName;

/// What a request on the way is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Request {
    /// It asks a quote of what the broker calls so.
    Quote(String),
    /// It places an order.
    Place,
}

/// Reads what has come of a request; `None` for what is neither, and while too little of it has come.
pub(super) fn read(broker: BrokerName, bytes: &[u8]) -> Option<Request> {
    let text = std::str::from_utf8(bytes).ok()?;
    let target = text.split(' ').nth(1)?;
    let post = text.starts_with("POST ");
    let (quote, place) = match broker {
        BrokerName::Fyers => (parameter(target, "symbols="), post && target.contains("/orders/")),
        BrokerName::Upstox => (
            parameter(target, "instrument_key="),
            post && target.contains("/order/place"),
        ),
        BrokerName::Flattrade => {
            let quote = target.ends_with("/GetQuotes").then(|| flattrade(text)).flatten();
            (quote, target.ends_with("/PlaceOrder"))
        }
    };
    if place {
        return Some(Request::Place);
    }
    quote.map(Request::Quote)
}

fn parameter(target: &str, name: &str) -> Option<String> {
    let value = target.split_once(name)?.1;
    let value = value.split('&').next()?;
    let decoded = percent_encoding::percent_decode_str(value).decode_utf8();
    decoded.ok().map(|text| text.into_owned())
}

fn flattrade(text: &str) -> Option<String> {
    let field = |name: &str| text.split_once(name)?.1.split('"').next();
    Some(format!("{}|{}", field("\"exch\":\"")?, field("\"token\":\"")?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_brokers_quotes_and_orders_are_told_apart() {
        let check = |broker, text: &str, expected: Option<Request>| {
            assert_eq!(read(broker, text.as_bytes()), expected, "{text}");
        };
        let quote = |key: &str| Some(Request::Quote(key.to_owned()));
        let (fyers, upstox, flattrade) = (BrokerName::Fyers, BrokerName::Upstox, BrokerName::Flattrade);
        check(
            fyers,
            "GET /data/quotes?symbols=NSE%3ASBIN-EQ HTTP/1.1\r\n",
            quote("NSE:SBIN-EQ"),
        );
        check(
            upstox,
            "GET /v2/market-quote/quotes?instrument_key=NSE_FO%7C35003&x=1 HTTP/1.1\r\n",
            quote("NSE_FO|35003"),
        );
        let head = "POST /PiConnectTP/GetQuotes HTTP/1.1\r\nhost: x\r\n\r\n";
        check(flattrade, head, None);
        let body = "jData={\"uid\":\"FT000000\",\"exch\":\"NFO\",\"token\":\"35003\"}&jKey=k";
        check(flattrade, &format!("{head}{body}"), quote("NFO|35003"));
        check(
            flattrade,
            "POST /PiConnectTP/PlaceOrder HTTP/1.1\r\n",
            Some(Request::Place),
        );
        check(
            fyers,
            "POST /api/v3/orders/sync HTTP/1.1\r\n",
            Some(Request::Place),
        );
        check(upstox, "POST /v3/order/place HTTP/1.1\r\n", Some(Request::Place));
        check(upstox, "GET /v2/order/retrieve-all HTTP/1.1\r\n", None);
        check(fyers, "GET /api/v3/orders HTTP/1.1\r\n", None);
    }
}

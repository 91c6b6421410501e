//! What a recorded call asks for, in Sangam's words, and the same call through the adapter.

use sangam_broker_flattrade::{Flattrade, FundsFilter, FundsSegment};
use sangam_core::ports::{Books as _, Login as _, MarketData as _, OrderEntry as _};
use sangam_core::{
    BrokerName, BrokerOrderId, CancelOrder, CandleInterval, Error, Exchange, InstrumentId, ModifyOrder,
    OrderRequest, PlaceOrder, Price, Pricing, Product, Quantity, Tag, Timestamp,
};
use serde_json::Value;

use super::{plain, text};
use crate::vectors::recording::NamedSymbols;

/// What a vector asks for.
pub(super) struct Asked {
    instrument: Option<InstrumentId>,
}

impl Asked {
    /// What it asks for, and the names it uses.
    pub(super) fn new(vector: &Value) -> Result<(Self, NamedSymbols), String> {
        let call = &vector["call"];
        let canonical = &vector["canonical"];
        let exchange = text(canonical, "exchange").or_else(|| text(call, "exchange"));
        let symbol = text(canonical, "broker_symbol").or_else(|| text(call, "tradingsymbol"));
        let token = plain(call.get("token"));
        let mut symbols = NamedSymbols::new(BrokerName::Flattrade);
        let instrument = match exchange {
            Some(exchange) if symbol.is_some() || token.is_some() => {
                let exchange: Exchange = exchange.parse().map_err(|error| format!("exchange: {error}"))?;
                Some(symbols.add(
                    exchange,
                    symbol.unwrap_or_default(),
                    token.as_deref().unwrap_or_default(),
                ))
            }
            _ => None,
        };
        Ok((Self { instrument }, symbols))
    }

    fn instrument(&self) -> Result<InstrumentId, Wrong> {
        self.instrument
            .clone()
            .ok_or(Wrong("the vector names no instrument".to_owned()))
    }

    /// Makes the call. The transport answers nothing, so it ends in an error once the request has left.
    pub(super) async fn make(
        &self,
        operation: &str,
        vector: &Value,
        adapter: &Flattrade,
    ) -> Result<(), Wrong> {
        let call = &vector["call"];
        match operation {
            "place_order" => drop(adapter.place(&self.placement(&vector["canonical"])?).await?),
            "modify_order" => drop(adapter.modify(&self.change(call)?).await?),
            "cancel_order" => {
                let cancel = CancelOrder {
                    broker_order_id: order_id(call)?,
                    algo: None,
                };
                drop(adapter.cancel(&cancel).await?);
            }
            "order_book" => drop(adapter.order_book().await?),
            "single_order_history" => drop(adapter.order_history(&order_id(call)?).await?),
            "trade_book" => drop(adapter.trades().await?),
            "positions" => drop(adapter.positions().await?),
            "holdings" => drop(adapter.holdings().await?),
            "limits" => drop(adapter.funds_of(&filter(call)?).await?),
            "user_details" => drop(adapter.check_session().await?),
            "search_scrip" => {
                let exchange = text(call, "exchange").map(parsed).transpose()?;
                let wanted = text(call, "searchtext").ok_or(Wrong("no searchtext".to_owned()))?;
                drop(adapter.search(exchange, wanted).await?);
            }
            "quotes" => drop(adapter.quotes(&[self.instrument()?]).await?),
            "time_price_series" => {
                let fields = &vector["request"]["body_decoded"]["jData"];
                let minutes: u16 = parsed(
                    &plain(call.get("interval"))
                        .or_else(|| plain(fields.get("intrv")))
                        .ok_or(Wrong("no interval".to_owned()))?,
                )?;
                let (from, to) = (
                    instant(call, "starttime", fields, "st")?,
                    instant(call, "endtime", fields, "et")?,
                );
                let interval = CandleInterval::Minutes(minutes);
                drop(
                    adapter
                        .candles_between(&self.instrument()?, interval, from, to)
                        .await?,
                );
            }
            "eod_chart" => {
                let fields = &vector["request"]["body_decoded"]["jData"];
                let (from, to) = (
                    instant(call, "startdate", fields, "from")?,
                    instant(call, "enddate", fields, "to")?,
                );
                let days = CandleInterval::Day;
                drop(
                    adapter
                        .candles_between(&self.instrument()?, days, from, to)
                        .await?,
                );
            }
            "token_exchange" => {
                let code = text(call, "request_code").ok_or(Wrong("no request_code".to_owned()))?;
                drop(adapter.exchange_code(code).await?);
            }
            "logout" => adapter.log_out().await?,
            other => return Err(Wrong(format!("the runner does not know the operation {other}"))),
        }
        Ok(())
    }

    fn placement(&self, canonical: &Value) -> Result<PlaceOrder, Wrong> {
        let need =
            |key: &str| plain(canonical.get(key)).ok_or_else(|| Wrong(format!("canonical has no {key}")));
        let price = |key: &str| need(key).and_then(|text| parsed::<Price>(&text));
        let pricing = match need("order_type")?.as_str() {
            "MARKET" => Pricing::Market,
            "LIMIT" => Pricing::Limit {
                limit: price("price")?,
            },
            "SL" => Pricing::StopLossLimit {
                trigger: price("trigger_price")?,
                limit: price("price")?,
            },
            "SL-M" => Pricing::StopLossMarket {
                trigger: price("trigger_price")?,
            },
            other => return Err(Wrong(format!("unknown order type {other}"))),
        };
        Ok(PlaceOrder {
            request: OrderRequest {
                instrument: self.instrument()?,
                side: parsed(&need("side")?)?,
                quantity: parsed(&need("quantity")?)?,
                pricing,
                product: Product::from(need("product")?),
                validity: parsed(&need("validity")?)?,
                disclosed: parsed(
                    &plain(canonical.get("disclosed_quantity")).unwrap_or_else(|| "0".to_owned()),
                )?,
                after_market: canonical["after_market"].as_bool().unwrap_or(false),
                position_effect: None,
            },
            tag: plain(canonical.get("tag"))
                .map(Tag::new)
                .transpose()
                .map_err(wrong)?,
            algo: None,
        })
    }

    fn change(&self, call: &Value) -> Result<ModifyOrder, Wrong> {
        let price = |key: &str| {
            let text = plain(call.get(key)).ok_or_else(|| Wrong(format!("call has no {key}")))?;
            parsed::<Price>(&text)
        };
        let pricing = match text(call, "newprice_type").unwrap_or_default() {
            "MKT" => Pricing::Market,
            "LMT" => Pricing::Limit {
                limit: price("newprice")?,
            },
            "SL-LMT" => Pricing::StopLossLimit {
                trigger: price("newtrigger_price")?,
                limit: price("newprice")?,
            },
            "SL-MKT" => Pricing::StopLossMarket {
                trigger: price("newtrigger_price")?,
            },
            other => return Err(Wrong(format!("unknown price type {other:?}"))),
        };
        Ok(ModifyOrder {
            broker_order_id: order_id(call)?,
            instrument: self.instrument()?,
            pricing,
            quantity: plain(call.get("newquantity"))
                .map(|text| parsed::<Quantity>(&text))
                .transpose()?,
            validity: None,
            disclosed: None,
            algo: None,
        })
    }
}

/// Why a call could not be made, or how it ended.
pub(super) struct Wrong(String);

impl std::fmt::Display for Wrong {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<Error> for Wrong {
    fn from(error: Error) -> Self {
        Self(error.to_string())
    }
}

fn wrong(error: impl std::fmt::Display) -> Wrong {
    Wrong(error.to_string())
}

fn parsed<T: std::str::FromStr<Err: std::fmt::Display>>(text: &str) -> Result<T, Wrong> {
    text.parse().map_err(wrong)
}

fn order_id(call: &Value) -> Result<BrokerOrderId, Wrong> {
    BrokerOrderId::new(plain(call.get("orderno")).unwrap_or_default()).map_err(wrong)
}

fn instant(call: &Value, key: &str, fields: &Value, field: &str) -> Result<Timestamp, Wrong> {
    let text = plain(call.get(key))
        .or_else(|| plain(fields.get(field)))
        .ok_or_else(|| Wrong(format!("no {key}")))?;
    let seconds: rust_decimal::Decimal = parsed(&text)?;
    let seconds = i64::try_from(seconds.trunc()).map_err(wrong)?;
    Timestamp::from_second(seconds).map_err(wrong)
}

fn filter(call: &Value) -> Result<FundsFilter, Wrong> {
    let product = text(call, "product_type").map(|code| match code {
        "C" => Product::Delivery,
        "I" => Product::Intraday,
        "M" => Product::CarryForward,
        other => Product::Other(other.to_owned()),
    });
    let segment = match text(call, "segment") {
        None => None,
        Some("CM") => Some(FundsSegment::Cash),
        Some("FO") => Some(FundsSegment::Derivatives),
        Some("FX") => Some(FundsSegment::Currency),
        Some(other) => return Err(Wrong(format!("unknown segment {other}"))),
    };
    Ok(FundsFilter {
        product,
        segment,
        exchange: text(call, "exchange").map(parsed).transpose()?,
    })
}

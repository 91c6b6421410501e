//! A row's symbol as an instrument of ours, and always as the broker wrote it.

use sangam_core::ports::SymbolMap;
use sangam_core::{BookInstrument, BrokerName};

use super::codes;
use crate::wire::field::Field;

/// Digits of a `fyToken` before the exchange's own token: exchange 2, segment 2, expiry 6.
const TOKEN_PREFIX: usize = 10;

/// What a row is about. The symbol carries its exchange and is looked up first; a symbol that the table does not know
/// (it may have been renamed since the morning) is looked up by its token.
pub(super) fn book_instrument(
    symbols: &dyn SymbolMap,
    symbol: String,
    token: Field<'_>,
    exchange: Field<'_>,
    segment: Field<'_>,
) -> BookInstrument {
    let exchange = codes::exchange_in(exchange.integer(), segment.integer());
    let id = symbols
        .by_order_symbol(BrokerName::Fyers, exchange, &symbol)
        .or_else(|| symbols.by_order_symbol(BrokerName::Fyers, None, &symbol))
        .or_else(|| {
            let token = token.text()?;
            symbols.by_token(BrokerName::Fyers, exchange?, token.get(TOKEN_PREFIX..)?)
        });
    BookInstrument {
        exchange: id.as_ref().map(|id| id.exchange).or(exchange),
        id,
        broker_symbol: symbol,
    }
}

//! Rows of positions, holdings and funds.

use super::field::{fields, list_reply};

fields! {
    /// A position.
    PositionRow {
        symbol = "symbol",
        token = "fyToken",
        exchange = "exchange",
        segment = "segment",
        product = "productType",
        /// Signed.
        net = "netQty",
        net_average = "netAvg",
        bought = "buyQty",
        buy_average = "buyAvg",
        sold = "sellQty",
        sell_average = "sellAvg",
        last = "ltp",
        realised = "realized_profit",
        unrealised = "unrealized_profit",
    }
}

list_reply! {
    /// `GET /positions`.
    PositionsReply { positions = "netPositions" of PositionRow }
}

fields! {
    /// A holding.
    HoldingRow {
        /// `T1` bought and not delivered, `HLD` in demat.
        kind = "holdingType",
        symbol = "symbol",
        token = "fyToken",
        exchange = "exchange",
        segment = "segment",
        isin = "isin",
        /// At the start of the day.
        quantity = "quantity",
        /// After today's sales.
        remaining = "remainingQuantity",
        undelivered = "qty_t1",
        cost = "costPrice",
        last = "ltp",
    }
}

list_reply! {
    /// `GET /holdings`.
    HoldingsReply { holdings = "holdings" of HoldingRow }
}

fields! {
    /// A line of the funds, told by its id.
    FundRow {
        id = "id",
        equity = "equityAmount",
    }
}

list_reply! {
    /// `GET /funds`.
    FundsReply { lines = "fund_limit" of FundRow }
}

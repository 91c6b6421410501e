"""The `openalgo` client (1.0), unchanged, against the gateway: what strategies and chart alerts already speak.

Run by `cargo xtask clients openalgo`, or by hand with the interpreter of target/clients/openalgo. The client never
raises: it turns every refusal into a dictionary with `status: error`. It has no `ping`, so that one is posted directly.
"""

import pathlib
import sys
import uuid

import httpx
from openalgo import api

sys.path.append(str(pathlib.Path(__file__).resolve().parent.parent))
import checklist as c  # noqa: E402

STRATEGY = "client check"
SYMBOL, EXCHANGE = "RELIANCE", "NSE"
OTHERS = [("TCS", "NSE"), ("INFY", "NSE"), ("M&M", "NSE"), ("BAJAJ-AUTO", "NSE"), ("NIFTY", "NSE_INDEX")]
FINAL = {"complete", "cancelled", "rejected"}
ROW = {"action", "exchange", "order_status", "orderid", "price", "pricetype", "product", "quantity", "symbol",
       "timestamp", "trigger_price"}
QUOTE = {"ask", "bid", "high", "low", "ltp", "open", "prev_close", "volume", "oi"}

checks = c.Checklist("openalgo")


class Gateway:
    """The client, with the arguments every order of these checks shares."""

    def __init__(self, base_url, key):
        self.api = api(api_key=key, host=base_url)

    def place(self, **changes):
        """`placeorder` of a limit order to buy one share, with changes."""
        order = dict(strategy=STRATEGY, symbol=SYMBOL, exchange=EXCHANGE, action="BUY", price_type="LIMIT",
                     product="CNC", quantity=1)
        return self.api.placeorder(**(order | changes))

    def status(self, order_id):
        """The row of `orderstatus`."""
        row = ok(self.api.orderstatus(order_id=order_id, strategy=STRATEGY))["data"]
        c.demand("orderstatus", ROW | {"average_price"} <= set(row), f"the fields {sorted(ROW)}", row)
        return row

    def wait(self, order_id, *statuses):
        """Wait until the order has one of these statuses."""
        return c.until("order_status", lambda: self.status(order_id), lambda row: row["order_status"] in statuses,
                       " or ".join(statuses))

    def orders(self):
        """The rows of the order book."""
        return c.field(c.field(ok(self.api.orderbook()), "data"), "orders")


def ok(answer):
    """The answer, which must be a success."""
    c.demand("answer", isinstance(answer, dict) and answer.get("status") == "success", "status: success", answer)
    return answer


def refused(answer, *fragments, code=None):
    """The message of an answer that must be an error and speak of one of the fragments."""
    c.demand("answer", isinstance(answer, dict) and answer.get("status") == "error", "status: error", answer)
    c.demand("error_type", answer.get("error_type") in ("http_error", "api_error"), "a refusal by the gateway", answer)
    if code is not None:
        c.expect("code", answer.get("code"), code)
    said = str(answer.get("message"))
    c.demand("message", not fragments or any(f.lower() in said.lower() for f in fragments), f"one of {fragments}", said)
    return said


@checks.check("ping")
def _(s, base_url, key):
    answer = httpx.post(f"{base_url}/api/v1/ping", json={"apikey": key}, timeout=30)
    c.expect("HTTP status", answer.status_code, 200)
    c.expect("message", c.field(c.field(ok(answer.json()), "data"), "message"), "pong")
    s.gateway = Gateway(base_url, key)
    return answer.json()["data"]


@checks.check("a wrong key is refused everywhere")
def _(s, base_url, key):
    stranger = Gateway(base_url, "0" * 64)
    for answer in (stranger.api.funds(), stranger.api.quotes(symbol=SYMBOL, exchange=EXCHANGE),
                   stranger.place(price="100"), stranger.api.cancelorder(order_id="1", strategy=STRATEGY)):
        said = refused(answer, "apikey", code=403)
    return said


@checks.check("quote of one instrument")
def _(s, base_url, key):
    quote = c.field(ok(s.gateway.api.quotes(symbol=SYMBOL, exchange=EXCHANGE)), "data")
    c.demand("fields", QUOTE <= set(quote), sorted(QUOTE), quote)
    for name in ("ask", "bid", "high", "low", "open", "prev_close"):
        c.positive(name, quote[name])
    s.ltp = c.positive("ltp", quote["ltp"])
    c.expect("types of volume and oi", (type(quote["volume"]), type(quote["oi"])), (int, int))
    return f"ltp {s.ltp}"


@checks.check("quotes of several instruments, one of them unknown")
def _(s, base_url, key):
    asked = [{"symbol": symbol, "exchange": exchange} for symbol, exchange in OTHERS]
    rows = c.field(ok(s.gateway.api.multiquotes(symbols=[*asked, {"symbol": "NOSUCHSHARE", "exchange": "NSE"}])), "results")
    for symbol, exchange in OTHERS:
        row = c.one(f"{exchange}:{symbol}", rows, lambda row: (row.get("symbol"), row.get("exchange")) == (symbol, exchange))
        c.positive("ltp", c.field(c.field(row, "data"), "ltp"))
    row = c.one("the unknown one", rows, lambda row: row.get("symbol") == "NOSUCHSHARE")
    return c.field(row, "error")


@checks.check("depth of five levels, best first")
def _(s, base_url, key):
    depth = c.field(ok(s.gateway.api.depth(symbol=SYMBOL, exchange=EXCHANGE)), "data")
    bids = [c.positive("bid", level["price"]) for level in c.field(depth, "bids")]
    asks = [c.positive("ask", level["price"]) for level in c.field(depth, "asks")]
    c.expect("levels", (len(bids), len(asks)), (5, 5))
    c.demand("bids", bids == sorted(bids, reverse=True), "falling", bids)
    c.demand("asks", asks == sorted(asks), "rising", asks)
    for name in ("high", "low", "ltp", "ltq", "oi", "open", "prev_close", "totalbuyqty", "totalsellqty", "volume"):
        c.decimal(name, c.field(depth, name))
    return f"{bids[0]} / {asks[0]}"


@checks.check("quote of an unknown instrument is refused")
def _(s, base_url, key):
    return refused(s.gateway.api.quotes(symbol="NOSUCHSHARE", exchange=EXCHANGE), "NOSUCHSHARE", code=400)


@checks.check("funds")
def _(s, base_url, key):
    funds = c.field(ok(s.gateway.api.funds()), "data")
    for name in ("collateral", "m2mrealized", "m2munrealized", "utiliseddebits", "availablecash"):
        value = c.field(funds, name)
        c.demand(name, isinstance(value, str) and "." in value and len(value.rsplit(".", 1)[1]) == 2,
                 "text with two decimals", value)
    return f"availablecash {c.positive('availablecash', funds['availablecash'])}"


@checks.check("holdings")
def _(s, base_url, key):
    data = c.field(ok(s.gateway.api.holdings()), "data")
    rows = c.field(data, "holdings")
    c.demand("holdings", rows, "at least one, so that a row's shape is tried", data)
    for row in rows:
        for name in ("average_price", "exchange", "ltp", "pnl", "pnlpercent", "product", "quantity", "symbol"):
            c.field(row, name)
    for name in ("totalholdingvalue", "totalinvvalue", "totalprofitandloss", "totalpnlpercentage"):
        c.decimal(name, c.field(c.field(data, "statistics"), name))
    return f"{len(rows)} holdings"


@checks.check("placeorder: limit, 3 % below the market")
def _(s, base_url, key):
    s.price = c.on_tick_below(s.ltp, 3)
    answer = ok(s.gateway.place(price=str(s.price)))
    s.order_id = c.field(answer, "orderid")
    c.demand("orderid", isinstance(s.order_id, str) and s.order_id, "text", answer)
    return f"{s.order_id} at {s.price}"


@checks.check("orderstatus: open, as placed")
def _(s, base_url, key):
    row = s.gateway.wait(s.order_id, "open")
    c.expect("orderid", row["orderid"], s.order_id)
    c.expect("order", (row["action"], row["exchange"], row["symbol"], row["product"], row["pricetype"]),
             ("BUY", EXCHANGE, SYMBOL, "CNC", "LIMIT"))
    c.expect("quantity", c.decimal("quantity", row["quantity"]), 1)
    c.expect("price", c.decimal("price", row["price"]), s.price)
    return f"{row['order_status']} since {row['timestamp']}"


@checks.check("orderbook: the order and the statistics")
def _(s, base_url, key):
    data = c.field(ok(s.gateway.api.orderbook()), "data")
    row = c.one("the order", c.field(data, "orders"), lambda row: row.get("orderid") == s.order_id)
    c.demand("fields", ROW <= set(row), sorted(ROW), row)
    counts = c.field(data, "statistics")
    c.demand("total_open_orders", c.field(counts, "total_open_orders") >= 1, "at least 1", counts)
    c.demand("total_buy_orders", c.field(counts, "total_buy_orders") >= 1, "at least 1", counts)
    return counts


@checks.check("modifyorder: another price")
def _(s, base_url, key):
    s.new_price = c.on_tick_below(s.ltp, 2)
    answer = ok(s.gateway.api.modifyorder(
        order_id=s.order_id, strategy=STRATEGY, symbol=SYMBOL, action="BUY", exchange=EXCHANGE, price_type="LIMIT",
        product="CNC", quantity=1, price=str(s.new_price)))
    c.expect("orderid", c.field(answer, "orderid"), s.order_id)
    row = c.until("price", lambda: s.gateway.status(s.order_id),
                  lambda row: c.decimal("price", row["price"]) == s.new_price and row["order_status"] == "open",
                  f"{s.new_price}, still open")
    return f"{s.price} -> {row['price']}"


@checks.check("cancelorder")
def _(s, base_url, key):
    answer = ok(s.gateway.api.cancelorder(order_id=s.order_id, strategy=STRATEGY))
    c.expect("orderid", c.field(answer, "orderid"), s.order_id)
    return s.gateway.wait(s.order_id, *FINAL)["order_status"]


@checks.check("the cancelled order stays in the book as cancelled")
def _(s, base_url, key):
    row = c.one("the order", s.gateway.orders(), lambda row: row.get("orderid") == s.order_id)
    return c.expect("order_status", row["order_status"], "cancelled")


@checks.check("cancelling it again is refused")
def _(s, base_url, key):
    c.demand("order", s.order_id, "known", None)
    return refused(s.gateway.api.cancelorder(order_id=s.order_id, strategy=STRATEGY))


@checks.check("orderstatus of an unknown order")
def _(s, base_url, key):
    return refused(s.gateway.api.orderstatus(order_id="999999999999", strategy=STRATEGY), "not found", code=404)


@checks.check("orders that cannot be right are refused and none leaves")
def _(s, base_url, key):
    before = {row["orderid"] for row in s.gateway.orders()}
    price = str(s.price)
    cases = {
        "unknown symbol": (dict(symbol="NOSUCHSHARE", price=price), ("NOSUCHSHARE", "symbol")),
        "quantity of nothing": (dict(quantity=0, price=price), ("quantity",)),
        "price off the tick": (dict(price=str(s.price + c.Decimal("0.03"))), ("tick", "price")),
        "limit without a price": (dict(), ("price",)),
        "side that does not exist": (dict(action="HOLD", price=price), ("action",)),
        "exchange that does not exist": (dict(exchange="NYSE", price=price), ("exchange",)),
        "product of another segment": (dict(product="NRML", price=price), ("product", "NRML")),
        "more than one order may be worth": (dict(quantity=90000, price=price), ("order_value_max",)),
        "sale beyond the holdings": (dict(action="SELL", quantity=5000, price=str(c.on_tick_above(s.ltp, 2))),
                                     ("holding", "sell", "quantity")),
    }
    for what, (changes, fragments) in cases.items():
        try:
            refused(s.gateway.place(**changes), *fragments)
        except c.Mismatch as mismatch:
            raise c.Mismatch(f"{what}: {mismatch.what}", mismatch.expected, mismatch.seen) from None
    after = {row["orderid"] for row in s.gateway.orders()}
    c.expect("orders added to the book", sorted(after - before), [])
    return f"{len(cases)} refusals"


@checks.check("client_order_id: the same order twice is one order")
def _(s, base_url, key):
    name = f"chk-{uuid.uuid4().hex[:16]}"
    first = ok(s.gateway.place(price=str(s.price), client_order_id=name))
    second = s.gateway.place(price=str(s.price), client_order_id=name)
    if second.get("status") == "success":
        c.expect("orderid of the repetition", c.field(second, "orderid"), c.field(first, "orderid"))
    else:
        refused(second, name, "client_order_id", "already")
    ok(s.gateway.api.cancelorder(order_id=first["orderid"], strategy=STRATEGY))
    s.gateway.wait(first["orderid"], "cancelled")
    return first["orderid"]


@checks.check("placeorder: market, with the client's defaults, completes")
def _(s, base_url, key):
    answer = ok(s.gateway.api.placeorder(strategy=STRATEGY, symbol=SYMBOL, action="BUY", exchange=EXCHANGE))
    order_id = c.field(answer, "orderid")
    row = s.gateway.wait(order_id, *FINAL)
    c.expect("order_status", row["order_status"], "complete")
    c.expect("product", row["product"], "MIS")
    s.average = c.positive("average_price", row["average_price"])
    s.filled_id = order_id
    return f"{order_id} at {s.average}"


@checks.check("tradebook")
def _(s, base_url, key):
    rows = [row for row in c.field(ok(s.gateway.api.tradebook()), "data") if row.get("orderid") == s.filled_id]
    c.expect("shares traded", sum(c.decimal("quantity", c.field(row, "quantity")) for row in rows), 1)
    row = rows[0]
    c.expect("trade", (c.field(row, "action"), c.field(row, "exchange"), c.field(row, "symbol"), c.field(row, "product")),
             ("BUY", EXCHANGE, SYMBOL, "MIS"))
    c.expect("average_price", c.decimal("average_price", c.field(row, "average_price")), s.average)
    c.positive("trade_value", c.field(row, "trade_value"))
    return f"{row['quantity']} at {row['average_price']}"


@checks.check("positionbook and openposition agree")
def _(s, base_url, key):
    row = c.one("intraday position", c.field(ok(s.gateway.api.positionbook()), "data"),
                lambda row: (row.get("symbol"), row.get("exchange"), row.get("product")) == (SYMBOL, EXCHANGE, "MIS"))
    c.demand("quantity", c.decimal("quantity", c.field(row, "quantity")) >= 1, "at least 1", row)
    for name in ("average_price", "ltp", "pnl"):
        c.decimal(name, c.field(row, name))
    answer = ok(s.gateway.api.openposition(strategy=STRATEGY, symbol=SYMBOL, exchange=EXCHANGE, product="MIS"))
    c.expect("openposition", c.decimal("quantity", c.field(answer, "quantity")), c.decimal("quantity", row["quantity"]))
    return f"{row['quantity']} at {row['average_price']}"


@checks.check("openposition of nothing is zero")
def _(s, base_url, key):
    answer = ok(s.gateway.api.openposition(strategy=STRATEGY, symbol="INFY", exchange=EXCHANGE, product="MIS"))
    return c.expect("quantity", c.field(answer, "quantity"), 0)


@checks.check("an order beyond the funds does not trade")
def _(s, base_url, key):
    answer = s.gateway.place(price=str(c.on_tick_below(s.ltp, 1)), quantity=5000)
    if answer.get("status") == "error":
        return refused(answer)
    row = s.gateway.wait(c.field(answer, "orderid"), *FINAL)
    return c.expect("order_status", row["order_status"], "rejected")


@checks.check("basketorder: each leg its own result, a wrong one stops no other")
def _(s, base_url, key):
    leg = dict(symbol=SYMBOL, exchange=EXCHANGE, action="BUY", quantity=1, pricetype="LIMIT", product="CNC",
               price=str(s.price))
    answer = ok(s.gateway.api.basketorder(strategy=STRATEGY, orders=[leg, leg | dict(symbol="NOSUCHSHARE")]))
    rows = c.field(answer, "results")
    c.expect("status of each leg", [row["status"] for row in rows], ["success", "error"])
    c.demand("message", "NOSUCHSHARE" in rows[1]["message"], "the symbol that is wrong", rows[1])
    return rows[0]["orderid"]


@checks.check("splitorder: parts that make up the whole")
def _(s, base_url, key):
    answer = ok(s.gateway.api.splitorder(strategy=STRATEGY, symbol=SYMBOL, exchange=EXCHANGE, action="BUY", quantity=5,
                                         splitsize=2, price_type="LIMIT", product="CNC", price=str(s.price)))
    rows = c.field(answer, "results")
    c.expect("quantities", [row["quantity"] for row in rows], [2, 2, 1])
    c.expect("status of each part", {row["status"] for row in rows}, {"success"})
    return f"{answer['total_quantity']} in {len(rows)}"


@checks.check("cancelallorder: what stands is cancelled")
def _(s, base_url, key):
    answer = ok(s.gateway.api.cancelallorder(strategy=STRATEGY))
    c.demand("canceled_orders", len(answer["canceled_orders"]) >= 4, "at least the four before", answer)
    # The order beyond the funds may be in doubt, which nothing but its broker's book ends.
    failed = [row for row in answer["failed_cancellations"] if "in_doubt" not in row["message"]]
    c.expect("failed_cancellations", failed, [])
    return answer["message"]


@checks.check("closeposition: nothing is held afterwards")
def _(s, base_url, key):
    answer = ok(s.gateway.api.closeposition(strategy=STRATEGY))
    c.expect("message", answer["message"], "All Open Positions Squared Off")
    answer = ok(s.gateway.api.openposition(strategy=STRATEGY, symbol=SYMBOL, exchange=EXCHANGE, product="MIS"))
    return c.expect("quantity", c.field(answer, "quantity"), 0)


if __name__ == "__main__":
    arguments = c.base_url_from_arguments("The openalgo client against the gateway",
                                          [("--api-key", "the key the gateway printed")])
    sys.exit(checks.run(arguments.base_url, arguments.api_key))

"""Fyers' official client (fyers-apiv3 3.2), unchanged apart from its base addresses, against a server.

Run by `cargo xtask clients fyers`, or by hand with the interpreter of target/clients/fyers. The client hands over the
server's JSON as it came, whatever the HTTP status. It does not space its calls, and the broker takes ten a second over
all endpoints, so its session sends through an adapter that waits.
"""

import pathlib
import sys
import tempfile
import time
import uuid

from fyers_apiv3.fyersModel import Config, FyersModel, SessionModel
from requests.adapters import HTTPAdapter

sys.path.append(str(pathlib.Path(__file__).resolve().parent.parent))
import checklist as c  # noqa: E402

APP_ID, APP_SECRET, AUTH_CODE = "TESTAPP-100", "TESTSECRET", "TEST-AUTH-CODE"
SYMBOL = "NSE:RELIANCE-EQ"
OTHERS = ["NSE:TCS-EQ", "NSE:INFY-EQ", "NSE:M&M-EQ", "NSE:BAJAJ-AUTO-EQ", "NSE:NIFTY50-INDEX"]
CANCELLED, TRADED, REJECTED, PENDING = 1, 2, 5, 6
DEAD_TOKEN = {-8, -15, -16, -17}
SPACING_S = 0.125

checks = c.Checklist("fyers")
logs = tempfile.TemporaryDirectory(prefix="sangam-fyers-")


class Spaced(HTTPAdapter):
    """Sends a request no sooner than `SPACING_S` after the one before, whichever client sent that."""

    earliest = 0.0

    def send(self, *arguments, **settings):
        time.sleep(max(0.0, Spaced.earliest - time.monotonic()))
        try:
            return super().send(*arguments, **settings)
        finally:
            Spaced.earliest = time.monotonic() + SPACING_S


def model(token):
    """A client with a token that spaces its calls; its log files go to a folder that vanishes."""
    client = FyersModel(client_id=APP_ID, token=token, is_async=False, log_path=logs.name, log_level="CRITICAL")
    for scheme in ("http://", "https://"):
        client.service.session.mount(scheme, Spaced())
    return client


def ok(answer, *codes):
    """The answer, which must be a success and carry one of `codes` where any are given."""
    c.demand("answer", isinstance(answer, dict) and str(answer.get("s", "")).lower() == "ok", "s: ok", answer)
    if codes:
        c.demand("code", answer.get("code") in codes, f"one of {codes}", answer)
    return answer


def refused(answer, codes):
    """The message of an answer that must be a refusal with one of `codes`."""
    c.demand("answer", isinstance(answer, dict) and answer.get("s") == "error", "s: error", answer)
    c.demand("code", answer.get("code") in codes, f"one of {sorted(codes)}", answer)
    return f"{answer['code']} {answer.get('message')}"


def order(client, order_id):
    """The row of one order, asked for by id."""
    rows = c.field(ok(client.orderbook(data={"id": order_id})), "orderBook")
    return c.one(f"order {order_id} by id", rows or [], lambda row: row.get("id") == order_id)


def limit_order(price, product, tag, quantity=1, symbol=SYMBOL):
    """The dictionary of a limit order to buy."""
    return {"symbol": symbol, "qty": quantity, "type": 1, "side": 1, "productType": product, "limitPrice": float(price),
            "stopPrice": 0, "disclosedQty": 0, "validity": "DAY", "offlineOrder": False, "stopLoss": 0, "takeProfit": 0,
            "orderTag": tag}


def session(base_url, secret):
    """Exchange the code for a token through the client's own session object."""
    exchange = SessionModel(client_id=APP_ID, secret_key=secret, redirect_uri="http://127.0.0.1/callback",
                            response_type="code", state="check", grant_type="authorization_code")
    c.demand("log-in address", exchange.generate_authcode().startswith(f"{base_url}/api/v3/generate-authcode?"),
             "on this server", exchange.generate_authcode())
    exchange.set_token(AUTH_CODE)
    return exchange.generate_token()


@checks.check("log-in with a wrong secret is refused")
def _(s, base_url):
    answer = session(base_url, "not-the-secret")
    c.demand("access_token", not answer.get("access_token"), "absent", answer)
    return refused(answer, {-371, -437, -352, -15, -16, -17})


@checks.check("log-in gives a token")
def _(s, base_url):
    answer = ok(session(base_url, APP_SECRET))
    s.token = c.field(answer, "access_token")
    c.demand("access_token", isinstance(s.token, str) and s.token, "a text that is not empty", answer)
    s.client = model(s.token)


@checks.check("profile")
def _(s, base_url):
    profile = c.field(ok(s.client.get_profile()), "data")
    return f"fy_id {c.field(profile, 'fy_id')}"


@checks.check("a token nobody issued is refused")
def _(s, base_url):
    refused(model("nobody.issued.this").funds(), DEAD_TOKEN)
    return refused(model("nobody.issued.this").quotes(data={"symbols": SYMBOL}), DEAD_TOKEN)


@checks.check("quote of one instrument")
def _(s, base_url):
    row = c.one("RELIANCE among the quotes", c.field(ok(s.client.quotes(data={"symbols": SYMBOL})), "d"),
                lambda row: row.get("n") == SYMBOL)
    c.expect("s of the row", c.field(row, "s"), "ok")
    values = c.field(row, "v")
    s.ltp = c.positive("lp", c.field(values, "lp"))
    for name in ("open_price", "high_price", "low_price", "prev_close_price", "bid", "ask"):
        c.positive(name, c.field(values, name))
    return f"lp {s.ltp}"


@checks.check("quotes of several instruments")
def _(s, base_url):
    rows = c.field(ok(s.client.quotes(data={"symbols": ",".join(OTHERS)})), "d")
    c.expect("symbols answered", sorted(row.get("n") for row in rows), sorted(OTHERS))
    return ", ".join(f"{row['n']} {c.positive('lp', c.field(c.field(row, 'v'), 'lp'))}" for row in rows)


@checks.check("quote of an unknown instrument fails")
def _(s, base_url):
    answer = s.client.quotes(data={"symbols": "NSE:NOSUCHSHARE-EQ"})
    if answer.get("s") == "error":
        return refused(answer, {-300, -50})
    row = c.one("the unknown symbol's row", c.field(answer, "d"), lambda row: row.get("n") == "NSE:NOSUCHSHARE-EQ")
    c.demand("s of the row", row.get("s") != "ok", "anything but ok", row)
    return row


@checks.check("depth, best first")
def _(s, base_url):
    book = c.field(c.field(ok(s.client.depth(data={"symbol": SYMBOL, "ohlcv_flag": 1})), "d"), SYMBOL)
    bids = [c.positive("bid", c.field(level, "price")) for level in c.field(book, "bids")]
    asks = [c.positive("ask", c.field(level, "price")) for level in c.field(book, "ask")]
    c.expect("levels", (len(bids), len(asks)), (5, 5))
    c.demand("bids", bids == sorted(bids, reverse=True), "falling", bids)
    c.demand("asks", asks == sorted(asks), "rising", asks)
    c.demand("best prices", bids[0] < asks[0], "bid below ask", (bids[0], asks[0]))
    low, high = c.positive("lower_ckt", c.field(book, "lower_ckt")), c.positive("upper_ckt", c.field(book, "upper_ckt"))
    c.demand("circuits", low < s.ltp < high, "around the last price", (low, s.ltp, high))
    tick = c.positive("tick_Size", c.field(book, "tick_Size"))
    c.demand("tick", c.TICK % tick == 0, f"to divide {c.TICK}", tick)
    return f"{bids[0]} / {asks[0]}, tick {tick}"


@checks.check("minute candles by epoch")
def _(s, base_url):
    now = int(time.time())
    answer = ok(s.client.history(data={"symbol": SYMBOL, "resolution": "5", "date_format": "0", "cont_flag": "1",
                                       "range_from": str(now - 5 * 86400), "range_to": str(now)}))
    return c.candles([tuple(row[1:5]) for row in c.field(answer, "candles")])


@checks.check("daily candles by date")
def _(s, base_url):
    days = [time.strftime("%Y-%m-%d", time.gmtime(time.time() + 19800 - ago * 86400)) for ago in (15, 0)]
    answer = ok(s.client.history(data={"symbol": SYMBOL, "resolution": "D", "date_format": "1", "cont_flag": "1",
                                       "range_from": days[0], "range_to": days[1]}))
    return c.candles([tuple(row[1:5]) for row in c.field(answer, "candles")])


@checks.check("market status")
def _(s, base_url):
    row = c.one("NSE cash in the normal market", c.field(ok(s.client.market_status()), "marketStatus"),
                lambda row: (row.get("exchange"), row.get("segment"), row.get("market_type")) == (10, 10, "NORMAL"))
    return c.expect("status", c.field(row, "status"), "OPEN")


@checks.check("funds")
def _(s, base_url):
    rows = {row.get("id"): row for row in c.field(ok(s.client.funds()), "fund_limit")}
    c.demand("fund_limit", set(range(1, 11)) <= set(rows), "ids 1 to 10", sorted(rows))
    s.utilised = c.decimal("utilised", c.field(rows[2], "equityAmount"))
    return f"available {c.positive('available balance', c.field(rows[10], 'equityAmount'))}"


@checks.check("holdings")
def _(s, base_url):
    answer = ok(s.client.holdings())
    rows = c.field(answer, "holdings")
    c.demand("holdings", rows, "at least one, so that a row's shape is tried", answer)
    for row in rows:
        c.field(row, "symbol"), c.decimal("remainingQuantity", c.field(row, "remainingQuantity"))
        c.positive("costPrice", c.field(row, "costPrice"))
    c.expect("count_total", c.field(c.field(answer, "overall"), "count_total"), len(rows))
    return f"{len(rows)} holdings"


@checks.check("place a limit order 3 % below the market, tagged")
def _(s, base_url):
    s.tag, s.price = f"chk{uuid.uuid4().hex[:16]}", c.on_tick_below(s.ltp, 3)
    answer = ok(s.client.place_order(data=limit_order(s.price, "CNC", s.tag)), 1101)
    s.order_id = c.field(answer, "id")
    c.demand("id", isinstance(s.order_id, str) and s.order_id, "text", answer)
    return f"{s.order_id} at {s.price}"


@checks.check("the order is pending in the order book with its tag")
def _(s, base_url):
    row = c.until("status", lambda: order(s.client, s.order_id), lambda row: row.get("status") == PENDING, "6, pending")
    c.expect("orderTag", c.field(row, "orderTag"), f"1:{s.tag}")
    c.expect("symbol", c.field(row, "symbol"), SYMBOL)
    c.expect("side and type", (c.field(row, "side"), c.field(row, "type")), (1, 1))
    c.expect("limitPrice", c.decimal("limitPrice", c.field(row, "limitPrice")), s.price)
    c.expect("qty, filledQty, remainingQuantity",
             (c.field(row, "qty"), c.field(row, "filledQty"), c.field(row, "remainingQuantity")), (1, 0, 1))
    return f"status {row['status']}, {row['orderTag']}"


@checks.check("the order by its tag, by the client's own filter, and in the whole book")
def _(s, base_url):
    looks = {
        "by tag": s.client.orderbook(data={"order_tag": f"1:{s.tag}"}),
        "by the client's filter": s.client.get_orders(data={"id": s.order_id}),
    }
    for what, answer in looks.items():
        c.expect(what, [row.get("id") for row in c.field(ok(answer), "orderBook")], [s.order_id])
    c.one("the whole book", c.field(ok(s.client.orderbook()), "orderBook"), lambda row: row.get("id") == s.order_id)


@checks.check("modify its price")
def _(s, base_url):
    s.new_price = c.on_tick_below(s.ltp, 2)
    answer = ok(s.client.modify_order(data={"id": s.order_id, "type": 1, "limitPrice": float(s.new_price), "qty": 1}),
                1101, 1102)
    c.expect("id", c.field(answer, "id"), s.order_id)
    row = c.until("limitPrice", lambda: order(s.client, s.order_id),
                  lambda row: c.decimal("limitPrice", row.get("limitPrice")) == s.new_price
                  and row.get("status") == PENDING, f"{s.new_price}, still pending")
    c.expect("orderTag after modifying", c.field(row, "orderTag"), f"1:{s.tag}")
    return f"{s.price} -> {row['limitPrice']}"


@checks.check("cancel it")
def _(s, base_url):
    ok(s.client.cancel_order(data={"id": s.order_id}), 1103)
    row = c.until("status", lambda: order(s.client, s.order_id), lambda row: row.get("status") == CANCELLED,
                  "1, cancelled")
    return f"status {row['status']}"


@checks.check("cancelling it again is refused")
def _(s, base_url):
    return refused(s.client.cancel_order(data={"id": s.order_id}), {-52, -51})


@checks.check("place an order for a symbol with an ampersand, cancel it")
def _(s, base_url):
    quote = c.field(ok(s.client.quotes(data={"symbols": "NSE:M&M-EQ"})), "d")[0]
    price = c.on_tick_below(c.positive("lp", c.field(c.field(quote, "v"), "lp")), 3)
    placed = ok(s.client.place_order(data=limit_order(price, "CNC", "ampersand", symbol="NSE:M&M-EQ")), 1101)
    order_id = c.field(placed, "id")
    row = c.until("status", lambda: order(s.client, order_id), lambda row: row.get("status") == PENDING, "6, pending")
    ok(s.client.cancel_order(data={"id": order_id}), 1103)
    return c.expect("symbol", row["symbol"], "NSE:M&M-EQ")


@checks.check("a price off the tick is refused")
def _(s, base_url):
    answer = s.client.place_order(data=limit_order(s.price + c.Decimal("0.03"), "CNC", "offtick"))
    return refused(answer, {-392, -50, -99})


@checks.check("an unknown symbol is refused")
def _(s, base_url):
    answer = s.client.place_order(data=limit_order(s.price, "CNC", "nosuch", symbol="NSE:NOSUCHSHARE-EQ"))
    return refused(answer, {-50, -300})


@checks.check("place a marketable limit order and see it trade")
def _(s, base_url):
    s.fill_tag = f"chk{uuid.uuid4().hex[:16]}"
    placed = ok(s.client.place_order(data=limit_order(c.on_tick_above(s.ltp, 1), "INTRADAY", s.fill_tag)), 1101)
    order_id = c.field(placed, "id")
    row = c.until("status", lambda: order(s.client, order_id),
                  lambda row: row.get("status") in (TRADED, CANCELLED, REJECTED), "2, traded")
    c.expect("status", row["status"], TRADED)
    c.expect("filledQty", c.field(row, "filledQty"), 1)
    s.average = c.positive("tradedPrice", c.field(row, "tradedPrice"))
    s.filled_id = order_id
    return f"{order_id} at {s.average}"


@checks.check("its trade, in the whole book and by tag")
def _(s, base_url):
    for answer in (s.client.tradebook(), s.client.service.get_call(Config.tradebook, s.client.header,
                                                                   {"order_tag": f"1:{s.fill_tag}"})):
        rows = [row for row in c.field(ok(answer), "tradeBook") if row.get("orderNumber") == s.filled_id]
        c.expect("shares traded", sum(c.field(row, "tradedQty") for row in rows), 1)
        c.expect("tradePrice", c.decimal("tradePrice", c.field(rows[0], "tradePrice")), s.average)
        c.demand("tradeNumber", c.field(rows[0], "tradeNumber"), "not empty", rows[0])
    return f"trade {rows[0]['tradeNumber']} at {rows[0]['tradePrice']}"


@checks.check("its position")
def _(s, base_url):
    answer = ok(s.client.positions())
    row = c.one("intraday position in RELIANCE", c.field(answer, "netPositions"),
                lambda row: row.get("symbol") == SYMBOL and row.get("productType") == "INTRADAY")
    c.demand("netQty", c.field(row, "netQty") >= 1, "at least 1", row)
    c.expect("side", c.field(row, "side"), 1)
    c.expect("id", c.field(row, "id"), f"{SYMBOL}-INTRADAY")
    c.positive("netAvg", c.field(row, "netAvg"))
    c.demand("count_open", c.field(c.field(answer, "overall"), "count_open") >= 1, "at least 1", answer)
    return f"{row['netQty']} at {row['netAvg']}"


@checks.check("funds are used after the fill")
def _(s, base_url):
    c.demand("filled order", s.filled_id, "known", None)
    row = c.one("utilised amount", c.field(ok(s.client.funds()), "fund_limit"), lambda row: row.get("id") == 2)
    used = c.decimal("utilised", c.field(row, "equityAmount"))
    c.demand("utilised", used > s.utilised, f"more than {s.utilised}", used)
    return f"utilised {used}"


@checks.check("an order beyond the funds is refused")
def _(s, base_url):
    answer = s.client.place_order(data=limit_order(c.on_tick_below(s.ltp, 1), "CNC", "toomuch", quantity=100000))
    if answer.get("s") == "error":
        return refused(answer, {-99, -50})
    row = c.until("status", lambda: order(s.client, c.field(answer, "id")),
                  lambda row: row.get("status") not in (4, PENDING), "5, rejected")
    c.expect("status", row["status"], REJECTED)
    return c.field(row, "message")


@checks.check("log-out, after which the token is refused")
def _(s, base_url):
    ok(s.client.logout())
    return refused(s.client.funds(), DEAD_TOKEN)


if __name__ == "__main__":
    address = c.base_url_from_arguments("Fyers' official client against a server").base_url
    Config.API, Config.DATA_API = f"{address}/api/v3", f"{address}/data"
    sys.exit(checks.run(address))

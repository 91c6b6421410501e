"""Upstox' official client (upstox-python-sdk 2.30), unchanged apart from its two hosts, against a server.

Run by `cargo xtask clients upstox`, or by hand with the interpreter of target/clients/upstox. The client raises
`ApiException` on every status outside 200 to 299, so a refusal is an exception here.
"""

import json
import pathlib
import sys
import time
import uuid

import upstox_client
from upstox_client.rest import ApiException

sys.path.append(str(pathlib.Path(__file__).resolve().parent.parent))
import checklist as c  # noqa: E402

CLIENT_ID, CLIENT_SECRET, CODE = "test-client-id", "test-client-secret", "test-code"
REDIRECT = "http://127.0.0.1/callback"
KEY = "NSE_EQ|INE002A01018"
MAHINDRA = "NSE_EQ|INE101A01026"
OTHERS = ["NSE_EQ|INE467B01029", "NSE_EQ|INE009A01021", MAHINDRA, "NSE_EQ|INE917I01010", "NSE_INDEX|Nifty 50"]
V2 = "2.0"
FINAL = {"complete", "cancelled", "rejected"}

checks = c.Checklist("upstox")


class Apis:
    """The client's API classes over one token."""

    def __init__(self, base_url, token):
        settings = upstox_client.Configuration()
        settings.host = settings.order_host = base_url
        settings.access_token = token
        client = upstox_client.ApiClient(settings)
        self.login = upstox_client.LoginApi(client)
        self.user = upstox_client.UserApi(client)
        self.orders = upstox_client.OrderApi(client)
        self.orders_v3 = upstox_client.OrderApiV3(client)
        self.portfolio = upstox_client.PortfolioApi(client)
        self.quotes = upstox_client.MarketQuoteApi(client)
        self.quotes_v3 = upstox_client.MarketQuoteV3Api(client)
        self.history_v3 = upstox_client.HistoryV3Api(client)

    def exchange(self, secret):
        """Exchange the code for a token."""
        return self.login.token(V2, code=CODE, client_id=CLIENT_ID, client_secret=secret, redirect_uri=REDIRECT,
                                grant_type="authorization_code")

    def order(self, order_id):
        """The latest state of one order, from its details."""
        return data(self.orders.get_order_status(order_id=order_id))


def data(answer):
    """The payload of a successful answer."""
    c.expect("status", answer.status, "success")
    return answer.data


def refused(http_status, codes, call):
    """The message of a call that must be refused with one of these codes and this HTTP status (or one of several)."""
    allowed = http_status if isinstance(http_status, tuple) else (http_status,)
    try:
        answer = call()
    except ApiException as error:
        c.demand("HTTP status", error.status in allowed, f"one of {allowed}", f"{error.status} {error.body}")
        body = json.loads(error.body)
        c.expect("status in the body", c.field(body, "status"), "error")
        first = c.field(body, "errors")[0]
        code = first.get("error_code") or first.get("errorCode")
        c.demand("error_code", code in codes, f"one of {sorted(codes)}", body)
        return f"{error.status} {code} {first.get('message')}"
    raise c.Mismatch("the call", f"refused with {http_status}", c.shorten(str(answer)))


def new_order(price, product, tag, quantity=1, key=KEY):
    """A limit order to buy, in the form of the third version."""
    return upstox_client.PlaceOrderV3Request(
        quantity=quantity, product=product, validity="DAY", price=float(price), tag=tag, slice=False,
        instrument_token=key, order_type="LIMIT", transaction_type="BUY", disclosed_quantity=0, trigger_price=0.0,
        is_amo=False)


def placed_id(answer):
    """The single order id of a placement."""
    ids = data(answer).order_ids
    c.demand("order_ids", isinstance(ids, list) and len(ids) == 1, "a list of one", ids)
    return ids[0]


def state(row):
    """An order's status as the documents ask to compare it."""
    return str(row.status).lower()


def by_key(rows, key):
    """The row of a quote answer that belongs to `key`; the map itself is keyed otherwise."""
    return c.one(f"{key} among the rows", list(rows.values()), lambda row: row.instrument_token == key)


@checks.check("log-in with a wrong secret is refused")
def _(s, base_url):
    return refused(401, {"UDAPI100069", "UDAPI100016", "UDAPI100068"},
                   lambda: Apis(base_url, "").exchange("not-the-secret"))


@checks.check("log-in gives a token and the profile")
def _(s, base_url):
    answer = Apis(base_url, "").exchange(CLIENT_SECRET)
    c.demand("access_token", isinstance(answer.access_token, str) and answer.access_token, "a text", answer.to_dict())
    s.token, s.apis = answer.access_token, Apis(base_url, answer.access_token)
    c.demand("user_id", answer.user_id, "not empty", answer.user_id)
    return f"user {answer.user_id}"


@checks.check("profile")
def _(s, base_url):
    profile = data(s.apis.user.get_profile(V2))
    c.expect("is_active", profile.is_active, True)
    return f"{profile.user_id}, exchanges {profile.exchanges}"


@checks.check("a token nobody issued is refused")
def _(s, base_url):
    stranger = Apis(base_url, "nobody.issued.this")
    refused(401, {"UDAPI100050"}, lambda: stranger.quotes.ltp(KEY, V2))
    return refused(401, {"UDAPI100050"}, lambda: stranger.user.get_profile(V2))


@checks.check("full quote of one instrument")
def _(s, base_url):
    quote = by_key(data(s.apis.quotes.get_full_market_quote(KEY, V2)), KEY)
    s.ltp = c.positive("last_price", round(quote.last_price, 2))
    for name in ("open", "high", "low", "close"):
        c.positive(name, getattr(quote.ohlc, name))
    low = c.positive("lower_circuit_limit", quote.lower_circuit_limit)
    high = c.positive("upper_circuit_limit", quote.upper_circuit_limit)
    c.demand("circuits", low < s.ltp < high, "around the last price", (low, s.ltp, high))
    return f"last_price {s.ltp}"


@checks.check("depth of five levels, best first")
def _(s, base_url):
    depth = by_key(data(s.apis.quotes.get_full_market_quote(KEY, V2)), KEY).depth
    bids = [c.positive("buy price", level.price) for level in depth.buy]
    asks = [c.positive("sell price", level.price) for level in depth.sell]
    c.expect("levels", (len(bids), len(asks)), (5, 5))
    c.demand("buy side", bids == sorted(bids, reverse=True), "falling", bids)
    c.demand("sell side", asks == sorted(asks), "rising", asks)
    c.demand("best prices", bids[0] < asks[0], "bid below ask", (bids[0], asks[0]))
    return f"{bids[0]} / {asks[0]}"


@checks.check("full quotes of several instruments")
def _(s, base_url):
    rows = data(s.apis.quotes.get_full_market_quote(",".join(OTHERS), V2))
    return ", ".join(f"{key} {c.positive('last_price', by_key(rows, key).last_price)}" for key in OTHERS)


@checks.check("last prices, both versions")
def _(s, base_url):
    c.positive("last_price", by_key(data(s.apis.quotes.ltp(KEY, V2)), KEY).last_price)
    rows = data(s.apis.quotes_v3.get_ltp(instrument_key=",".join(OTHERS)))
    for key in OTHERS:
        row = by_key(rows, key)
        c.positive("last_price", row.last_price), c.positive("cp", row.cp)
    return f"{len(rows)} rows"


@checks.check("day bars of several instruments")
def _(s, base_url):
    rows = data(s.apis.quotes_v3.get_market_quote_ohlc("1d", instrument_key=",".join([KEY, MAHINDRA])))
    for key in (KEY, MAHINDRA):
        bar = by_key(rows, key).live_ohlc
        c.candles([(bar.open, bar.high, bar.low, bar.close)])
    return f"{len(rows)} rows"


@checks.check("quote of an unknown instrument is refused or left out")
def _(s, base_url):
    try:
        rows = data(s.apis.quotes.ltp("NSE_EQ|INE000000000", V2))
    except ApiException:
        return refused(400, {"UDAPI1087", "UDAPI100011", "UDAPI1011"},
                       lambda: s.apis.quotes.ltp("NSE_EQ|INE000000000", V2))
    c.demand("rows", not rows, "none", rows)
    return "left out"


@checks.check("minute candles of today")
def _(s, base_url):
    rows = data(s.apis.history_v3.get_intra_day_candle_data(KEY, "minutes", "5")).candles
    return c.candles([tuple(row[1:5]) for row in rows])


@checks.check("daily candles")
def _(s, base_url):
    start, end = (time.strftime("%Y-%m-%d", time.gmtime(time.time() + 19800 - ago * 86400)) for ago in (15, 0))
    rows = data(s.apis.history_v3.get_historical_candle_data1(KEY, "days", "1", end, start)).candles
    return c.candles([tuple(row[1:5]) for row in rows])


@checks.check("funds, second version")
def _(s, base_url):
    equity = data(s.apis.user.get_user_fund_margin(V2))["equity"]
    s.used = c.decimal("used_margin", equity.used_margin)
    return f"available {c.positive('available_margin', equity.available_margin)}, used {s.used}"


@checks.check("funds, third version")
def _(s, base_url):
    answer = s.apis.user.get_user_fund_margin_v3()
    funds = s.apis.user.api_client.sanitize_for_serialization(answer)
    c.expect("status", c.field(funds, "status"), "success")
    cash = c.field(c.field(c.field(funds, "data"), "available_to_trade"), "cash_available_to_trade")
    return f"cash {c.positive('cash_available_to_trade.total', c.field(cash, 'total'))}"


@checks.check("holdings")
def _(s, base_url):
    rows = data(s.apis.portfolio.get_holdings(V2))
    c.demand("holdings", rows, "at least one, so that a row's shape is tried", rows)
    for row in rows:
        c.demand("names", row.isin and row.trading_symbol and row.instrument_token, "not empty", row.to_dict())
        c.decimal("quantity", row.quantity), c.positive("last_price", row.last_price)
        # The documents allow a holding without a cost.
        c.decimal("average_price", 0 if row.average_price is None else row.average_price)
    return f"{len(rows)} holdings"


@checks.check("place a limit order 3 % below the market, tagged")
def _(s, base_url):
    s.tag, s.price = f"chk-{uuid.uuid4().hex[:16]}", c.on_tick_below(s.ltp, 3)
    answer = s.apis.orders_v3.place_order(new_order(s.price, "D", s.tag))
    s.order_id = placed_id(answer)
    c.demand("metadata.latency", isinstance(answer.metadata.latency, int), "whole milliseconds", answer.to_dict())
    return f"{s.order_id} at {s.price}"


@checks.check("the order is open, with its tag")
def _(s, base_url):
    row = c.until("status", lambda: s.apis.order(s.order_id), lambda row: state(row) == "open", "open")
    c.expect("tag", row.tag, s.tag)
    c.expect("instrument_token", row.instrument_token, KEY)
    c.expect("side and type", (row.transaction_type, row.order_type), ("BUY", "LIMIT"))
    c.expect("price", c.decimal("price", row.price), s.price)
    c.expect("quantity, filled, pending", (row.quantity, row.filled_quantity, row.pending_quantity), (1, 0, 1))
    return f"{row.status}, tag {row.tag}"


@checks.check("the order in the order book")
def _(s, base_url):
    row = c.one("the order", data(s.apis.orders.get_order_book(V2)), lambda row: row.order_id == s.order_id)
    c.expect("tag", row.tag, s.tag)
    return f"{row.status}, {row.trading_symbol}"


@checks.check("its history by id and by tag")
def _(s, base_url):
    by_id = data(s.apis.orders.get_order_details(V2, order_id=s.order_id))
    by_tag = data(s.apis.orders.get_order_details(V2, tag=s.tag))
    for rows in (by_id, by_tag):
        c.demand("history", rows, "at least one event", rows)
        c.expect("orders in it", {row.order_id for row in rows}, {s.order_id})
        c.demand("open", any(state(row) == "open" for row in rows), "among the events", [row.status for row in rows])
    return ", ".join(row.status for row in by_id)


@checks.check("modify its price")
def _(s, base_url):
    s.new_price = c.on_tick_below(s.ltp, 2)
    answer = s.apis.orders_v3.modify_order(upstox_client.ModifyOrderRequest(
        order_id=s.order_id, validity="DAY", price=float(s.new_price), order_type="LIMIT", trigger_price=0.0,
        quantity=1, disclosed_quantity=0))
    c.expect("order_id", data(answer).order_id, s.order_id)
    row = c.until("price", lambda: s.apis.order(s.order_id),
                  lambda row: c.decimal("price", row.price) == s.new_price and state(row) in ("open", "modified"),
                  f"{s.new_price}, open or modified")
    c.expect("tag after modifying", row.tag, s.tag)
    return f"{s.price} -> {row.price}, {row.status}"


@checks.check("cancel it")
def _(s, base_url):
    c.expect("order_id", data(s.apis.orders_v3.cancel_order(s.order_id)).order_id, s.order_id)
    row = c.until("status", lambda: s.apis.order(s.order_id), lambda row: state(row) in FINAL, "cancelled")
    return c.expect("status", state(row), "cancelled")


@checks.check("cancelling it again is refused")
def _(s, base_url):
    c.demand("order", s.order_id, "known", None)
    return refused((400, 404), {"UDAPI100041", "UDAPI100010", "UDAPI100040"},
                   lambda: s.apis.orders_v3.cancel_order(s.order_id))


@checks.check("an unknown order is refused")
def _(s, base_url):
    return refused((400, 404), {"UDAPI100010"}, lambda: s.apis.order("240108019999999"))


@checks.check("place, read and cancel through the second version too")
def _(s, base_url):
    body = upstox_client.PlaceOrderRequest(
        quantity=1, product="D", validity="DAY", price=float(c.on_tick_below(s.ltp, 3)), tag=s.tag,
        instrument_token=KEY, order_type="LIMIT", transaction_type="BUY", disclosed_quantity=0, trigger_price=0.0,
        is_amo=False)
    order_id = data(s.apis.orders.place_order(body, V2)).order_id
    c.until("status", lambda: s.apis.order(order_id), lambda row: state(row) == "open", "open")
    c.expect("order_id", data(s.apis.orders.cancel_order(order_id, V2)).order_id, order_id)
    c.until("status", lambda: s.apis.order(order_id), lambda row: state(row) == "cancelled", "cancelled")
    return order_id


@checks.check("an unknown instrument is refused")
def _(s, base_url):
    return refused(400, {"UDAPI100011", "UDAPI1087"},
                   lambda: s.apis.orders_v3.place_order(new_order(s.price, "D", "nosuch", key="NSE_EQ|INE000000000")))


@checks.check("a plain limit order without a price is refused")
def _(s, base_url):
    return refused(400, {"UDAPI1043", "UDAPI100036", "UDAPI100038"},
                   lambda: s.apis.orders_v3.place_order(new_order(0, "D", "noprice")))


@checks.check("place a marketable limit order and see it complete")
def _(s, base_url):
    s.fill_tag = f"chk-{uuid.uuid4().hex[:16]}"
    order_id = placed_id(s.apis.orders_v3.place_order(new_order(c.on_tick_above(s.ltp, 1), "I", s.fill_tag)))
    row = c.until("status", lambda: s.apis.order(order_id), lambda row: state(row) in FINAL, "complete")
    c.expect("status", state(row), "complete")
    c.expect("filled and pending", (row.filled_quantity, row.pending_quantity), (1, 0))
    s.average = c.positive("average_price", row.average_price)
    s.filled_id = order_id
    return f"{order_id} at {s.average}"


@checks.check("its trade, of the day and of the order")
def _(s, base_url):
    for rows in (data(s.apis.orders.get_trade_history(V2)), data(s.apis.orders.get_trades_by_order(s.filled_id, V2))):
        mine = [row for row in rows if row.order_id == s.filled_id]
        c.expect("shares traded", sum(row.quantity for row in mine), 1)
        c.expect("average_price", c.decimal("average_price", mine[0].average_price), s.average)
        c.demand("trade_id", mine[0].trade_id, "not empty", mine[0].to_dict())
    return f"trade {mine[0].trade_id} at {mine[0].average_price}"


@checks.check("its position")
def _(s, base_url):
    row = c.one("intraday position", data(s.apis.portfolio.get_positions(V2)),
                lambda row: row.instrument_token == KEY and row.product == "I")
    c.demand("quantity", row.quantity >= 1, "at least 1", row.to_dict())
    c.positive("buy_price", row.buy_price), c.positive("last_price", row.last_price)
    return f"{row.quantity} at {row.average_price}"


@checks.check("margin is used after the fill")
def _(s, base_url):
    c.demand("filled order", s.filled_id, "known", None)
    used = c.decimal("used_margin", data(s.apis.user.get_user_fund_margin(V2))["equity"].used_margin)
    c.demand("used_margin", used > s.used, f"more than {s.used}", used)
    return f"used {used}"


@checks.check("an order beyond the funds is rejected")
def _(s, base_url):
    order_id = placed_id(s.apis.orders_v3.place_order(
        new_order(c.on_tick_below(s.ltp, 1), "D", "toomuch", quantity=100000)))
    row = c.until("status", lambda: s.apis.order(order_id), lambda row: state(row) in FINAL, "rejected")
    c.expect("status", state(row), "rejected")
    c.demand("status_message", row.status_message, "the reason", row.to_dict())
    return row.status_message


@checks.check("log-out, after which the token is refused")
def _(s, base_url):
    c.expect("data", data(s.apis.login.logout(V2)), True)
    return refused(401, {"UDAPI100050"}, lambda: s.apis.user.get_profile(V2))


if __name__ == "__main__":
    sys.exit(checks.run(c.base_url_from_arguments("Upstox' official client against a server").base_url))

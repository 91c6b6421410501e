"""Flattrade's official client (NorenRestApi 0.0.29), unchanged apart from its host, against a server.

Run by `cargo xtask clients flattrade`, or by hand with the interpreter of target/clients/flattrade. The client answers
`None` for every refusal and leaves the reason in its log, so the log is captured and quoted.
"""

import contextlib
import hashlib
import io
import json
import logging
import pathlib
import sys
import time
import uuid

import requests
from NorenRestApiPy.NorenApi import NorenApi

sys.path.append(str(pathlib.Path(__file__).resolve().parent.parent))
import checklist as c  # noqa: E402

API_KEY, API_SECRET, REQUEST_CODE = "test-key", "test-secret", "test-request-code"
EXCHANGE, TSYM, TOKEN = "NSE", "RELIANCE-EQ", "2885"
OTHERS = {"11536": "TCS-EQ", "1594": "INFY-EQ", "3045": "SBIN-EQ", "2031": "M&M-EQ"}
TERMINAL = {"COMPLETE", "CANCELED", "CANCELLED", "REJECTED", "REJECT"}

checks = c.Checklist("flattrade")


class Client:
    """A `NorenApi` with a session, and what it logged and printed during the last call."""

    def __init__(self, base_url, user, token):
        # The client's own helper ends the host with a slash, so its calls really go to `/PiConnectAPI//PlaceOrder`.
        self._api = NorenApi(host=f"{base_url}/PiConnectAPI/", websocket=f"{base_url}/PiConnectWSAPI/")
        self._api.set_session(userid=user, password="", usertoken=token)
        self.transcript = ""

    def call(self, method, **arguments):
        """Call a method of the client; the result is whatever it returns."""
        text = io.StringIO()
        handler = logging.StreamHandler(text)
        logger = logging.getLogger("NorenRestApiPy.NorenApi")
        logger.addHandler(handler)
        try:
            with contextlib.redirect_stdout(text):
                return getattr(self._api, method)(**arguments)
        except Exception as error:
            error.add_note(f"log: {text.getvalue()}")
            raise
        finally:
            logger.removeHandler(handler)
            self.transcript = text.getvalue()

    def must(self, method, **arguments):
        """Call a method that has to succeed."""
        answer = self.call(method, **arguments)
        c.demand(method, answer is not None, "an answer the client accepts", f"None; its log: {self.transcript}")
        return answer

    def refused(self, method, fragments, **arguments):
        """Call a method that has to be refused with one of the given texts."""
        answer = self.call(method, **arguments)
        said = " ".join(self.transcript.split()).lower()
        told = isinstance(answer, dict) and answer.get("stat") == "Not_Ok" or answer is None
        c.demand(method, told, "a refusal", answer)
        c.demand(f"the reason {method} is refused", any(f.lower() in said for f in fragments),
                 f"one of {fragments}", said)
        return c.shorten(c.redact(self.transcript.strip().splitlines()[-1]), 120)

    def order(self, order_id):
        """The row of one order in the order book."""
        return c.one(f"order {order_id} in the order book", self.must("get_order_book"),
                     lambda row: row.get("norenordno") == order_id)


def exchange(base_url, secret):
    """The token exchange as the broker's own `gettoken.py` does it."""
    digest = hashlib.sha256((API_KEY + REQUEST_CODE + secret).encode()).hexdigest()
    body = {"api_key": API_KEY, "request_code": REQUEST_CODE, "api_secret": digest}
    return requests.post(f"{base_url}/trade/apitoken", json=body, timeout=30).json()


def status(row):
    """An order's status as the documents ask to compare it."""
    return c.field(row, "status").strip().upper().replace("_", " ")


@checks.check("log-in with a wrong secret is refused")
def _(s, base_url):
    answer = exchange(base_url, "not-the-secret")
    c.demand("answer", not answer.get("token"), "no token", answer)
    return answer


@checks.check("log-in gives a token and the client code")
def _(s, base_url):
    answer = exchange(base_url, API_SECRET)
    c.demand("token", isinstance(answer.get("token"), str) and answer["token"], "a text that is not empty", answer)
    s.user, s.token = c.field(answer, "client"), answer["token"]
    c.demand("client", s.user, "the account code", answer)
    s.client = Client(base_url, s.user, s.token)
    return f"client {s.user}"


@checks.check("a token nobody issued is refused")
def _(s, base_url):
    return Client(base_url, s.user, "0" * 64).refused("get_limits", ["session expired", "invalid session"])


@checks.check("quote of one instrument")
def _(s, base_url):
    quote = s.client.must("get_quotes", exchange=EXCHANGE, token=TOKEN)
    c.expect("tsym", c.field(quote, "tsym"), TSYM)
    s.ltp = c.positive("lp", c.field(quote, "lp"))
    low, high = c.positive("lc", c.field(quote, "lc")), c.positive("uc", c.field(quote, "uc"))
    c.demand("circuits", low < s.ltp < high, "lc < lp < uc", (low, s.ltp, high))
    tick = c.positive("ti", c.field(quote, "ti"))
    c.demand("tick", c.TICK % tick == 0, f"to divide {c.TICK}", tick)
    return f"lp {s.ltp}, tick {tick}"


@checks.check("quotes of several instruments")
def _(s, base_url):
    seen = []
    for token, tsym in OTHERS.items():
        quote = s.client.must("get_quotes", exchange=EXCHANGE, token=token)
        c.expect("tsym", c.field(quote, "tsym"), tsym)
        seen.append(f"{tsym} {c.positive('lp', c.field(quote, 'lp'))}")
    return ", ".join(seen)


@checks.check("quote of an unknown instrument is refused")
def _(s, base_url):
    return s.client.refused("get_quotes", ["no data", "invalid"], exchange=EXCHANGE, token="987654321")


@checks.check("five levels of depth, best first")
def _(s, base_url):
    quote = s.client.must("get_quotes", exchange=EXCHANGE, token=TOKEN)
    bids = [c.positive(f"bp{n}", c.field(quote, f"bp{n}")) for n in range(1, 6)]
    asks = [c.positive(f"sp{n}", c.field(quote, f"sp{n}")) for n in range(1, 6)]
    for n in range(1, 6):
        c.positive(f"bq{n}", c.field(quote, f"bq{n}"))
        c.positive(f"sq{n}", c.field(quote, f"sq{n}"))
    c.demand("bids", bids == sorted(bids, reverse=True), "falling", bids)
    c.demand("asks", asks == sorted(asks), "rising", asks)
    c.demand("best prices", bids[0] < asks[0], "bid below ask", (bids[0], asks[0]))
    return f"{bids[0]} / {asks[0]}"


@checks.check("search finds the instrument")
def _(s, base_url):
    rows = c.field(s.client.must("searchscrip", exchange=EXCHANGE, searchtext="RELIANCE"), "values")
    row = c.one("RELIANCE-EQ among the results", rows, lambda row: row.get("tsym") == TSYM)
    c.expect("token", c.field(row, "token"), TOKEN)
    return f"{len(rows)} results"


@checks.check("security details")
def _(s, base_url):
    details = s.client.must("get_security_info", exchange=EXCHANGE, token=TOKEN)
    c.expect("tsym", c.field(details, "tsym"), TSYM)
    return f"lot {c.positive('ls', c.field(details, 'ls'))}"


@checks.check("minute candles")
def _(s, base_url):
    rows = s.client.must("get_time_price_series", exchange=EXCHANGE, token=TOKEN,
                         starttime=int(time.time()) - 5 * 86400, endtime=int(time.time()), interval=5)
    return c.candles([tuple(c.field(row, f) for f in ("into", "inth", "intl", "intc")) for row in rows])


@checks.check("daily candles")
def _(s, base_url):
    rows = [json.loads(row) for row in s.client.must(
        "get_daily_price_series", exchange=EXCHANGE, tradingsymbol=TSYM,
        startdate=int(time.time()) - 15 * 86400, enddate=int(time.time()))]
    return c.candles([tuple(c.field(row, f) for f in ("into", "inth", "intl", "intc")) for row in rows])


@checks.check("limits")
def _(s, base_url):
    limits = s.client.must("get_limits")
    c.expect("stat", c.field(limits, "stat"), "Ok")
    return f"cash {c.positive('cash', c.field(limits, 'cash'))}, marginused {c.decimal('marginused', limits.get('marginused', 0))}"


@checks.check("holdings")
def _(s, base_url):
    rows = s.client.must("get_holdings")
    c.demand("holdings", rows, "at least one, so that a row's shape is tried", rows)
    for row in rows:
        names = [c.field(name, "tsym") for name in c.field(row, "exch_tsym")]
        c.demand("exch_tsym", names, "at least one name", row)
        c.decimal("holdqty", c.field(row, "holdqty"))
        c.positive("upldprc", c.field(row, "upldprc"))
    return f"{len(rows)} holdings"


@checks.check("place a limit order 3 % below the market, tagged")
def _(s, base_url):
    s.tag, s.price = f"chk{uuid.uuid4().hex[:12]}", c.on_tick_below(s.ltp, 3)
    answer = s.client.must("place_order", buy_or_sell="B", product_type="C", exchange=EXCHANGE, tradingsymbol=TSYM,
                           quantity=1, discloseqty=0, price_type="LMT", price=s.price, trigger_price=None,
                           retention="DAY", remarks=s.tag)
    s.order_id = c.field(answer, "norenordno")
    c.demand("norenordno", isinstance(s.order_id, str) and s.order_id.isdigit(), "digits as text", answer)
    return f"{s.order_id} at {s.price}"


@checks.check("the order is open in the order book with its tag")
def _(s, base_url):
    row = c.until("status", lambda: s.client.order(s.order_id), lambda row: status(row) == "OPEN", "OPEN")
    c.expect("remarks", c.field(row, "remarks"), s.tag)
    c.expect("tsym", c.field(row, "tsym"), TSYM)
    c.expect("side", c.field(row, "trantype"), "B")
    c.expect("qty", c.decimal("qty", c.field(row, "qty")), 1)
    c.expect("prc", c.decimal("prc", c.field(row, "prc")), s.price)
    c.expect("fillshares", c.decimal("fillshares", row.get("fillshares", 0)), 0)
    return f"{row['status']}, remarks {row['remarks']}"


@checks.check("the order's history")
def _(s, base_url):
    rows = s.client.must("single_order_history", orderno=s.order_id)
    c.demand("history", rows, "at least one event", rows)
    for row in rows:
        c.expect("norenordno", c.field(row, "norenordno"), s.order_id)
        c.field(row, "rpt")
    c.expect("status of the newest event, which comes first", status(rows[0]), "OPEN")
    return ", ".join(row["rpt"] for row in rows)


@checks.check("modify its price")
def _(s, base_url):
    s.new_price = c.on_tick_below(s.ltp, 2)
    answer = s.client.must("modify_order", orderno=s.order_id, exchange=EXCHANGE, tradingsymbol=TSYM, newquantity=1,
                           newprice_type="LMT", newprice=s.new_price)
    c.expect("result", c.field(answer, "result"), s.order_id)
    row = c.until("prc", lambda: s.client.order(s.order_id),
                  lambda row: c.decimal("prc", c.field(row, "prc")) == s.new_price and status(row) == "OPEN",
                  f"{s.new_price} and OPEN")
    c.expect("remarks after modifying", c.field(row, "remarks"), s.tag)
    return f"{s.price} -> {row['prc']}"


@checks.check("cancel it")
def _(s, base_url):
    c.expect("result", c.field(s.client.must("cancel_order", orderno=s.order_id), "result"), s.order_id)
    row = c.until("status", lambda: s.client.order(s.order_id),
                  lambda row: status(row) in ("CANCELED", "CANCELLED"), "CANCELED")
    return row["status"]


@checks.check("cancelling it again is refused")
def _(s, base_url):
    c.demand("order", s.order_id, "known", None)
    return s.client.refused("cancel_order", ["not found", "rejected"], orderno=s.order_id)


@checks.check("place an order for a symbol with an ampersand, cancel it")
def _(s, base_url):
    ltp = c.positive("lp", c.field(s.client.must("get_quotes", exchange=EXCHANGE, token="2031"), "lp"))
    placed = s.client.must("place_order", buy_or_sell="B", product_type="C", exchange=EXCHANGE, tradingsymbol="M&M-EQ",
                           quantity=1, discloseqty=0, price_type="LMT", price=c.on_tick_below(ltp, 3), retention="DAY")
    order_id = c.field(placed, "norenordno")
    row = c.until("status", lambda: s.client.order(order_id), lambda row: status(row) == "OPEN", "OPEN")
    s.client.must("cancel_order", orderno=order_id)
    return row["tsym"]


@checks.check("a market order from the API is refused")
def _(s, base_url):
    answer = s.client.call("place_order", buy_or_sell="B", product_type="I", exchange=EXCHANGE, tradingsymbol=TSYM,
                           quantity=1, discloseqty=0, price_type="MKT", price=0, retention="DAY")
    if answer is None:
        c.demand("reason", "algo_chk" in s.client.transcript.lower(), "ALGO_CHK", s.client.transcript)
        return "refused at once"
    order_id = c.field(answer, "norenordno")
    row = c.until("status", lambda: s.client.order(order_id), lambda row: status(row) in TERMINAL, "final")
    c.demand("status", status(row) in ("REJECTED", "REJECT"), "REJECTED", row)
    c.demand("rejreason", "ALGO_CHK" in c.field(row, "rejreason"), "ALGO_CHK", row)
    return f"rejected in the book: {row['rejreason']}"


@checks.check("place a marketable limit order and see it complete")
def _(s, base_url):
    s.fill_tag = f"chk{uuid.uuid4().hex[:12]}"
    answer = s.client.must("place_order", buy_or_sell="B", product_type="I", exchange=EXCHANGE, tradingsymbol=TSYM,
                           quantity=1, discloseqty=0, price_type="LMT", price=c.on_tick_above(s.ltp, 1),
                           retention="DAY", remarks=s.fill_tag)
    order_id = c.field(answer, "norenordno")
    row = c.until("status", lambda: s.client.order(order_id), lambda row: status(row) in TERMINAL, "COMPLETE")
    c.expect("status", status(row), "COMPLETE")
    c.expect("fillshares", c.decimal("fillshares", c.field(row, "fillshares")), 1)
    s.average = c.positive("avgprc", c.field(row, "avgprc"))
    s.filled_id = order_id
    return f"{order_id} at {s.average}"


@checks.check("its trade")
def _(s, base_url):
    rows = [row for row in s.client.must("get_trade_book") if row.get("norenordno") == s.filled_id]
    c.expect("shares traded", sum(c.decimal("flqty", c.field(row, "flqty")) for row in rows), 1)
    c.expect("flprc", c.decimal("flprc", c.field(rows[0], "flprc")), s.average)
    c.demand("flid", c.field(rows[0], "flid"), "not empty", rows[0])
    c.expect("remarks", c.field(rows[0], "remarks"), s.fill_tag)
    return f"fill {rows[0]['flid']} at {rows[0]['flprc']}"


@checks.check("its position")
def _(s, base_url):
    row = c.one("intraday position in RELIANCE-EQ", s.client.must("get_positions"),
                lambda row: row.get("tsym") == TSYM and row.get("prd") == "I")
    c.demand("netqty", c.decimal("netqty", c.field(row, "netqty")) >= 1, "at least 1", row)
    c.positive("netavgprc", c.field(row, "netavgprc"))
    c.positive("lp", c.field(row, "lp"))
    return f"{row['netqty']} at {row['netavgprc']}"


@checks.check("margin is used after the fill")
def _(s, base_url):
    c.demand("filled order", s.filled_id, "known", None)
    return f"marginused {c.positive('marginused', c.field(s.client.must('get_limits'), 'marginused'))}"


@checks.check("an order beyond the funds is refused")
def _(s, base_url):
    answer = s.client.call("place_order", buy_or_sell="B", product_type="C", exchange=EXCHANGE, tradingsymbol=TSYM,
                           quantity=100000, discloseqty=0, price_type="LMT", price=c.on_tick_below(s.ltp, 1),
                           retention="DAY")
    if answer is None:
        return c.shorten(c.redact(s.client.transcript.strip().splitlines()[-1]), 120)
    order_id = c.field(answer, "norenordno")
    row = c.until("status", lambda: s.client.order(order_id), lambda row: status(row) in TERMINAL, "REJECTED")
    c.demand("status", status(row) in ("REJECTED", "REJECT"), "REJECTED", row)
    return c.field(row, "rejreason")


@checks.check("log-out, after which the token is refused")
def _(s, base_url):
    c.expect("stat", c.field(s.client.must("logout"), "stat"), "Ok")
    return Client(base_url, s.user, s.token).refused("get_limits", ["session expired", "invalid session"])


if __name__ == "__main__":
    logging.getLogger("NorenRestApiPy.NorenApi").setLevel(logging.DEBUG)
    logging.getLogger("NorenRestApiPy.NorenApi").propagate = False
    sys.exit(checks.run(c.base_url_from_arguments("Flattrade's official client against a server").base_url))

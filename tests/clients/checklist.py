"""What the four client scripts share: a list of checks, their printed outcome, and waiting with a deadline.

A check is a function of the script's state. It returns a short text saying what was seen, or raises. Nothing is ever
skipped: a check that needs the result of an earlier, failed one fails too and says which one it needed. Knows no broker
and imports nothing beyond the standard library.
"""

import argparse
import re
import sys
import time
import traceback
from decimal import ROUND_DOWN, ROUND_UP, Decimal

WAIT_S = 10.0
"""How long a change may take to show in a book."""
POLL_S = 0.25
"""Pause between two looks at a book: four a second stays well under every broker's limit."""
TICK = Decimal("0.10")
"""A price step that is on the grid of every cash share used here, whether its tick is 0.01, 0.05 or 0.10."""


class Mismatch(Exception):
    """The answer is not what was expected."""

    def __init__(self, what, expected, seen):
        super().__init__(what)
        self.what, self.expected, self.seen = what, expected, seen


class State:
    """Results that later checks build on; asking for one that is missing fails the asking check."""

    def __getattr__(self, name):
        raise Mismatch("an earlier check", f"to have produced `{name}`", "that check failed, see above")


def expect(what, seen, expected):
    """Fail unless `seen` equals `expected`."""
    if seen != expected:
        raise Mismatch(what, repr(expected), repr(seen))
    return seen


def demand(what, holds, expected, seen):
    """Fail unless `holds`; `expected` is the condition in words."""
    if not holds:
        raise Mismatch(what, expected, shorten(seen))


def field(row, name):
    """The value under `name` of a mapping, failing with the keys there are."""
    if not isinstance(row, dict) or name not in row:
        raise Mismatch(f"field `{name}`", "present", f"absent in {shorten(row)}")
    return row[name]


def decimal(what, value):
    """A number the client handed over (text, int or float) as an exact decimal."""
    try:
        return Decimal(str(value))
    except ArithmeticError:
        raise Mismatch(what, "a number", repr(value)) from None


def positive(what, value):
    """A number above zero."""
    number = decimal(what, value)
    demand(what, number > 0, "above zero", value)
    return number


def on_tick_below(price, percent):
    """`percent` below `price`, rounded down to the tick."""
    return _scaled(price, 100 - percent, ROUND_DOWN)


def on_tick_above(price, percent):
    """`percent` above `price`, rounded up to the tick."""
    return _scaled(price, 100 + percent, ROUND_UP)


def _scaled(price, hundredths, rounding):
    steps = (price * Decimal(hundredths) / 100 / TICK).quantize(Decimal(1), rounding=rounding)
    return steps * TICK


def one(what, rows, wanted):
    """The single row for which `wanted` holds."""
    found = [row for row in rows if wanted(row)]
    if len(found) != 1:
        raise Mismatch(what, "exactly one row", f"{len(found)} among {len(rows)} rows: {shorten(rows)}")
    return found[0]


def until(what, look, wanted, expected):
    """Look again and again until `wanted(look())` holds or the deadline passes. Returns what was then seen."""
    deadline = time.monotonic() + WAIT_S
    while True:
        seen = look()
        if wanted(seen):
            return seen
        if time.monotonic() >= deadline:
            raise Mismatch(what, f"{expected} within {WAIT_S:g} s", shorten(seen))
        time.sleep(POLL_S)


def candles(rows, minimum=1):
    """Check `(open, high, low, close)` rows for sense; returns a text with the count."""
    demand("candles", len(rows) >= minimum, f"at least {minimum}", rows)
    for opened, high, low, closed in rows:
        o, h, l, c = (decimal("candle price", x) for x in (opened, high, low, closed))
        demand("candle", 0 < l <= min(o, c) and max(o, c) <= h, "0 < low <= open, close <= high", (o, h, l, c))
    return f"{len(rows)} candles"


def shorten(value, limit=900):
    """A value as one printable line."""
    text = " ".join((value if isinstance(value, str) else repr(value)).split())
    return text if len(text) <= limit else f"{text[:limit]} ... ({len(text)} characters)"


class Checklist:
    """Runs checks in order, prints a line for each and counts."""

    def __init__(self, name):
        self.name, self.passed, self.failed = name, 0, 0
        self._checks = []

    def check(self, title):
        """Decorator: add a check under `title`, to be run in the order of the source."""

        def add(function):
            self._checks.append((title, function))
            return function

        return add

    def run(self, *arguments):
        """Run every check with the given arguments and a fresh state; the result is the exit code."""
        state = State()
        for title, function in self._checks:
            try:
                seen = function(state, *arguments)
            except Mismatch as mismatch:
                self._fail(title, [f"{mismatch.what}", f"  expected: {mismatch.expected}", f"  seen:     {mismatch.seen}"])
            except Exception as error:  # noqa: BLE001  any exception of the client is a finding
                where = traceback.extract_tb(error.__traceback__)[-1]
                self._fail(title, ["the client raised", f"  {type(error).__name__}: {shorten(str(error), 1200)}",
                                   f"  at {where.name}, {where.filename}:{where.lineno}",
                                   *(f"  {shorten(note, 1200)}" for note in getattr(error, "__notes__", ()))])
            else:
                self.passed += 1
                print(f"ok    {title}" + (f": {shorten(str(seen), 160)}" if seen is not None else ""), flush=True)
        print(f"{self.name}: {self.passed} passed, {self.failed} failed", flush=True)
        return 1 if self.failed or not self.passed else 0

    def _fail(self, title, lines):
        self.failed += 1
        print(f"FAIL  {title}", flush=True)
        for line in lines:
            print(f"      {redact(line)}", flush=True)


_SECRETS = re.compile(r"(jKey=|Bearer |\"?(?:access_?token|susertoken|token|apikey)\"?\s*[:=]\s*['\"]?)[A-Za-z0-9._-]{8,}")


def redact(text):
    """The text with tokens and keys cut out."""
    return _SECRETS.sub(r"\1***", text)


def base_url_from_arguments(description, more=()):
    """Read `--base-url` (and the further required options in `more`) from the command line."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--base-url", required=True, help="where the server listens, like http://127.0.0.1:9103")
    for option, text in more:
        parser.add_argument(option, required=True, help=text)
    arguments = parser.parse_args()
    arguments.base_url = arguments.base_url.rstrip("/")
    if not re.fullmatch(r"https?://[^/]+", arguments.base_url):
        parser.error(f"--base-url must be scheme, host and port without a path, got {arguments.base_url}")
    return arguments


if sys.version_info < (3, 11):
    sys.exit(f"python 3.11 or later is wanted, this is {sys.version.split()[0]}")

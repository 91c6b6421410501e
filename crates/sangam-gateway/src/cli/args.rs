//! What the command line takes, with the help that teaches it.

mod audit;
mod basket;
mod books;

use std::path::PathBuf;
use std::time::Duration;

pub(crate) use audit::{Audit, AuditExport, AuditLog, AuditPrune, AuditVerify};
pub(crate) use basket::BasketArgs;
pub(crate) use books::{AcceptClock, Backup, Ledger, Migrate, Rebuild, Restore};

use clap::{Args, Parser, Subcommand, ValueEnum};

/// One gateway over Flattrade, Fyers and Upstox.
///
/// Without a command it serves: in an empty folder it starts three simulated brokers and a gateway over them, so that
/// everything can be tried without an account. With a `sangam.toml` it trades through the accounts named there.
#[derive(Parser)]
#[command(
    name = "sangam",
    version,
    about = "One gateway over Flattrade, Fyers and Upstox",
    after_help = "Examples:\n  sangam                                  start on simulated brokers\n  sangam quote NSE:RELIANCE\n  \
                  sangam orders place NSE:RELIANCE --side buy --quantity 1 --limit 1400 --product CNC\n  sangam orders list\n\n\
                  Exit codes: 0 done, 1 refused or failed, 2 wrong usage, 3 the outcome of an order is not known."
)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) common: Common,
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
}

/// Options every command takes.
#[derive(Clone, Default, Args)]
#[command(next_help_heading = "Options of every command")]
pub(crate) struct Common {
    /// Configuration file. Default: sangam.toml in this folder, if there is one.
    #[arg(long, short, global = true, value_name = "FILE", env = "SANGAM_CONFIG")]
    pub(crate) config: Option<PathBuf>,
    /// Folder for ledger, sessions, masters and keys. Default: data_dir of the configuration, else sangam-data.
    #[arg(long, global = true, value_name = "DIR", env = "SANGAM_DATA_DIR")]
    pub(crate) data_dir: Option<PathBuf>,
    /// Address of the running gateway. Default: the one last started on the data folder.
    #[arg(long, global = true, value_name = "URL", env = "SANGAM_URL")]
    pub(crate) url: Option<String>,
    /// API key of the running gateway. Default: the one in the data folder.
    #[arg(
        long,
        global = true,
        value_name = "KEY",
        env = "SANGAM_API_KEY",
        hide_env_values = true
    )]
    pub(crate) api_key: Option<String>,
    /// Print JSON for programs instead of tables for people.
    #[arg(long, global = true)]
    pub(crate) json: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Start the gateway (the default).
    Serve(Serve),
    /// Run one simulated broker alone.
    Sim(Sim),
    /// Log in to an account for the day: prints the link, takes the code, keeps the session.
    Login(Login),
    /// Place, change, cancel and look at orders.
    #[command(subcommand)]
    Orders(Orders),
    /// Place many orders from a file in one call.
    Basket(BasketArgs),
    /// Quotes of one or more instruments.
    Quote(Quote),
    /// Positions over all accounts.
    Positions,
    /// Holdings over all accounts.
    Holdings,
    /// Positions and holdings over all accounts: what they are worth, what they brought.
    Portfolio(Portfolio),
    /// Funds over all accounts.
    Funds,
    /// Accounts with their health and sessions.
    Brokers,
    /// Rate limits: how full each window is, and what is shut and why.
    Limits,
    /// Pre-trade checks: what left today, and how that stands to the day's limits.
    Checks,
    /// Symbol masters: fetch, search, resolve.
    #[command(subcommand)]
    Instruments(Instruments),
    /// Score the forecast of bursts on a trace of requests.
    #[command(subcommand)]
    Forecast(Forecast),
    /// Make one file of the books, while a gateway goes on.
    Backup(Backup),
    /// Put a backup in the place of the books.
    Restore(Restore),
    /// Copy the books to another place: PostgreSQL or a file.
    Migrate(Migrate),
    /// The books: look at them, compute positions anew.
    #[command(subcommand)]
    Ledger(Ledger),
    /// The audit log: check it, export it, prune it, look at it.
    #[command(subcommand)]
    Audit(Audit),
    /// Check configuration, data folder, port and sessions, and say what to do about what is wrong.
    Doctor,
}

/// `sangam serve`.
#[derive(Debug, Default, Args)]
pub(crate) struct Serve {
    /// Address to listen on; port 0 takes a free one. Default: listen of the configuration, else 127.0.0.1:5000.
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) listen: Option<String>,
}

/// `EXCHANGE:SYMBOL`; which exchanges and symbols there are is for the gateway to say.
fn instrument(text: &str) -> Result<String, String> {
    match text.split_once(':') {
        Some((exchange, symbol)) if !exchange.is_empty() && !symbol.is_empty() => Ok(text.to_owned()),
        _ => Err(
            "write it EXCHANGE:SYMBOL, for example NSE:RELIANCE; `sangam instruments search` finds it"
                .to_owned(),
        ),
    }
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum SimBroker {
    /// Flattrade's interface (PiConnect).
    Flattrade,
    /// Fyers' interface (v3).
    Fyers,
    /// Upstox' interface (v2 and v3).
    Upstox,
}

/// `sangam sim`.
#[derive(Debug, Args)]
#[command(
    after_help = "It prints `listening on http://ADDRESS` when ready. GET /__sim/stats shows what it counted; POST \
                  /__sim/faults makes it misbehave. --config FILE holds its settings (TOML): cash, holdings, prices, hours, \
                  rate rules; crates/sangam-sim/config/example.toml shows them all.\n\n\
                  Example: sangam sim --broker upstox --listen 127.0.0.1:9103"
)]
pub(crate) struct Sim {
    /// Which broker to imitate.
    #[arg(long)]
    pub(crate) broker: SimBroker,
    /// Address to listen on; port 0 takes a free one.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:0")]
    pub(crate) listen: String,
}

/// `sangam login`.
#[derive(Debug, Args)]
#[command(
    after_help = "The session is kept in DATA_DIR/sessions/ACCOUNT.json, readable by you alone, until the broker ends it. It works \
                  with a gateway running or not. With --json and without --code it prints the link and ends.\n\n\
                  Example: sangam login flat-1 --code 'https://127.0.0.1/?code=...'"
)]
pub(crate) struct Login {
    /// The account, as `sangam brokers` names it.
    pub(crate) account: String,
    /// The code, or the whole address the browser was sent to. Asked for when left out.
    #[arg(long)]
    pub(crate) code: Option<String>,
    /// End the session instead.
    #[arg(long, conflicts_with = "code")]
    pub(crate) out: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum SideArg {
    /// Buy.
    Buy,
    /// Sell.
    Sell,
}

/// `sangam orders`.
#[derive(Debug, Subcommand)]
pub(crate) enum Orders {
    /// Place an order.
    Place(Place),
    /// Change an order that stands.
    Modify(Modify),
    /// Cancel an order.
    Cancel {
        /// Its number, as `sangam orders list` shows it.
        order: String,
    },
    /// Show one order.
    Status {
        /// Its number, as `sangam orders list` shows it.
        order: String,
    },
    /// Show today's orders.
    List,
}

/// `sangam orders place`.
#[derive(Debug, Args)]
#[command(
    after_help = "Without --limit and --trigger it is a MARKET order, with --limit a LIMIT, with --trigger an SL-M, \
                        with both an SL. It ends with exit code 3 when the outcome is not known: look with `sangam orders \
                        list` before sending it again.\n\nExample: sangam orders place NSE:INFY --side sell --quantity 5 --trigger 1450"
)]
pub(crate) struct Place {
    /// EXCHANGE:SYMBOL, for example NSE:RELIANCE or NFO:NIFTY26DEC26000CE.
    #[arg(value_parser = instrument)]
    pub(crate) instrument: String,
    /// Buy or sell.
    #[arg(long)]
    pub(crate) side: SideArg,
    /// Units, a multiple of the lot (lots on MCX).
    #[arg(long)]
    pub(crate) quantity: u64,
    /// Limit price, on the tick.
    #[arg(long, value_name = "PRICE")]
    pub(crate) limit: Option<String>,
    /// Trigger price, on the tick.
    #[arg(long, value_name = "PRICE")]
    pub(crate) trigger: Option<String>,
    /// CNC (delivery), MIS (intraday) or NRML (carry forward).
    #[arg(long, default_value = "MIS")]
    pub(crate) product: String,
    /// DAY or IOC.
    #[arg(long, default_value = "DAY")]
    pub(crate) validity: String,
    /// Whether it opens or closes a position: only an opening order may move to another broker.
    #[arg(long, value_name = "open|close")]
    pub(crate) effect: Option<String>,
    /// Your own id: the same id sends the order once, however often you ask.
    #[arg(long, value_name = "ID")]
    pub(crate) client_order_id: Option<String>,
    /// Only through this broker: flattrade, fyers or upstox.
    #[arg(long)]
    pub(crate) broker: Option<String>,
    /// A name for what trades.
    #[arg(long, default_value = "command line")]
    pub(crate) strategy: String,
}

/// `sangam orders modify`.
#[derive(Debug, Args)]
#[command(
    after_help = "What is not given stays. --limit makes a MARKET order a LIMIT and an SL-M an SL.\n\n\
                        Example: sangam orders modify 2611230000001 --limit 1405"
)]
pub(crate) struct Modify {
    /// Its number, as `sangam orders list` shows it.
    pub(crate) order: String,
    /// The new limit price.
    #[arg(long, value_name = "PRICE")]
    pub(crate) limit: Option<String>,
    /// The new trigger price.
    #[arg(long, value_name = "PRICE")]
    pub(crate) trigger: Option<String>,
    /// The new whole quantity, filled part included.
    #[arg(long)]
    pub(crate) quantity: Option<u64>,
}

/// `sangam quote`.
#[derive(Debug, Args)]
#[command(after_help = "It ends with exit code 1 when one of them has no quote.")]
pub(crate) struct Quote {
    /// EXCHANGE:SYMBOL, for example NSE:RELIANCE NSE_INDEX:NIFTY.
    #[arg(required = true, value_name = "INSTRUMENT", value_parser = instrument)]
    pub(crate) instruments: Vec<String>,
}

/// What a line of the portfolio is split by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum PartsBy {
    /// A line a part, by broker.
    Broker,
    /// A line a part, by account.
    Account,
}

/// `sangam portfolio`.
#[derive(Debug, Args)]
#[command(
    after_help = "It is made from the gateway's own books, which hold each fill and the brokers' books as they were read last, and \
                  from prices of now. Marks: `stale` the last price is old, `differs` the broker's book and our fills tell \
                  different quantities, `no value` and `no cost` where a price, a multiplier or an average is not known, `sold \
                  unseen` shares were sold that were there before us, so that what was realised is not the whole truth. Amounts \
                  are rounded to paise here and exact with --json.\n\nExample: sangam portfolio --by broker"
)]
pub(crate) struct Portfolio {
    /// Show each account's part by itself.
    #[arg(long, value_name = "broker|account", hide_possible_values = true)]
    pub(crate) by: Option<PartsBy>,
    /// Read the brokers' books anew first.
    #[arg(long)]
    pub(crate) refresh: bool,
    /// A price older than this is marked as stale. Default: 60.
    #[arg(long, value_name = "SECONDS")]
    pub(crate) stale_after: Option<u64>,
}

/// `sangam instruments`.
#[derive(Debug, Subcommand)]
pub(crate) enum Instruments {
    /// Read masters from files or addresses (or, without any, from the configured brokers) and keep them.
    Sync(Sync),
    /// Find instruments by words.
    Search {
        /// Words of symbol, underlying or name.
        #[arg(required = true)]
        words: Vec<String>,
        /// At most so many.
        #[arg(long, default_value_t = 20)]
        limit: usize,
        #[command(flatten)]
        from: From,
    },
    /// What a name means, and what each broker calls it.
    Resolve {
        /// EXCHANGE:SYMBOL in canonical or OpenAlgo form, or a broker's own name with --broker.
        name: String,
        /// Read the name as this broker's own (Flattrade's with the exchange before it: NFO:NIFTY24NOV26F).
        #[arg(long)]
        broker: Option<String>,
        #[command(flatten)]
        from: From,
    },
}

/// Where `search` and `resolve` look.
#[derive(Debug, Args)]
pub(crate) struct From {
    /// Masters to read instead of those kept: files or addresses, each may be prefixed with its broker (`upstox=FILE`).
    #[arg(long = "master", value_name = "SOURCE")]
    pub(crate) masters: Vec<String>,
    /// Trading date of those masters. Default: today in India.
    #[arg(long, value_name = "YYYY-MM-DD")]
    pub(crate) date: Option<String>,
}

/// `sangam instruments sync`.
#[derive(Debug, Args)]
#[command(
    after_help = "Without sources a running gateway is asked to fetch its brokers' masters anew; with none running they are \
                  fetched here. Rows that cannot be read are skipped and told with file and line; a file that is no master is \
                  refused and what was kept stays.\n\nExamples:\n  sangam instruments sync fyers=NSE_CM.csv\n  \
                  sangam instruments sync https://public.fyers.in/sym_details/NSE_FO.csv"
)]
pub(crate) struct Sync {
    /// Files or addresses; each may be prefixed with its broker (`upstox=FILE`).
    pub(crate) sources: Vec<String>,
    /// Trading date of the masters. Default: today in India.
    #[arg(long, value_name = "YYYY-MM-DD")]
    pub(crate) date: Option<String>,
}

/// `sangam forecast`.
#[derive(Debug, Subcommand)]
pub(crate) enum Forecast {
    /// How well bursts would have been foreseen on a recorded trace, with simpler rules beside it.
    Score(Score),
}

/// `sangam forecast score`.
#[derive(Debug, Args)]
#[command(
    after_help = "FILE is CSV, plain or gzipped: the header `bin,count` and then one line a bin, numbered without gaps, with the \
                  requests that came in it; an idle bin has count 0.\n\nThe question, in each bin that is no burst itself: is one coming \
                  within the horizon? A burst is a bin above the 97th percentile of the highest bins ahead, over the first half of \
                  the trace. That level and all thresholds are chosen on the first half; the table is of the second. Everything \
                  learns as the trace goes, a horizon late.\n\n\
                  F1 weighs missed bursts against false alarms, 1 is perfect. Brier skill says how much better the probabilities \
                  are than always saying how often bursts come: 1 is perfect, 0 no better, below 0 worse. The rules are explained \
                  in docs/forecast.md.\n\nExamples:\n  sangam forecast score requests.csv\n  \
                  sangam forecast score requests.csv.gz --horizon 5min --json"
)]
pub(crate) struct Score {
    /// The trace.
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// How far ahead bursts are to be foreseen: a whole number of bins, 360 at most.
    #[arg(long, value_name = "LENGTH", default_value = "60s", value_parser = length)]
    pub(crate) horizon: Duration,
    /// How long a bin of the trace is.
    #[arg(long, value_name = "LENGTH", default_value = "10s", value_parser = length)]
    pub(crate) bin: Duration,
}

/// A length of time with its unit.
fn length(text: &str) -> Result<Duration, String> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let unit_s = match unit {
        "s" => 1,
        "min" => 60,
        "h" => 3_600,
        _ => 0,
    };
    match number
        .parse::<u64>()
        .ok()
        .and_then(|number| number.checked_mul(unit_s))
    {
        Some(seconds) if seconds > 0 => Ok(Duration::from_secs(seconds)),
        _ => Err("write a number above 0 and s, min or h, for example 60s or 5min".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_have_units() {
        assert_eq!(length("60s"), Ok(Duration::from_secs(60)));
        assert_eq!(length("5min"), Ok(Duration::from_secs(300)));
        assert_eq!(length("1h"), Ok(Duration::from_secs(3_600)));
        for wrong in [
            "",
            "60",
            "s",
            "0s",
            "-1s",
            "1.5s",
            "5 min",
            "99999999999999999999s",
            "9999999999999999999h",
        ] {
            assert!(length(wrong).is_err(), "{wrong}");
        }
    }
}

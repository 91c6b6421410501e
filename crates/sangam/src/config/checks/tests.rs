//! Defaults, what nought switches off, and each fault by the name of its key.

use sangam_core::calendar::TradingDay;

use super::*;
use crate::config::{Config, RawConfig};

fn checked(text: &str) -> Result<Config, String> {
    let account = "[[account]]\nname = \"up\"\nbroker = \"upstox\"\napi_key = \"k\"\napi_secret = \"test-secret\"\n\
                   redirect_uri = \"http://127.0.0.1/\"\n";
    let raw: RawConfig = toml::from_str(&format!("{text}\n{account}")).map_err(|error| error.to_string())?;
    crate::config::check(raw).map_err(|error| error.to_string())
}

#[test]
fn what_is_left_out_has_its_default() {
    let checks = checked("").expect("right").checks;
    let calendar = checks.calendar.expect("hours are kept");
    assert!(calendar.holiday("2026-12-25".parse().expect("a day")).is_some());
    assert_eq!(
        checks.order_value_max.map(|most| most.to_string()),
        Some("10000000".into())
    );
    assert_eq!(
        checks.day_value_max.map(|most| most.to_string()),
        Some("100000000".into())
    );
    assert_eq!(checks.quantity_max.map(Quantity::units), Some(100_000));
    let band = checks.price_band.expect("a band");
    assert_eq!((band.percent, band.both_sides, band.ask), (20, false, false));
    assert_eq!(checks.price_age_max, Duration::from_secs(300));
    let ratio = checks.trade_ratio.expect("a ratio");
    assert_eq!((ratio.warning, ratio.limit), (50, 500));
    assert!(checks.algo_required.is_empty());
}

#[test]
fn nought_switches_off_and_holidays_add_up() {
    let checks = checked(
        "[checks]\nmarket_hours = true\norder_value_max = 0\nday_value_max = 0\nquantity_max = 0\nprice_band_percent = 0\n\
         trade_ratio_warning = 0\ntrade_ratio_max = 0\nholiday_years = [2027]\n\
         [[checks.holidays]]\ndate = \"2027-01-26\"\nname = \"Republic Day\"\nsource = \"NSE list of 2027\"",
    )
    .expect("right")
    .checks;
    assert!(checks.order_value_max.is_none() && checks.day_value_max.is_none());
    assert!(checks.quantity_max.is_none() && checks.price_band.is_none() && checks.trade_ratio.is_none());
    let calendar = checks.calendar.expect("hours are kept");
    let day = |text: &str| calendar.day(text.parse().expect("a day"));
    assert_eq!(day("2027-01-26"), TradingDay::Shut);
    assert_eq!(day("2027-01-27"), TradingDay::Open);
    assert_eq!(day("2026-12-25"), TradingDay::Shut);
    assert!(
        checked("[checks]\nmarket_hours = false")
            .expect("right")
            .checks
            .calendar
            .is_none()
    );
    let one = checked("[checks]\ntrade_ratio_max = 0")
        .expect("right")
        .checks
        .trade_ratio;
    assert_eq!(
        one.map(|ratio| (ratio.warning, ratio.limit)),
        Some((50, u32::MAX))
    );
}

#[test]
fn what_cannot_be_is_refused_by_the_name_of_its_key() {
    for (text, wanted) in [
        (
            "[checks]\nprice_band_percent = 1001",
            "checks.price_band_percent: 1001 is outside",
        ),
        (
            "[checks]\nprice_age_max_s = 0",
            "checks.price_age_max_s: 0 is outside",
        ),
        (
            "[checks]\ntrade_ratio_warning = 501",
            "checks.trade_ratio_warning: 501 is above",
        ),
        (
            "[checks]\norder_value_max = 2000000000000000",
            "checks.order_value_max",
        ),
        ("[checks]\nquantity_max = 2000000000000", "checks.quantity_max"),
        (
            "[checks]\nalgo_required = [\"down\"]",
            "checks.algo_required: \"down\" is no account",
        ),
        (
            "[checks]\nalgo_required = [\"up\"]",
            "checks.algo_required: up has to name",
        ),
        ("[checks]\nmarket_ours = true", "unknown field"),
        (
            "[[checks.holidays]]\ndate = \"26 January\"\nname = \"x\"\nsource = \"y\"",
            "checks.holidays.date",
        ),
        (
            "[[checks.holidays]]\ndate = \"2027-01-26\"\nname = \"x\"\nsource = \" \"",
            "checks.holidays 2027-01-26: a holiday needs",
        ),
        (
            "[[checks.holidays]]\ndate = \"2027-01-26\"\nname = \"x\"",
            "missing field `source`",
        ),
    ] {
        let error = checked(text).expect_err(text);
        assert!(error.contains(wanted), "{text}: {error}");
    }
}

/// Above nine orders a second only with a registered algorithm, however the windows are written.
#[test]
fn no_configuration_lets_too_many_orders_into_a_second() {
    let with = |account: &str, windows: &str| {
        let text = format!(
            "[[account]]\nname = \"f\"\nbroker = \"upstox\"\napi_key = \"k\"\napi_secret = \"test-secret\"\nredirect_uri = \
             \"http://127.0.0.1/\"\n{account}\n[account.limits.windows]\norders = {windows}\nbulk = [\"1/1s\"]\n"
        );
        let raw: RawConfig = toml::from_str(&text).expect("toml");
        crate::config::check(raw)
            .map(|_| ())
            .map_err(|error| error.to_string())
    };
    assert_eq!(with("", "[\"9/1s\", \"450/1min\"]"), Ok(()));
    for windows in ["[\"10/1s\"]", "[\"36/1min\"]", "[\"18/2s\"]", "[\"5/500ms\"]"] {
        let error = with("", windows).expect_err(windows);
        assert!(
            error.starts_with("account.f.limits.windows.orders: lets") && error.contains("NSE/INVG/67858"),
            "{error}"
        );
        assert_eq!(with("algo = \"my-algo\"", windows), Ok(()));
        let simulated = "simulated = true\nbase_url = \"http://127.0.0.1:1\"";
        assert_eq!(with(simulated, windows), Ok(()), "no exchange is behind it");
    }
}

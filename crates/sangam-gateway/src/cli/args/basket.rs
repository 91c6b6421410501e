//! The arguments of `sangam basket`.

use std::path::PathBuf;

use clap::Args;

/// `sangam basket`.
#[derive(Debug, Args)]
#[command(
    after_help = "FILE is JSON: a list of orders with the fields of placeorder, or an object with the list under `orders`. Legs are \
                  orders of their own: one that is refused stops no other, and nothing promises that all or none are placed. \
                  Purchases go first. With --client-order-id the basket is sent once, however often you ask. It ends with exit \
                  code 1 when a leg was not placed, 3 when the outcome of one is not known.\n\nExample:\n  echo \
                  '[{\"exchange\":\"NSE\",\"symbol\":\"INFY\",\"action\":\"BUY\",\"quantity\":1,\"product\":\"CNC\"}]' | sangam basket -"
)]
pub(crate) struct BasketArgs {
    /// The basket; `-` reads it from standard input.
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// Your own id of the basket; legs get it with their number behind it.
    #[arg(long, value_name = "ID")]
    pub(crate) client_order_id: Option<String>,
    /// A name for what trades, where the file has none.
    #[arg(long, default_value = "command line")]
    pub(crate) strategy: String,
}

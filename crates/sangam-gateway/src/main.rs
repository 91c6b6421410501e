//! The program `sangam`: one gateway over Flattrade, Fyers and Upstox.

#[tokio::main]
async fn main() -> std::process::ExitCode {
    sangam_gateway::program().await
}

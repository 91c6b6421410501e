//! Headings and colours, silent about colour where nobody can see it.

use std::fmt::Display;
use std::io::{IsTerminal as _, stdout};
use std::time::Duration;

/// A line that opens a step.
pub(crate) fn heading(text: &str) {
    println!("\n{}", paint("1;36", &format!("==> {text}")));
}

/// Text that tells of success.
pub(crate) fn green(text: &str) -> String {
    paint("1;32", text)
}

/// Text that tells of failure.
pub(crate) fn red(text: &str) -> String {
    paint("1;31", text)
}

/// A duration as people say it.
pub(crate) fn spent(time: Duration) -> impl Display {
    let seconds = time.as_secs_f64();
    if seconds < 100.0 {
        format!("{seconds:.1} s")
    } else {
        format!("{:.1} min", seconds / 60.0)
    }
}

fn paint(code: &str, text: &str) -> String {
    let colour = stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    if colour {
        format!("\u{1b}[{code}m{text}\u{1b}[0m")
    } else {
        text.to_owned()
    }
}

//! Whose process a server is: PostgreSQL refuses to run as root.

use std::process::{Command, Stdio};

/// A user of this machine.
#[derive(Debug, Clone, Copy)]
pub(crate) struct User {
    pub(crate) uid: u32,
    pub(crate) gid: u32,
}

impl User {
    /// The user of this name, if there is one.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Some(Self {
            uid: id(&["-u", name])?,
            gid: id(&["-g", name])?,
        })
    }

    /// Whether we run as root.
    pub(crate) fn is_root() -> bool {
        id(&["-u"]) == Some(0)
    }
}

fn id(arguments: &[&str]) -> Option<u32> {
    let output = Command::new("id")
        .args(arguments)
        .stderr(Stdio::null())
        .output()
        .expect("`id` starts");
    String::from_utf8(output.stdout).ok()?.trim().parse().ok()
}

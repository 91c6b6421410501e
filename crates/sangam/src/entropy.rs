//! Random bytes from the operating system: the one place where the stack draws them.

/// Fills an array with random bytes.
///
/// # Panics
/// When the operating system gives none, which on a running machine it does not.
#[must_use]
#[expect(
    clippy::disallowed_methods,
    reason = "this is the source everything else is given"
)]
pub fn random_bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("the operating system has random bytes");
    bytes
}

//! Blotting out in an answer what was secret in its request.
//!
//! A refusal may repeat the request, and so may the page of whoever stands between: read as it is, a token would go from
//! there into errors, log lines and the audit log, which cannot forget. What was never sent cannot be repeated, so the
//! secrets to look for are known.

use bytes::Bytes;
use memchr::memmem::Finder;
use secrecy::{ExposeSecret as _, SecretString};

/// What stands in place of a secret. Plain in JSON and in pages.
const BLOT: &[u8] = b"(hidden)";

/// Shorter texts are no secrets worth the name, and would be found in innocent words.
pub(crate) const SECRET_MIN: usize = 8;

/// A body without these secrets. As it came where none is in it, which costs one search for each.
pub(crate) fn blotted(body: Bytes, secrets: &[SecretString]) -> Bytes {
    secrets.iter().fold(body, |body, secret| {
        let secret = secret.expose_secret().as_bytes();
        let finder = Finder::new(secret);
        let mut found = finder.find_iter(&body).peekable();
        if secret.len() < SECRET_MIN || found.peek().is_none() {
            return body;
        }
        let mut clean = Vec::with_capacity(body.len());
        let mut rest = 0;
        for at in found {
            clean.extend_from_slice(&body[rest..at]);
            clean.extend_from_slice(BLOT);
            rest = at + secret.len();
        }
        clean.extend_from_slice(&body[rest..]);
        clean.into()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(body: &str, secrets: &[&str], expected: &str) {
        let secrets: Vec<_> = secrets.iter().map(|text| SecretString::from(*text)).collect();
        assert_eq!(
            blotted(Bytes::copy_from_slice(body.as_bytes()), &secrets),
            expected
        );
    }

    #[test]
    fn every_secret_goes_wherever_it_stands() {
        check("test-token", &["test-token"], "(hidden)");
        check(
            "x test-token,test-tokentest-secret",
            &["test-token", "test-secret"],
            "x (hidden),(hidden)(hidden)",
        );
        check("test-toke", &["test-token"], "test-toke");
        check("", &["test-token"], "");
    }

    #[test]
    fn what_is_too_short_to_be_one_stays() {
        check("the 1234567 words", &["1234567", ""], "the 1234567 words");
    }

    #[test]
    fn a_clean_body_is_not_copied() {
        let body = Bytes::from_static(b"{}");
        let same = blotted(body.clone(), &[SecretString::from("test-token")]);
        assert_eq!(same.as_ptr(), body.as_ptr());
    }
}

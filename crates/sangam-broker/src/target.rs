//! Where a request goes: an address taken apart and found fit to send secrets to. Nothing is resolved here.

use std::fmt;
use std::net::IpAddr;

use http::uri::{PathAndQuery, Scheme};
use http::{HeaderValue, Uri};

use crate::transport::{Sent, TransportError, TransportFault};

/// A host to connect to, and how. Connections to equal hosts are interchangeable.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Host {
    pub(crate) tls: bool,
    /// A name, or an address without brackets.
    pub(crate) name: String,
    pub(crate) port: u16,
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.name.contains(':') {
            write!(f, "[{}]:{}", self.name, self.port)
        } else {
            write!(f, "{}:{}", self.name, self.port)
        }
    }
}

impl Host {
    fn is_loopback(&self) -> bool {
        self.name == "localhost" || self.name.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
    }
}

/// A host and what to ask of it.
#[derive(Clone)]
pub(crate) struct Target {
    pub(crate) host: Host,
    /// For the `Host` header: without the scheme's own port.
    pub(crate) authority: HeaderValue,
    pub(crate) path_and_query: PathAndQuery,
}

impl Target {
    /// Takes an address apart. `plain_http_anywhere` lets requests leave this machine unencrypted.
    pub(crate) fn parse(url: &str, plain_http_anywhere: bool) -> Result<Self, TransportError> {
        let refuse = |why: &str| TransportError::new(TransportFault::Address, Sent::Nothing, why);
        let uri: Uri = url.parse().map_err(|error| {
            refuse("the address of the request is malformed: check the base url").because(error)
        })?;
        let tls = match uri.scheme() {
            Some(scheme) if *scheme == Scheme::HTTPS => true,
            Some(scheme) if *scheme == Scheme::HTTP => false,
            _ => return Err(refuse("the base url must begin with https:// or http://")),
        };
        let authority = uri
            .authority()
            .ok_or_else(|| refuse("the base url names no host"))?;
        if authority.as_str().contains('@') {
            return Err(refuse(
                "the base url must not hold a user or password: remove what stands before `@`",
            ));
        }
        let default_port = if tls { 443 } else { 80 };
        let host = Host {
            tls,
            name: authority
                .host()
                .trim_start_matches('[')
                .trim_end_matches(']')
                .to_ascii_lowercase(),
            port: authority.port_u16().unwrap_or(default_port),
        };
        if host.name.is_empty() {
            return Err(refuse("the base url names no host"));
        }
        if authority.as_str() != authority.host() && authority.port_u16().is_none() {
            return Err(refuse("the port in the base url is not a port"));
        }
        if !tls && !plain_http_anywhere && !host.is_loopback() {
            return Err(refuse(&format!(
                "plain http to {host} would show the access token to everyone on the way: use https, or a loopback \
                 address for a simulator"
            )));
        }
        let shown = if host.port == default_port {
            authority.host().to_owned()
        } else {
            format!("{}:{}", authority.host(), host.port)
        };
        let authority = HeaderValue::from_str(&shown)
            .map_err(|error| refuse("the host in the base url cannot stand in a header").because(error))?;
        let path_and_query = uri
            .path_and_query()
            .cloned()
            .unwrap_or_else(|| PathAndQuery::from_static("/"));
        Ok(Self {
            host,
            authority,
            path_and_query,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_taken_apart() {
        let check = |url: &str, host: &str, authority: &str, path: &str| {
            let target = Target::parse(url, false).unwrap();
            assert_eq!(target.host.to_string(), host, "{url}");
            assert_eq!(target.authority, authority, "{url}");
            assert_eq!(target.path_and_query, path, "{url}");
        };
        check(
            "https://Api.Example/v2?a=b%20c",
            "api.example:443",
            "Api.Example",
            "/v2?a=b%20c",
        );
        check("https://api.example:443", "api.example:443", "api.example", "/");
        check(
            "https://api.example:8443/x",
            "api.example:8443",
            "api.example:8443",
            "/x",
        );
        check(
            "http://127.0.0.1:9101/x",
            "127.0.0.1:9101",
            "127.0.0.1:9101",
            "/x",
        );
        check("http://[::1]:9101/x", "[::1]:9101", "[::1]:9101", "/x");
        check("http://localhost/x", "localhost:80", "localhost", "/x");
    }

    #[test]
    fn unfit_addresses_are_refused_without_being_shown() {
        for url in [
            "api.example/secret",
            "ftp://api.example/secret",
            "https://secret:secret@api.example/",
            "https:///secret",
            "https://api.example:99999/secret",
            "https://api.example/sec ret",
            "http://api.example/secret",
            "http://10.0.0.1/secret",
            "",
        ] {
            let Err(error) = Target::parse(url, false) else {
                panic!("{url} was taken")
            };
            assert_eq!(
                (error.fault, error.sent),
                (TransportFault::Address, Sent::Nothing)
            );
            assert!(
                !format!("{error} {error:?}").contains("secret"),
                "{url}: {error:?}"
            );
        }
        assert!(Target::parse("http://api.example/", true).is_ok());
    }
}

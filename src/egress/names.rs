//! Looks names up; an address in their place needs no lookup, and no thread that waits for one.

use std::net::SocketAddr;

use ureq::Error;
use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::NextTimeout;

#[derive(Debug, Default)]
pub struct Names(DefaultResolver);

impl Resolver for Names {
    fn resolve(&self, uri: &Uri, config: &Config, timeout: NextTimeout) -> Result<ResolvedSocketAddrs, Error> {
        let Some(address) = literal(uri) else { return self.0.resolve(uri, config, timeout) };
        let mut only = self.empty();
        only.push(address);
        Ok(only)
    }
}

fn literal(uri: &Uri) -> Option<SocketAddr> {
    let host = uri.host()?;
    let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    let usual = if uri.scheme_str() == Some("https") { 443 } else { 80 };
    Some(SocketAddr::new(host.parse().ok()?, uri.port_u16().unwrap_or(usual)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_address_is_taken_for_one() {
        let check = |uri: &str, address: Option<&str>| {
            assert_eq!(literal(&uri.parse().unwrap()), address.map(|text| text.parse().unwrap()), "{uri}");
        };
        check("https://127.0.0.1/a", Some("127.0.0.1:443"));
        check("http://127.0.0.1/", Some("127.0.0.1:80"));
        check("http://[::1]:8080/", Some("[::1]:8080"));
        // Left to the system, which knows what it makes of them; the guard is asked about the result.
        for name in ["http://example.com/", "http://127.1/", "http://2130706433/", "http://0x7f000001/"] {
            check(name, None);
        }
    }
}

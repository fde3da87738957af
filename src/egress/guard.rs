//! Which addresses may be called: checked on what a name resolves to, and those very addresses are connected to.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, OnceLock};

use ureq::Error;
use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::{ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::NextTimeout;

use crate::domain::address::{Cidr, blocked, metadata, private};
use crate::domain::webhook::url::{FIRST_FREE_PORT, is_usual_port};

/// What the operator permits beyond public addresses and HTTPS.
#[derive(Clone, Debug, Default)]
pub struct Policy {
    pub allow_http: bool,
    /// Loopback and private networks, as in development.
    pub allow_private: bool,
    pub allow: Vec<Cidr>,
}

impl Policy {
    /// What the operator has opened is open on every port; anybody else's host, on those that webhooks are received on.
    pub fn permits(&self, place: SocketAddr) -> bool {
        let ip = place.ip();
        let opened = (self.allow_private && private(ip)) || self.allow.iter().any(|range| range.contains(ip));
        !metadata(ip) && (opened || !blocked(ip) && self.takes_port(place.port()))
    }

    fn takes_port(&self, port: u16) -> bool {
        is_usual_port(port, self.allow_http) || FIRST_FREE_PORT <= port
    }
}

/// Resolves for one request. No name is looked up a second time between the check and the connection, so one that
/// changes its address in between gains nothing.
#[derive(Debug)]
pub struct Guard {
    pub policy: Arc<Policy>,
    pub names: Arc<dyn Resolver>,
    /// The address that is tried first.
    pub remote: Arc<OnceLock<IpAddr>>,
}

impl Resolver for Guard {
    fn resolve(&self, uri: &Uri, config: &Config, timeout: NextTimeout) -> Result<ResolvedSocketAddrs, Error> {
        let found = self.names.resolve(uri, config, timeout).map_err(|error| match error {
            Error::Io(_) => Error::HostNotFound,
            other => other,
        })?;
        // One blocked address among public ones is no accident.
        if found.iter().any(|address| !self.policy.permits(*address)) {
            return Err(Error::Other(Box::new(Blocked)));
        }
        if let Some(first) = found.first() {
            let _ = self.remote.set(first.ip());
        }
        Ok(found)
    }
}

#[derive(Debug)]
pub struct Blocked;

impl fmt::Display for Blocked {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("the address is blocked")
    }
}

impl std::error::Error for Blocked {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_policy_opens_what_it_names_and_never_metadata() {
        let check = |policy: &Policy, open: &str, closed: &str| {
            for text in open.split_whitespace() {
                assert!(policy.permits(SocketAddr::new(text.parse().unwrap(), 443)), "{text}");
            }
            for text in closed.split_whitespace() {
                assert!(!policy.permits(SocketAddr::new(text.parse().unwrap(), 443)), "{text}");
            }
        };
        let ranges = |texts: &[&str]| texts.iter().map(|text| text.parse().unwrap()).collect();
        let closed = Policy::default();
        check(&closed, "1.1.1.1 2606:4700::1111", "127.0.0.1 10.0.0.1 ::1 169.254.169.254");
        let private = Policy { allow_private: true, ..Policy::default() };
        check(&private, "127.0.0.1 10.0.0.1 192.168.1.1 ::1 fd00::1", "169.254.169.254 fd00:ec2::254 0.0.0.0 224.0.0.1");
        let one = Policy { allow: ranges(&["127.0.0.1", "10.1.2.0/24"]), ..Policy::default() };
        check(&one, "127.0.0.1 10.1.2.9 1.1.1.1", "127.0.0.2 10.1.3.1 ::ffff:127.0.0.1 ::1");
        let all = Policy { allow_private: true, allow: ranges(&["0.0.0.0/0", "::/0"]), ..Policy::default() };
        check(&all, "10.0.0.1 0.0.0.0 ::1", "169.254.169.254 100.100.100.200 fd00:ec2::254 ::ffff:169.254.169.254");
    }

    #[test]
    fn low_ports_are_open_only_where_the_operator_opened_the_address() {
        let check = |policy: &Policy, open: &str, closed: &str| {
            for (texts, permitted) in [(open, true), (closed, false)] {
                for text in texts.split_whitespace() {
                    assert_eq!(policy.permits(text.parse().unwrap()), permitted, "{text}");
                }
            }
        };
        let public = "1.1.1.1:443 1.1.1.1:1024 1.1.1.1:65535 [2606:4700::1111]:443 [2606:4700::1111]:8443";
        let low = "1.1.1.1:22 1.1.1.1:25 1.1.1.1:1 1.1.1.1:0 1.1.1.1:1023 [2606:4700::1111]:25 [2606:4700::1111]:53";
        let plain = "1.1.1.1:80 [2606:4700::1111]:80";
        let closed = Policy::default();
        check(&closed, public, &format!("{low} {plain} 10.1.2.3:443"));
        let http = Policy { allow_http: true, ..Policy::default() };
        check(&http, &format!("{public} {plain}"), low);
        let one = Policy { allow: vec!["10.1.2.0/24".parse().unwrap()], ..Policy::default() };
        check(&one, &format!("{public} 10.1.2.3:25 10.1.2.3:80 10.1.2.3:1"), &format!("{low} {plain} 10.1.3.3:25"));
        let private = Policy { allow_private: true, ..Policy::default() };
        check(&private, &format!("{public} 127.0.0.1:25 192.168.1.1:80 [::1]:22"), &format!("{low} {plain} 169.254.169.254:25"));
    }
}

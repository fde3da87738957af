//! Which addresses may be called: checked on what a name resolves to, and those very addresses are connected to.

use std::fmt;
use std::net::IpAddr;
use std::sync::{Arc, OnceLock};

use ureq::Error;
use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::{ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::NextTimeout;

use crate::domain::address::{Cidr, blocked, metadata, private};

/// What the operator permits beyond public addresses and HTTPS.
#[derive(Clone, Debug, Default)]
pub struct Policy {
    pub allow_http: bool,
    /// Loopback and private networks, as in development.
    pub allow_private: bool,
    pub allow: Vec<Cidr>,
}

impl Policy {
    pub fn permits(&self, ip: IpAddr) -> bool {
        let opened = (self.allow_private && private(ip)) || self.allow.iter().any(|range| range.contains(ip));
        !metadata(ip) && (opened || !blocked(ip))
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
        if found.iter().any(|address| !self.policy.permits(address.ip())) {
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
                assert!(policy.permits(text.parse().unwrap()), "{text}");
            }
            for text in closed.split_whitespace() {
                assert!(!policy.permits(text.parse().unwrap()), "{text}");
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
}

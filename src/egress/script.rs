//! Name lookups that do as a test tells them, in place of the world's.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::{ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::NextTimeout;
use ureq::{Error, Timeout};

use crate::egress::guard::Policy;
use crate::egress::{Egress, RESOLVE_TIMEOUT};

/// As many as the real lookup takes.
const ADDRESSES_MAX: usize = 16;

/// What comes of a lookup, and with it of its request.
#[derive(Clone, Debug)]
pub enum Lookup {
    Finds(Vec<SocketAddr>),
    NoSuchName,
    Fails,
    /// Until the time that the lookup was given is over.
    Hangs,
    /// As if everything had gone well, but for the connection.
    ConnectTimesOut,
    /// As if everything had gone well, but for the answer.
    AnswerTimesOut,
    Panics,
}

/// The outcomes of the next lookups; after them, every name leads to one address.
#[derive(Clone, Debug)]
pub struct Script {
    next: Arc<Mutex<VecDeque<Lookup>>>,
    then: Lookup,
}

impl Script {
    pub fn new(next: &[Lookup], then: Lookup) -> Self {
        Self { next: Arc::new(Mutex::new(next.iter().cloned().collect())), then }
    }

    pub fn push(&self, lookup: Lookup) {
        self.next.lock().unwrap().push_back(lookup);
    }

    pub fn is_played(&self) -> bool {
        self.next.lock().unwrap().is_empty()
    }
}

impl Resolver for Script {
    fn resolve(&self, _: &Uri, _: &Config, timeout: NextTimeout) -> Result<ResolvedSocketAddrs, Error> {
        let next = self.next.lock().unwrap().pop_front();
        let found = match next.unwrap_or_else(|| self.then.clone()) {
            Lookup::Finds(found) => found,
            Lookup::NoSuchName => return Err(Error::HostNotFound),
            Lookup::Fails => return Err(Error::Io(std::io::Error::other("temporary failure in name resolution"))),
            Lookup::Hangs => {
                assert!(*timeout.after <= RESOLVE_TIMEOUT && timeout.reason == Timeout::Resolve, "{timeout:?}");
                return Err(Error::Timeout(timeout.reason));
            }
            Lookup::ConnectTimesOut => return Err(Error::Timeout(Timeout::Connect)),
            Lookup::AnswerTimesOut => return Err(Error::Timeout(Timeout::Global)),
            Lookup::Panics => unreachable!("the sender breaks"),
        };
        let mut addresses = self.empty();
        found.iter().take(ADDRESSES_MAX).for_each(|address| addresses.push(*address));
        Ok(addresses)
    }
}

impl Egress {
    pub fn scripted(policy: Policy, script: Script) -> Self {
        Self::with_names(policy, script)
    }
}

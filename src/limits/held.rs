//! What each network holds at the same time, such as connections: one network must not take every place.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use crate::domain::address::Cidr;
use crate::limits::network::{Network, networks};

/// Of all places, what a single network may hold at most, whatever its share: one in so many.
const NETWORK_PART: usize = 4;

/// Counts by network; clones share the counts.
#[derive(Clone)]
pub struct Holdings {
    held: Arc<Mutex<HashMap<Network, usize>>>,
    /// Of what counts as one customer.
    each_max: usize,
    network_max: usize,
    exempt: Arc<[Cidr]>,
}

impl Holdings {
    /// `exempt` speak for many, such as proxies. This machine itself always does.
    pub fn new(each_max: usize, all_max: usize, exempt: impl IntoIterator<Item = Cidr>) -> Self {
        let exempt = exempt.into_iter().collect();
        Self { held: Arc::default(), each_max, network_max: each_max.max(all_max / NETWORK_PART), exempt }
    }

    /// A place, unless one of the address's networks holds as many as it may.
    pub fn take(&self, address: IpAddr) -> Option<Held> {
        let address = address.to_canonical();
        let is_exempt = address.is_loopback() || self.exempt.iter().any(|range| range.contains(address));
        let networks = if is_exempt { Vec::new() } else { networks(address) };
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if networks.iter().any(|network| held.get(network).is_some_and(|count| *count >= self.most(network))) {
            return None;
        }
        networks.iter().for_each(|network| *held.entry(*network).or_default() += 1);
        drop(held);
        Some(Held { holdings: self.clone(), networks })
    }

    fn most(&self, network: &Network) -> usize {
        self.each_max.saturating_mul(network.share as usize).min(self.network_max)
    }
}

/// One place of an address's networks, until it is dropped.
pub struct Held {
    holdings: Holdings,
    networks: Vec<Network>,
}

impl Drop for Held {
    fn drop(&mut self) {
        let mut held = self.holdings.held.lock().unwrap_or_else(PoisonError::into_inner);
        for network in &self.networks {
            if let Some(count) = held.get_mut(network) {
                *count -= 1;
                if *count == 0 {
                    held.remove(network);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many of `addresses` are let in, if nobody leaves.
    fn admitted(each_max: usize, all_max: usize, addresses: impl IntoIterator<Item = String>) -> usize {
        let holdings = Holdings::new(each_max, all_max, ["192.0.2.9".parse().unwrap()]);
        let held: Vec<_> = addresses.into_iter().filter_map(|text| holdings.take(text.parse().unwrap())).collect();
        held.len()
    }

    #[test]
    fn an_address_holds_only_so_many_places_and_gets_them_back() {
        let holdings = Holdings::new(2, 100, []);
        let take = |text: &str| holdings.take(text.parse().unwrap());
        let (first, second) = (take("192.0.2.1"), take("::ffff:192.0.2.1"));
        assert!(first.is_some() && second.is_some() && take("192.0.2.1").is_none());
        assert!(take("192.0.2.2").is_some());
        drop(first);
        let third = take("192.0.2.1");
        assert!(third.is_some());
        drop((second, third));
        assert!(holdings.held.lock().unwrap().is_empty());
    }

    #[test]
    fn no_network_of_any_size_holds_all_places() {
        let many = |name: fn(usize) -> String| (0..12_000).map(name);
        assert_eq!(admitted(500, 12_000, many(|_| "2001:db8:1:1::1".into())), 500);
        assert_eq!(admitted(500, 12_000, many(|n| format!("2001:db8:1:1::{n:x}"))), 500);
        assert_eq!(admitted(500, 12_000, many(|n| format!("2001:db8:1:{:x}::1", n % 256))), 2_000);
        assert_eq!(admitted(500, 12_000, many(|n| format!("2001:db8:1:{n:x}::1"))), 3_000);
        assert_eq!(admitted(500, 12_000, many(|n| format!("2001:db8:{:x}:1::1", n % 2))), 1_000);
        assert_eq!(admitted(500, 12_000, many(|n| format!("198.51.100.{}", n % 256))), 3_000);
        assert_eq!(admitted(500, 12_000, many(|n| format!("198.51.{}.{}", n % 100, n % 256))), 12_000);
        assert_eq!(admitted(10, 12_000, many(|n| format!("198.51.100.{}", n % 256))), 80);
        assert_eq!(admitted(10, 12_000, many(|n| format!("2001:db8:1:{n:x}::1"))), 160);
        // Where there are few places in all, one customer still gets what the configuration says.
        assert_eq!(admitted(500, 60, many(|n| format!("2001:db8:1:{n:x}::1"))), 500);
    }

    #[test]
    fn whoever_speaks_for_many_holds_any_number() {
        for address in ["192.0.2.9", "::ffff:192.0.2.9", "127.0.0.1", "127.9.9.9", "::1"] {
            assert_eq!(admitted(2, 100, std::iter::repeat_n(address.to_owned(), 50)), 50, "{address}");
        }
        assert_eq!(admitted(2, 100, std::iter::repeat_n("192.0.2.8".to_owned(), 50)), 2);
    }

    #[test]
    fn a_refusal_takes_no_place_in_the_wider_networks() {
        let holdings = Holdings::new(1, 100, []);
        let take = |text: &str| holdings.take(text.parse().unwrap());
        let _one = take("198.51.100.1");
        assert!((0..100).all(|_| take("198.51.100.1").is_none()));
        let others: Vec<_> = (2..9).map(|n| take(&format!("198.51.100.{n}"))).collect();
        assert!(others.iter().all(Option::is_some) && take("198.51.100.9").is_none());
    }
}

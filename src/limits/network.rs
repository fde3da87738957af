//! The networks that an address belongs to: limits count each of them, so that one network fills only its own share.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::limits::Window;

/// A block of addresses, and how many times a single customer's limit it is granted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Network {
    address: IpAddr,
    prefix: u8,
    pub share: u32,
}

/// IPv4: the address, which one household or office has, and the block that an internet provider hands out.
const V4: [(u8, u32); 2] = [(32, 1), (24, 8)];
/// IPv6: providers give a customer a /64, a /56 or a /48; tunnels come with a /48.
const V6: [(u8, u32); 3] = [(64, 1), (56, 4), (48, 16)];

/// Narrowest first: whoever is over their own limit takes nothing from that of their neighbours.
pub fn networks(address: IpAddr) -> Vec<Network> {
    let address = address.to_canonical();
    let blocks: &[(u8, u32)] = if address.is_ipv4() { &V4 } else { &V6 };
    blocks.iter().map(|&(prefix, share)| Network { address: masked(address, prefix), prefix, share }).collect()
}

/// What counts as one customer: an IPv4 address or an IPv6 /64 network.
pub fn narrowest(address: IpAddr) -> Network {
    networks(address)[0]
}

/// What counts as one provider's customer at most: an IPv4 /24 or an IPv6 /48 network.
pub fn widest(address: IpAddr) -> Network {
    let networks = networks(address);
    networks[networks.len() - 1]
}

impl Network {
    /// The limits of a single customer, as many times as this network's share.
    pub fn windows(&self, of_one: &[Window]) -> Vec<Window> {
        let scaled = |window: &Window| Window { limit: window.limit.saturating_mul(self.share), ..*window };
        of_one.iter().map(scaled).collect()
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self.address {
            IpAddr::V4(address) if self.prefix == 32 => write!(f, "{address}"),
            address => write!(f, "{address}/{}", self.prefix),
        }
    }
}

fn masked(address: IpAddr, prefix: u8) -> IpAddr {
    match address {
        IpAddr::V4(v4) => Ipv4Addr::from_bits(v4.to_bits() & (u32::MAX << (32 - u32::from(prefix)))).into(),
        IpAddr::V6(v6) => Ipv6Addr::from_bits(v6.to_bits() & (u128::MAX << (128 - u32::from(prefix)))).into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(address: &str, expected: &[&str]) {
        let found: Vec<_> = networks(address.parse().unwrap()).iter().map(ToString::to_string).collect();
        assert_eq!(found, expected, "{address}");
    }

    #[test]
    fn an_address_belongs_to_networks_of_several_sizes() {
        check("198.51.100.77", &["198.51.100.77", "198.51.100.0/24"]);
        check("::ffff:198.51.100.77", &["198.51.100.77", "198.51.100.0/24"]);
        check("2001:db8:1:2a3:4::5", &["2001:db8:1:2a3::/64", "2001:db8:1:200::/56", "2001:db8:1::/48"]);
        check("::1", &["::/64", "::/56", "::/48"]);
    }

    #[test]
    fn a_wider_network_is_granted_more() {
        let one = [Window { limit: 10, span_ms: 1_000 }, Window { limit: u32::MAX, span_ms: 9 }];
        let granted = |address: &str| {
            let networks = networks(address.parse().unwrap());
            networks.iter().map(|network| network.windows(&one)[0].limit).collect::<Vec<_>>()
        };
        assert_eq!(granted("198.51.100.77"), [10, 80]);
        assert_eq!(granted("2001:db8::"), [10, 40, 160]);
        assert_eq!(widest("2001:db8::".parse().unwrap()).windows(&one)[1].limit, u32::MAX);
    }
}

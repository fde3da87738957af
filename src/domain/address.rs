//! Network addresses: ranges, and which of them the program must never call.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

/// A range of addresses, written `10.1.2.0/24`; a lone address is a range of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cidr {
    base: IpAddr,
    prefix: u8,
}

impl Cidr {
    const fn v4(a: u8, b: u8, c: u8, prefix: u8) -> Self {
        Self { base: IpAddr::V4(Ipv4Addr::new(a, b, c, 0)), prefix }
    }

    const fn v6(a: u16, b: u16, prefix: u8) -> Self {
        Self { base: IpAddr::V6(Ipv6Addr::new(a, b, 0, 0, 0, 0, 0, 0)), prefix }
    }

    pub fn contains(&self, ip: IpAddr) -> bool {
        match (self.base, ip) {
            (IpAddr::V4(base), IpAddr::V4(ip)) => agree(u128::from(base.to_bits() ^ ip.to_bits()), 32 - self.prefix),
            (IpAddr::V6(base), IpAddr::V6(ip)) => agree(base.to_bits() ^ ip.to_bits(), 128 - self.prefix),
            _ => false,
        }
    }
}

/// Whether nothing but the last `free_bits` differs.
fn agree(difference: u128, free_bits: u8) -> bool {
    difference.checked_shr(u32::from(free_bits)).unwrap_or_default() == 0
}

impl FromStr for Cidr {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("{text:?} is not an address range such as 10.1.2.0/24");
        let (base, prefix) = text.split_once('/').map_or((text, None), |(base, prefix)| (base, Some(prefix)));
        let base: IpAddr = base.parse().map_err(|_| wrong())?;
        let longest = if base.is_ipv4() { 32 } else { 128 };
        let prefix = prefix.map_or(Ok(longest), |p| p.parse().map_err(|_| wrong()))?;
        if prefix > longest { Err(wrong()) } else { Ok(Self { base, prefix }) }
    }
}

impl fmt::Display for Cidr {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "{}/{}", self.base, self.prefix)
    }
}

/// IPv4 ranges that are not the public internet.
const BLOCKED_V4: [Cidr; 15] = [
    Cidr::v4(0, 0, 0, 8),
    Cidr::v4(10, 0, 0, 8),
    Cidr::v4(100, 64, 0, 10),
    Cidr::v4(127, 0, 0, 8),
    Cidr::v4(169, 254, 0, 16),
    Cidr::v4(172, 16, 0, 12),
    Cidr::v4(192, 0, 0, 24),
    Cidr::v4(192, 0, 2, 24),
    Cidr::v4(192, 88, 99, 24),
    Cidr::v4(192, 168, 0, 16),
    Cidr::v4(198, 18, 0, 15),
    Cidr::v4(198, 51, 100, 24),
    Cidr::v4(203, 0, 113, 24),
    Cidr::v4(224, 0, 0, 4),
    Cidr::v4(240, 0, 0, 4),
];

/// Only global unicast is public in IPv6: mapped, compatible, NAT64, local and multicast forms all lie outside it.
const PUBLIC_V6: Cidr = Cidr::v6(0x2000, 0, 3);

/// Parts of global unicast that carry IPv4 inside (Teredo, 6to4) or are for documents.
const BLOCKED_V6: [Cidr; 4] =
    [Cidr::v6(0x2001, 0, 23), Cidr::v6(0x2001, 0x0db8, 32), Cidr::v6(0x2002, 0, 16), Cidr::v6(0x3fff, 0, 20)];

/// Whether an address is anything but a public one.
pub fn blocked(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(_) => metadata(ip) || BLOCKED_V4.iter().any(|range| range.contains(ip)),
        IpAddr::V6(_) => !PUBLIC_V6.contains(ip) || BLOCKED_V6.iter().any(|range| range.contains(ip)),
    }
}

/// The machine itself and networks of one's own: what may be opened for a receiver next door.
pub fn private(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => ip.is_loopback() || ip.is_private(),
        IpAddr::V6(ip) => ip.is_loopback() || ip.is_unique_local(),
    }
}

/// On this machine or in a network around it: no stranger of the public internet has such an address.
pub fn nearby(ip: IpAddr) -> bool {
    private(ip) || LOCAL.iter().any(|range| range.contains(ip))
}

/// Link-local addresses, and those that providers and overlay networks share.
const LOCAL: [Cidr; 3] = [Cidr::v4(169, 254, 0, 16), Cidr::v4(100, 64, 0, 10), Cidr::v6(0xfe80, 0, 10)];

/// Where clouds hand out credentials to whoever asks from inside: never opened, whatever is allowed.
pub fn metadata(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => ip.is_link_local() || METADATA_V4.contains(&ip),
        IpAddr::V6(ip) => METADATA_V6.contains(&ip) || carried(ip).is_some_and(|v4| metadata(IpAddr::V4(v4))),
    }
}

/// Alibaba, Oracle and Azure; the others use 169.254.0.0/16.
const METADATA_V4: [Ipv4Addr; 3] =
    [Ipv4Addr::new(100, 100, 100, 200), Ipv4Addr::new(192, 0, 0, 192), Ipv4Addr::new(168, 63, 129, 16)];

/// Amazon and Google.
const METADATA_V6: [Ipv6Addr; 2] =
    [Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254), Ipv6Addr::new(0xfd20, 0xce, 0, 0, 0, 0, 0, 0x254)];

/// The IPv4 address that a mapped, compatible, NAT64 or 6to4 address leads to.
fn carried(ip: Ipv6Addr) -> Option<Ipv4Addr> {
    let halves = |high: u16, low: u16| Some(Ipv4Addr::from_bits(u32::from(high) << 16 | u32::from(low)));
    match ip.segments() {
        [0, 0, 0, 0, 0, 0 | 0xffff, high, low] | [0x64, 0xff9b, 0, 0, 0, 0, high, low] => halves(high, low),
        [0x2002, high, low, ..] => halves(high, low),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn d02_d03_d04_everything_but_the_public_internet_is_blocked() {
        let v4 = "0.0.0.0 0.255.255.255 10.0.0.1 100.64.0.1 100.127.255.255 100.100.100.200 127.0.0.1 127.0.0.2 \
                  127.255.255.255 168.63.129.16 169.254.169.254 172.16.0.1 172.31.255.255 192.0.0.192 192.0.2.1 \
                  192.88.99.1 192.168.0.1 198.18.0.1 198.19.255.255 198.51.100.1 203.0.113.1 224.0.0.1 \
                  239.255.255.255 240.0.0.1 255.255.255.255";
        let v6 = ":: ::1 ::ffff:127.0.0.2 ::127.0.0.2 0:0:0:0:0:ffff:7f00:2 fe80::1 fe81::1 febf::1 fec0::1 \
                  fc00::1 fd00:ec2::254 fd20:ce::254 64:ff9b::a9fe:a9fe 64:ff9b:1::1 2002:7f00:2:: \
                  2001:0:4136:e378::1 2001:1ff::1 2001:db8::1 3fff:fff::1 ff02::1 5f00::1 100::1 4000::1 \
                  ::ffff:8.8.8.8 64:ff9b::808:808";
        for text in v4.split_whitespace().chain(v6.split_whitespace()) {
            assert!(blocked(ip(text)), "{text}");
        }
    }

    #[test]
    fn public_addresses_are_not() {
        let public = "1.1.1.1 8.8.8.8 9.255.255.255 11.0.0.0 100.63.255.255 100.128.0.0 126.255.255.255 128.0.0.1 \
                      168.63.129.15 169.253.255.255 172.15.255.255 172.32.0.0 191.255.255.255 192.0.1.1 192.88.98.1 \
                      192.167.255.255 192.169.0.0 198.17.255.255 198.20.0.0 203.0.112.1 223.255.255.255 \
                      2000::1 2001:200::1 2001:db9::1 2606:4700:4700::1111 2003::1 2a00:1450::1 3ffe::1 3fff:1000::1";
        for text in public.split_whitespace() {
            assert!(!blocked(ip(text)), "{text}");
        }
    }

    #[test]
    fn what_is_nearby_is_nobody_elses() {
        for text in "127.0.0.1 ::1 10.1.2.3 172.16.0.9 192.168.1.5 169.254.3.4 100.101.102.103 fd12::1 fe80::1".split_whitespace()
        {
            assert!(nearby(ip(text)), "{text}");
        }
        for text in "8.8.8.8 203.0.113.7 172.32.0.1 100.128.0.1 2606:4700::1111 2001:db8::1 224.0.0.1".split_whitespace() {
            assert!(!nearby(ip(text)), "{text}");
        }
    }

    #[test]
    fn metadata_is_recognised_in_every_spelling() {
        let spellings = "169.254.169.254 169.254.170.2 100.100.100.200 192.0.0.192 168.63.129.16 fd00:ec2::254 \
                         fd20:ce::254 ::ffff:169.254.169.254 ::169.254.169.254 64:ff9b::a9fe:a9fe 2002:a9fe:a9fe::";
        for text in spellings.split_whitespace() {
            assert!(metadata(ip(text)), "{text}");
        }
        for text in ["127.0.0.1", "10.0.0.1", "8.8.8.8", "::1", "fd00::1", "2606:4700::1111", "64:ff9b::808:808"] {
            assert!(!metadata(ip(text)), "{text}");
        }
    }

    #[test]
    fn a_range_holds_what_agrees_in_its_prefix() {
        let holds = |range: &str, text: &str| range.parse::<Cidr>().unwrap().contains(ip(text));
        assert!(holds("10.1.2.0/24", "10.1.2.255") && !holds("10.1.2.0/24", "10.1.3.0"));
        assert!(holds("0.0.0.0/0", "255.1.2.3") && !holds("0.0.0.0/0", "::1"));
        assert!(holds("127.0.0.1", "127.0.0.1") && !holds("127.0.0.1", "127.0.0.2"));
        assert!(holds("::/0", "fd00::1") && holds("fd00::/8", "fdff::1") && !holds("fd00::/8", "fe00::1"));
        assert!(holds("::1/128", "::1") && !holds("::1/128", "::2"));
    }

    #[test]
    fn what_is_no_range_is_refused() {
        for wrong in ["", "10.0.0.0/33", "::/129", "10.0.0/8", "10.0.0.0/", "10.0.0.0/-1", "host/8", "10.0.0.0/8/8"] {
            assert!(wrong.parse::<Cidr>().is_err(), "{wrong}");
        }
        assert_eq!("10.1.2.3/24".parse::<Cidr>().unwrap().to_string(), "10.1.2.3/24");
    }
}

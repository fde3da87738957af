//! A limit that strangers have in common: no network takes more than its part, and past it those who ask little are served.

use crate::limits::network::Network;
use crate::limits::{Limiter, Verdict, Window};

/// Of the limit, what one network may take: one in so many.
const PART: u32 = 4;
/// A network that has had fewer than these asks little, and this much is granted to each, if the limit is not smaller.
pub const LITTLE: u32 = 10;
/// Nobody is served past so many times the limit.
const CEILING: u32 = 4;

/// Where an admitted request stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Room {
    Within,
    /// Served although the limit is used up: its network has asked little.
    Past,
}

/// What a single network may take of a common limit.
pub fn part(limit: u32) -> u32 {
    (limit / PART).max(LITTLE.min(limit))
}

/// Takes a place in what is called `common`, for a request from `network`.
pub fn admit(limiter: &Limiter<String>, common: &str, network: Network, now_ms: i64, window: Window) -> Result<Room, Verdict> {
    let (own, part) = (format!("{common}:{network}"), part(window.limit));
    let had = limiter.peek(&own, now_ms, &[Window { limit: part, ..window }]);
    if !had.allowed {
        return Err(had);
    }
    let asks_little = part - had.remaining < LITTLE;
    let most = if asks_little { window.limit.saturating_mul(CEILING) } else { window.limit };
    let all = limiter.admit(&common.to_owned(), now_ms, &[Window { limit: most, ..window }]);
    if !all.allowed {
        return Err(all);
    }
    limiter.admit(&own, now_ms, &[Window { limit: part, ..window }]);
    Ok(if most - all.remaining > window.limit { Room::Past } else { Room::Within })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time::MINUTE_MS;
    use crate::limits::network::widest;

    struct Common {
        limiter: Limiter<String>,
        window: Window,
    }

    impl Common {
        fn of(limit: u32) -> Self {
            Self { limiter: Limiter::new(), window: Window { limit, span_ms: MINUTE_MS } }
        }

        /// How many of `count` requests are within the limit, and how many past it.
        fn ask(&self, address: &str, at_ms: i64, count: u32) -> (u32, u32) {
            let network = widest(address.parse().unwrap());
            let admitted = (0..count).map(|_| admit(&self.limiter, "agent", network, at_ms, self.window));
            let rooms: Vec<_> = admitted.flatten().collect();
            let of = |room| rooms.iter().filter(|mine| **mine == room).count() as u32;
            (of(Room::Within), of(Room::Past))
        }
    }

    #[test]
    fn one_network_takes_a_quarter_however_many_addresses_it_has() {
        let common = Common::of(600);
        let of_one: u32 = (0..70).map(|n| common.ask(&format!("2001:db8:9:{n:x}::1"), 0, 60).0).sum();
        assert_eq!(of_one, 150);
        assert_eq!(common.ask("198.51.100.77", 0, 10), (10, 0));
        let of_ten: u32 = (0..10).map(|n| common.ask(&format!("203.0.113.{n}"), 0, 60).0).sum();
        assert_eq!(of_ten, 150);
        assert_eq!(common.ask("2001:db8:9::1", MINUTE_MS - 1, 1), (0, 0));
        assert_eq!(common.ask("2001:db8:9::1", MINUTE_MS, 1), (1, 0));
    }

    #[test]
    fn past_the_limit_those_are_served_who_ask_little_up_to_the_ceiling() {
        let common = Common::of(600);
        let loud: Vec<_> = (0..4).map(|n| format!("2001:db8:{n:x}::1")).collect();
        assert_eq!(loud.iter().map(|address| common.ask(address, 0, 200).0).sum::<u32>(), 600);
        assert!(loud.iter().all(|address| common.ask(address, 0, 1) == (0, 0)));
        assert_eq!(common.ask("198.51.100.77", 0, 20), (0, 10));
        let others: u32 = (0..250).map(|n| common.ask(&format!("10.0.{n}.1"), 0, 10).1).sum();
        assert_eq!(others, 1_790);
        assert_eq!(common.ask("192.0.2.1", 0, 1), (0, 0));
        assert_eq!(common.ask("192.0.2.1", MINUTE_MS, 1), (1, 0));
    }

    #[test]
    fn a_small_limit_is_one_networks_own() {
        for (limit, expected) in [(0, 0), (1, 1), (5, 5), (10, 10), (39, 10), (40, 10), (44, 11), (4_000, 1_000)] {
            let common = Common::of(limit);
            assert_eq!(common.ask("192.0.2.1", 0, 5_000), (expected, 0), "{limit}");
            let (within, past) = common.ask("198.51.100.1", 0, 1);
            assert_eq!(within + past, limit.min(1), "{limit}");
        }
    }
}

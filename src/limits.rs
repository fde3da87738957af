//! Exact rate limits over rolling windows: a log of the admitted instants of each key.

pub mod fair;
pub mod held;
pub mod network;
pub mod soft_lock;

use std::collections::{HashMap, VecDeque};
use std::hash::Hash;
use std::sync::{Mutex, PoisonError};

use crate::domain::time::{MINUTE_MS, SECOND_MS, Time};

/// Keys remembered at once; beyond it those unused for longest are forgotten.
const KEYS_MAX: usize = 100_000;
/// What is left of them then, so that forgetting is rare.
const KEYS_KEPT: usize = 90_000;

/// At most `limit` requests in any `span_ms` milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    pub limit: u32,
    pub span_ms: i64,
}

/// What a plan grants each API key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quota {
    pub per_minute: u32,
    pub burst_per_second: u32,
}

impl Quota {
    pub const fn windows(self) -> [Window; 2] {
        [Window { limit: self.per_minute, span_ms: MINUTE_MS }, Window { limit: self.burst_per_second, span_ms: SECOND_MS }]
    }
}

/// Whether a request may pass, and the numbers that its caller is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verdict {
    pub allowed: bool,
    /// Of the first window, like `remaining`.
    pub limit: u32,
    /// Requests left after this one.
    pub remaining: u32,
    /// Admitted: when the oldest request leaves the first window. Refused: the first moment at which a retry succeeds.
    pub reset_at_ms: i64,
    /// Zero when admitted.
    pub retry_after_ms: i64,
}

impl Verdict {
    /// The reset as a Unix second, rounded up: a request sent at that second is not early.
    pub fn reset_unix_seconds(&self, now_ms: i64, wall: Time) -> i64 {
        seconds_rounded_up(wall.ms() + (self.reset_at_ms - now_ms))
    }

    pub fn retry_after_seconds(&self) -> i64 {
        seconds_rounded_up(self.retry_after_ms).max(1)
    }
}

fn seconds_rounded_up(ms: i64) -> i64 {
    (ms + SECOND_MS - 1).div_euclid(SECOND_MS)
}

/// Counts requests by key. Time is an argument: milliseconds that never go backwards.
pub struct Limiter<K> {
    logs: Mutex<Logs<K>>,
}

struct Logs<K> {
    by_key: HashMap<K, Log>,
    /// Idle keys are looked for when there are this many; grows with the number in use, so that looking stays cheap.
    sweep_at: usize,
}

/// The admitted instants of one key, oldest first. Refused requests take no place.
#[derive(Default)]
struct Log {
    admitted: VecDeque<i64>,
    idle_at_ms: i64,
}

impl<K: Clone + Eq + Hash> Default for Limiter<K> {
    fn default() -> Self {
        Self::new()
    }
}

impl<K: Clone + Eq + Hash> Limiter<K> {
    pub fn new() -> Self {
        Self { logs: Mutex::new(Logs { by_key: HashMap::new(), sweep_at: KEYS_MAX / 100 }) }
    }

    /// Admits the request if every window has room for it. `windows` must not be empty.
    pub fn admit(&self, key: &K, now_ms: i64, windows: &[Window]) -> Verdict {
        let mut logs = self.logs.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(log) = logs.by_key.get_mut(key) {
            return log.admit(now_ms, windows);
        }
        logs.make_room(now_ms);
        logs.by_key.entry(key.clone()).or_default().admit(now_ms, windows)
    }

    /// What was admitted last did not take place: its place is free again.
    pub fn take_back(&self, key: &K) {
        let mut logs = self.logs.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(log) = logs.by_key.get_mut(key) {
            log.admitted.pop_back();
        }
    }

    /// What [`Self::admit`] would say, but the request takes no place, and `remaining` does not count it.
    pub fn peek(&self, key: &K, now_ms: i64, windows: &[Window]) -> Verdict {
        let logs = self.logs.lock().unwrap_or_else(PoisonError::into_inner);
        logs.by_key.get(key).map_or_else(|| Log::default().verdict(now_ms, windows), |log| log.verdict(now_ms, windows))
    }
}

impl Log {
    fn admit(&mut self, now_ms: i64, windows: &[Window]) -> Verdict {
        // Two threads may read the clock in one order and arrive in the other; the log stays sorted all the same.
        let now_ms = self.admitted.back().map_or(now_ms, |last| now_ms.max(*last));
        let verdict = self.verdict(now_ms, windows);
        if !verdict.allowed {
            return verdict;
        }
        let longest_ms = windows.iter().map(|w| w.span_ms).max().unwrap_or_default();
        self.admitted.drain(..self.admitted.len() - self.counted(now_ms, longest_ms));
        self.admitted.push_back(now_ms);
        self.idle_at_ms = now_ms + longest_ms;
        Verdict { remaining: verdict.remaining.saturating_sub(1), ..verdict }
    }

    fn verdict(&self, now_ms: i64, windows: &[Window]) -> Verdict {
        let Window { limit, span_ms } = windows[0];
        let counted = self.counted(now_ms, span_ms);
        let room_at_ms = windows.iter().map(|w| self.room_at(now_ms, *w)).max().unwrap_or(now_ms);
        let allowed = room_at_ms <= now_ms;
        Verdict {
            allowed,
            limit,
            remaining: limit.saturating_sub(u32::try_from(counted).unwrap_or(u32::MAX)),
            reset_at_ms: if allowed { self.newest(counted).unwrap_or(now_ms) + span_ms } else { room_at_ms },
            retry_after_ms: room_at_ms - now_ms,
        }
    }

    /// The first moment, from now on, at which the window takes another request.
    fn room_at(&self, now_ms: i64, window: Window) -> i64 {
        // A window without places never has room; a span later is when to ask again.
        let in_the_way = if window.limit == 0 { Some(now_ms) } else { self.newest(window.limit as usize) };
        in_the_way.map_or(now_ms, |at| now_ms.max(at + window.span_ms))
    }

    /// Requests of the last `span_ms`; one exactly that old is out.
    fn counted(&self, now_ms: i64, span_ms: i64) -> usize {
        self.admitted.len() - self.admitted.partition_point(|at| *at <= now_ms - span_ms)
    }

    /// The oldest of the `count` newest instants.
    fn newest(&self, count: usize) -> Option<i64> {
        let index = self.admitted.len().checked_sub(count)?;
        self.admitted.get(index).copied()
    }
}

impl<K: Eq + Hash> Logs<K> {
    fn make_room(&mut self, now_ms: i64) {
        if self.by_key.len() < self.sweep_at {
            return;
        }
        self.by_key.retain(|_, log| now_ms < log.idle_at_ms);
        self.forget_oldest(self.by_key.len().saturating_sub(KEYS_KEPT));
        self.sweep_at = (self.by_key.len() * 2).clamp(KEYS_MAX / 100, KEYS_MAX);
    }

    fn forget_oldest(&mut self, mut excess: usize) {
        if excess == 0 {
            return;
        }
        let mut ends: Vec<i64> = self.by_key.values().map(|log| log.idle_at_ms).collect();
        let (_, &mut last_ms, _) = ends.select_nth_unstable(excess - 1);
        self.by_key.retain(|_, log| {
            let forgotten = excess > 0 && log.idle_at_ms <= last_ms;
            excess -= usize::from(forgotten);
            !forgotten
        });
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use proptest::prelude::*;

    use super::*;

    const QUOTA: Quota = Quota { per_minute: 100, burst_per_second: 20 };

    fn admitted(limiter: &Limiter<&str>, at_ms: i64, count: u32) -> u32 {
        (0..count).map(|_| u32::from(limiter.admit(&"key", at_ms, &QUOTA.windows()).allowed)).sum()
    }

    #[test]
    fn the_hundred_and_first_request_of_a_minute_waits_for_the_first_to_leave() {
        let limiter = Limiter::new();
        let windows = QUOTA.windows();
        for n in 0..100 {
            let verdict = limiter.admit(&"key", 1_000 + 70 * n, &windows);
            assert_eq!((verdict.allowed, verdict.remaining, verdict.reset_at_ms), (true, 99 - n as u32, 61_000));
        }
        let refused = limiter.admit(&"key", 10_000, &windows);
        assert_eq!((refused.allowed, refused.remaining), (false, 0));
        assert_eq!((refused.reset_at_ms, refused.retry_after_ms, refused.retry_after_seconds()), (61_000, 51_000, 51));
        assert!(!limiter.admit(&"key", 60_999, &windows).allowed);
        assert!(limiter.admit(&"key", 61_000, &windows).allowed);
    }

    #[test]
    fn a_burst_is_refused_without_touching_the_minute() {
        let limiter = Limiter::new();
        assert_eq!(admitted(&limiter, 0, 21), 20);
        let refused = limiter.admit(&"key", 400, &QUOTA.windows());
        assert_eq!((refused.allowed, refused.limit, refused.remaining), (false, 100, 80));
        assert_eq!((refused.reset_at_ms, refused.retry_after_seconds()), (1_000, 1));
    }

    #[test]
    fn hammering_while_limited_does_not_lengthen_the_wait() {
        let limiter = Limiter::new();
        let passed: u32 = (0..300_000).step_by(7).map(|at_ms| admitted(&limiter, at_ms, 1)).sum();
        assert_eq!(passed, 500);
    }

    #[test]
    fn a_raised_limit_holds_for_the_next_request() {
        let limiter = Limiter::new();
        admitted(&limiter, 0, 20);
        let larger = Quota { per_minute: 1_000, burst_per_second: 100 };
        assert_eq!(limiter.admit(&"key", 0, &larger.windows()).remaining, 979);
        let smaller = Quota { per_minute: 5, burst_per_second: 2 };
        assert!(!limiter.admit(&"key", 59_999, &smaller.windows()).allowed);
        assert!(limiter.admit(&"key", 60_000, &smaller.windows()).allowed);
    }

    #[test]
    fn looking_takes_no_place() {
        let limiter = Limiter::new();
        assert_eq!(limiter.peek(&"key", 0, &QUOTA.windows()).remaining, 100);
        admitted(&limiter, 0, 3);
        assert_eq!(limiter.peek(&"key", 59_999, &QUOTA.windows()).remaining, 97);
        assert_eq!(limiter.peek(&"key", 60_000, &QUOTA.windows()).remaining, 100);
        assert_eq!(limiter.peek(&"other", 0, &QUOTA.windows()).remaining, 100);
    }

    #[test]
    fn a_place_that_is_taken_back_is_free() {
        let limiter = Limiter::new();
        assert_eq!(admitted(&limiter, 0, 21), 20);
        limiter.take_back(&"key");
        limiter.take_back(&"other");
        assert_eq!(admitted(&limiter, 0, 21), 1);
    }

    #[test]
    fn threads_that_race_for_the_last_places_get_just_those() {
        let limiter = Limiter::new();
        let passed: u32 = thread::scope(|scope| {
            let racers: Vec<_> = (0..64).map(|_| scope.spawn(|| admitted(&limiter, 0, 1))).collect();
            racers.into_iter().map(|racer| racer.join().unwrap()).sum()
        });
        assert_eq!(passed, 20);
    }

    #[test]
    fn the_reset_is_a_whole_second_that_is_not_early() {
        let verdict = Verdict { allowed: false, limit: 1, remaining: 0, reset_at_ms: 5_001, retry_after_ms: 1_001 };
        assert_eq!(verdict.reset_unix_seconds(4_000, Time::from_ms(1_700_000_000_000)), 1_700_000_002);
        assert_eq!(verdict.reset_unix_seconds(4_001, Time::from_ms(1_700_000_000_000)), 1_700_000_001);
        assert_eq!(verdict.retry_after_seconds(), 2);
    }

    #[test]
    fn c06_a_wall_clock_that_jumps_leaves_the_limit_alone_and_the_reset_ahead() {
        let limiter = Limiter::new();
        assert_eq!(admitted(&limiter, 1_000, 21), 20);
        let refused = limiter.admit(&"key", 1_400, &QUOTA.windows());
        for jump_ms in [0, -3_600_000, 86_400_000] {
            let wall = Time::from_ms(1_700_000_000_000 + jump_ms);
            assert_eq!(refused.reset_unix_seconds(1_400, wall), wall.seconds() + 1);
        }
        // Even an instant from the past opens no place.
        assert!(!limiter.admit(&"key", 0, &QUOTA.windows()).allowed);
    }

    #[test]
    fn a_limit_of_nothing_admits_nothing() {
        let verdict = Limiter::new().admit(&"key", 0, &[Window { limit: 0, span_ms: 1_000 }]);
        assert_eq!((verdict.allowed, verdict.remaining, verdict.reset_at_ms), (false, 0, 1_000));
    }

    #[test]
    fn c08_memory_is_bounded_and_those_in_use_stay() {
        let limiter = Limiter::new();
        let window = [Window { limit: 2, span_ms: 1_000 }];
        for n in 0..250_000 {
            limiter.admit(&n, 500, &window);
        }
        let held = |limiter: &Limiter<i64>| limiter.logs.lock().unwrap().by_key.len();
        assert!(held(&limiter) <= KEYS_MAX, "{}", held(&limiter));
        for n in 0..KEYS_MAX as i64 {
            limiter.admit(&-n, 1_600, &window);
        }
        assert_eq!(limiter.peek(&-1, 1_600, &window).remaining, 1);
        limiter.admit(&-1, 1_600, &window);
        assert!(!limiter.peek(&-1, 1_600, &window).allowed);
    }

    proptest! {
        #[test]
        fn c03_no_window_ever_holds_more_than_its_limit(
            gaps in prop::collection::vec(prop_oneof![0_i64..5, 0_i64..900, 0_i64..30_000], 0..300),
            limits in (1_u32..30, 1_u32..8, 1_u32..40),
        ) {
            let windows = [(limits.0, 60_000), (limits.1, 1_000), (limits.2, 100_000)]
                .map(|(limit, span_ms)| Window { limit, span_ms });
            let limiter = Limiter::new();
            let mut passed: Vec<i64> = Vec::new();
            let mut now_ms = 0;
            for gap in gaps {
                now_ms += gap;
                let verdict = limiter.admit(&(), now_ms, &windows);
                if verdict.allowed {
                    passed.push(now_ms);
                } else {
                    prop_assert!(now_ms < verdict.reset_at_ms);
                    prop_assert!(!limiter.peek(&(), verdict.reset_at_ms - 1, &windows).allowed);
                    prop_assert!(limiter.peek(&(), verdict.reset_at_ms, &windows).allowed);
                }
            }
            for (end, at) in passed.iter().enumerate() {
                for window in windows {
                    let inside = passed[..=end].iter().filter(|earlier| at - **earlier < window.span_ms).count();
                    prop_assert!(inside <= window.limit as usize);
                }
            }
        }
    }
}

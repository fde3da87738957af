//! Slows down whoever guesses a secret, more with every failure, and never for good: nobody is locked out by a stranger.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use crate::domain::time::{DAY_MS, SECOND_MS};

/// People mistype: so many tries need not wait for each other.
const FREE_TRIES: u32 = 5;
/// After the last free one; it doubles with each further failure.
const FIRST_WAIT_MS: i64 = SECOND_MS;
/// Failures are forgotten after a day without another one.
const MEMORY_MS: i64 = DAY_MS;
/// Keys remembered at once; beyond it those that were tried longest ago are forgotten.
const KEYS_MAX: usize = 100_000;
const KEYS_KEPT: usize = 90_000;

/// Counts failed tries by key. Time is an argument: milliseconds that never go backwards.
#[derive(Default)]
pub struct SoftLock {
    by_key: Mutex<HashMap<String, Tries>>,
}

#[derive(Default)]
struct Tries {
    count: u32,
    last_ms: i64,
    free_at_ms: i64,
}

impl SoftLock {
    /// Takes a try, which counts as a failure until [`Self::forgive`]: of many at once no more pass than one after the
    /// other. The error is how many milliseconds to wait; asking in vain does not lengthen them.
    pub fn admit(&self, key: &str, now_ms: i64, wait_max_ms: i64) -> Result<(), i64> {
        let mut by_key = self.by_key.lock().unwrap_or_else(PoisonError::into_inner);
        if by_key.len() >= KEYS_MAX && !by_key.contains_key(key) {
            make_room(&mut by_key, now_ms);
        }
        let tries = by_key.entry(key.to_owned()).or_default();
        if MEMORY_MS <= now_ms - tries.last_ms {
            *tries = Tries::default();
        }
        if now_ms < tries.free_at_ms {
            return Err(tries.free_at_ms - now_ms);
        }
        tries.count = tries.count.saturating_add(1);
        tries.last_ms = now_ms;
        tries.free_at_ms = now_ms + wait_ms(tries.count).min(wait_max_ms);
        Ok(())
    }

    /// The try was right: what failed before it is forgotten.
    pub fn forgive(&self, key: &str) {
        self.by_key.lock().unwrap_or_else(PoisonError::into_inner).remove(key);
    }
}

fn wait_ms(count: u32) -> i64 {
    // A wait of 2^20 seconds is longer than any cap.
    count.checked_sub(FREE_TRIES).map_or(0, |further| FIRST_WAIT_MS << further.min(20))
}

fn make_room(by_key: &mut HashMap<String, Tries>, now_ms: i64) {
    by_key.retain(|_, tries| now_ms - tries.last_ms < MEMORY_MS);
    let excess = by_key.len().saturating_sub(KEYS_KEPT);
    if excess == 0 {
        return;
    }
    let mut times: Vec<i64> = by_key.values().map(|tries| tries.last_ms).collect();
    let (_, &mut last_ms, _) = times.select_nth_unstable(excess - 1);
    let mut left = excess;
    by_key.retain(|_, tries| {
        let forgotten = left > 0 && tries.last_ms <= last_ms;
        left -= usize::from(forgotten);
        !forgotten
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAX_MS: i64 = 60_000;

    #[test]
    fn the_sixth_try_waits_a_second_and_each_further_one_twice_as_long_up_to_the_cap() {
        let lock = SoftLock::default();
        let mut now_ms = 5_000;
        for _ in 0..5 {
            assert_eq!(lock.admit("jane", now_ms, MAX_MS), Ok(()));
        }
        for wait_ms in [1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000] {
            assert_eq!(lock.admit("jane", now_ms, MAX_MS), Err(wait_ms));
            assert_eq!(lock.admit("jane", now_ms + wait_ms - 1, MAX_MS), Err(1));
            now_ms += wait_ms;
            assert_eq!(lock.admit("jane", now_ms, MAX_MS), Ok(()));
        }
        assert_eq!(lock.admit("joe", now_ms, MAX_MS), Ok(()));
    }

    #[test]
    fn a_right_try_and_a_day_make_good() {
        let lock = SoftLock::default();
        let admitted = |now_ms| (0..20).filter(|_| lock.admit("jane", now_ms, MAX_MS).is_ok()).count();
        assert_eq!(admitted(0), 5);
        lock.forgive("jane");
        assert_eq!(admitted(0), 5);
        assert_eq!(admitted(MEMORY_MS - 1), 1);
        assert_eq!(admitted(2 * MEMORY_MS - 2), 1);
        assert_eq!(admitted(3 * MEMORY_MS - 2), 5);
    }

    #[test]
    fn memory_is_bounded_and_whoever_is_guessed_at_stays_slow() {
        let lock = SoftLock::default();
        for number in 0..KEYS_MAX as i64 {
            let _ = lock.admit(&number.to_string(), number, MAX_MS);
        }
        while lock.admit("jane", KEYS_MAX as i64, MAX_MS).is_ok() {}
        for number in 0..KEYS_MAX as i64 / 5 {
            let _ = lock.admit(&format!("-{number}"), KEYS_MAX as i64, MAX_MS);
        }
        assert!(lock.by_key.lock().unwrap().len() <= KEYS_MAX);
        assert!(lock.admit("jane", KEYS_MAX as i64, MAX_MS).is_err());
    }
}

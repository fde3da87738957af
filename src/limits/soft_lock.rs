//! Slows down whoever guesses a secret, more with every failure, and never for good: nobody is locked out by a stranger.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::domain::time::{DAY_MS, SECOND_MS};

/// After the last free attempt; it doubles with each further failure.
const FIRST_WAIT_MS: i64 = SECOND_MS;
/// Failures are forgotten after a day without another one.
const MEMORY_MS: i64 = DAY_MS;
/// Keys remembered at once; beyond it those that were tried longest ago are forgotten.
const KEYS_MAX: usize = 100_000;
const KEYS_KEPT: usize = 90_000;

/// When whoever fails has to wait.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// People mistype: so many attempts need not wait for each other.
    pub free: u32,
    pub wait_max_ms: i64,
}

/// Counts failed attempts by key. Time is an argument: milliseconds that never go backwards.
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
    /// Takes an attempt, which counts as a failure until [`Self::forgive`]: of many at once no more pass than one after the
    /// other. The error is how many milliseconds to wait; asking in vain does not lengthen them.
    pub fn admit(&self, key: &str, now_ms: i64, patience: Patience) -> Result<(), i64> {
        let mut by_key = self.by_key();
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
        tries.free_at_ms = now_ms + wait_ms(tries.count, patience.free).min(patience.wait_max_ms);
        Ok(())
    }

    /// The attempt was right: what failed before it is forgotten.
    pub fn forgive(&self, key: &str) {
        self.by_key().remove(key);
    }

    /// The attempt that was admitted did not take place, so it is none.
    pub fn take_back(&self, key: &str, now_ms: i64) {
        if let Some(tries) = self.by_key().get_mut(key) {
            tries.count = tries.count.saturating_sub(1);
            // It was admitted, so there was nothing to wait for.
            tries.free_at_ms = now_ms;
        }
    }

    /// How many have failed, those that are under way included.
    pub fn failures(&self, key: &str, now_ms: i64) -> u32 {
        let by_key = self.by_key();
        by_key.get(key).filter(|tries| now_ms - tries.last_ms < MEMORY_MS).map_or(0, |tries| tries.count)
    }

    fn by_key(&self) -> MutexGuard<'_, HashMap<String, Tries>> {
        self.by_key.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn wait_ms(count: u32, free: u32) -> i64 {
    // A wait of 2^20 seconds is longer than any cap.
    count.checked_sub(free).map_or(0, |further| FIRST_WAIT_MS << further.min(20))
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

    const PATIENCE: Patience = Patience { free: 5, wait_max_ms: 60_000 };

    #[test]
    fn the_sixth_try_waits_a_second_and_each_further_one_twice_as_long_up_to_the_cap() {
        let lock = SoftLock::default();
        let mut now_ms = 5_000;
        for _ in 0..5 {
            assert_eq!(lock.admit("jane", now_ms, PATIENCE), Ok(()));
        }
        for wait_ms in [1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000] {
            assert_eq!(lock.admit("jane", now_ms, PATIENCE), Err(wait_ms));
            assert_eq!(lock.admit("jane", now_ms + wait_ms - 1, PATIENCE), Err(1));
            now_ms += wait_ms;
            assert_eq!(lock.admit("jane", now_ms, PATIENCE), Ok(()));
        }
        assert_eq!(lock.admit("joe", now_ms, PATIENCE), Ok(()));
    }

    #[test]
    fn a_right_try_and_a_day_make_good() {
        let lock = SoftLock::default();
        let admitted = |now_ms| (0..20).filter(|_| lock.admit("jane", now_ms, PATIENCE).is_ok()).count();
        assert_eq!(admitted(0), 5);
        lock.forgive("jane");
        assert_eq!(admitted(0), 5);
        assert_eq!(admitted(MEMORY_MS - 1), 1);
        assert_eq!(admitted(2 * MEMORY_MS - 2), 1);
        assert_eq!(admitted(3 * MEMORY_MS - 2), 5);
    }

    #[test]
    fn an_attempt_that_did_not_take_place_is_none() {
        let lock = SoftLock::default();
        for now_ms in 0..50 {
            assert_eq!(lock.admit("jane", now_ms, PATIENCE), Ok(()));
            lock.take_back("jane", now_ms);
        }
        assert_eq!(lock.failures("jane", 50), 0);
        let admitted = (0..20).filter(|_| lock.admit("jane", 50, PATIENCE).is_ok()).count();
        assert_eq!((admitted, lock.failures("jane", 50), lock.failures("jane", 50 + MEMORY_MS)), (5, 5, 0));
        // Nor does it shorten what those before it have earned.
        assert_eq!(lock.admit("jane", 2_000, PATIENCE), Ok(()));
        lock.take_back("jane", 2_000);
        assert_eq!((lock.admit("jane", 2_000, PATIENCE), lock.admit("jane", 2_000, PATIENCE)), (Ok(()), Err(2_000)));
    }

    #[test]
    fn memory_is_bounded_and_whoever_is_guessed_at_stays_slow() {
        let lock = SoftLock::default();
        for number in 0..KEYS_MAX as i64 {
            let _ = lock.admit(&number.to_string(), number, PATIENCE);
        }
        while lock.admit("jane", KEYS_MAX as i64, PATIENCE).is_ok() {}
        for number in 0..KEYS_MAX as i64 / 5 {
            let _ = lock.admit(&format!("-{number}"), KEYS_MAX as i64, PATIENCE);
        }
        assert!(lock.by_key.lock().unwrap().len() <= KEYS_MAX);
        assert!(lock.admit("jane", KEYS_MAX as i64, PATIENCE).is_err());
    }
}

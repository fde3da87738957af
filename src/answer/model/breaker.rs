//! Leaves a model alone for a while that keeps failing, and then lets one answer try it.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Failures in a row after which a model rests.
const FAILURES_MAX: u32 = 4;
const REST_FIRST_MS: i64 = 15_000;
const REST_LONGEST_MS: i64 = 5 * 60_000;

#[derive(Default)]
pub struct Breaker {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    failures: u32,
    /// How long the last rest was.
    rest_ms: i64,
    rests_until_ms: Option<i64>,
    /// Somebody tries whether it works again.
    probing: bool,
}

impl Breaker {
    /// Leave to call the model; nothing while it rests.
    pub fn take(&self, now_ms: i64) -> Option<Try<'_>> {
        let mut state = self.state();
        match state.rests_until_ms {
            Some(until_ms) if now_ms < until_ms || state.probing => return None,
            Some(_) => state.probing = true,
            None => {}
        }
        Some(Try { breaker: self, settled: false })
    }

    pub fn is_resting(&self) -> bool {
        self.state().rests_until_ms.is_some()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One call; dropped without a word, it says nothing about the model.
pub struct Try<'a> {
    breaker: &'a Breaker,
    settled: bool,
}

impl Try<'_> {
    pub fn succeeded(mut self) {
        self.settled = true;
        *self.breaker.state() = State::default();
    }

    /// `asked_ms` is how long the model itself wants to be left alone.
    pub fn failed(mut self, now_ms: i64, asked_ms: Option<i64>) {
        self.settled = true;
        let mut state = self.breaker.state();
        state.failures += 1;
        if state.probing || state.failures >= FAILURES_MAX || asked_ms.is_some() {
            let longer = (state.rest_ms * 2).clamp(REST_FIRST_MS, REST_LONGEST_MS);
            // A model that asks for time without having failed before gets just that.
            let own = if state.failures >= FAILURES_MAX || state.probing { longer } else { 0 };
            state.rest_ms = own;
            state.rests_until_ms = Some(now_ms + own.max(asked_ms.unwrap_or(0)).min(REST_LONGEST_MS));
        }
        state.probing = false;
    }
}

impl Drop for Try<'_> {
    fn drop(&mut self) {
        if !self.settled {
            self.breaker.state().probing = false;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fail(breaker: &Breaker, now_ms: i64) {
        breaker.take(now_ms).unwrap().failed(now_ms, None);
    }

    #[test]
    fn a_model_that_keeps_failing_rests_ever_longer_and_one_success_ends_it() {
        let breaker = Breaker::default();
        for _ in 0..FAILURES_MAX {
            assert!(!breaker.is_resting());
            fail(&breaker, 0);
        }
        assert!(breaker.take(REST_FIRST_MS - 1).is_none() && breaker.is_resting());
        fail(&breaker, REST_FIRST_MS);
        assert!(breaker.take(3 * REST_FIRST_MS - 1).is_none());
        let mut now_ms = 3 * REST_FIRST_MS;
        for _ in 0..20 {
            fail(&breaker, now_ms);
            now_ms += REST_LONGEST_MS;
        }
        breaker.take(now_ms).unwrap().succeeded();
        assert!(!breaker.is_resting() && breaker.take(now_ms).is_some());
    }

    #[test]
    fn only_one_tries_whether_it_works_again_and_may_leave_it_open() {
        let breaker = Breaker::default();
        (0..FAILURES_MAX).for_each(|_| fail(&breaker, 0));
        let probe = breaker.take(REST_FIRST_MS);
        assert!(probe.is_some() && breaker.take(REST_FIRST_MS).is_none());
        drop(probe);
        assert!(breaker.take(REST_FIRST_MS).is_some());
    }

    #[test]
    fn a_model_that_asks_for_time_gets_it_within_bounds() {
        let breaker = Breaker::default();
        breaker.take(0).unwrap().failed(0, Some(20_000));
        assert!(breaker.take(19_999).is_none());
        breaker.take(20_000).unwrap().failed(20_000, Some(i64::MAX / 2));
        assert!(breaker.take(20_000 + REST_LONGEST_MS).is_some());
    }
}

//! The clock and the source of randomness: the only place that asks the machine for either.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::domain::id::{ALPHABET, EventId, Identifier, RANDOM_CHARS};
use crate::domain::time::Time;

/// What a part of the program knows of the outside: the time, and chance.
#[derive(Clone)]
pub struct World {
    clock: Arc<Clock>,
}

enum Clock {
    Machine {
        started: Instant,
        offset_ms: i64,
    },
    /// Moves only when told to; for tests.
    Simulated {
        now_ms: AtomicI64,
    },
}

impl World {
    pub fn machine(offset_ms: i64) -> Self {
        Self { clock: Arc::new(Clock::Machine { started: Instant::now(), offset_ms }) }
    }

    pub fn simulated(now: Time) -> Self {
        Self { clock: Arc::new(Clock::Simulated { now_ms: AtomicI64::new(now.ms()) }) }
    }

    pub fn now(&self) -> Time {
        match &*self.clock {
            Clock::Machine { offset_ms, .. } => Time::from_ms(wall_ms() + offset_ms),
            Clock::Simulated { now_ms } => Time::from_ms(now_ms.load(Ordering::SeqCst)),
        }
    }

    /// Milliseconds that never go backwards, for limits and durations.
    pub fn instant_ms(&self) -> i64 {
        match &*self.clock {
            Clock::Machine { started, .. } => i64::try_from(started.elapsed().as_millis()).unwrap_or(i64::MAX),
            Clock::Simulated { now_ms } => now_ms.load(Ordering::SeqCst),
        }
    }

    /// Moves a simulated clock; a machine's clock cannot be moved.
    pub fn advance(&self, ms: i64) {
        if let Clock::Simulated { now_ms } = &*self.clock {
            now_ms.fetch_add(ms, Ordering::SeqCst);
        }
    }

    /// How long a background thread may sleep before it looks at the clock again.
    pub fn tick(&self) -> Duration {
        match &*self.clock {
            Clock::Machine { .. } => Duration::from_secs(1),
            Clock::Simulated { .. } => Duration::from_millis(10),
        }
    }

    pub fn fill(&self, bytes: &mut [u8]) {
        getrandom::fill(bytes).expect("the operating system's random source");
    }

    /// `length` characters drawn evenly from `alphabet`.
    pub fn pick(&self, alphabet: &[u8], length: usize) -> String {
        // Bytes past the last whole multiple are thrown away, or the first letters would be drawn more often.
        let fair = 256 - 256 % alphabet.len();
        let mut text = String::with_capacity(length);
        let mut bytes = [0_u8; 64];
        while text.len() < length {
            self.fill(&mut bytes);
            let fit = bytes.iter().filter(|b| usize::from(**b) < fair);
            let missing = length - text.len();
            text.extend(fit.take(missing).map(|b| char::from(alphabet[usize::from(*b) % alphabet.len()])));
        }
        text
    }

    pub fn fresh<I: Identifier>(&self) -> I {
        I::from_random(&self.pick(ALPHABET, RANDOM_CHARS))
    }

    pub fn fresh_event(&self, code: &str) -> EventId {
        EventId::coded(code, &self.pick(ALPHABET, RANDOM_CHARS))
    }

    /// An even draw from -1 to 1, for jitter.
    pub fn jitter(&self) -> f64 {
        let mut bytes = [0_u8; 4];
        self.fill(&mut bytes);
        f64::from(u32::from_le_bytes(bytes)) / f64::from(u32::MAX) * 2.0 - 1.0
    }
}

#[expect(clippy::disallowed_methods, reason = "this is where everyone else takes the time from")]
fn wall_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

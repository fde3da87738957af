//! How quickly an endpoint answers, and so in which lane its deliveries wait for a thread.

/// Slow answers in a row that move an endpoint to the slow lane; a time-out does so at once.
const SLOW_ANSWERS_MAX: u32 = 2;
/// Quick answers in a row that move it back.
const QUICK_ANSWERS_MIN: u32 = 5;

/// Endpoints share threads only with their like: one that hangs keeps none from those that answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Lane {
    Fast,
    Slow,
}

impl Lane {
    pub const ALL: [Self; 2] = [Self::Fast, Self::Slow];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Fast => "fast",
            Self::Slow => "slow",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|lane| lane.as_str() == text)
    }
}

/// How an endpoint took one try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reaction {
    /// It answered within a tenth of the time it has.
    Quick,
    Usual,
    /// It took more than three tenths.
    Slow,
    TimedOut,
    /// It could not be reached at all, which tells nothing of its pace.
    Unreached,
}

impl Reaction {
    /// Of an endpoint that has `timeout_ms` to answer.
    pub fn of(answered: bool, timed_out: bool, duration_ms: i64, timeout_ms: i64) -> Self {
        match (answered, timed_out) {
            (_, true) => Self::TimedOut,
            // Whoever hangs up after a long while holds a thread as one who answers late.
            (false, false) if duration_ms * 10 >= timeout_ms * 3 => Self::Slow,
            (false, false) => Self::Unreached,
            (true, false) if duration_ms * 10 < timeout_ms => Self::Quick,
            (true, false) if duration_ms * 10 > timeout_ms * 3 => Self::Slow,
            (true, false) => Self::Usual,
        }
    }
}

/// An endpoint's lane, and how many answers in a row speak for leaving it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    pub lane: Lane,
    pub streak: u32,
}

impl Pace {
    #[must_use]
    pub fn after(self, reaction: Reaction) -> Self {
        let enter = |lane| Self { lane, streak: 0 };
        let stay = |streak| Self { lane: self.lane, streak };
        match (self.lane, reaction) {
            (Lane::Fast, Reaction::TimedOut) => enter(Lane::Slow),
            (Lane::Fast, Reaction::Slow) if self.streak + 1 >= SLOW_ANSWERS_MAX => enter(Lane::Slow),
            (Lane::Slow, Reaction::Quick) if self.streak + 1 >= QUICK_ANSWERS_MIN => enter(Lane::Fast),
            (Lane::Fast, Reaction::Slow) | (Lane::Slow, Reaction::Quick) => stay(self.streak + 1),
            (_, Reaction::Unreached) => self,
            _ => stay(0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Reaction::{Quick, Slow, TimedOut, Unreached, Usual};

    fn lane_after(reactions: &[Reaction]) -> Lane {
        let start = Pace { lane: Lane::Fast, streak: 0 };
        reactions.iter().fold(start, |pace, reaction| pace.after(*reaction)).lane
    }

    #[test]
    fn an_endpoint_is_slow_after_a_time_out_or_two_slow_answers() {
        for fast in [&[][..], &[Quick, Usual, Unreached], &[Slow, Usual, Slow], &[Slow, Quick, Slow]] {
            assert_eq!(lane_after(fast), Lane::Fast, "{fast:?}");
        }
        for slow in [&[TimedOut][..], &[Slow, Slow], &[Slow, Unreached, Slow], &[Quick, TimedOut]] {
            assert_eq!(lane_after(slow), Lane::Slow, "{slow:?}");
        }
    }

    #[test]
    fn five_quick_answers_in_a_row_bring_it_back() {
        assert_eq!(lane_after(&[TimedOut, Quick, Quick, Quick, Quick]), Lane::Slow);
        assert_eq!(lane_after(&[TimedOut, Quick, Quick, Quick, Quick, Quick]), Lane::Fast);
        assert_eq!(lane_after(&[TimedOut, Quick, Quick, Quick, Quick, Usual, Quick]), Lane::Slow);
    }

    #[test]
    fn a_reaction_is_judged_by_the_time_there_is() {
        let of = |duration_ms| Reaction::of(true, false, duration_ms, 10_000);
        assert_eq!([999, 1_000, 3_000, 3_001].map(of), [Quick, Usual, Usual, Slow]);
        assert_eq!(Reaction::of(false, true, 10_000, 10_000), TimedOut);
        assert_eq!(Reaction::of(false, false, 2_999, 10_000), Unreached);
        assert_eq!(Reaction::of(false, false, 3_000, 10_000), Slow);
    }
}

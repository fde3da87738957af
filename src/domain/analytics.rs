//! The numbers of an account: how many conversations and leads, how quick the answers, which pages.

use crate::domain::id::AgentId;
use crate::domain::time::Time;

/// Conversations or leads: ever, since the first of the month, since midnight (UTC).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub total: i64,
    pub this_month: i64,
    pub today: i64,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Analytics {
    pub agents_active: i64,
    pub conversations: Counts,
    pub leads: Counts,
    pub response_time: Option<ResponseTime>,
    /// Pages on which most conversations of this month began, with their number.
    pub top_pages: Vec<(String, i64)>,
}

/// Of this month's answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ResponseTime {
    pub avg_ms: i64,
    pub p95_ms: i64,
}

impl ResponseTime {
    /// From how often each duration occurred, shortest first. The percentile is by nearest rank: the smallest duration
    /// that at least 95 of 100 answers did not exceed.
    pub fn of(durations: &[(i64, i64)]) -> Option<Self> {
        let count: i64 = durations.iter().map(|(_, times)| times).sum();
        let sum: i64 = durations.iter().map(|(ms, times)| ms * times).sum();
        let rank = (count * 95 + 99) / 100;
        let mut seen = 0;
        let p95 = durations.iter().find(|(_, times)| {
            seen += times;
            rank <= seen
        });
        p95.filter(|_| count > 0).map(|(p95_ms, _)| Self { avg_ms: (sum + count / 2) / count, p95_ms: *p95_ms })
    }
}

/// Days that an overview looks back, today included.
pub const DAYS: usize = 30;

/// What has happened of late, and what was not answered.
#[derive(Clone, Debug)]
pub struct Overview {
    /// Oldest first, today last.
    pub days: Vec<Day>,
    /// Of this month; those among them that said that the knowledge does not hold the answer.
    pub answers: i64,
    pub unanswered: i64,
    /// Asked most often first.
    pub questions: Vec<Unanswered>,
}

#[derive(Clone, Copy, Debug)]
pub struct Day {
    pub start: Time,
    pub conversations: i64,
    pub leads: i64,
}

/// A group of alike questions, as they were asked last.
#[derive(Clone, Debug)]
pub struct Unanswered {
    pub agent: AgentId,
    pub text: String,
    pub asked_count: i64,
}

impl Overview {
    /// How many of a hundred answers came from the knowledge; none while nothing was asked.
    pub fn answered_percent(&self) -> Option<i64> {
        (self.answers > 0).then(|| (self.answers - self.unanswered) * 100 / self.answers)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_percentile_is_by_nearest_rank() {
        let check = |durations: &[(i64, i64)], expected| {
            assert_eq!(ResponseTime::of(durations).map(|time| (time.avg_ms, time.p95_ms)), expected);
        };
        check(&[], None);
        check(&[(7, 1)], Some((7, 7)));
        check(&[(10, 19), (1_000, 1)], Some((60, 10)));
        check(&[(10, 18), (1_000, 2)], Some((109, 1_000)));
        check(&[(1, 95), (2, 5)], Some((1, 1)));
        check(&[(1, 94), (2, 6)], Some((1, 2)));
    }
}

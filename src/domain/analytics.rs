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
pub const DAYS: i64 = 30;

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

#[derive(Clone, Debug)]
pub struct Day {
    pub start: Time,
    pub conversations: i64,
    pub leads: i64,
    pub answers: AnswerTimes,
}

impl Day {
    /// One on which nothing has happened.
    pub fn new(start: Time) -> Self {
        Self { start, conversations: 0, leads: 0, answers: AnswerTimes::default() }
    }
}

/// How long the answers of a day took.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AnswerTimes {
    /// Rounded times with their number, shortest first.
    pub rounded: Vec<(i64, i64)>,
    /// Those that said that the knowledge does not hold the answer.
    pub unanswered: i64,
    pub total_ms: i64,
}

impl AnswerTimes {
    pub fn answers(&self) -> i64 {
        self.rounded.iter().map(|(_, answers)| answers).sum()
    }

    /// The mean is exact; the percentile is off by a twentieth at most, which is what rounding costs.
    pub fn response_time(&self) -> Option<ResponseTime> {
        let rounded = ResponseTime::of(&self.rounded)?;
        let answers = self.answers();
        Some(ResponseTime { avg_ms: (self.total_ms + answers / 2) / answers, ..rounded })
    }
}

/// To two digits, so that a day has some dozens of different times and not thousands. Above ten seconds, to a second.
pub fn rounded_ms(ms: i64) -> i64 {
    let step = match ms {
        ..100 => 1,
        100..1_000 => 10,
        1_000..10_000 => 100,
        _ => 1_000,
    };
    (ms + step / 2) / step * step
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
        percent(self.answers - self.unanswered, self.answers)
    }
}

/// How many of a hundred, rounded; none of nothing.
pub fn percent(part: i64, whole: i64) -> Option<i64> {
    (whole > 0).then(|| (part * 200 + whole) / (whole * 2))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_rounded_and_not_cut() {
        let check = |part, whole, expected| assert_eq!(percent(part, whole), expected, "{part} of {whole}");
        check(0, 0, None);
        check(3, 0, None);
        check(0, 7, Some(0));
        check(1, 3, Some(33));
        check(2, 3, Some(67));
        check(12, 17, Some(71));
        check(1, 200, Some(1));
        check(1, 201, Some(0));
        check(199, 200, Some(100));
        check(5, 5, Some(100));
        check(6, 5, Some(120));
    }

    #[test]
    fn times_are_rounded_to_two_digits() {
        for (ms, rounded) in [(0, 0), (7, 7), (99, 99), (104, 100), (105, 110), (999, 1_000), (1_949, 1_900), (12_500, 13_000)] {
            assert_eq!(rounded_ms(ms), rounded);
        }
    }

    #[test]
    fn a_day_s_mean_is_exact_though_its_times_are_rounded() {
        let mut day = AnswerTimes::default();
        assert_eq!(day.response_time(), None);
        for ms in [101, 104, 1_949] {
            day.rounded.push((rounded_ms(ms), 1));
            day.total_ms += ms;
        }
        assert_eq!(day.response_time(), Some(ResponseTime { avg_ms: 718, p95_ms: 1_900 }));
        assert_eq!(day.answers(), 3);
    }

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

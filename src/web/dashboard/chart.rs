//! A month of conversations and leads, drawn as bars by the server, with the same in numbers beside it.

use crate::domain::analytics::Day;
use crate::web::dashboard::display::{When, count};

/// Of the drawing, in its own units.
pub const WIDTH: u64 = 600;
pub const HEIGHT: u64 = 120;
/// Between one bar and the next.
const GAP: u64 = 4;

pub struct Chart {
    pub bars: Vec<Bar>,
    /// What the tallest bar stands for.
    pub most: u64,
}

/// One day: its conversations, and before them its leads.
pub struct Bar {
    pub x: u64,
    pub width: u64,
    /// `15 Mar 2026`
    pub day: String,
    pub conversations: u64,
    pub leads: u64,
    pub conversations_height: u64,
    pub leads_height: u64,
}

impl Bar {
    pub fn y(&self, height: &u64) -> u64 {
        HEIGHT - height
    }
}

impl Chart {
    pub fn new(days: &[Day]) -> Self {
        let most = days.iter().map(|day| count(day.conversations.max(day.leads))).max().unwrap_or_default();
        let step = WIDTH / u64::try_from(days.len().max(1)).unwrap_or(1);
        let height = |rows: u64| match rows {
            0 => 0,
            // Something is always to be seen of what happened.
            rows => (rows * HEIGHT / most.max(1)).max(2),
        };
        let bar = |(number, day): (u64, &Day)| {
            let (conversations, leads) = (count(day.conversations), count(day.leads));
            let day = When::new(day.start).day().to_owned();
            let (conversations_height, leads_height) = (height(conversations), height(leads));
            let (x, width) = (number * step + GAP / 2, step.saturating_sub(GAP));
            Bar { x, width, day, conversations, leads, conversations_height, leads_height }
        };
        Self { bars: (0..).zip(days).map(bar).collect(), most }
    }

    pub fn is_empty(&self) -> bool {
        self.most == 0
    }

    pub fn first(&self) -> &str {
        self.bars.first().map_or("", |bar| &bar.day)
    }

    pub fn totals(&self) -> (u64, u64) {
        (self.bars.iter().map(|bar| bar.conversations).sum(), self.bars.iter().map(|bar| bar.leads).sum())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time::{DAY_MS, Time};

    fn chart(days: &[(i64, i64)]) -> Chart {
        let day = |(number, (conversations, leads)): (i64, &(i64, i64))| Day {
            start: Time::from_ms(number * DAY_MS),
            conversations: *conversations,
            leads: *leads,
        };
        Chart::new(&(0..).zip(days).map(day).collect::<Vec<_>>())
    }

    #[test]
    fn the_busiest_day_fills_the_height_and_little_is_still_seen() {
        let chart = chart(&[(1_000, 1), (500, 0), (0, 0)]);
        let heights: Vec<_> = chart.bars.iter().map(|bar| (bar.conversations_height, bar.leads_height)).collect();
        assert_eq!(heights, [(120, 2), (60, 0), (0, 0)]);
        assert_eq!((chart.most, chart.first(), chart.totals()), (1_000, "1 Jan 1970", (1_500, 1)));
        assert!(chart.bars.iter().all(|bar| bar.x + bar.width <= WIDTH));
    }

    #[test]
    fn a_month_of_nothing_has_no_bars_to_see() {
        assert!(chart(&[(0, 0), (0, 0)]).is_empty());
    }
}

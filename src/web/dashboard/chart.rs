//! A month in bars, drawn by the server, with the same in numbers beside it.

use crate::domain::time::Time;
use crate::web::dashboard::display::When;

/// Of the drawing, in its own units.
pub const WIDTH: u64 = 600;
pub const HEIGHT: u64 = 120;
/// Between one bar and the next.
const GAP: u64 = 4;

/// Two numbers for each day: a wide bar, and a narrow one before it.
pub struct Chart {
    pub id: &'static str,
    pub title: &'static str,
    pub wide: &'static str,
    pub narrow: &'static str,
    pub bars: Vec<Bar>,
    /// What the tallest bar stands for; none where there is nothing to see.
    pub most: Option<String>,
    /// What is said instead of an empty drawing.
    pub empty: &'static str,
    /// What it shows, in one sentence.
    pub sum: String,
}

pub struct Bar {
    pub x: u64,
    pub width: u64,
    /// `15 Mar 2026`
    pub day: String,
    pub wide: String,
    pub narrow: String,
    pub wide_height: u64,
    pub narrow_height: u64,
}

impl Bar {
    pub fn y(&self, height: &u64) -> u64 {
        HEIGHT - height
    }
}

impl Chart {
    /// The bars of days with their two numbers; `show` writes a number as readers see it.
    pub fn bars(days: &[(Time, u64, u64)], show: fn(u64) -> String) -> (Vec<Bar>, Option<String>) {
        let most = days.iter().map(|(_, wide, narrow)| *wide.max(narrow)).max().unwrap_or_default();
        let step = WIDTH / u64::try_from(days.len().max(1)).unwrap_or(1);
        let height = |number: u64| match number {
            0 => 0,
            // Something is always to be seen of what happened.
            number => (number * HEIGHT / most.max(1)).max(2),
        };
        let bar = |(place, (day, wide, narrow)): (u64, &(Time, u64, u64))| Bar {
            x: place * step + GAP / 2,
            width: step.saturating_sub(GAP),
            day: When::new(*day).day().to_owned(),
            wide: show(*wide),
            narrow: show(*narrow),
            wide_height: height(*wide),
            narrow_height: height(*narrow),
        };
        ((0..).zip(days).map(bar).collect(), (most > 0).then(|| show(most)))
    }

    pub fn first(&self) -> &str {
        self.bars.first().map_or("", |bar| &bar.day)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time::DAY_MS;

    fn bars(days: &[(u64, u64)]) -> (Vec<Bar>, Option<String>) {
        let day = |(place, (wide, narrow)): (i64, &(u64, u64))| (Time::from_ms(place * DAY_MS), *wide, *narrow);
        Chart::bars(&(0..).zip(days).map(day).collect::<Vec<_>>(), |number| number.to_string())
    }

    #[test]
    fn the_busiest_day_fills_the_height_and_little_is_still_seen() {
        let (bars, most) = bars(&[(1_000, 1), (500, 0), (0, 0)]);
        let heights: Vec<_> = bars.iter().map(|bar| (bar.wide_height, bar.narrow_height)).collect();
        assert_eq!(heights, [(120, 2), (60, 0), (0, 0)]);
        assert_eq!((most.as_deref(), bars[0].day.as_str()), (Some("1000"), "1 Jan 1970"));
        assert!(bars.iter().all(|bar| bar.x + bar.width <= WIDTH));
    }

    #[test]
    fn a_month_of_nothing_has_nothing_to_see() {
        assert!(bars(&[(0, 0), (0, 0)]).1.is_none());
    }
}

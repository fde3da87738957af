//! What the first page draws of the last month.

use crate::domain::analytics::Day;
use crate::web::dashboard::chart::Chart;
use crate::web::dashboard::display::{count, duration_ms};

pub fn trends(days: &[Day]) -> [Chart; 3] {
    [visits(days), answers(days), times(days)]
}

fn visits(days: &[Day]) -> Chart {
    let rows: Vec<_> = days.iter().map(|day| (day.start, count(day.conversations), count(day.leads))).collect();
    let (conversations, leads) = rows.iter().fold((0, 0), |sum, row| (sum.0 + row.1, sum.1 + row.2));
    let (bars, most) = Chart::bars(&rows, |number| number.to_string());
    Chart {
        id: "trend",
        title: "Last 30 days",
        wide: "Conversations",
        narrow: "Leads",
        bars,
        most: most.map(|most| format!("{most} a day")),
        empty: "No conversations in the last 30 days.",
        sum: format!("{conversations} conversations and {leads} leads in 30 days"),
    }
}

fn answers(days: &[Day]) -> Chart {
    let row = |day: &Day| (day.start, count(day.answers.answers()), count(day.answers.answers() - day.answers.unanswered));
    let rows: Vec<_> = days.iter().map(row).collect();
    let (all, known) = rows.iter().fold((0, 0), |sum, row| (sum.0 + row.1, sum.1 + row.2));
    let (bars, most) = Chart::bars(&rows, |number| number.to_string());
    Chart {
        id: "answers",
        title: "Answers",
        wide: "All answers",
        narrow: "From knowledge",
        bars,
        most: most.map(|most| format!("{most} a day")),
        empty: "No answers in the last 30 days.",
        sum: format!("{known} of {all} answers in 30 days came from the knowledge"),
    }
}

fn times(days: &[Day]) -> Chart {
    let row = |day: &Day| match day.answers.response_time() {
        // What takes less than a millisecond took some time all the same.
        Some(time) => (day.start, count(time.p95_ms).max(1), count(time.avg_ms).max(1)),
        None => (day.start, 0, 0),
    };
    let rows: Vec<_> = days.iter().map(row).collect();
    let slowest = rows.iter().map(|row| row.1).max().unwrap_or_default();
    let (bars, most) = Chart::bars(&rows, |ms| if ms == 0 { "–".to_owned() } else { duration_ms(ms) });
    Chart {
        id: "times",
        title: "Answer times",
        wide: "95th percentile",
        narrow: "Average",
        bars,
        most,
        empty: "No answers in the last 30 days.",
        sum: format!("On each of the last 30 days, the 95th percentile was at most {}", duration_ms(slowest)),
    }
}

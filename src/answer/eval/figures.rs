//! What a measurement comes to. Ranks and gains are those of Manning, Raghavan, Schütze, "Introduction to Information
//! Retrieval", chapter 8; the area under the ROC curve is the Mann-Whitney statistic, ties counted half.

use crate::answer::eval::Asked;
use crate::answer::gate::Verdict;

const DEPTH: usize = 10;

/// Shares are between 0 and 1. Hits, reciprocal ranks and gains are over the answerable questions.
#[derive(Clone, Debug, PartialEq)]
pub struct Figures {
    pub hit_at_1: f64,
    pub hit_at_3: f64,
    pub mrr_at_10: f64,
    pub ndcg_at_10: f64,
    /// How often an answerable question is held surer than an unanswerable one; nothing where there is only one kind.
    pub auroc: Option<f64>,
    pub queries: usize,
    pub passages: usize,
    /// Answered plainly, answered with reserve, not answered.
    pub zones: [ZoneFigures; 3],
    pub ms_per_query: f64,
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct ZoneFigures {
    /// The share of the answerable questions that come to this zone.
    pub answered: f64,
    /// The share of these whose first passage is a right one.
    pub right: f64,
    /// The share of the unanswerable questions that come to this zone.
    pub falsely_answered: f64,
}

pub const ZONES: [(&str, Verdict); 3] =
    [("answer", Verdict::Answer), ("tentative", Verdict::Tentative), ("unknown", Verdict::Unknown)];

impl Figures {
    pub fn of(asked: &[Asked], passages: usize, ms: f64) -> Figures {
        let answerable: Vec<&Asked> = asked.iter().filter(|asked| asked.answerable).collect();
        let mean = |value: &dyn Fn(&Asked) -> f64| share(answerable.iter().map(|asked| value(asked)).sum(), answerable.len());
        let within =
            |depth: usize| move |asked: &Asked| f64::from(u8::from(asked.ranks.first().is_some_and(|rank| *rank <= depth)));
        Figures {
            hit_at_1: mean(&within(1)),
            hit_at_3: mean(&within(3)),
            mrr_at_10: mean(&reciprocal_rank),
            ndcg_at_10: mean(&gain),
            auroc: auroc(asked),
            queries: asked.len(),
            passages,
            zones: ZONES.map(|(_, verdict)| zone(asked, verdict)),
            ms_per_query: share(ms, asked.len()),
        }
    }
}

fn share(part: f64, of: usize) -> f64 {
    if of == 0 { 0.0 } else { part / of as f64 }
}

fn reciprocal_rank(asked: &Asked) -> f64 {
    asked.ranks.first().filter(|rank| **rank <= DEPTH).map_or(0.0, |rank| 1.0 / *rank as f64)
}

/// Normalised discounted cumulative gain, every right passage being worth the same.
fn gain(asked: &Asked) -> f64 {
    let discounted = |rank: usize| 1.0 / (rank as f64 + 1.0).log2();
    let best: f64 = (1..=asked.relevant.min(DEPTH)).map(discounted).sum();
    let reached: f64 = asked.ranks.iter().filter(|rank| **rank <= DEPTH).map(|rank| discounted(*rank)).sum();
    if best > 0.0 { reached / best } else { 0.0 }
}

fn zone(asked: &[Asked], verdict: Verdict) -> ZoneFigures {
    let count = |keep: &dyn Fn(&&Asked) -> bool| asked.iter().filter(keep).count();
    let here = |asked: &Asked| asked.judged.verdict == verdict;
    let answerable = count(&|asked| asked.answerable);
    let answered = count(&|asked| asked.answerable && here(asked));
    let right = count(&|asked| asked.answerable && here(asked) && asked.ranks.first() == Some(&1));
    let falsely = count(&|asked| !asked.answerable && here(asked));
    ZoneFigures {
        answered: share(answered as f64, answerable),
        right: share(right as f64, answered),
        falsely_answered: share(falsely as f64, asked.len() - answerable),
    }
}

fn auroc(asked: &[Asked]) -> Option<f64> {
    let mut scores: Vec<(f32, bool)> = asked.iter().map(|asked| (asked.judged.score, asked.answerable)).collect();
    scores.sort_by(|a, b| a.0.total_cmp(&b.0));
    let answerable = asked.iter().filter(|asked| asked.answerable).count();
    let pairs = answerable * (asked.len() - answerable);
    let (mut below, mut won) = (0usize, 0.0);
    for tied in scores.chunk_by(|a, b| a.0 == b.0) {
        let no = tied.iter().filter(|(_, answerable)| !answerable).count();
        won += (tied.len() - no) as f64 * (below as f64 + no as f64 / 2.0);
        below += no;
    }
    (pairs > 0).then(|| won / pairs as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    use crate::answer::reply::Judged;

    fn asked(score: f32, answerable: bool, ranks: &[usize], verdict: Verdict) -> Asked {
        Asked {
            judged: Judged { nearest: Vec::new(), score, verdict },
            ranks: ranks.to_vec(),
            relevant: ranks.len().max(1),
            answerable,
        }
    }

    #[track_caller]
    fn close(found: f64, expected: f64) {
        assert!((found - expected).abs() < 1e-9, "{found} is not {expected}");
    }

    #[test]
    fn figures_are_those_of_the_textbook() {
        let figures = Figures::of(
            &[
                asked(0.9, true, &[1], Verdict::Answer),
                asked(0.5, true, &[2, 3], Verdict::Tentative),
                asked(0.4, true, &[], Verdict::Unknown),
                asked(0.4, false, &[], Verdict::Unknown),
                asked(0.6, false, &[], Verdict::Answer),
            ],
            7,
            10.0,
        );
        close(figures.hit_at_1, 1.0 / 3.0);
        close(figures.hit_at_3, 2.0 / 3.0);
        close(figures.mrr_at_10, (1.0 + 0.5) / 3.0);
        let discounted = |rank: f64| 1.0 / (rank + 1.0).log2();
        close(figures.ndcg_at_10, (1.0 + (discounted(2.0) + discounted(3.0)) / (1.0 + discounted(2.0))) / 3.0);
        // Of six pairs 0.9 wins two, 0.5 wins one, and 0.4 ties one.
        close(figures.auroc.unwrap(), 3.5 / 6.0);
        close(figures.zones[0].answered, 1.0 / 3.0);
        close(figures.zones[0].right, 1.0);
        close(figures.zones[0].falsely_answered, 0.5);
        close(figures.zones[1].right, 0.0);
        close(figures.ms_per_query, 2.0);
        assert_eq!((figures.queries, figures.passages), (5, 7));
    }

    #[test]
    fn one_kind_of_question_has_no_area() {
        assert_eq!(Figures::of(&[asked(0.9, true, &[1], Verdict::Answer)], 1, 0.0).auroc, None);
    }
}

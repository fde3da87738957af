//! Measures the answerer on passages and questions whose right passages are known.

mod data;
mod figures;

pub use data::{Data, Error};
pub use figures::{Figures, ZONES};

use std::collections::HashMap;
use std::time::Instant;

use crate::answer::index::Index;
use crate::answer::reply::{Judged, judge};
use crate::domain::knowledge::KnowledgeType;
use crate::reading::Entry;

/// One question asked, and where its right passage came: 1 is first, nothing is not among those found.
pub struct Asked {
    pub judged: Judged,
    pub ranks: Vec<usize>,
    pub relevant: usize,
    pub answerable: bool,
}

/// Asks every question of one split, or of all.
pub fn run(data: &Data, split: Option<&str>) -> Figures {
    let index = Index::complete(&data.passages.iter().map(entry).collect::<Vec<_>>(), &HashMap::new());
    let queries: Vec<_> =
        data.queries.iter().filter(|query| split.is_none_or(|split| query.split.as_deref() == Some(split))).collect();
    let started = Instant::now();
    let judged: Vec<Judged> = queries.iter().map(|query| judge(&index, &query.text)).collect();
    let ms = started.elapsed().as_secs_f64() * 1_000.0;
    let asked = queries.iter().zip(judged).map(|(query, judged)| {
        let at = |id: &String| judged.nearest.iter().position(|found| found == id).map(|at| at + 1);
        let mut ranks: Vec<usize> = query.relevant.iter().filter_map(at).collect();
        ranks.sort_unstable();
        Asked { ranks, relevant: query.relevant.len(), answerable: query.answerable, judged }
    });
    Figures::of(&asked.collect::<Vec<_>>(), data.passages.len(), ms)
}

fn entry(passage: &data::Passage) -> Entry<'_> {
    Entry {
        id: &passage.id,
        kind: KnowledgeType::Text,
        title: passage.title.as_deref(),
        headings: &passage.headings,
        url: passage.url.as_deref(),
        content: &passage.text,
    }
}

//! Which of the knowledge a model is given: all of it if it is short, else the passages that fit the question.

use crate::answer::extract::shortened;
use crate::answer::index::Index;
use crate::answer::reply::Reply;
use crate::domain::conversation::Source;
use crate::reading::Chunk;

const PASSAGES_MAX: usize = 6;
const WORDS_MAX: usize = 900;

/// A passage that a model may answer from. It is cited by its place in the list, from 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Given {
    /// Where it stands: titles from the outermost to its own.
    pub path: Vec<String>,
    pub text: String,
    pub url: Option<String>,
}

impl Given {
    fn of(index: &Index, chunk: &Chunk) -> Self {
        let origin = &index.origins[chunk.knowledge];
        let title = Some(&chunk.title).filter(|title| !title.is_empty()).or(origin.title.as_ref());
        let mut path: Vec<String> = title.into_iter().chain(&chunk.headings).chain(&chunk.question).cloned().collect();
        path.dedup();
        Self { path, text: chunk.text.clone(), url: origin.url.clone() }
    }

    fn chars(&self) -> usize {
        self.text.chars().count() + self.path.iter().map(|part| part.chars().count()).sum::<usize>()
    }

    /// As the visitor sees it.
    pub fn source(&self) -> Source {
        Source { title: self.path.last().cloned().unwrap_or_default(), excerpt: shortened(&self.text), url: self.url.clone() }
    }
}

/// Whether there is any knowledge, and no more than a model can be given whole.
pub fn fits(index: &Index, chars_max: usize) -> bool {
    let mut total = 0;
    let within = |chunk: &Chunk| {
        total += Given::of(index, chunk).chars();
        total <= chars_max
    };
    !index.chunks.is_empty() && index.chunks.iter().all(within)
}

pub fn choose(index: &Index, reply: &Reply, chars_max: usize) -> Vec<Given> {
    if fits(index, chars_max) {
        return index.chunks.iter().map(|chunk| Given::of(index, chunk)).collect();
    }
    let (mut words, mut chars) = (0, 0);
    let mut chosen = Vec::new();
    for passage in &reply.passages {
        let given = Given::of(index, &index.chunks[passage.chunk]);
        let (more_words, more_chars) = (given.text.split_whitespace().count(), given.chars());
        if words + more_words > WORDS_MAX || chars + more_chars > chars_max {
            continue;
        }
        (words, chars) = (words + more_words, chars + more_chars);
        chosen.push(given);
        if chosen.len() == PASSAGES_MAX {
            break;
        }
    }
    chosen
}

#[cfg(test)]
mod tests {
    use super::*;

    use crate::answer::reply::{Question, reply};
    use crate::domain::answering::Caution;
    use crate::domain::knowledge::KnowledgeType;
    use crate::reading::Entry;
    use std::collections::HashSet;

    fn index(pairs: usize) -> Index {
        let topics = ["bicycle", "kettle", "garden", "window", "carpet", "lantern", "saddle", "teapot", "ladder", "hammock"];
        let pair = |n: usize| {
            format!("Q: How much is the {} {n}?\nA: The {} {n} is {n} pounds, and lasts.", topics[n % 10], topics[n % 10])
        };
        let content = (0..pairs).map(pair).collect::<Vec<_>>().join("\n\n");
        Index::build(&[Entry {
            id: "kn_1",
            kind: KnowledgeType::Faq,
            title: None,
            headings: &[],
            url: Some("https://a.example/"),
            content: &content,
        }])
    }

    fn given(index: &Index, question: &str, chars_max: usize) -> Vec<Given> {
        let found = reply(index, "Bot", &Question::first(question, Caution::Normal));
        choose(index, &found, chars_max)
    }

    #[test]
    fn a_short_knowledge_base_goes_along_whole_and_a_long_one_in_six_passages() {
        let index = index(40);
        let all = given(&index, "How much is the teapot 7?", 24_000);
        assert_eq!(all.len(), 40);
        assert_eq!(all[7].source().title, "How much is the teapot 7?");
        assert_eq!(all[7].source().url.as_deref(), Some("https://a.example/"));
        let some = given(&index, "How much is the teapot 7?", 1_000);
        assert!((2..=PASSAGES_MAX).contains(&some.len()) && some[0].text.contains("teapot 7"), "{some:?}");
        assert_eq!(some.iter().map(|given| &given.text).collect::<HashSet<_>>().len(), some.len());
        assert!(given(&index, "How much is the teapot 7?", 10).is_empty());
    }
}

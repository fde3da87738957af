//! A file of passages and questions: one JSON object a line.

use std::collections::HashSet;

use serde::Deserialize;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("line {0}: {1}")]
    Line(usize, String),
    #[error("it contains no passages")]
    NoPassage,
    #[error("it contains no questions")]
    NoQuestion,
}

#[derive(Debug, Default)]
pub struct Data {
    pub passages: Vec<Passage>,
    pub queries: Vec<Query>,
}

#[derive(Debug, Deserialize)]
pub struct Passage {
    pub id: String,
    #[serde(default)]
    pub title: Option<String>,
    #[serde(default)]
    pub headings: Vec<String>,
    pub text: String,
    #[serde(default)]
    pub url: Option<String>,
}

#[derive(Debug, Deserialize)]
pub struct Query {
    pub text: String,
    #[serde(default)]
    pub split: Option<String>,
    /// Passages that answer it; empty where none does.
    #[serde(default)]
    pub relevant: Vec<String>,
    #[serde(default = "yes")]
    pub answerable: bool,
}

const fn yes() -> bool {
    true
}

#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "lowercase")]
enum Line {
    Passage(Passage),
    Query(Query),
    #[serde(other)]
    Other,
}

impl Data {
    pub fn parse(text: &str) -> Result<Data, Error> {
        let mut data = Data::default();
        let mut ids = HashSet::new();
        for (n, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
            match serde_json::from_str(line).map_err(|error| Error::Line(n + 1, error.to_string()))? {
                Line::Passage(passage) if !ids.insert(passage.id.clone()) => {
                    return Err(Error::Line(n + 1, format!("the passage {} stands there twice", passage.id)));
                }
                Line::Passage(passage) => data.passages.push(passage),
                Line::Query(query) => data.queries.push(query),
                Line::Other => {}
            }
        }
        match (data.passages.is_empty(), data.queries.is_empty()) {
            (true, _) => Err(Error::NoPassage),
            (_, true) => Err(Error::NoQuestion),
            _ => Ok(data),
        }
    }

    /// The splits that questions are in.
    pub fn splits(&self) -> Vec<&str> {
        let mut splits: Vec<&str> = self.queries.iter().filter_map(|query| query.split.as_deref()).collect();
        splits.sort_unstable();
        splits.dedup();
        splits
    }
}

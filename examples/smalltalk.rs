//! Says how much small talk is recognised, and how many questions are taken for it, over files of utterances and questions.
//!
//! `scripts/measure-smalltalk FOLDER [--misses]`: every `*.jsonl` in the folder and in its own folders.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use chatforge::answer::encoder::Encoder;
use chatforge::answer::smalltalk::meant;
use serde_json::Value;

/// Utterances of these intents are small talk.
const TALK: [&str; 27] = [
    "are_you_a_bot",
    "cancel",
    "do_you_have_pets",
    "fun_fact",
    "goodbye",
    "greeting",
    "how_old_are_you",
    "maybe",
    "meaning_of_life",
    "no",
    "repeat",
    "tell_joke",
    "thank_you",
    "what_are_your_hobbies",
    "what_can_i_ask_you",
    "what_is_your_name",
    "where_are_you_from",
    "who_do_you_work_for",
    "who_made_you",
    "yes",
    "thanks",
    "bot",
    "name",
    "help",
    "handoff",
    "noise",
    "abuse",
];

#[derive(Default)]
struct Share {
    taken: usize,
    all: usize,
}

fn main() {
    let folder = std::env::args().nth(1).expect("a folder with .jsonl files");
    let misses = std::env::args().any(|argument| argument == "--misses");
    let mut shares: BTreeMap<String, Share> = BTreeMap::new();
    let mut files = Vec::new();
    collect(Path::new(&folder), &mut files);
    for line in files
        .iter()
        .flat_map(|file| std::fs::read_to_string(file).expect("a readable file").lines().map(str::to_owned).collect::<Vec<_>>())
    {
        let Ok(item) = serde_json::from_str::<Value>(&line) else { continue };
        let (Some(text), Some(group)) = (item["text"].as_str(), group(&item)) else { continue };
        let kind = meant(text, Encoder::embedded().map(|encoder| encoder.encode(text)).as_ref());
        let is_talk = group.starts_with("talk");
        if misses && is_talk == kind.is_none() {
            println!("{group}: {text} -> {kind:?}");
        }
        for name in [group.split(' ').next().unwrap_or_default().to_owned(), group] {
            let share = shares.entry(name).or_default();
            share.all += 1;
            share.taken += usize::from(kind.is_some());
        }
    }
    for (group, Share { taken, all }) in shares {
        println!("{group:32} {taken:5} of {all:5}  {:6.2} %", 100.0 * taken as f64 / all as f64);
    }
}

/// "talk" with its intent, or "question" of knowledge, or "other" utterances, each with the split of the data.
fn group(item: &Value) -> Option<String> {
    let split = item["split"].as_str().unwrap_or("all");
    match item["intent"].as_str() {
        Some(intent) if TALK.contains(&intent) => Some(format!("talk:{split} {intent}")),
        Some(_) => Some(format!("other:{split}")),
        None => (item["type"].as_str().is_none_or(|kind| kind == "query") && item["answerable"] != false)
            .then(|| format!("question:{split}")),
    }
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("a folder").flatten() {
        let path = entry.path();
        match path.is_dir() {
            true => collect(&path, files),
            false if path.extension().is_some_and(|extension| extension == "jsonl") => files.push(path),
            false => {}
        }
    }
}

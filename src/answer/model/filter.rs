//! What of a model's words a visitor sees: cleaned while they come, holding back only what may still turn out otherwise.

mod allowed;
mod leak;
mod marks;
mod tags;
mod thoughts;

use std::collections::BTreeSet;

use crate::answer::model::filter::leak::{Suspicion, Watch};
use crate::answer::model::filter::marks::{Mark, next};
use crate::answer::model::filter::thoughts::Thoughts;
use crate::answer::model::prompt::Prompt;
use crate::domain::unseen::is_unseen;

pub use allowed::Allowed;
pub use thoughts::{Hold, Seen};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// The model says that the sources do not hold the answer.
    NoAnswer,
    /// It repeats what it was told in confidence.
    Leak,
}

pub struct Filter<'a> {
    allowed: &'a Allowed<'a>,
    watch: Watch,
    thoughts: Thoughts,
    held: String,
    /// What may turn out to be the beginning of a leak.
    doubtful: String,
    /// The last character that was shown.
    last: Option<char>,
    /// Something was taken out behind it.
    seam: bool,
    cited: BTreeSet<usize>,
    found: Option<Found>,
}

impl<'a> Filter<'a> {
    pub fn new(allowed: &'a Allowed<'a>, prompt: &Prompt, instructions: &str, hold: Hold) -> Self {
        Self {
            allowed,
            watch: Watch::new(&prompt.rules, instructions, allowed.canary),
            thoughts: Thoughts::new(hold),
            held: String::new(),
            doubtful: String::new(),
            last: None,
            seam: false,
            cited: BTreeSet::new(),
            found: None,
        }
    }

    /// What can be shown now that this came, too. Signs that nobody sees go first: nothing hides behind them from what
    /// follows.
    pub fn push(&mut self, text: &str) -> String {
        let seen: String = text.chars().filter(|c| !is_unseen(*c)).collect();
        let said = self.thoughts.push(&seen);
        self.held.push_str(&said);
        self.drain(false)
    }

    /// What is left at the end, which may have come before the model's own.
    pub fn finish(&mut self, cut_off: bool) -> String {
        let said = self.thoughts.finish(cut_off);
        self.held.push_str(&said);
        self.drain(true)
    }

    /// What was held back because it might have been thought.
    pub fn release(&mut self) -> String {
        let said = self.thoughts.release();
        self.held.push_str(&said);
        self.drain(false)
    }

    pub fn thoughts(&mut self) -> &mut Thoughts {
        &mut self.thoughts
    }

    /// Once something was found, nothing more is shown.
    pub const fn found(&self) -> Option<Found> {
        self.found
    }

    /// The sources that were cited, by number.
    pub fn cited(&self) -> impl Iterator<Item = usize> {
        self.cited.iter().copied()
    }

    fn drain(&mut self, end: bool) -> String {
        let mut shown = String::new();
        while self.found.is_none() && !self.held.is_empty() {
            let (taken, put) = match next(&self.held, self.last.is_some(), end, self.allowed) {
                Mark::Wait => break,
                Mark::Plain(length) => (length, self.held[..length].to_owned()),
                Mark::Drop(length) => (length, String::new()),
                // Looked at again: an address or a sign may stand in the words of a link, too.
                Mark::Put(length, text) => {
                    self.held.replace_range(..length, &text);
                    self.seam = true;
                    continue;
                }
                Mark::Cite(length, numbers) => {
                    self.cited.extend(numbers.into_iter().filter(|number| (1..=self.allowed.sources).contains(number)));
                    (length, String::new())
                }
                Mark::Stop(found) => {
                    if found != Found::Leak {
                        shown.push_str(&std::mem::take(&mut self.doubtful));
                    }
                    self.found = Some(found);
                    break;
                }
            };
            self.held.drain(..taken);
            let put = self.sewn(put);
            shown.push_str(&self.cleared(&put));
        }
        if end && self.found.is_none() {
            match self.watch.end(&|words| self.allowed.says(words)) {
                Suspicion::Leak => self.found = Some(Found::Leak),
                _ => shown.push_str(&std::mem::take(&mut self.doubtful)),
            }
        }
        shown
    }

    /// What of it, and of what stands before it, is no part of a leak.
    fn cleared(&mut self, put: &str) -> String {
        let mut cleared = String::new();
        for c in put.chars() {
            self.doubtful.push(c);
            match self.watch.push(c, &|words| self.allowed.says(words)) {
                Suspicion::None => cleared.push_str(&std::mem::take(&mut self.doubtful)),
                Suspicion::Doubt => {}
                Suspicion::Leak => {
                    self.found = Some(Found::Leak);
                    break;
                }
            }
        }
        cleared
    }

    /// What stood on both sides of something taken out must not grow together: `http[1]s://…` would become a link.
    fn sewn(&mut self, put: String) -> String {
        let Some(first) = put.chars().next() else {
            self.seam = true;
            return put;
        };
        let close = |c: char| c.is_whitespace() || matches!(c, '.' | ',' | ';' | '?' | '!' | ')');
        let apart = !self.seam || self.last.is_none_or(char::is_whitespace) || close(first);
        self.seam = false;
        self.last = put.chars().last();
        if apart { put } else { format!(" {put}") }
    }
}

#[cfg(test)]
mod tests;

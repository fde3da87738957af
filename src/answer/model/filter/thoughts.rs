//! Takes out what a model thinks before it answers, wherever it stands and however it is set apart.

use crate::answer::model::filter::tags::{BEGINNINGS, Look, Tag, look};

/// How much of an answer's beginning is held back where it may turn out to be thought: some models' servers open the
/// thought themselves, so that only its end is seen. The thought about a simple question takes three or four sentences,
/// about 400 characters, which a model writes in one to two seconds. Longer thoughts cannot be told in time without
/// holding back whole answers; models that have them are configured with `thinks`, or remembered after the first.
const PREFIX_CHARS_MAX: usize = 400;
/// Words before a thought that is opened: "Sure." More before it, of a model whose thoughts begin unseen, are thought.
const FIRST_WORDS_CHARS_MAX: usize = 60;
const HEADER_CHARS_MAX: usize = 200;
/// What is left of the channels where a server drops the signs between their names.
const ANALYSIS: &str = "analysis";
const FINAL: &str = "assistantfinal";

/// How much of an answer waits until it is known to be one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hold {
    Nothing,
    Prefix,
    /// Until the thought ends, or the answer does.
    All,
}

/// Which thoughts an answer had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seen {
    None,
    /// Opened and closed.
    Marked,
    /// Only its end came.
    Unopened,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// What comes may be thought.
    Opening,
    Speaking,
    /// Until a closing tag.
    Thinking,
    /// In the header of a message of channels.
    Header,
    /// In a message that is not for the reader.
    Aside,
}

pub struct Thoughts {
    hold: Hold,
    state: State,
    /// Not judged: it may become a tag.
    rest: String,
    /// Judged to be text, but maybe thought.
    held: String,
    header: String,
    /// Another thought began within one.
    nested: bool,
    /// What stands before what comes.
    before: Option<char>,
    /// The last character that was passed on, and whether something was taken out behind it.
    last: Option<char>,
    seam: bool,
    seen: Seen,
}

impl Thoughts {
    pub const fn new(hold: Hold) -> Self {
        Self {
            hold,
            state: if matches!(hold, Hold::Nothing) { State::Speaking } else { State::Opening },
            rest: String::new(),
            held: String::new(),
            header: String::new(),
            nested: false,
            before: None,
            last: None,
            seam: false,
            seen: Seen::None,
        }
    }

    pub const fn seen(&self) -> Seen {
        self.seen
    }

    /// Whether a thought goes on.
    pub const fn is_open(&self) -> bool {
        matches!(self.state, State::Thinking | State::Header | State::Aside)
    }

    /// What is no thought, now that this came, too.
    pub fn push(&mut self, text: &str) -> String {
        self.rest.push_str(text);
        self.drain(false)
    }

    /// What is left at the end. A model that thinks and was `cut_off` while it did has not answered.
    pub fn finish(&mut self, cut_off: bool) -> String {
        let mut said = self.drain(true);
        if self.state == State::Opening && !self.is_analysis() && !(cut_off && self.hold == Hold::All) {
            self.speak(&mut said);
        }
        said
    }

    /// What was held back, for nobody waits any longer for a tag that most models never write.
    pub fn release(&mut self) -> String {
        let mut said = String::new();
        if self.state == State::Opening && self.hold != Hold::All && !self.is_analysis() {
            self.speak(&mut said);
        }
        said
    }

    /// The model's thoughts come apart from what it says.
    pub fn come_apart(&mut self) {
        self.hold = Hold::Nothing;
        if self.state == State::Opening && self.held.is_empty() {
            self.state = State::Speaking;
        }
    }

    fn drain(&mut self, end: bool) -> String {
        let mut said = String::new();
        let text = std::mem::take(&mut self.rest);
        let mut at = 0;
        while at < text.len() {
            let left = &text[at..];
            let plain = left.find(BEGINNINGS).unwrap_or(left.len());
            if plain > 0 {
                self.take(&left[..plain], &mut said);
                at += plain;
                continue;
            }
            at += match look(left, self.before, end) {
                Look::Wait => break,
                Look::Text => {
                    let length = left.chars().next().map_or(1, char::len_utf8);
                    self.take(&left[..length], &mut said);
                    length
                }
                Look::Tag(length, tag) => {
                    self.meet(tag, &mut said);
                    self.before = None;
                    self.seam = true;
                    length
                }
            };
        }
        text[at..].clone_into(&mut self.rest);
        said
    }

    fn take(&mut self, text: &str, said: &mut String) {
        self.before = text.chars().last();
        match self.state {
            State::Opening => self.keep(text, said),
            State::Speaking => self.say(text, said),
            State::Header if self.header.len() < HEADER_CHARS_MAX => self.header.push_str(text),
            State::Header | State::Thinking | State::Aside => {}
        }
    }

    fn keep(&mut self, text: &str, said: &mut String) {
        self.held.push_str(text);
        if self.is_analysis() {
            if let Some(at) = self.held.find(FINAL) {
                self.seen = Seen::Unopened;
                self.held.drain(..at + FINAL.len());
                self.speak(said);
            }
        } else if self.hold != Hold::All && self.held.trim_start().chars().nth(PREFIX_CHARS_MAX).is_some() {
            self.speak(said);
        }
    }

    /// `analysisThe visitor wants …assistantfinalA kayak …`: no answer begins like that.
    fn is_analysis(&self) -> bool {
        let after = self.held.trim_start().strip_prefix(ANALYSIS).and_then(|after| after.chars().next());
        after.is_some_and(char::is_uppercase)
    }

    /// What was held back is the answer.
    fn speak(&mut self, said: &mut String) {
        let held = std::mem::take(&mut self.held);
        self.state = State::Speaking;
        self.say(&held, said);
    }

    /// What stood on both sides of a thought is set apart by one space, or by what was there.
    fn say(&mut self, text: &str, said: &mut String) {
        let blank = self.last.is_none_or(char::is_whitespace);
        let text = if self.seam && blank { text.trim_start() } else { text };
        let Some(first) = text.chars().next() else { return };
        if self.seam && !blank && first.is_ascii_alphanumeric() {
            said.push(' ');
        }
        self.seam = false;
        said.push_str(text);
        self.last = text.chars().last();
    }

    fn meet(&mut self, tag: Tag, said: &mut String) {
        match (self.state, tag) {
            (State::Thinking, Tag::Open) => self.nested = true,
            (State::Opening | State::Speaking | State::Thinking, Tag::Close) => self.close(),
            (State::Opening | State::Speaking | State::Header, Tag::Open) => self.open(said),
            (State::Opening | State::Speaking | State::Header | State::Aside, Tag::Start | Tag::Channel) => self.begin(tag),
            (State::Opening | State::Header, Tag::Message) => self.enter(),
            (State::Header | State::Aside, Tag::Over) => self.state = State::Speaking,
            _ => {}
        }
    }

    fn open(&mut self, said: &mut String) {
        let few = self.held.chars().nth(FIRST_WORDS_CHARS_MAX).is_none();
        if self.state == State::Opening && (self.hold != Hold::All || few) {
            self.speak(said);
        }
        if self.seen == Seen::None {
            self.seen = Seen::Marked;
        }
        self.state = State::Thinking;
    }

    fn close(&mut self) {
        if self.state != State::Thinking {
            self.seen = Seen::Unopened;
        }
        self.held.clear();
        // Of two thoughts, one in the other, the outer one may still go on.
        self.state = if std::mem::take(&mut self.nested) { State::Opening } else { State::Speaking };
    }

    /// A message of channels begins; text before it had no channel, so it was none to be read.
    fn begin(&mut self, tag: Tag) {
        if self.state != State::Header {
            self.header.clear();
            if !self.held.trim().is_empty() {
                self.seen = Seen::Unopened;
            }
            self.held.clear();
        }
        self.header.push(if tag == Tag::Channel { '|' } else { ' ' });
        self.state = State::Header;
    }

    fn enter(&mut self) {
        let header = std::mem::take(&mut self.header) + &std::mem::take(&mut self.held);
        let channel = header.rsplit('|').next().unwrap_or_default().trim().to_ascii_lowercase();
        let aside = match header.contains('|') {
            true => !channel.starts_with("final"),
            false => [ANALYSIS, "commentary"].iter().any(|name| channel.starts_with(name)),
        };
        self.state = if aside { State::Aside } else { State::Speaking };
        if aside && self.seen == Seen::None {
            self.seen = Seen::Marked;
        }
    }
}

#[cfg(test)]
mod tests;

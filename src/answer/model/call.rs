//! One call of one model: listens until the answer is whole, something goes wrong, or somebody ends it.

use std::time::{Duration, Instant};

use crate::answer::model::attempt::{Attempt, End, Fault};
use crate::answer::model::filter::Filter;
use crate::answer::model::habits::Habits;
use crate::answer::model::interrupt::Interrupt;
use crate::answer::model::prompt::{Prompt, estimated_tokens};
use crate::answer::model::sse;
use crate::answer::model::wire::{self, Call, Finish, Step, Unusable};
use crate::config::{Model, Provider};
use crate::domain::unseen::cleaned;
use crate::egress::stream::{Head, Piece, Stream, StreamRequest};
use crate::egress::{Egress, Failure};

/// What a provider counts is believed up to here.
const TOKENS_MAX: i64 = 10_000_000;
/// How often is looked whether somebody has ended the answer.
const LOOK_EVERY: Duration = Duration::from_millis(50);
/// After the last word, for the count of tokens.
const AFTERWORD: Duration = Duration::from_secs(1);
/// Of an answer as it is shown; longer ones are cut off.
const ANSWER_CHARS_MAX: usize = 8_000;
const COMPLAINT_CHARS_MAX: usize = 500;
const COMPLAINT_PIECES_MAX: usize = 4;
/// Of what is kept with the answer.
const COMPLAINT_KEPT_CHARS_MAX: usize = 200;
/// For a complaint that may name what to leave out; others are only logged.
const COMPLAINT_WAIT: Duration = Duration::from_secs(1);
/// The longest that an answer's first words wait because they may turn out to be thought.
const HOLD_MAX: Duration = Duration::from_secs(1);

/// Who is called, for how long, and who may end it.
pub struct Line<'a> {
    pub egress: &'a Egress,
    pub model: &'a Model,
    pub habits: &'a Habits,
    pub deadline: Instant,
    pub interrupt: &'a Interrupt,
}

/// Asks, and asks again where the server will not take a field that an answer can do without.
pub fn call(line: &Line, prompt: &Prompt, filter: Filter, show: &mut dyn FnMut(&str)) -> Attempt {
    let mut ear = Ear::new(line, filter);
    let mut refused = line.habits.refused();
    let end = loop {
        let call = wire::call(line.model, prompt, refused);
        let stream = ear.dial(&call);
        let end = ear.listen(&stream, show);
        match wire::objected(line.model, &call.body, &ear.complaint) {
            Some(field) if is_objection(end) && !refused.has(field) => refused.add(field),
            _ => break end,
        }
    };
    if ear.accepted {
        line.habits.remember(refused);
    }
    let end = ear.let_go(end, show);
    ear.attempt(end, prompt)
}

const fn is_objection(end: End) -> bool {
    matches!(end, End::Failed(Fault::Status(400 | 422)))
}

struct Ear<'a> {
    line: &'a Line<'a>,
    started: Instant,
    wait_until: Instant,
    reader: sse::Reader,
    filter: Filter<'a>,
    text: String,
    first_token: Option<Duration>,
    finish: Option<Finish>,
    tokens: (Option<i64>, Option<i64>),
    heard_chars: usize,
    retry_after_ms: Option<i64>,
    /// The server took the request.
    accepted: bool,
    complaint: String,
    /// Since when words wait that may be thought.
    held_since: Option<Instant>,
}

impl<'a> Ear<'a> {
    fn new(line: &'a Line<'a>, filter: Filter<'a>) -> Self {
        let started = Instant::now();
        Self {
            line,
            started,
            wait_until: started,
            reader: sse::Reader::default(),
            filter,
            text: String::new(),
            first_token: None,
            finish: None,
            tokens: (None, None),
            heard_chars: 0,
            retry_after_ms: None,
            accepted: false,
            complaint: String::new(),
            held_since: None,
        }
    }

    fn dial(&mut self, call: &Call) -> Stream {
        let now = Instant::now();
        let model = self.line.model;
        self.wait_until = (now + Duration::from_millis(model.first_token_timeout_ms)).min(self.line.deadline);
        self.complaint.clear();
        self.line.egress.stream(StreamRequest {
            url: call.url.clone(),
            headers: call.headers.clone(),
            body: call.body.to_string().into_bytes(),
            connect_timeout: Duration::from_millis(model.connect_timeout_ms),
            timeout: self.line.deadline.saturating_duration_since(now),
        })
    }

    fn listen(&mut self, stream: &Stream, show: &mut dyn FnMut(&str)) -> End {
        loop {
            if let Some(reason) = self.line.interrupt.reason() {
                return End::Interrupted(reason);
            }
            if self.held_since.is_some_and(|since| since.elapsed() >= HOLD_MAX)
                && let Some(end) = self.release(show)
            {
                return end;
            }
            let left = self.wait_until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return self.timed_out(show);
            }
            let heard = match stream.next(left.min(LOOK_EVERY)) {
                None => None,
                Some(Piece::Head(head)) => self.refused(&head, stream),
                Some(Piece::Bytes(bytes)) => self.hear(&bytes, show),
                Some(Piece::End) if self.finish.is_some() => Some(self.ended(show)),
                Some(Piece::End) => Some(End::Failed(Fault::CutOff)),
                Some(Piece::TooLarge) => Some(End::Failed(Fault::TooLarge)),
                // What breaks after the last word breaks nothing.
                Some(Piece::Failed(_)) if self.finish.is_some() => Some(self.ended(show)),
                Some(Piece::Failed(failure)) => Some(End::Failed(self.broken(failure))),
            };
            if let Some(end) = heard {
                return end;
            }
        }
    }

    fn refused(&mut self, head: &Head, stream: &Stream) -> Option<End> {
        if head.status != 200 {
            let seconds = head.retry_after.as_ref().and_then(|text| text.trim().parse::<i64>().ok());
            self.retry_after_ms = seconds.map(|seconds| seconds.clamp(0, 3_600) * 1_000);
            self.take_complaint(head.status, stream);
            return Some(End::Failed(Fault::Status(head.status)));
        }
        self.accepted = true;
        let other = ["application/json", "text/html", "text/plain"].contains(&head.content_type.as_str());
        other.then_some(End::Failed(Fault::NotAStream))
    }

    /// For the operator, who cannot mend what is not told. A key that is refused may be repeated, so that is not kept.
    fn take_complaint(&mut self, status: u16, stream: &Stream) {
        let is_objection = is_objection(End::Failed(Fault::Status(status)));
        // A short while only: whoever drips would hold up the next model.
        let wait = if is_objection { COMPLAINT_WAIT } else { LOOK_EVERY };
        let until = (Instant::now() + wait).min(self.line.deadline);
        let mut said = Vec::new();
        for _ in 0..COMPLAINT_PIECES_MAX {
            match stream.next(until.saturating_duration_since(Instant::now())) {
                Some(Piece::Bytes(bytes)) if status != 401 && status != 403 => said.extend(bytes),
                _ => break,
            }
        }
        let model = &self.line.model;
        let said = complaint(&said, &model.api_key.0);
        let logged: String = said.chars().take(COMPLAINT_CHARS_MAX).collect();
        tracing::warn!(model = model.model, status, said = logged, "a model rejected the request");
        if is_objection {
            self.complaint = said;
        }
    }

    fn hear(&mut self, bytes: &[u8], show: &mut dyn FnMut(&str)) -> Option<End> {
        let Ok(events) = self.reader.push(bytes) else { return Some(End::Failed(Fault::TooLarge)) };
        for event in events {
            let step = match wire::step(self.provider(), &event) {
                Ok(step) => step,
                Err(Unusable::Malformed) => return Some(End::Failed(Fault::Malformed)),
                Err(Unusable::Upstream) => return Some(End::Failed(Fault::Upstream)),
            };
            if let Some(end) = self.take(&step, show) {
                return Some(end);
            }
        }
        None
    }

    fn take(&mut self, step: &Step, show: &mut dyn FnMut(&str)) -> Option<End> {
        self.tokens = (step.input_tokens.or(self.tokens.0), step.output_tokens.or(self.tokens.1));
        self.heard_chars += step.text.chars().count();
        if step.alive {
            self.first_token.get_or_insert_with(|| self.started.elapsed());
            self.wait_until = (Instant::now() + Duration::from_millis(self.line.model.idle_timeout_ms)).min(self.line.deadline);
        }
        if !step.text.is_empty() {
            self.held_since.get_or_insert_with(Instant::now);
        }
        // Whoever sets `thinks` knows better.
        if step.thinks_apart && !self.line.model.thinks {
            self.filter.thoughts().come_apart();
        }
        let shown = self.filter.push(&step.text);
        if let Some(end) = self.show(&shown, show) {
            return Some(end);
        }
        if step.finish.is_some() {
            self.finish = step.finish;
            self.wait_until = (Instant::now() + AFTERWORD).min(self.line.deadline);
        }
        match (step.last, self.finish) {
            (true, Some(_)) => Some(self.ended(show)),
            // Some servers never say why they end, only that they do.
            (true, None) if self.first_token.is_some() => Some(self.ended(show)),
            (true, None) => Some(End::Failed(Fault::Empty)),
            (false, _) => None,
        }
    }

    fn show(&mut self, shown: &str, show: &mut dyn FnMut(&str)) -> Option<End> {
        let room = ANSWER_CHARS_MAX - self.text.chars().count();
        let end = shown.char_indices().nth(room).map(|(at, _)| at);
        let kept = &shown[..end.unwrap_or(shown.len())];
        if !kept.is_empty() {
            self.text.push_str(kept);
            show(kept);
        }
        match (self.filter.found(), end) {
            (Some(found), _) => Some(End::Found(found)),
            (None, Some(_)) => Some(End::Truncated),
            (None, None) => None,
        }
    }

    /// The answer is there, as far as it goes.
    fn ended(&mut self, show: &mut dyn FnMut(&str)) -> End {
        let rest = self.filter.finish(self.finish == Some(Finish::Length));
        if let Some(end) = self.show(&rest, show) {
            return end;
        }
        match self.finish {
            Some(Finish::Refused) => End::Failed(Fault::Refused),
            _ if self.text.is_empty() => End::Failed(Fault::Empty),
            // After its first words it began to think, and never came back to the answer.
            _ if self.filter.thoughts().is_open() => End::Failed(Fault::CutOff),
            Some(Finish::Length) => End::Truncated,
            _ => End::Whole,
        }
    }

    /// What waits because it may be thought, but waits in vain.
    fn release(&mut self, show: &mut dyn FnMut(&str)) -> Option<End> {
        self.held_since = None;
        let shown = self.filter.release();
        self.show(&shown, show)
    }

    /// Whatever ended it, what was said until then stays said.
    fn let_go(&mut self, end: End, show: &mut dyn FnMut(&str)) -> End {
        match end {
            End::Failed(_) | End::Interrupted(_) => match self.release(show) {
                Some(found @ End::Found(_)) => found,
                _ => end,
            },
            _ => end,
        }
    }

    fn timed_out(&mut self, show: &mut dyn FnMut(&str)) -> End {
        match (self.finish, self.first_token) {
            (Some(_), _) => self.ended(show),
            _ if self.wait_until >= self.line.deadline => End::Failed(Fault::TimeLimit),
            (None, None) => End::Failed(Fault::FirstTokenTimeout),
            (None, Some(_)) => End::Failed(Fault::IdleTimeout),
        }
    }

    fn broken(&self, failure: Failure) -> Fault {
        match (failure, self.first_token) {
            (Failure::Timeout, _) => Fault::TimeLimit,
            (_, Some(_)) => Fault::CutOff,
            (failure, None) => Fault::Connection(failure),
        }
    }

    const fn provider(&self) -> Provider {
        self.line.model.provider
    }

    fn attempt(mut self, end: End, prompt: &Prompt) -> Attempt {
        let (input, output) = self.tokens;
        // Nothing that was sent was read, as far as one can know.
        let unheard = self.first_token.is_none() && matches!(end, End::Failed(_));
        let guess = |counted: Option<i64>, tokens: i64| {
            counted.map_or(if unheard { 0 } else { tokens }, |tokens| tokens.clamp(0, TOKENS_MAX))
        };
        Attempt {
            end,
            cited: self.filter.cited().collect(),
            text: self.text,
            input_tokens: guess(input, prompt.tokens()),
            output_tokens: guess(output, estimated_tokens(self.heard_chars)),
            estimated: !unheard && (input.is_none() || output.is_none()),
            first_token: self.first_token,
            retry_after_ms: self.retry_after_ms,
            complaint: self.complaint.chars().take(COMPLAINT_KEPT_CHARS_MAX).collect(),
            seen: self.filter.thoughts().seen(),
        }
    }
}

/// What was said, without the key. It is hidden before anything is cut off: a half of a key is still a secret.
fn complaint(said: &[u8], key: &str) -> String {
    let said = String::from_utf8_lossy(said);
    let said = if key.is_empty() { said.into_owned() } else { said.replace(key, "(hidden)") };
    cleaned(&said).split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_complaint_holds_no_part_of_the_key_wherever_it_is_cut_off() {
        let key = "sk-0123456789abcdef";
        for length in COMPLAINT_CHARS_MAX - key.len()..=COMPLAINT_CHARS_MAX {
            let said = complaint(format!("{}{key} is wrong", "x".repeat(length)).as_bytes(), key);
            assert!(!said.contains("sk-") && said.contains("is wrong"), "{said}");
        }
        assert_eq!(complaint(b"no such model", ""), "no such model");
    }
}

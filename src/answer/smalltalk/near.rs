//! Understands small talk by its meaning: how near a message is to one of the exemplars.

use std::sync::OnceLock;

use crate::answer::encoder::{Encoder, Vector, cosines};
use crate::answer::smalltalk::SmallTalk;
use crate::answer::words::listed::{entries, sections};

/// Messages at least this near to an exemplar are of its kind.
const NEAR_ENOUGH: f32 = 0.57;
/// Businesses have ages, places and pets too: what is asked of the assistant itself must be nearer.
const PERSONAL_NEAR_ENOUGH: f32 = 0.65;

/// English messages of each kind.
pub fn exemplars() -> &'static [(SmallTalk, Vec<&'static str>)] {
    static EXEMPLARS: OnceLock<Vec<(SmallTalk, Vec<&'static str>)>> = OnceLock::new();
    EXEMPLARS.get_or_init(|| {
        let sections = sections(include_str!("exemplars.txt")).into_iter();
        sections.filter_map(|(name, lines)| Some((SmallTalk::parse(name)?, entries(&lines).collect()))).collect()
    })
}

/// Encodes the exemplars, which takes half a second the first time.
pub fn prepare() {
    encoded();
}

/// The kind of the nearest exemplar, if it is near enough.
pub fn nearest(message: &Vector) -> Option<SmallTalk> {
    closest(message).filter(|(kind, cosine)| *cosine >= near_enough(*kind)).map(|(kind, _)| kind)
}

fn near_enough(kind: SmallTalk) -> f32 {
    match kind {
        SmallTalk::Personal | SmallTalk::Maker => PERSONAL_NEAR_ENOUGH,
        _ => NEAR_ENOUGH,
    }
}

fn closest(message: &Vector) -> Option<(SmallTalk, f32)> {
    let (kinds, vectors) = encoded();
    let mut near = Vec::with_capacity(vectors.len());
    cosines(message, vectors, &mut near);
    kinds.iter().copied().zip(near).max_by(|a, b| a.1.total_cmp(&b.1))
}

fn encoded() -> &'static (Vec<SmallTalk>, Vec<Vector>) {
    static ENCODED: OnceLock<(Vec<SmallTalk>, Vec<Vector>)> = OnceLock::new();
    ENCODED.get_or_init(|| {
        let Some(encoder) = Encoder::embedded() else { return (Vec::new(), Vec::new()) };
        let each = exemplars().iter().flat_map(|(kind, texts)| texts.iter().map(|text| (*kind, encoder.encode(text))));
        each.unzip()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    use crate::answer::smalltalk::{meant, recognise};

    #[track_caller]
    fn check(text: &str, expected: Option<SmallTalk>) {
        let vector = Encoder::embedded().map(|encoder| encoder.encode(text));
        assert_eq!(meant(text, vector.as_ref()).map(|(kind, _)| kind), expected, "{text:?}");
    }

    #[test]
    fn each_kind_that_can_be_meant_has_exemplars() {
        assert!(exemplars().len() >= 15 && exemplars().iter().all(|(_, texts)| texts.len() >= 14));
    }

    #[test]
    fn what_no_form_fits_is_understood_by_its_meaning() {
        for (text, kind) in [
            ("would I be chatting with some sort of robot here", SmallTalk::Bot),
            ("I'm truly grateful that you helped me", SmallTalk::Thanks),
            ("I'd like to have a chat with an actual employee", SmallTalk::Person),
            ("what sort of stuff are you able to help people with", SmallTalk::Help),
            ("which firm is it that employs you", SmallTalk::Maker),
        ] {
            assert_eq!(recognise(text), None, "{text:?}");
            check(text, Some(kind));
        }
    }

    #[test]
    fn questions_are_near_to_no_small_talk() {
        for text in [
            "how much is tooth whitening",
            "do you treat pets",
            "can I cancel my subscription",
            "what is the name of your dentist",
            "who do I call about a refund",
            "how old must children be",
            "Kann ich meinen Hund mitbringen?",
        ] {
            check(text, None);
        }
    }
}

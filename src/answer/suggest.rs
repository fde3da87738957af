//! Questions that a text answers, to be put to its agent first.

use crate::domain::agent::appearance::SUGGESTION;
use crate::domain::input::text_of_form;
use crate::domain::knowledge::NewKnowledge;
use crate::reading::{Entry, cut};

pub const SUGGESTED: usize = 3;
/// Longer ones are not read before they are clicked.
const CHARS_MAX: usize = 80;

/// The first few questions that the text itself asks, each once.
pub fn questions(knowledge: &NewKnowledge) -> Vec<String> {
    let entry = Entry { id: "", kind: knowledge.kind, title: None, headings: &[], url: None, content: &knowledge.content };
    let mut found: Vec<String> = Vec::new();
    for question in cut(0, &entry).into_iter().filter_map(|chunk| chunk.question) {
        let fits = text_of_form(&question, &SUGGESTION).ok().filter(|text| text.chars().count() <= CHARS_MAX);
        found.extend(fits.filter(|text| !found.contains(text)));
        if found.len() == SUGGESTED {
            break;
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::knowledge::{KnowledgeType, Source};
    use crate::domain::sample;

    fn check(content: &str, expected: &[&str]) {
        let content = content.to_owned();
        assert_eq!(questions(&NewKnowledge::new(KnowledgeType::Text, content, Source::Pasted)), expected);
    }

    #[test]
    fn the_first_questions_of_a_text_are_suggested() {
        check(sample::FAQ, &["What are your opening hours?", "Where are you located?", "Do you accept new patients?"]);
        check("Q: Where is parking?\nA: Behind the house.\n\nQ: Where is parking?\nA: Also in front.", &["Where is parking?"]);
        check("We bake bread.\n\nWe open at seven.", &[]);
        check(&format!("Q: {}?\nA: Yes.\n\nQ: Is it long?\nA: No.", "long ".repeat(30)), &["Is it long?"]);
    }
}

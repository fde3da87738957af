//! Cuts knowledge into the passages that answers are made of: a FAQ pair, a product, or at most 150 words under one heading.

pub mod faq;
pub mod lines;
pub mod markdown;
pub mod plain;
pub mod product;

use crate::domain::knowledge::KnowledgeType;

pub const CHUNK_WORDS_MAX: usize = 150;
pub const OVERLAP_WORDS: usize = 25;

/// A piece of knowledge as its owner gave it.
#[derive(Clone, Debug)]
pub struct Entry<'a> {
    pub id: &'a str,
    pub kind: KnowledgeType,
    pub title: Option<&'a str>,
    /// Where the content stands in a larger document, outermost first.
    pub headings: &'a [String],
    pub url: Option<&'a str>,
    pub content: &'a str,
}

#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Chunk {
    /// Which entry it comes from.
    pub knowledge: usize,
    pub title: String,
    pub headings: Vec<String>,
    pub question: Option<String>,
    pub text: String,
    /// A FAQ pair or a product: one thing, told as a whole.
    pub whole: bool,
    pub product: bool,
}

impl Chunk {
    /// The nearest name for what the passage is about.
    pub fn heading(&self) -> &str {
        self.question.as_deref().or(self.headings.last().map(String::as_str)).unwrap_or(&self.title)
    }
}

/// The chunks of one entry. The declared type is a hint: a text that is plainly a FAQ, markdown or a product list is read as such.
pub fn cut(knowledge: usize, entry: &Entry) -> Vec<Chunk> {
    let content = entry.content.replace("\r\n", "\n").replace('\r', "\n").replace(['\u{2028}', '\u{2029}', '\u{0}'], "\n");
    let mut chunks = match kind_of(entry.kind, &content) {
        KnowledgeType::Faq => faq::cut(&content),
        KnowledgeType::Product => product::cut(&content),
        KnowledgeType::Markdown => markdown::cut(&content),
        KnowledgeType::Text => plain::cut(&content),
    };
    chunks.retain(|chunk| !chunk.text.trim().is_empty());
    for chunk in &mut chunks {
        chunk.knowledge = knowledge;
        chunk.headings.splice(0..0, entry.headings.iter().cloned());
        if let Some(title) = entry.title.filter(|title| !title.trim().is_empty()) {
            chunk.title = title.trim().to_owned();
        }
    }
    chunks
}

fn kind_of(declared: KnowledgeType, content: &str) -> KnowledgeType {
    let pairs = faq::pairs_in(content);
    match declared {
        KnowledgeType::Faq if pairs == 0 && markdown::headings_in(content) > 0 => KnowledgeType::Markdown,
        KnowledgeType::Faq => KnowledgeType::Faq,
        _ if pairs >= 2 && faq::covers(content) => KnowledgeType::Faq,
        KnowledgeType::Text if product::covers(content) => KnowledgeType::Product,
        KnowledgeType::Text | KnowledgeType::Product if markdown::headings_in(content) > 0 => KnowledgeType::Markdown,
        declared => declared,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(kind: KnowledgeType, content: &str) -> Entry<'_> {
        Entry { id: "kn_1", kind, title: None, headings: &[], url: None, content }
    }

    #[track_caller]
    fn check(kind: KnowledgeType, content: &str, expected: &[(&str, &str)]) {
        let chunks = cut(0, &entry(kind, content));
        let found: Vec<(String, &str)> = chunks
            .iter()
            .map(|chunk| {
                let mut path: Vec<&str> = Some(chunk.title.as_str()).filter(|title| !title.is_empty()).into_iter().collect();
                path.extend(chunk.headings.iter().map(String::as_str));
                path.extend(chunk.question.as_deref());
                (path.join(" > "), chunk.text.as_str())
            })
            .collect();
        let found: Vec<(&str, &str)> = found.iter().map(|(path, text)| (path.as_str(), *text)).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn faq_pairs_stay_whole_in_every_form() {
        let pair = [("Open on Sunday?", "No.\nOnly by appointment."), ("Parking?", "Behind the house.")];
        check(KnowledgeType::Faq, "Q: Open on Sunday?\nA: No.\nOnly by appointment.\n\nQ: Parking?\nA: Behind the house.", &pair);
        check(
            KnowledgeType::Text,
            "Question: Open on Sunday?\nAnswer: No.\nOnly by appointment.\nQuestion: Parking?\nAnswer: Behind the house.",
            &pair,
        );
        check(
            KnowledgeType::Faq,
            "**Q: Open on Sunday?**\n\nA: No.\nOnly by appointment.\n\n**Q: Parking?**\nA: Behind the house.",
            &pair,
        );
        check(KnowledgeType::Faq, "**Open on Sunday?**\nNo.\nOnly by appointment.\n\n**Parking?**\nBehind the house.", &pair);
        check(KnowledgeType::Faq, "1. Open on Sunday?\nNo.\nOnly by appointment.\n\n2. Parking?\nBehind the house.", &pair);
        check(
            KnowledgeType::Faq,
            "Q1. Open on Sunday?\nA1. No.\nOnly by appointment.\nQ2. Parking?\nA2. Behind the house.",
            &pair,
        );
        check(KnowledgeType::Faq, "Open on Sunday?\nNo.\nOnly by appointment.\n\nParking?\nBehind the house.", &pair);
        check(KnowledgeType::Markdown, "## Open on Sunday?\nNo.\nOnly by appointment.\n## Parking?\nBehind the house.", &pair);
        check(
            KnowledgeType::Faq,
            "Q: Open on Sunday? A: No.\nQ: Parking? A: Behind the house.",
            &[("Open on Sunday?", "No."), ("Parking?", "Behind the house.")],
        );
    }

    #[test]
    fn markdown_keeps_its_heading_path() {
        let text = "# Shop\nWelcome.\n## Prices\n- Small: $4\n- Large: $6\n### Groups\nTen per cent off.\n## Hours\n| Day | Open |\n|---|---|\n| Mon | 9-5 |\n| Tue | 10-4 |";
        let expected = [
            ("Shop", "Welcome."),
            ("Shop > Prices", "- Small: $4\n- Large: $6"),
            ("Shop > Prices > Groups", "Ten per cent off."),
            ("Shop > Hours", "- Day: Mon, Open: 9-5\n- Day: Tue, Open: 10-4"),
        ];
        check(KnowledgeType::Markdown, text, &expected);
        check(KnowledgeType::Text, text, &expected);
        check(
            KnowledgeType::Markdown,
            "Opening\n=======\nWe **open** at [nine](https://x.example).",
            &[("Opening", "We open at nine (https://x.example).")],
        );
    }

    #[test]
    fn a_product_is_one_block_under_its_name() {
        let text = "Name: Trail tent\nPrice: $249\nWeight: 2.1 kg\n\nName: Camp stove\nPrice: $79\nFuel: gas";
        let expected = [("Trail tent", "Price: $249\nWeight: 2.1 kg"), ("Camp stove", "Price: $79\nFuel: gas")];
        check(KnowledgeType::Product, text, &expected);
        check(KnowledgeType::Text, text, &expected);
        check(
            KnowledgeType::Product,
            "Trail tent\nPrice: $249\n\nA loose note.",
            &[("Trail tent", "Price: $249"), ("", "A loose note.")],
        );
    }

    #[test]
    fn plain_text_is_cut_by_paragraph() {
        check(
            KnowledgeType::Text,
            "We sell widgets.\n\nReturns\nWithin 30 days.",
            &[("", "We sell widgets."), ("Returns", "Within 30 days.")],
        );
        let long = "One two three four five six seven eight nine ten. ".repeat(40);
        let chunks = cut(0, &entry(KnowledgeType::Text, &long));
        assert!(chunks.len() > 2 && chunks.iter().all(|chunk| chunk.text.split_whitespace().count() <= CHUNK_WORDS_MAX));
    }

    #[test]
    fn no_input_breaks_a_chunker() {
        let alphabet = [
            "#", "# ", "Q:", "A:", "?", "\n", "\n\n", "|", "-", "- ", "**", "[", "](", ")", ":", "Name: ", "é", "🙂", "\u{2028}",
            "\t", "1. ", "word ", "```", "=", "\r", ">", "\u{0}", "A: ",
        ];
        let mut state = 7u32;
        for _ in 0..3_000 {
            let mut text = String::new();
            for _ in 0..40 {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                text.push_str(alphabet[(state >> 16) as usize % alphabet.len()]);
            }
            for kind in [KnowledgeType::Text, KnowledgeType::Faq, KnowledgeType::Product, KnowledgeType::Markdown] {
                cut(0, &entry(kind, &text));
            }
        }
        for unit in ["a", "#", "|", "? ", "Q: ", "**", "a: b\n", "\n", "[x](", "``` "] {
            cut(0, &entry(KnowledgeType::Markdown, &unit.repeat(50_000 / unit.len())));
        }
    }
}

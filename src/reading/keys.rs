//! What owners call a question, an answer, a product's name: in marks before a line, in columns of tables, in keys of JSON.

use crate::domain::spelling::fold;

/// Words that mark a question and its answer; each stands for itself.
const WORDS: [(&str, &str); 12] = [
    ("question", "answer"),
    ("frage", "antwort"),
    ("pregunta", "respuesta"),
    ("question", "reponse"),
    ("domanda", "risposta"),
    ("pergunta", "resposta"),
    ("vraag", "antwoord"),
    ("pytanie", "odpowiedz"),
    ("سؤال", "جواب"),
    ("السؤال", "الجواب"),
    ("السؤال", "الاجابة"),
    ("質問", "回答"),
];
/// Letters that do so where both are found. The first pair is known everywhere.
const LETTERS: [(&str, &str); 9] =
    [("q", "a"), ("f", "a"), ("p", "r"), ("q", "r"), ("d", "r"), ("v", "a"), ("p", "o"), ("س", "ج"), ("問", "答")];
const MARK_CHARS_MAX: usize = 24;
/// Colons of a line that are looked at.
const INNER_COLONS_MAX: usize = 20;

const PRODUCT_NAMES: [&str; 30] = [
    "name",
    "product",
    "product name",
    "produkt",
    "produktname",
    "artikel",
    "bezeichnung",
    "nombre",
    "producto",
    "articulo",
    "nom",
    "produit",
    "article",
    "nome",
    "prodotto",
    "articolo",
    "produto",
    "artigo",
    "naam",
    "nazwa",
    "اسم",
    "الاسم",
    "المنتج",
    "اسم المنتج",
    "منتج",
    "商品名",
    "品名",
    "商品",
    "製品名",
    "名前",
];
const OTHER_NAMES: [&str; 12] =
    ["title", "titel", "titulo", "titre", "titolo", "tytul", "item", "service", "plan", "model", "label", "タイトル"];
const CATEGORIES: [&str; 12] = [
    "category",
    "kategorie",
    "categoria",
    "categorie",
    "kategoria",
    "section",
    "topic",
    "group",
    "الفئة",
    "فئة",
    "カテゴリ",
    "カテゴリー",
];
const IGNORED: [&str; 8] = ["id", "uuid", "_id", "lang", "language", "locale", "created_at", "updated_at"];

pub fn is_question_key(key: &str) -> bool {
    let key = folded(key);
    key == "q" || WORDS.iter().any(|(question, _)| *question == key)
}

pub fn is_answer_key(key: &str) -> bool {
    let key = folded(key);
    matches!(key.as_str(), "a" | "response" | "reply" | "اجابة" | "答え") || WORDS.iter().any(|(_, answer)| *answer == key)
}

pub fn is_name(key: &str) -> bool {
    let key = folded(key);
    PRODUCT_NAMES.contains(&key.as_str()) || OTHER_NAMES.contains(&key.as_str())
}

/// Whether a line with this key begins another product.
pub fn begins_product(key: &str) -> bool {
    PRODUCT_NAMES[..3].contains(&key.to_lowercase().as_str()) || PRODUCT_NAMES[3..].contains(&folded(key).as_str())
}

pub fn is_category(key: &str) -> bool {
    CATEGORIES.contains(&folded(key).as_str())
}

/// Whether what stands under this key is for machines.
pub fn is_ignored(key: &str) -> bool {
    IGNORED.contains(&key.to_lowercase().as_str())
}

fn folded(key: &str) -> String {
    fold(key.trim()).replace('_', " ")
}

/// The marks that a text uses.
#[derive(Clone, Debug)]
pub struct Marks {
    letters: Vec<(&'static str, &'static str)>,
}

impl Marks {
    /// "P:" is a question where "R:" answers as often, and a telephone elsewhere.
    pub fn of(content: &str) -> Marks {
        let mut counts = [(0usize, 0usize); LETTERS.len()];
        for mark in content.lines().flat_map(marks_in) {
            for (n, (question, answer)) in LETTERS.iter().enumerate() {
                counts[n].0 += usize::from(*question == mark);
                counts[n].1 += usize::from(*answer == mark);
            }
        }
        let even = |n: &usize| {
            let (asked, answered) = counts[*n];
            asked.min(answered) > 0 && asked.abs_diff(answered) <= 1 + asked / 5
        };
        let best = (0..LETTERS.len()).filter(even).max_by_key(|n| counts[*n].0.min(counts[*n].1));
        let letters = [0].into_iter().chain(best.filter(|n| *n > 0)).map(|n| LETTERS[n]);
        Marks { letters: letters.collect() }
    }

    /// What follows "Q:", "Q1.", "Question 3:" and the like.
    pub fn question<'a>(&self, line: &'a str) -> Option<&'a str> {
        let found = mark(line)?;
        let known = self.pairs().any(|(question, _)| question == found.name);
        known.then_some(found.rest)
    }

    pub fn answer<'a>(&self, line: &'a str) -> Option<&'a str> {
        let found = mark(line)?;
        let known = self.pairs().any(|(_, answer)| answer == found.name);
        known.then_some(found.rest)
    }

    /// "Open? A: No." on one line.
    pub fn split_answer<'a>(&self, text: &'a str) -> (&'a str, Option<&'a str>) {
        let known = |found: &Inner| self.pairs().any(|(_, answer)| answer == found.name);
        let found = inner_marks(text).find(|found| known(found) && (found.name == "a" || asks(found.before)));
        found.map_or((text, None), |found| (found.before, Some(found.rest)))
    }

    fn pairs(&self) -> impl Iterator<Item = (&'static str, &'static str)> {
        WORDS.into_iter().chain(self.letters.iter().copied())
    }
}

/// The marks at the start of a line and behind a question in it.
fn marks_in(line: &str) -> Vec<String> {
    let Some(first) = mark(line) else { return Vec::new() };
    let behind = inner_marks(first.rest).filter(|found| asks(found.before)).map(|found| found.name);
    behind.chain([first.name]).collect()
}

/// A word before a colon inside a line, with what stands before and behind it.
struct Inner<'a> {
    before: &'a str,
    name: String,
    rest: &'a str,
}

fn inner_marks(text: &str) -> impl Iterator<Item = Inner<'_>> {
    text.match_indices([':', '\u{ff1a}']).take(INNER_COLONS_MAX).filter_map(|(at, colon)| {
        let head = text[..at].trim_end();
        let (space, c) = head.char_indices().rev().take(MARK_CHARS_MAX).find(|(_, c)| c.is_whitespace())?;
        let before = head[..space].trim_end();
        let rest = text[at + colon.len()..].trim_start();
        (!before.is_empty()).then(|| Inner { before, name: fold(&head[space + c.len_utf8()..]), rest })
    })
}

struct Mark<'a> {
    name: String,
    rest: &'a str,
}

/// A short word before a colon, or with a number before a full stop or a bracket.
fn mark(line: &str) -> Option<Mark<'_>> {
    let line = line.trim_start_matches(['*', '_', '>', '-', '#', ' ', '\t']);
    let (at, end) = line.char_indices().take(MARK_CHARS_MAX).find(|(_, c)| matches!(c, ':' | '\u{ff1a}' | '.' | ')'))?;
    let head = line[..at].trim_matches(['*', '_', ' ', '\u{a0}']);
    let name = head.trim_end_matches(|c: char| c.is_ascii_digit() || matches!(c, ' ' | '#' | '\u{a0}'));
    let numbered = name.len() < head.len() && head.ends_with(|c: char| c.is_ascii_digit());
    if name.is_empty() || matches!(end, '.' | ')') && !numbered {
        return None;
    }
    let rest = line[at + end.len_utf8()..].trim_start_matches(['*', '_', ' ', '\u{a0}', '\u{3000}']);
    Some(Mark { name: fold(name), rest })
}

pub fn is_question_mark(c: char) -> bool {
    matches!(c, '?' | '\u{61f}' | '\u{ff1f}')
}

/// Whether a text ends as a question does; Japanese asks by a syllable too.
pub fn asks(text: &str) -> bool {
    let text = text.trim_end();
    text.ends_with(is_question_mark)
        || ["ですか", "ますか", "せんか", "ですか。", "ますか。", "せんか。"].iter().any(|end| text.ends_with(end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_read_in_every_language() {
        for line in [
            "Q: Open?",
            "**Q1.** Open?",
            "Question 3: Open?",
            "Frage: Open?",
            "Pregunta 2: Open?",
            "Domanda: Open?",
            "Pergunta: Open?",
            "Vraag: Open?",
            "Pytanie: Open?",
            "سؤال: Open?",
            "質問：Open?",
            "Q\u{a0}: Open?",
        ] {
            assert_eq!(Marks::of("").question(line), Some("Open?"), "{line}");
        }
        assert_eq!(Marks::of("").answer("Réponse : Oui."), Some("Oui."));
        assert_eq!(Marks::of("").answer("Odpowiedź: Tak."), Some("Tak."));
    }

    #[test]
    fn a_letter_is_a_mark_where_its_partner_is_found() {
        let spanish = Marks::of("P: ¿Abren?\nR: Sí.\nP: ¿Hay wifi?\nR: No.");
        assert_eq!(spanish.question("P: ¿Abren?"), Some("¿Abren?"));
        assert_eq!(spanish.answer("R: Sí."), Some("Sí."));
        let card = Marks::of("P: 555 0123\nF: 555 0124");
        assert_eq!(card.question("P: 555 0123"), None);
        assert_eq!(card.question("F: 555 0124"), None);
    }

    #[test]
    fn an_answer_may_follow_on_the_line() {
        let marks = Marks::of("");
        assert_eq!(marks.split_answer("Open? A: No."), ("Open?", Some("No.")));
        assert_eq!(marks.split_answer("Offen? Antwort: Nein."), ("Offen?", Some("Nein.")));
        assert_eq!(marks.split_answer("Open from 9:00 to 5:00?"), ("Open from 9:00 to 5:00?", None));
    }
}

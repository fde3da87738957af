//! Tells the language of a text by its script, its letters and its words.

use std::collections::HashMap;
use std::sync::OnceLock;

use crate::answer::lexicon::{common_words, known_words};
use crate::answer::words::japanese::is_kana;
use crate::answer::words::language::{ALL, Language};
use crate::answer::words::listed::sections;
use crate::answer::words::{fold, words};

/// Letters that some of the languages have and others lack, with how much each tells.
const LETTERS: [(Language, &str, f32); 12] = [
    (Language::German, "ß", 2.0),
    (Language::German, "äöü", 0.8),
    (Language::Spanish, "ñ¿¡", 1.5),
    (Language::Spanish, "áíóúé", 0.3),
    (Language::Portuguese, "ãõ", 1.5),
    (Language::Portuguese, "áíóúâêéàô", 0.3),
    (Language::Portuguese, "ç", 0.4),
    (Language::French, "œûîêëâç", 0.6),
    (Language::French, "àéèù", 0.3),
    (Language::Italian, "àèìòù", 0.4),
    (Language::Dutch, "ëï", 0.3),
    (Language::Polish, "łąęśźżćń", 1.5),
];
/// Letters that tell this much at most, so that one foreign name does not outweigh a sentence.
const LETTERS_MAX: f32 = 2.5;
/// A word of a subject tells less than a small word: names and products travel.
const SUBJECT_WORD: f32 = 0.6;
/// And one by itself nothing: "pizza", "hotel".
const COMMON_WORD: f32 = 0.4;
const EVIDENCE_MIN: f32 = 0.5;
const LEAD_MIN: f32 = 1.15;
const WORDS_READ_MAX: usize = 20_000;
/// A long text of a known language has so much evidence a word, or it is in another one.
const KNOWN_SHARE: f32 = 0.15;
const LONG_WORDS: usize = 40;

/// The language of a message, if it tells.
pub fn told(text: &str) -> Option<Language> {
    let evidence = Evidence::of(text);
    let (best, second) = evidence.best_two();
    let told = best.1 >= EVIDENCE_MIN && best.1 >= LEAD_MIN * second;
    told.then_some(best.0)
}

/// The language of a knowledge base; English when nothing tells.
pub fn of_texts<'a>(texts: impl Iterator<Item = &'a str>) -> Language {
    let mut all = Evidence::default();
    for text in texts {
        all.add(&Evidence::of(text));
        if all.words > WORDS_READ_MAX {
            break;
        }
    }
    let ((best, weight), _) = all.best_two();
    match all.words {
        words if words >= LONG_WORDS && weight < KNOWN_SHARE * words as f32 => Language::Other,
        _ if weight > EVIDENCE_MIN => best,
        _ => Language::English,
    }
}

#[derive(Default)]
struct Evidence {
    weights: [f32; ALL.len()],
    words: usize,
}

impl Evidence {
    fn of(text: &str) -> Evidence {
        let mut evidence = Evidence::default();
        let known = known();
        let text = without_addresses(text);
        for word in words(&text).into_iter().map(|word| word.text) {
            evidence.words += usize::from(word.chars().any(char::is_alphabetic));
            evidence.count(known.get(&word));
        }
        // As written, an accent tells the more: "é" and "qué" are each of one language, "e" and "que" of several.
        let lower = text.to_lowercase();
        for word in lower.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_ascii()) {
            evidence.count(known.get(word));
        }
        for (at, language) in ALL.iter().enumerate() {
            evidence.weights[at] += by_letters(*language, &lower);
        }
        evidence
    }

    fn count(&mut self, word: Option<&Vec<(usize, f32)>>) {
        word.into_iter().flatten().for_each(|(at, weight)| self.weights[*at] += weight);
    }

    fn add(&mut self, other: &Evidence) {
        self.weights.iter_mut().zip(other.weights).for_each(|(sum, weight)| *sum += weight);
        self.words += other.words;
    }

    fn best_two(&self) -> ((Language, f32), f32) {
        let mut order: Vec<(Language, f32)> = ALL.into_iter().zip(self.weights).collect();
        order.sort_by(|a, b| b.1.total_cmp(&a.1));
        (order[0], order[1].1)
    }
}

/// Addresses are of no language.
fn without_addresses(text: &str) -> String {
    let words = text.split_whitespace().filter(|word| !word.contains('@') && !word.contains("://") && !word.starts_with("www."));
    words.collect::<Vec<_>>().join(" ")
}

fn by_letters(language: Language, lower: &str) -> f32 {
    let count = |is: fn(char) -> bool| lower.chars().filter(|c| is(*c)).count() as f32;
    match language {
        Language::Arabic => count(|c| matches!(c, '\u{620}'..='\u{6ff}')),
        // Han alone is Chinese in a long text, and may be either in a short one.
        Language::Japanese => count(is_kana) + 0.2 * count(|c| matches!(c, '\u{4e00}'..='\u{9fff}')).min(20.0),
        _ => {
            let rows = LETTERS.iter().filter(|(of, _, _)| *of == language);
            rows.map(|(_, letters, weight)| weight * lower.chars().filter(|c| letters.contains(*c)).count() as f32)
                .sum::<f32>()
                .min(LETTERS_MAX)
        }
    }
}

/// Every listed word with the languages that list it; a word of many languages tells little.
fn known() -> &'static HashMap<String, Vec<(usize, f32)>> {
    static KNOWN: OnceLock<HashMap<String, Vec<(usize, f32)>>> = OnceLock::new();
    KNOWN.get_or_init(|| {
        let mut known: HashMap<String, Vec<(usize, f32)>> = HashMap::new();
        for (at, language) in ALL.iter().enumerate() {
            let small = language.vocabulary().all.iter().map(|word| (word.clone(), 1.0));
            let subject = known_words(*language).into_iter().map(|word| (word, SUBJECT_WORD));
            let accented = sections(language.lists()).into_iter().flat_map(|(_, lines)| lines).flat_map(str::split_whitespace);
            let accented = accented.filter(|word| !word.is_ascii() && fold(word) != *word).map(|word| (word.to_owned(), 1.0));
            let common = common_words().filter(|_| *language == Language::English).map(|word| (word.to_owned(), COMMON_WORD));
            let mut weights: HashMap<String, f32> = HashMap::new();
            for (word, weight) in small.chain(subject).chain(accented).chain(common) {
                let kept = weights.entry(word).or_default();
                *kept = kept.max(weight);
            }
            for (word, weight) in weights {
                known.entry(word).or_default().push((at, weight));
            }
        }
        for languages in known.values_mut() {
            let count = languages.len() as f32;
            languages.iter_mut().for_each(|(_, weight)| *weight /= count);
        }
        known
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    use crate::answer::lexicon::off_topic_in;

    #[track_caller]
    fn check(text: &str, expected: Option<Language>) {
        assert_eq!(told(text), expected, "{text:?}");
    }

    #[test]
    fn a_short_message_tells_its_language() {
        for (language, texts) in [
            (Language::English, ["price?", "how much is it", "opening hours", "hello"]),
            (Language::German, ["Öffnungszeiten", "was kostet das", "preis?", "habt ihr sonntags offen"]),
            (Language::Spanish, ["cuanto cuesta", "dirección", "¿precio?", "donde estan"]),
            (Language::French, ["horaires", "c'est combien", "où êtes-vous ?", "bonjour"]),
            (Language::Italian, ["quanto costa", "dove siete", "orari di apertura", "buongiorno"]),
            (Language::Portuguese, ["quanto custa", "onde ficam", "bom dia", "vocês abrem no domingo?"]),
            (Language::Dutch, ["openingstijden", "wat kost het", "waar zitten jullie", "goedemorgen"]),
            (Language::Polish, ["godziny otwarcia", "ile to kosztuje", "gdzie jesteście", "dzień dobry"]),
            (Language::Arabic, ["السعر", "كم السعر؟", "أين أنتم", "مرحبا"]),
            (Language::Japanese, ["営業時間", "いくらですか", "どこですか", "こんにちは"]),
        ] {
            texts.iter().for_each(|text| check(text, Some(language)));
        }
    }

    #[test]
    fn what_tells_nothing_is_left_open() {
        ["", "?", "ok", "123", "jane@example.com", "Zalgiris", "привет"].iter().for_each(|text| check(text, None));
    }

    #[test]
    fn whole_questions_tell_their_language() {
        let asked = ALL.into_iter().flat_map(|language| off_topic_in(language).map(move |question| (language, question)));
        let asked: Vec<(Language, &str)> = asked.collect();
        let wrong: Vec<_> = asked.iter().filter(|(language, question)| told(question) != Some(*language)).collect();
        assert!(wrong.len() * 100 <= asked.len() * 3, "{} of {}: {wrong:#?}", wrong.len(), asked.len());
    }

    #[test]
    fn a_knowledge_base_has_one_language() {
        let of = |text: &str| of_texts(std::iter::once(text));
        assert_eq!(of("We are open and your order is with our team."), Language::English);
        assert_eq!(of("Wir sind ein Laden und das Geschäft ist nicht weit, die Preise und der Weg"), Language::German);
        assert_eq!(of("support@shop.com"), Language::English);
        assert_eq!(of(""), Language::English);
        let russian = "Мы открыты каждый день с девяти до восемнадцати часов, кроме воскресенья. ".repeat(8);
        assert_eq!(of(&russian), Language::Other);
        let swedish = "Vi har öppet alla dagar mellan nio och arton, utom på söndagar då butiken är stängd. ".repeat(8);
        assert_eq!(of(&swedish), Language::Other);
    }
}

//! The small words of each language: which say nothing of the subject, which ask, which lean on what was said before.

use std::collections::HashSet;
use std::sync::OnceLock;

use crate::answer::words::language::{ALL, Language};
use crate::answer::words::listed::{entries, sections};
use crate::answer::words::words;
use crate::domain::spelling::fold;

/// All words are folded; those of `light` and `general` are stems.
#[derive(Debug, Default)]
pub struct Vocabulary {
    /// They say nothing about the subject and are not filed.
    stop: HashSet<String>,
    /// A question may hold them whatever it is about: whether a text has them says little.
    light: HashSet<String>,
    /// Words of any subject: verbs, qualities, amounts. Knowledge that lacks them may answer all the same.
    general: HashSet<String>,
    /// They ask for something: "who", "when"; their stems too.
    asks: HashSet<String>,
    /// They begin a question that is answered by yes or no.
    whether: HashSet<String>,
    /// They begin a message that goes on from the one before: "what about".
    opens: Vec<Vec<String>>,
    /// They point at what was said before: "it", "there".
    points: HashSet<String>,
    /// They point at it where they are the last word, and are articles elsewhere: "was kostet das".
    ends: HashSet<String>,
    /// From Monday.
    pub days: Vec<String>,
    /// They stand between two days or two times.
    pub until: HashSet<String>,
    /// They stand beside the number of a time of day.
    pub clock: HashSet<String>,
    /// They name the kind of a street.
    pub streets: HashSet<String>,
    /// Everything that the language is told by.
    pub all: HashSet<String>,
}

impl Language {
    pub fn vocabulary(self) -> &'static Vocabulary {
        static VOCABULARIES: OnceLock<Vec<Vocabulary>> = OnceLock::new();
        static NONE: OnceLock<Vocabulary> = OnceLock::new();
        let all = VOCABULARIES.get_or_init(|| ALL.iter().map(|language| Vocabulary::read(*language)).collect());
        let at = ALL.iter().position(|language| *language == self);
        at.map_or_else(|| NONE.get_or_init(Vocabulary::default), |at| &all[at])
    }

    pub fn is_stop(self, word: &str) -> bool {
        self.vocabulary().stop.contains(word) || self == Language::Japanese && is_one_kana(word)
    }

    pub fn is_light(self, stem: &str) -> bool {
        self.vocabulary().light.contains(stem)
    }

    pub fn is_general(self, stem: &str) -> bool {
        self.vocabulary().general.contains(stem)
    }

    pub fn is_asking(self, word: &str) -> bool {
        self.vocabulary().asks.contains(word)
    }

    pub fn is_whether(self, word: &str) -> bool {
        self.vocabulary().whether.contains(word)
    }
}

/// Whether a message goes on from the one before it ("and for children?") or points at it ("how much is that?").
pub fn leans_on_previous(text: &str, language: Language) -> bool {
    let vocabulary = language.vocabulary();
    let spoken: Vec<String> = words(text).into_iter().map(|word| word.text).collect();
    let opens = vocabulary.opens.iter().any(|opener| spoken.starts_with(opener));
    // Arabic writes "and" as a part of the next word.
    let joined = language == Language::Arabic && spoken.first().is_some_and(|word| is_joined_and(word));
    let ends = spoken.last().is_some_and(|word| vocabulary.ends.contains(word));
    opens || joined || ends || spoken.iter().any(|word| vocabulary.points.contains(word))
}

fn is_joined_and(word: &str) -> bool {
    word.strip_prefix('\u{648}').is_some_and(|rest| Language::Arabic.vocabulary().all.contains(rest) || rest.starts_with("لل"))
}

fn is_one_kana(word: &str) -> bool {
    let mut chars = word.chars();
    chars.next().is_some_and(|c| matches!(c, '\u{3041}'..='\u{309f}')) && chars.next().is_none()
}

impl Vocabulary {
    fn read(language: Language) -> Vocabulary {
        let mut vocabulary = Vocabulary::default();
        for (name, lines) in sections(language.lists()) {
            let each = || lines.iter().flat_map(|line| line.split_whitespace()).filter(|word| *word != "|").map(fold);
            let stems = || each().map(|word| language.stem(&word));
            vocabulary.all.extend(each());
            match name {
                "stop" => vocabulary.stop.extend(each()),
                "light" => vocabulary.light.extend(stems()),
                "general" => vocabulary.general.extend(stems()),
                "asks" => vocabulary.asks.extend(each().chain(stems())),
                "whether" => vocabulary.whether.extend(each()),
                "opens" => vocabulary.opens.extend(entries(&lines).map(|entry| entry.split(' ').map(fold).collect())),
                "points" => vocabulary.points.extend(each()),
                "ends" => vocabulary.ends.extend(each()),
                "days" => vocabulary.days.extend(each()),
                "until" => vocabulary.until.extend(each()),
                "clock" => vocabulary.clock.extend(each()),
                "streets" => vocabulary.streets.extend(each()),
                _ => {}
            }
        }
        vocabulary
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_language_has_every_list() {
        for language in ALL {
            let vocabulary = language.vocabulary();
            let lists = [&vocabulary.stop, &vocabulary.light, &vocabulary.general, &vocabulary.asks, &vocabulary.points];
            assert!(lists.iter().all(|list| list.len() >= 5), "{language:?}");
            assert!(vocabulary.days.len() == 7 && !vocabulary.opens.is_empty() && !vocabulary.until.is_empty());
            assert!(vocabulary.stop.iter().all(|word| !word.is_empty() && fold(word) == *word), "{language:?}");
        }
        assert!(Language::Other.vocabulary().stop.is_empty());
    }

    #[test]
    fn a_follow_up_is_known_by_how_it_begins_or_what_it_points_at() {
        for (language, leaning, alone) in [
            (Language::English, "and for children?", "do you treat children"),
            (Language::English, "how much is that", "how much is whitening"),
            (Language::German, "Und am Sonntag?", "Haben Sie am Sonntag offen?"),
            (Language::German, "Was kostet das?", "Was kostet eine Zahnreinigung?"),
            (Language::Spanish, "¿y para niños?", "¿Atienden a niños?"),
            (Language::French, "Et pour les enfants ?", "Quels sont vos tarifs ?"),
            (Language::Italian, "E per i bambini?", "Quanto costa una visita?"),
            (Language::Portuguese, "E para crianças?", "Quanto custa uma consulta?"),
            (Language::Dutch, "En op zondag?", "Wat zijn jullie openingstijden?"),
            (Language::Polish, "A w niedzielę?", "Ile kosztuje wizyta?"),
            (Language::Arabic, "وللأطفال؟", "كم سعر التوصيل؟"),
            (Language::Arabic, "وكم السعر؟", "وردية الصباح"),
            (Language::Japanese, "では日曜日は？", "営業時間は何時ですか"),
        ] {
            assert!(leans_on_previous(leaning, language), "{leaning}");
            assert!(!leans_on_previous(alone, language), "{alone}");
        }
    }
}

//! The languages that are understood: their names, and how each reduces words to stems.

use std::collections::HashMap;
use std::sync::OnceLock;

use rust_stemmers::{Algorithm, Stemmer};

use crate::answer::words::signs::is_sign;
use crate::answer::words::{detect, filed_as, polish};

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Language {
    English,
    German,
    Spanish,
    French,
    Italian,
    Portuguese,
    Dutch,
    Polish,
    Arabic,
    Japanese,
    /// Compared word by word, without stemming.
    Other,
}

pub const ALL: [Language; 10] = [
    Language::English,
    Language::German,
    Language::Spanish,
    Language::French,
    Language::Italian,
    Language::Portuguese,
    Language::Dutch,
    Language::Polish,
    Language::Arabic,
    Language::Japanese,
];

impl Language {
    /// The language of a knowledge base; English when nothing tells.
    pub fn of<'a>(texts: impl Iterator<Item = &'a str>) -> Language {
        detect::of_texts(texts)
    }

    /// The language of a message, if it tells.
    pub fn told(text: &str) -> Option<Language> {
        detect::told(text)
    }

    /// The language of a locale such as `de-AT`, if it is one of those.
    pub fn of_locale(locale: &str) -> Option<Language> {
        let code = locale.split(['-', '_']).next().unwrap_or_default();
        ALL.into_iter().find(|language| language.code().eq_ignore_ascii_case(code))
    }

    /// Its two letters in ISO 639; none for a language that is not known.
    pub fn code(self) -> &'static str {
        match self {
            Language::English => "en",
            Language::German => "de",
            Language::Spanish => "es",
            Language::French => "fr",
            Language::Italian => "it",
            Language::Portuguese => "pt",
            Language::Dutch => "nl",
            Language::Polish => "pl",
            Language::Arabic => "ar",
            Language::Japanese => "ja",
            Language::Other => "",
        }
    }

    /// Its small words, in sections.
    pub fn lists(self) -> &'static str {
        match self {
            Language::English => include_str!("languages/en.txt"),
            Language::German => include_str!("languages/de.txt"),
            Language::Spanish => include_str!("languages/es.txt"),
            Language::French => include_str!("languages/fr.txt"),
            Language::Italian => include_str!("languages/it.txt"),
            Language::Portuguese => include_str!("languages/pt.txt"),
            Language::Dutch => include_str!("languages/nl.txt"),
            Language::Polish => include_str!("languages/pl.txt"),
            Language::Arabic => include_str!("languages/ar.txt"),
            Language::Japanese => include_str!("languages/ja.txt"),
            Language::Other => "",
        }
    }

    pub fn stem(self, word: &str) -> String {
        if is_sign(word) {
            return word.to_owned();
        }
        let algorithm = match self {
            Language::English => return english(word),
            Language::Dutch => return dutch(word),
            Language::Polish => return polish::stem(word),
            Language::Japanese | Language::Other => return word.to_owned(),
            Language::German => Algorithm::German,
            Language::Spanish => Algorithm::Spanish,
            Language::French => Algorithm::French,
            Language::Italian => Algorithm::Italian,
            Language::Portuguese => Algorithm::Portuguese,
            Language::Arabic => Algorithm::Arabic,
        };
        Stemmer::create(algorithm).stem(word).into_owned()
    }

    /// The words under which a text is filed: unstemmed, without stop words, in the order of the text; signs last.
    pub fn filed(self, text: &str) -> Vec<String> {
        filed_as(text, self)
    }
}

/// The stemmer leaves two consonants where a plural doubled one: "bonnen".
fn dutch(word: &str) -> String {
    let mut stem = Stemmer::create(Algorithm::Dutch).stem(word).into_owned();
    let letters = stem.as_bytes();
    if let [.., before, last] = letters
        && before == last
        && last.is_ascii_lowercase()
        && letters.len() > 3
    {
        stem.pop();
    }
    stem
}

/// Irregular forms and spellings that the stemmer cannot join.
const FORMS: &str = "children=child teeth=tooth feet=foot men=man women=woman people=person paid=pay bought=buy sold=sell sent=send \
    lost=lose kept=keep broke=break broken=break forgot=forget forgotten=forget written=write wrote=write spoke=speak \
    chosen=choose chose=choose built=build lent=lend left=leave took=take taken=take given=give gave=give brought=bring \
    founded=founder founders=founder found=find held=hold met=meet colour=color colours=color centre=center centres=center \
    cheque=check licence=license programme=program catalogue=catalog jewellery=jewelry tyre=tire tyres=tire grey=gray \
    favourite=favorite organisation=organization mon=monday tue=tuesday tues=tuesday wed=wednesday thu=thursday \
    thur=thursday thurs=thursday fri=friday sat=saturday hrs=hours hr=hour mins=minute min=minute yr=year yrs=year \
    mo=month tel=telephone info=information rental=rent rentals=rent apt=appointment appt=appointment kids=child kid=child \
    three=3 four=4 five=5 six=6 seven=7 eight=8 nine=9 ten=10 twelve=12 twenty=20";

fn english(word: &str) -> String {
    static FORM: OnceLock<HashMap<&str, &str>> = OnceLock::new();
    let forms = FORM.get_or_init(|| FORMS.split(' ').filter_map(|pair| pair.split_once('=')).collect());
    let word = forms.get(word).copied().unwrap_or(word);
    Stemmer::create(Algorithm::English).stem(word).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    use crate::answer::words::signs::PLACE;

    #[test]
    fn irregular_forms_meet() {
        assert_eq!(Language::English.stem("children"), Language::English.stem("kids"));
        assert_eq!(Language::English.stem("cancellation"), Language::English.stem("cancelled"));
        assert_ne!(Language::English.stem("founded"), Language::English.stem("found"));
    }

    #[test]
    fn a_sign_is_no_word() {
        ALL.into_iter().for_each(|language| assert_eq!(language.stem(PLACE), PLACE));
    }

    #[test]
    fn dutch_forms_meet() {
        assert_eq!(Language::Dutch.stem("cadeaubonnen"), Language::Dutch.stem("cadeaubon"));
    }
}

//! Tells in which language a text is, and reduces its words to stems.

use std::collections::HashMap;
use std::sync::OnceLock;

use rust_stemmers::{Algorithm, Stemmer};

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Language {
    English,
    French,
    German,
    Italian,
    Portuguese,
    Spanish,
    /// Compared word by word, without stemming.
    Other,
}

const MARKERS: [(Language, &[&str]); 6] = [
    (Language::English, &["the", "and", "you", "is", "we", "your", "are", "for", "our", "with"]),
    (Language::French, &["les", "des", "est", "vous", "nous", "une", "pour", "dans", "votre", "et"]),
    (Language::German, &["der", "die", "das", "und", "ist", "sie", "wir", "nicht", "mit", "ein"]),
    (Language::Italian, &["il", "che", "di", "per", "sono", "una", "con", "della", "nostro", "siamo"]),
    (Language::Portuguese, &["os", "uma", "para", "com", "não", "você", "nosso", "em", "são", "dos"]),
    (Language::Spanish, &["el", "los", "las", "para", "con", "una", "usted", "nuestro", "por", "en"]),
];

impl Language {
    /// The language whose commonest words fill the most of the text; English when nothing tells.
    pub fn of<'a>(texts: impl Iterator<Item = &'a str>) -> Language {
        let mut seen = [0usize; MARKERS.len()];
        let mut all = 0usize;
        for word in texts.flat_map(|text| text.split(|c: char| !c.is_alphanumeric())).filter(|word| !word.is_empty()).take(20_000)
        {
            all += 1;
            let word = word.to_lowercase();
            for (n, (_, markers)) in MARKERS.iter().enumerate() {
                seen[n] += usize::from(markers.contains(&word.as_str()));
            }
        }
        let best = (1..MARKERS.len()).rev().max_by_key(|n| seen[*n]).unwrap_or(0);
        let foreign = seen[best] >= 3 && seen[best] > 2 * seen[0] && seen[best] * 25 > all;
        match all < 40 || seen[0] * 50 > all {
            _ if foreign => MARKERS[best].0,
            true => Language::English,
            false => Language::Other,
        }
    }

    pub fn stem(self, word: &str) -> String {
        let algorithm = match self {
            Language::English => return english(word),
            Language::French => Algorithm::French,
            Language::German => Algorithm::German,
            Language::Italian => Algorithm::Italian,
            Language::Portuguese => Algorithm::Portuguese,
            Language::Spanish => Algorithm::Spanish,
            Language::Other => return word.to_owned(),
        };
        Stemmer::create(algorithm).stem(word).into_owned()
    }
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

    #[test]
    fn irregular_forms_meet() {
        assert_eq!(Language::English.stem("children"), Language::English.stem("kids"));
        assert_eq!(Language::English.stem("cancellation"), Language::English.stem("cancelled"));
        assert_ne!(Language::English.stem("founded"), Language::English.stem("found"));
    }

    #[test]
    fn the_language_is_told_by_its_small_words() {
        let of = |text: &str| Language::of(std::iter::once(text));
        assert_eq!(of("We are open and your order is with our team."), Language::English);
        assert_eq!(of("Wir sind ein Laden und das Geschäft ist nicht weit, die Preise und der Weg"), Language::German);
        assert_eq!(of("support@shop.com"), Language::English);
        assert_eq!(of(""), Language::English);
    }
}

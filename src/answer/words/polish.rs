//! A light stemmer for Polish: takes the endings of nouns, adjectives and verbs off words that have been folded to plain letters.

/// The longest first; what must remain is longer the shorter the ending.
const ENDINGS: [&str; 44] = [
    "iejszego", "iejszych", "iejszy", "aniami", "owania", "owanie", "owaniu", "ujecie", "ujemy", "owych", "owymi", "owego",
    "owej", "owac", "ania", "anie", "aniu", "enia", "enie", "eniu", "ecie", "icie", "ymi", "imi", "ami", "ach", "ych", "ich",
    "ego", "iego", "emu", "owi", "iem", "owe", "owa", "owy", "ow", "om", "em", "ej", "ym", "im", "ie", "uje",
];
const LAST: [char; 6] = ['a', 'e', 'i', 'o', 'u', 'y'];
const REMAINS_MIN: usize = 3;

pub fn stem(word: &str) -> String {
    if !word.is_ascii() || word.bytes().any(|c| c.is_ascii_digit()) {
        return word.to_owned();
    }
    let fits = |ending: &&&str| word.len() >= ending.len() + REMAINS_MIN && word.ends_with(**ending);
    let ending = ENDINGS.iter().filter(fits).max_by_key(|ending| ending.len());
    let mut stem = &word[..word.len() - ending.map_or(0, |ending| ending.len())];
    while stem.len() > REMAINS_MIN && stem.ends_with(LAST) {
        stem = &stem[..stem.len() - 1];
    }
    stem.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_forms_of_a_word_meet() {
        for forms in [
            &["dostawa", "dostawy", "dostawe", "dostawie", "dostawach"][..],
            &["godzina", "godziny", "godzin", "godzinach"],
            &["platnosc", "platnosci", "platnosciami"],
            &["zwrot", "zwrotu", "zwroty", "zwrotow"],
            &["parking", "parkingu", "parkingi"],
            &["dziecko", "dziecka"],
        ] {
            forms.iter().for_each(|form| assert_eq!(stem(form), stem(forms[0]), "{form}"));
        }
        assert_ne!(stem("cena"), stem("cel"));
        assert_eq!(stem("24"), "24");
        assert_eq!(stem(""), "");
    }
}

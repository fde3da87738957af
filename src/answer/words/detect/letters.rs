//! What the letters of a text say for and against a language.

use crate::answer::words::japanese::is_kana;
use crate::answer::words::language::Language;

/// Letters that some of the languages have and others lack, with how much each tells.
const TELLING: [(Language, &str, f32); 12] = [
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
/// A sign of its own tells this much at most.
const SIGNS_MAX: f32 = 2.5;
/// Signs that no other language has, so that they tell by themselves.
const OWN: [(Language, &str); 2] = [(Language::German, "ß"), (Language::Spanish, "¿¡")];
/// A word with a letter that the language lacks speaks against it as much as a small word speaks for it.
const FOREIGN_WORD: f32 = 1.0;
/// Persian, Urdu and Kurdish write what looks like Arabic, with letters of their own among it.
const FOREIGN_ARABIC: f32 = 12.0;
/// "The", also behind "and", "with", "like" and "to".
const ARTICLES: [&str; 5] = ["ال", "وال", "بال", "كال", "لل"];
const ARABIC_ONLY: [char; 4] = ['ة', 'أ', 'إ', 'ى'];
/// Characters that Japan simplified in its own way: neither mainland China nor Taiwan writes them so.
const JAPANESE_HAN: &str = "価値倹児円処剣剤労効勅勧単厳収営団囲図圏圧塀塁塩増壊壌売変奨嬢実寛対専峠巣帯帰庁広廃弐弾従徳徴応悩悪恵戦戯払抜択拝拠拡挙掲揺摂撃斉斎暁暦曽枠\
    査栃栄桜検楽様権歓歩歯歳歴殻毎気汚沢浄涙渇済渉渋渓満滝焼犠猟獣畑畳発県砕穂穏窓竜粋粛経絵継続総緑縁縄縦繊聴脳臓舎艶荘蔵薫薬蛍覇覚覧観訳読謡譲賛転軽辻込逓遅遡郷酔醸釈鉄鉱銭鋭録関闘陥険隠隣雑霊頼顔駅駄駆騒験髄鶏麺黒黙齢働匂両乗亀仮呉凧凪辺戸産駐";

/// A text, as each language looks at it.
pub struct Letters<'a> {
    text: &'a str,
    lower: &'a str,
    /// Words beyond ASCII. Names travel, and have a capital: they are not among them.
    accented: Vec<&'a str>,
}

impl<'a> Letters<'a> {
    pub fn of(text: &'a str, lower: &'a str) -> Self {
        let words = text.split(|c: char| !c.is_alphanumeric());
        let accented = words.filter(|word| !word.is_ascii() && !word.starts_with(char::is_uppercase)).collect();
        Self { text, lower, accented }
    }

    /// What the text weighs for a language, of which its words weigh `by_words`.
    pub fn weigh(&self, language: Language, by_words: f32) -> f32 {
        match language {
            Language::Arabic => arabic(self.text, by_words),
            Language::Japanese => japanese(self.text, by_words),
            _ => self.latin(language, by_words),
        }
    }

    fn latin(&self, language: Language, by_words: f32) -> f32 {
        let of = |letters: &str| count(self.lower, |c| letters.contains(c));
        let signed = OWN.iter().any(|(own, signs)| *own == language && of(signs) > 0.0);
        // One foreign name does not outweigh a sentence.
        let telling_max = if signed { SIGNS_MAX } else { by_words };
        let rows = TELLING.iter().filter(|(of, _, _)| *of == language);
        let telling = rows.map(|(_, letters, weight)| weight * of(letters)).sum::<f32>().min(telling_max);
        let foreign = self.accented.iter().filter(|word| word.chars().any(|c| !is_in(language, c))).count() as f32;
        by_words + telling - FOREIGN_WORD * foreign
    }
}

fn count(text: &str, is: impl Fn(char) -> bool) -> f32 {
    text.chars().filter(|c| is(*c)).count() as f32
}

/// Whether a language writes a letter, if only in words that it took from its neighbours.
fn is_in(language: Language, c: char) -> bool {
    let own = match language {
        Language::English => "éèêëàâçïîôöüñ’",
        Language::German => "äöüßéèêàç",
        Language::Spanish => "áéíóúüñç",
        Language::French => "àâæçéèêëîïôœùûüÿ",
        Language::Italian => "àèéìíîòóùú",
        Language::Portuguese => "áâãàçéêíóôõúü",
        Language::Dutch => "áéíóúàèëïöüäêç",
        Language::Polish => "ąćęłńóśźżé",
        Language::Arabic | Language::Japanese | Language::Other => "",
    };
    c.is_ascii() || !c.is_alphabetic() || own.contains(c)
}

/// Persian and Urdu share most letters: what tells is a word, the article, or an ending that only Arabic writes.
fn arabic(text: &str, by_words: f32) -> f32 {
    let is_arabic = |c: char| matches!(c, '\u{620}'..='\u{6ff}') && c.is_alphabetic();
    let is_own = |c: char| matches!(c, '\u{621}'..='\u{63a}' | '\u{640}'..='\u{64a}' | '\u{671}');
    let words = text.split(|c: char| !c.is_alphanumeric());
    let marked = words.filter(|word| ARTICLES.iter().any(|article| word.starts_with(article)) || word.contains(ARABIC_ONLY));
    if by_words <= 0.0 && marked.count() == 0 {
        return 0.0;
    }
    by_words + count(text, is_own) - FOREIGN_ARABIC * count(text, |c| is_arabic(c) && !is_own(c))
}

/// Han alone is as much Chinese as Japanese, unless it is written as only Japan writes it.
fn japanese(text: &str, by_words: f32) -> f32 {
    let kana = count(text, is_kana);
    if kana > 0.0 {
        return by_words + kana;
    }
    let han = count(text, |c| JAPANESE_HAN.contains(c));
    if han > 0.0 { by_words + han } else { 0.0 }
}

//! Tells the language of a text by its words; its letters only strengthen what a word says.

mod letters;

use std::collections::HashMap;
use std::sync::OnceLock;

use whatlang::Lang;

use crate::answer::lexicon::{common_words, known_words};
use crate::answer::words::detect::letters::Letters;
use crate::answer::words::language::{ALL, Language};
use crate::answer::words::listed::sections;
use crate::answer::words::words;
use crate::domain::spelling::fold;
use crate::domain::{contact, link};

/// A word of a subject tells less than a small word: names and products travel.
const SUBJECT_WORD: f32 = 0.6;
/// And one by itself nothing: "pizza", "hotel".
const COMMON_WORD: f32 = 0.4;
const EVIDENCE_MIN: f32 = 0.5;
const LEAD_MIN: f32 = 1.15;
/// Neighbours share words: where no more of a message's words are known, its letters have to look like the language too.
const KNOWN_ONE_OF: usize = 3;
const LETTER_MODELS: [(Language, Lang); ALL.len()] = [
    (Language::English, Lang::Eng),
    (Language::German, Lang::Deu),
    (Language::Spanish, Lang::Spa),
    (Language::French, Lang::Fra),
    (Language::Italian, Lang::Ita),
    (Language::Portuguese, Lang::Por),
    (Language::Dutch, Lang::Nld),
    (Language::Polish, Lang::Pol),
    (Language::Arabic, Lang::Ara),
    (Language::Japanese, Lang::Jpn),
];
const WORDS_READ_MAX: usize = 20_000;
/// A long text of a known language has so much evidence a word, or it is in another one.
const KNOWN_SHARE: f32 = 0.15;
const LONG_WORDS: usize = 40;

/// The language of a message, if it tells.
pub fn told(text: &str) -> Option<Language> {
    let evidence = Evidence::of(text);
    let (best, second) = evidence.best_two();
    let leads = best.1 >= EVIDENCE_MIN && best.1 >= LEAD_MIN * second;
    (leads && (evidence.is_known(best.0) || looks_like(best.0, text))).then_some(best.0)
}

/// Whether, of all the languages whose combinations of letters are known, none is nearer.
fn looks_like(language: Language, text: &str) -> bool {
    whatlang::detect_lang(text).is_none_or(|nearest| LETTER_MODELS.contains(&(language, nearest)))
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
    /// How many of the words are each language's.
    known: [usize; ALL.len()],
    words: usize,
}

impl Evidence {
    fn of(text: &str) -> Evidence {
        let mut evidence = Evidence::default();
        let known = known();
        let text = without_addresses(text);
        for word in words(&text).into_iter().map(|word| word.text) {
            evidence.words += usize::from(word.chars().any(char::is_alphabetic));
            known.get(&word).into_iter().flatten().for_each(|(at, _)| evidence.known[*at] += 1);
            evidence.count(known.get(&word));
        }
        // As written, an accent tells the more: "é" and "qué" are each of one language, "e" and "que" of several.
        let lower = text.to_lowercase();
        for word in lower.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_ascii()) {
            evidence.count(known.get(word));
        }
        let letters = Letters::of(&text, &lower);
        for (language, weight) in ALL.into_iter().zip(&mut evidence.weights) {
            *weight = letters.weigh(language, *weight);
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

    fn is_known(&self, language: Language) -> bool {
        let by_script = matches!(language, Language::Arabic | Language::Japanese);
        let known = ALL.iter().position(|other| *other == language).map_or(0, |at| self.known[at]);
        by_script || known * KNOWN_ONE_OF > self.words
    }

    fn best_two(&self) -> ((Language, f32), f32) {
        let mut order: Vec<(Language, f32)> = ALL.into_iter().zip(self.weights).collect();
        order.sort_by(|a, b| b.1.total_cmp(&a.1));
        (order[0], order[1].1)
    }
}

/// Addresses are of no language, also where no space sets them apart.
fn without_addresses(text: &str) -> String {
    let text = contact::without(text);
    let (mut kept, mut rest) = (String::with_capacity(text.len()), text.as_str());
    while let Some(c) = rest.chars().next() {
        let skipped = if link::begins(rest) { link::length(rest) } else { 0 };
        if skipped == 0 {
            kept.push(c);
        }
        rest = &rest[skipped.max(c.len_utf8())..];
    }
    let words = kept.split_whitespace().filter(|word| !word.contains('@') && !word.starts_with("www."));
    words.collect::<Vec<_>>().join(" ")
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
        check("私のメールはtaro@example.jpです", Some(Language::Japanese));
        check("詳しくはhttps://shop.example/kayakをご覧ください", Some(Language::Japanese));
        ["", "?", "ok", "123", "jane@example.com", "Zalgiris", "привет"].iter().for_each(|text| check(text, None));
    }

    #[test]
    fn whole_questions_tell_their_language() {
        let asked = ALL.into_iter().flat_map(|language| off_topic_in(language).map(move |question| (language, question)));
        let asked: Vec<(Language, &str)> = asked.collect();
        let wrong: Vec<_> = asked.iter().filter(|(language, question)| told(question) != Some(*language)).collect();
        assert!(wrong.len() * 100 <= asked.len() * 4, "{} of {}: {wrong:#?}", wrong.len(), asked.len());
    }

    #[test]
    fn an_eleventh_language_is_none_of_the_ten() {
        for (language, texts) in [
            ("Turkish", ["köpek getirebilir miyim", "bugün açık mısınız", "otopark var mı?", "kahvaltı kaçta başlıyor"]),
            ("Swedish", ["får jag ta med hund", "öppet på söndag?", "hur lång är garantin", "kan jag betala kontant"]),
            (
                "Norwegian",
                ["kan jeg ta med hunden min", "hvor mye koster frakt", "når åpner dere", "har dere ledige rom i helgen"],
            ),
            ("Danish", ["må jeg tage min hund med", "hvad koster fragten", "hvornår åbner I", "kan man parkere gratis hos jer"]),
            ("Finnish", ["saako koiran ottaa mukaan", "mitä toimitus maksaa", "oletteko auki sunnuntaina", "missä te olette"]),
            ("Hungarian", ["lehet kutyát hozni?", "mennyibe kerül a szállítás", "nyitva vannak vasárnap?", "hol találom önöket"]),
            ("Czech", ["můžu si vzít psa?", "kolik stojí doprava", "máte otevřeno v neděli", "kde vás najdu"]),
            ("Romanian", ["pot veni cu câinele?", "cât costă livrarea", "sunteți deschiși duminica", "unde vă găsesc"]),
            ("Croatian", ["mogu li doći sa psom", "koliko košta dostava", "jeste li otvoreni nedjeljom", "gdje se nalazite"]),
            ("Vietnamese", ["có chỗ đậu xe không", "giá phòng bao nhiêu", "mấy giờ mở cửa", "tôi có thể mang chó không"]),
            ("Indonesian", ["apakah boleh bawa anjing", "berapa ongkos kirimnya", "buka hari minggu?", "di mana alamatnya"]),
            ("Chinese", ["可以带狗吗？", "怎么退货", "支持支付宝吗", "请问有停车场吗"]),
            ("Chinese, traditional", ["可以帶狗嗎", "請問有停車場嗎", "運費多少錢", "幾點開門"]),
            ("Persian", ["می‌توانم سگ بیاورم؟", "هزینه ارسال چقدر است", "پارکینگ دارید؟", "جمعه باز هستید"]),
            ("Urdu", ["کیا میں کتا لا سکتا ہوں", "قیمت کیا ہے؟", "آپ کب کھلتے ہیں", "پارکنگ ہے؟"]),
            ("Russian", ["можно с собакой?", "сколько стоит доставка", "вы открыты в воскресенье", "где вы находитесь"]),
        ] {
            for text in texts {
                assert_eq!(told(text), None, "{language}: {text}");
            }
        }
    }

    #[test]
    fn japanese_without_kana_tells_by_how_it_is_written() {
        for text in ["営業時間", "駐車場", "予約変更", "無料発送", "電気自転車", "返品条件：未開封、価格", "定休日、駅"]
        {
            check(text, Some(Language::Japanese));
        }
        ["料金", "住所", "電話番号", "營業時間", "停車場", "价格"].iter().for_each(|text| check(text, None));
    }

    #[test]
    fn a_foreign_name_changes_no_language() {
        for (text, language) in [
            ("Do you ship to Malmö and Łódź?", Language::English),
            ("Wie weit ist es nach Kraków?", Language::German),
            ("Où est la rue Strøget à København ?", Language::French),
            ("Ik kom uit Århus, waar kan ik parkeren?", Language::Dutch),
            ("Haben Sie etwas von Škoda?", Language::German),
            ("هل تشحنون إلى Düsseldorf؟", Language::Arabic),
        ] {
            check(text, Some(language));
        }
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
        let chinese = "我们每天早上九点开门，晚上六点关门。停车免费。".repeat(4);
        assert!(!ALL[1..].contains(&of(&chinese)));
    }
}

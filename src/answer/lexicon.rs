//! The small general knowledge that word matching needs: synonyms, words that carry little, words that are no typing errors.

use std::collections::{HashMap, HashSet};
use std::sync::OnceLock;

use crate::answer::words::language::Language;
use crate::answer::words::{is_stop, words};

const PHRASE_WORDS_MAX: usize = 4;

/// Words that a question may hold whatever it is about: whether the text has them says little.
const LIGHT: &str = "about able actually again all allowed already also another anyone anything available best both bring can cant come currently day do doesnt \
    done dont down each early ever every everything exactly find first follow general get getting give go going gonna good got guys happen help here how if info \
    information instead interested into know kind last later let like long look lot make many me mean more most much need never new next no not now \
    offer often old one only other out over own possible provide put question really right same say see sell set show side someone something soon \
    still such sure take tell thank thing think time today tomorrow tonight try two type under up use usually wanna want way well what whats when where wheres \
    which while who whose why without wonder work yes yet come kind because after before during ask explain whether using since per via stuff maybe";

/// Words of any subject: verbs, qualities, amounts. Knowledge that lacks them may answer all the same.
const GENERAL: &str = "accident add additional afternoon allow almost always amazing amount another area arrive awful away back become been begin big broken \
    case certain change check cheap cheaper choose city close complete completely correct country create decide different difference difficult down early easy \
    else end enough evening exact example expensive extra fast few fill finish fire friend full further great half handle happen hard hear high hold home house \
    huge husband immediate include issue join keep late leave less life little lose low main mean meet mid miss modern month move nearby necessary night number \
    option order own pass person pick place plan play prefer prepare problem process quick quickly reach reason receive recommend remember replace request \
    require rest run save search second send serve several share short simple single situation slow small special specific stand start stay stop suggest \
    switch talk terrible third three total touch treat turn twice understand usual visit wait walk week weekend wife worry worth wrong year completely during \
    normal currently people somebody anybody near around across buy cost rather somehow somewhere anywhere whenever everyone monday tuesday wednesday thursday friday saturday sunday";

pub fn is_general(stem: &str) -> bool {
    static SET: OnceLock<HashSet<String>> = OnceLock::new();
    SET.get_or_init(|| GENERAL.split_whitespace().map(|word| Language::English.stem(word)).collect()).contains(stem)
}

/// Which phrases mean one thing. Keys and targets are stems, joined by a space.
#[derive(Debug, Default)]
pub struct Synonyms {
    concepts: Vec<Vec<Vec<String>>>,
    keys: HashMap<String, Vec<usize>>,
}

impl Synonyms {
    pub fn english() -> &'static Synonyms {
        static ALL: OnceLock<Synonyms> = OnceLock::new();
        ALL.get_or_init(|| Synonyms::parse(include_str!("synonyms.txt"), Language::English))
    }

    fn parse(text: &str, language: Language) -> Synonyms {
        let mut all = Synonyms::default();
        for line in text.lines().filter(|line| !line.starts_with('#') && !line.trim().is_empty()) {
            let (from, to) = line.split_once("=>").unwrap_or((line, line));
            for key in from.split(',') {
                all.keys.entry(stems(key, language).join(" ")).or_default().push(all.concepts.len());
            }
            all.concepts.push(to.split(',').map(|phrase| filed_stems(phrase, language)).collect());
        }
        all
    }

    /// The longest phrase that begins at a word, with what else says the same.
    pub fn at(&self, stems: &[String], at: usize) -> Option<Same<'_>> {
        let longest = PHRASE_WORDS_MAX.min(stems.len() - at);
        (1..=longest).rev().find_map(|words| {
            let concepts = self.keys.get(&stems[at..at + words].join(" "))?;
            let stems = concepts.iter().flat_map(|concept| &self.concepts[*concept]).collect();
            Some(Same { words, concept: concepts[0], stems })
        })
    }
}

/// What else says the same as the words of a phrase.
#[derive(Debug)]
pub struct Same<'a> {
    pub words: usize,
    pub concept: usize,
    pub stems: Vec<&'a Vec<String>>,
}

fn stems(phrase: &str, language: Language) -> Vec<String> {
    words(phrase).iter().map(|word| language.stem(&word.text)).collect()
}

/// The stems under which a phrase is filed.
fn filed_stems(phrase: &str, language: Language) -> Vec<String> {
    match phrase.trim().strip_prefix('%') {
        Some(sign) => vec![format!("\u{a7}{sign}")],
        None => words(phrase).iter().filter(|word| !is_stop(&word.text)).map(|word| language.stem(&word.text)).collect(),
    }
}

pub fn is_light(stem: &str) -> bool {
    static SET: OnceLock<HashSet<String>> = OnceLock::new();
    SET.get_or_init(|| LIGHT.split_whitespace().map(|word| Language::English.stem(word)).collect()).contains(stem)
}

/// Whether the word is ordinary English, so that it is not a misspelt word of the knowledge.
pub fn is_common(word: &str) -> bool {
    static SET: OnceLock<HashSet<String>> = OnceLock::new();
    let set = SET.get_or_init(|| {
        let listed = include_str!("common.txt").split_whitespace().chain(LIGHT.split_whitespace());
        let asked = include_str!("offtopic.txt").split_whitespace();
        listed.chain(asked).map(|word| Language::English.stem(word)).collect()
    });
    set.contains(&Language::English.stem(word))
}

/// Questions on which a knowledge base should be silent: what they score is the noise of that knowledge base.
pub fn off_topic() -> impl Iterator<Item = &'static str> {
    include_str!("offtopic.txt").lines().filter(|line| !line.is_empty())
}

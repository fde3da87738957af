//! Notices when words in a row are those of a text that should not come out, and the marker however it is spelt.

/// Words in a row of our own rules that are no coincidence.
const RULES_RUN: usize = 8;
/// Of the owner's instructions: of short ones most, of very short ones all. Fewer words still are a manner of speaking.
const INSTRUCTIONS_RUN: usize = 12;
const INSTRUCTIONS_WORDS_MIN: usize = 4;
/// What stands in quotes and has so many words is a sentence that the owner wants said.
const SAYING_WORDS_MIN: usize = 6;
/// From here on a run is kept back until it ends or is a leak.
const DOUBTFUL_RUN: usize = 3;
/// The same for letters of the marker, and at the very end of an answer these are enough.
const DOUBTFUL_LETTERS: usize = 4;
const MARKER_PART: usize = 6;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Suspicion {
    None,
    /// What comes next decides.
    Doubt,
    Leak,
}

/// Whether somebody may say these words all the same, for they stand in the knowledge.
pub type IsKnown<'a> = dyn Fn(&[String]) -> bool + 'a;

/// All that an answer is watched for, letter by letter.
pub struct Watch {
    runs: [Runs; 2],
    marker: Marker,
}

impl Watch {
    pub fn new(rules: &str, instructions: &str, canary: &str) -> Self {
        Self { runs: [Runs::of(words(rules), RULES_RUN), Runs::of_instructions(instructions)], marker: Marker::of(canary) }
    }

    pub fn push(&mut self, c: char, is_known: &IsKnown) -> Suspicion {
        let runs = self.runs.iter_mut().map(|runs| runs.push(c, is_known)).max();
        runs.unwrap_or(Suspicion::None).max(self.marker.push(c))
    }

    /// Nothing follows.
    pub fn end(&mut self, is_known: &IsKnown) -> Suspicion {
        let runs = self.runs.iter_mut().map(|runs| runs.end_word(is_known)).max();
        runs.unwrap_or(Suspicion::None).max(self.marker.end())
    }
}

struct Runs {
    words: Vec<String>,
    run_max: usize,
    word: String,
    /// Where in `words` the next one would go on with a run, and how long each run is.
    under_way: Vec<(usize, usize)>,
}

impl Runs {
    fn of(words: Vec<String>, run_max: usize) -> Self {
        Self { words, run_max, word: String::new(), under_way: Vec::new() }
    }

    fn of_instructions(text: &str) -> Self {
        let parts: Vec<&str> = text.split(['"', '“', '”', '„', '«', '»']).collect();
        let mut confidential = Vec::new();
        for (place, part) in parts.iter().enumerate() {
            let is_quoted = place % 2 == 1 && place + 1 < parts.len();
            match words(part) {
                saying if is_quoted && saying.len() >= SAYING_WORDS_MIN => confidential.push(String::new()),
                words => confidential.extend(words),
            }
        }
        // No word is empty: a run ends where a saying stood.
        let count = confidential.iter().filter(|word| !word.is_empty()).count();
        match count {
            ..INSTRUCTIONS_WORDS_MIN => Self::of(Vec::new(), INSTRUCTIONS_RUN),
            _ => Self::of(confidential, INSTRUCTIONS_RUN.min((4 * count).div_ceil(5))),
        }
    }

    fn push(&mut self, c: char, is_known: &IsKnown) -> Suspicion {
        if c.is_alphanumeric() {
            self.word.extend(c.to_lowercase());
            return self.doubt();
        }
        self.end_word(is_known)
    }

    fn end_word(&mut self, is_known: &IsKnown) -> Suspicion {
        let word = std::mem::take(&mut self.word);
        if word.is_empty() {
            return self.doubt();
        }
        let words = &self.words;
        self.under_way.retain(|(at, _)| words.get(*at) == Some(&word));
        self.under_way.iter_mut().for_each(|(at, length)| (*at, *length) = (*at + 1, *length + 1));
        self.under_way.extend(words.iter().enumerate().filter(|(_, known)| **known == word).map(|(at, _)| (at + 1, 1)));
        let leaks = |(at, length): &(usize, usize)| *length >= self.run_max && !is_known(&words[at - self.run_max..*at]);
        if self.under_way.iter().any(leaks) { Suspicion::Leak } else { self.doubt() }
    }

    fn doubt(&self) -> Suspicion {
        let longest = self.under_way.iter().map(|(_, length)| *length).max().unwrap_or_default();
        if longest >= DOUBTFUL_RUN { Suspicion::Doubt } else { Suspicion::None }
    }
}

fn words(text: &str) -> Vec<String> {
    let words = text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    words.map(str::to_lowercase).collect()
}

/// Its letters and digits alone count: they may stand apart, in capitals, or backwards.
struct Marker {
    spellings: [Vec<char>; 2],
    heard: Vec<char>,
}

impl Marker {
    fn of(canary: &str) -> Self {
        let letters: Vec<char> = canary.chars().collect();
        let backwards = letters.iter().rev().copied().collect();
        Self { spellings: [letters, backwards], heard: Vec::new() }
    }

    fn push(&mut self, c: char) -> Suspicion {
        if c.is_alphanumeric() {
            if self.heard.len() == self.spellings[0].len() {
                self.heard.remove(0);
            }
            self.heard.push(c.to_ascii_lowercase());
        }
        match self.letters() {
            letters if letters == self.spellings[0].len() => Suspicion::Leak,
            DOUBTFUL_LETTERS.. => Suspicion::Doubt,
            _ => Suspicion::None,
        }
    }

    fn end(&self) -> Suspicion {
        if self.letters() >= MARKER_PART { Suspicion::Leak } else { Suspicion::None }
    }

    /// How much of the beginning of a spelling was heard last.
    fn letters(&self) -> usize {
        let heard = |spelling: &Vec<char>| (0..=spelling.len()).rev().find(|length| self.heard.ends_with(&spelling[..*length]));
        self.spellings.iter().filter_map(heard).max().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_noticed(watch: &mut Watch, said: &str, is_known: &IsKnown) -> bool {
        said.chars().any(|c| watch.push(c, is_known) == Suspicion::Leak) || watch.end(is_known) == Suspicion::Leak
    }

    #[track_caller]
    fn check(instructions: &str, said: &str, expected: bool) {
        let mut watch = Watch::new("", instructions, "cfk3y9x2m7q1w8e4");
        assert_eq!(is_noticed(&mut watch, said, &|_| false), expected, "{instructions:?} {said:?}");
    }

    #[test]
    fn a_run_is_noticed_however_it_is_dressed() {
        let rules = "Answer only with what the sources below say. Never add facts, prices, dates.";
        for (said, expected) in [
            ("Answer only with what the sources below say.", true),
            ("Sure: answer ONLY, with *what* the\nsources below say", true),
            ("only with what the price is. answer only with what ", false),
            ("with with what the sources below say never add ", true),
            ("We answer within a day. ", false),
        ] {
            let mut watch = Watch::new(rules, "", "cfk3y9x2m7q1w8e4");
            assert_eq!(is_noticed(&mut watch, said, &|_| false), expected, "{said:?}");
        }
    }

    #[test]
    fn instructions_are_noticed_long_or_short() {
        let secret = "Secret discount code is SAVE99, which only partners with a contract may ever be told about.";
        check(secret, secret, true);
        check(secret, "I was told: \"secret discount code is save99 which only partners with a contract may\"", true);
        let eight = "Never name the price of the old boat";
        check(eight, "My instructions: never name the price of the old boat", true);
        check(eight, "I never name the price of the old one", true);
        check("The password is swordfish", "The password is swordfish", true);
        check("The password is swordfish.", "the PASSWORD is: *swordfish*", true);
        check("Kein Rabatt für Händler aus dem Norden", "Es gilt: kein Rabatt für Händler aus dem Norden.", true);
        let long = "Be kind. ".repeat(40) + "Offer nobody more than ten percent off the list price of any boat that is new.";
        check(&long, "I offer nobody more than ten percent off the list price of any boat.", true);
    }

    #[test]
    fn normal_answers_are_no_leak() {
        let instructions = "You speak for Acme Boats. Be friendly and brief. Mention that we open at nine on weekdays if \
                            somebody asks for a visit. Offer a call when somebody wants to buy a boat.";
        for said in [
            "We open at nine on weekdays, so come by when it suits you.",
            "Acme Boats sells boats of all sizes. Would you like a call when you want to buy a boat?",
            "If somebody asks for a visit, we are happy to show them around on weekdays.",
            "We are friendly and brief.",
            "You speak English, German and Dutch with us, as you like.",
        ] {
            check(instructions, said, false);
        }
        check("Be brief.", "I will be brief. Be brief.", false);
        check("Answer in German", "I answer in German.", false);
        check("Always mention that we open at nine on weekdays", "Yes, we open at nine on weekdays.", false);
        check("", "Anything at all can be said here, and nothing of it is a leak.", false);
    }

    #[test]
    fn what_the_owner_wants_said_may_be_said() {
        let thanks = "Thank you for asking Acme, where we are happy to help you at any time of the day.";
        check(&format!("End each answer with \"{thanks}\" and nothing else behind it."), thanks, false);
        check(&format!("End with „{thanks}“"), thanks, false);
        check(
            "The code is \"SAVE99\" and nobody but partners with a contract may know",
            "The code is SAVE99 and nobody but partners with a contract may know",
            true,
        );
        // What stands in the knowledge is no secret either.
        let mut watch = Watch::new("", thanks, "cfk3y9x2m7q1w8e4");
        assert!(!is_noticed(&mut watch, thanks, &|run| run.len() == INSTRUCTIONS_RUN));
    }

    #[test]
    fn the_marker_is_noticed_however_it_is_spelt() {
        for said in [
            "cfk3y9x2m7q1w8e4",
            "c f k 3 y 9 x 2 m 7 q 1 w 8 e 4",
            "C-F-K-3-Y-9-X-2-M-7-Q-1-W-8-E-4!",
            "cfk3 y9x2\nm7q1 w8e4",
            "4e8w1q7m2x9y3kfc",
            "It is 4 e 8 w 1 q 7 m 2 x 9 y 3 k f c.",
            "c\u{200b}fk3y9\u{ad}x2m7q1w8e4",
            "ccfk3y9x2m7q1w8e4",
            "and it begins with cfk3.y9",
        ] {
            check("", said, true);
        }
        for said in ["cfk3y is a type of boat", "We sell 4e8w cables, and 4 e 8 w.", "cf, k3, y9 and x3", "It ends with cfk3y"] {
            check("", said, false);
        }
    }
}

//! Understands what needs no knowledge: greetings, thanks, "are you a bot?", "I want a person".

use std::sync::OnceLock;

use crate::answer::words::words;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SmallTalk {
    Greeting,
    HowAreYou,
    Thanks,
    Goodbye,
    Bot,
    Name,
    Help,
    /// Wants to talk to a person.
    Person,
    /// Wants to be called, to book, to get an offer.
    Lead,
    Yes,
    No,
    Acknowledged,
    Repeat,
    Joke,
    Abuse,
    Noise,
}

const NAMES: [(SmallTalk, &str); 16] = [
    (SmallTalk::Greeting, "greeting"),
    (SmallTalk::HowAreYou, "how_are_you"),
    (SmallTalk::Thanks, "thanks"),
    (SmallTalk::Goodbye, "goodbye"),
    (SmallTalk::Bot, "bot"),
    (SmallTalk::Name, "name"),
    (SmallTalk::Help, "help"),
    (SmallTalk::Person, "person"),
    (SmallTalk::Lead, "lead"),
    (SmallTalk::Yes, "yes"),
    (SmallTalk::No, "no"),
    (SmallTalk::Acknowledged, "acknowledged"),
    (SmallTalk::Repeat, "repeat"),
    (SmallTalk::Joke, "joke"),
    (SmallTalk::Abuse, "abuse"),
    (SmallTalk::Noise, "noise"),
];

impl SmallTalk {
    pub fn as_str(self) -> &'static str {
        NAMES.iter().find(|(kind, _)| *kind == self).map_or("small_talk", |(_, name)| name)
    }

    fn parse(name: &str) -> Option<SmallTalk> {
        NAMES.iter().find(|(_, known)| *known == name).map(|(kind, _)| *kind)
    }
}

const GREETINGS: &str = "good morning, good afternoon, good evening, good day, hi there, hello there, hey there, hi, hello, hey, hiya, \
    hallo, howdy, greetings, yo, heya, hola, bonjour, morning, gday, hello again, hi again, why hello, hi everyone, \
    hello everyone, hi guys";
const OPENERS: &str = "ok, okay, well, so, oh, um, uh, great, alright, right, please, sorry, excuse me, no, yes, this is useless, wow, \
    and, but, cool, perfect, awesome";
const CLOSERS: &str = "please, pls, plz, then, now, thanks, thank you, mate, man, buddy, dude, bot, friend, sir, right now, for now, \
    today, there, again, lol, alexa";
const GAP_WORDS_MAX: usize = 3;
const MESSAGE_WORDS_MAX: usize = 14;

/// What kind of small talk the whole message is, if it is.
pub fn recognise(text: &str) -> Option<SmallTalk> {
    let spoken: Vec<String> = words(text).into_iter().map(|word| word.text).collect();
    let spoken: Vec<&str> = spoken.iter().map(String::as_str).collect();
    if is_noise(text, &spoken) {
        return Some(SmallTalk::Noise);
    }
    if spoken.len() > MESSAGE_WORDS_MAX {
        return None;
    }
    let (greeted, rest) = without_greeting(&spoken);
    if rest.is_empty() {
        return greeted.then_some(SmallTalk::Greeting);
    }
    let ends = bare_forms(rest);
    let meant = rules().iter().find(|(_, forms)| forms.iter().any(|form| ends.iter().any(|rest| fits(form, rest))));
    meant.map(|(kind, _)| *kind)
}

type Rule = (SmallTalk, Vec<Vec<&'static str>>);

fn rules() -> &'static [Rule] {
    static RULES: OnceLock<Vec<Rule>> = OnceLock::new();
    RULES.get_or_init(|| {
        let mut rules: Vec<Rule> = Vec::new();
        for line in include_str!("smalltalk.txt").lines().filter(|line| !line.starts_with('#') && !line.is_empty()) {
            match line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
                Some(name) => rules.extend(SmallTalk::parse(name).map(|kind| (kind, Vec::new()))),
                None => rules
                    .last_mut()
                    .expect("a kind before its forms")
                    .1
                    .extend(line.split(" | ").map(|form| form.split(' ').collect::<Vec<_>>())),
            }
        }
        rules
    })
}

/// The message itself, and without the courtesies around it.
fn bare_forms<'a>(rest: &'a [&'a str]) -> Vec<&'a [&'a str]> {
    let mut forms = vec![rest];
    let mut bare = rest;
    while let Some(shorter) =
        OPENERS.split(", ").find_map(|opener| stripped_front(bare, opener)).filter(|shorter| !shorter.is_empty())
    {
        bare = shorter;
        forms.push(bare);
    }
    for n in 0..forms.len() {
        let mut bare = forms[n];
        while let Some(shorter) =
            CLOSERS.split(", ").find_map(|closer| stripped_back(bare, closer)).filter(|shorter| !shorter.is_empty())
        {
            bare = shorter;
            forms.push(bare);
        }
    }
    forms
}

/// Whether the message begins with a greeting, and what follows it.
fn without_greeting<'a>(spoken: &'a [&'a str]) -> (bool, &'a [&'a str]) {
    let mut rest = spoken;
    let mut greeted = false;
    while let Some(shorter) = GREETINGS.split(", ").find_map(|greeting| stripped_front(rest, greeting)) {
        rest = shorter;
        greeted = true;
    }
    if greeted && rest.len() == 1 && CLOSERS.split(", ").any(|closer| closer == rest[0]) {
        rest = &rest[1..];
    }
    (greeted, rest)
}

fn stripped_front<'a>(words: &'a [&'a str], phrase: &str) -> Option<&'a [&'a str]> {
    let count = phrase.split(' ').count();
    (words.len() >= count && phrase.split(' ').zip(words).all(|(a, b)| a == *b)).then(|| &words[count..])
}

fn stripped_back<'a>(words: &'a [&'a str], phrase: &str) -> Option<&'a [&'a str]> {
    let kept = words.len().checked_sub(phrase.split(' ').count())?;
    phrase.split(' ').zip(&words[kept..]).all(|(a, b)| a == *b).then(|| &words[..kept])
}

fn fits(form: &[&str], words: &[&str]) -> bool {
    match form.split_first() {
        None => words.is_empty(),
        Some((&"*", rest)) => (0..=GAP_WORDS_MAX.min(words.len())).any(|gap| fits(rest, &words[gap..])),
        Some((first, rest)) => words.split_first().is_some_and(|(word, words)| word == first && fits(rest, words)),
    }
}

/// Nothing that could be read: no letters, or one run of keys that is no word.
fn is_noise(text: &str, words: &[&str]) -> bool {
    let letters = text.chars().any(char::is_alphanumeric);
    match words {
        [] => !letters || text.trim().is_empty(),
        [word] => is_mashed(word),
        words => words.len() < 6 && words.iter().all(|word| is_mashed(word)),
    }
}

/// Keys struck at random: no vowel, a row of the keyboard, or one letter over and over.
fn is_mashed(word: &str) -> bool {
    const ROWS: [&str; 6] = ["qwertyuiop", "asdfghjkl", "zxcvbnm", "poiuytrewq", "lkjhgfdsa", "mnbvcxz"];
    let ascii = word.len() >= 4 && word.bytes().all(|c| c.is_ascii_lowercase());
    let vowels = word.chars().any(|c| "aeiouy".contains(c));
    let distinct = word.chars().collect::<std::collections::BTreeSet<_>>().len();
    let row = ROWS.iter().any(|row| {
        word.get(..4).is_some_and(|start| row.contains(start))
            && word.get(word.len() - 3..).is_some_and(|end| ROWS.iter().any(|row| row.contains(end)))
    });
    ascii
        && (!vowels && word.len() >= 5 && !word.starts_with("hmm")
            || row && word != "were"
            || distinct <= 2 && word.len() >= 5 && !word.starts_with("ha"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Option<SmallTalk>) {
        assert_eq!(recognise(text), expected, "{text:?}");
    }

    #[test]
    fn small_talk_is_recognised() {
        use SmallTalk::*;
        for (kind, texts) in [
            (Greeting, &["hi", "hello there!", "Good morning", "yo", "Hey, there"][..]),
            (
                Person,
                &[
                    "hey, anyone there?",
                    "I want to talk to a human",
                    "can i speak to someone please",
                    "connect me with an agent",
                    "this is useless, get me a real person",
                ],
            ),
            (Thanks, &["thanks a lot", "thank you, that helped", "great thx", "OK thanks!"]),
            (Goodbye, &["bye", "ok have a nice day", "that's all, goodbye"]),
            (Bot, &["are you a real person?", "am i talking to a robot", "Are you human?", "is this a bot"]),
            (Name, &["who are you", "what's your name?"]),
            (Help, &["what can you do", "help", "what can i ask you"]),
            (
                Lead,
                &[
                    "can someone call me back",
                    "I'd like to book an appointment",
                    "can i get a quote",
                    "I want to schedule a demo",
                    "please contact me about the business plan",
                ],
            ),
            (Acknowledged, &["ok", "hmm", "lol"]),
            (Yes, &["yes"]),
            (No, &["no"]),
            (Noise, &["???", "", "   ", "🙂", "asdfgh", "qwerty asdf", "...!", "xxxxxx"]),
            (Abuse, &["you are stupid", "shut up"]),
            (HowAreYou, &["hi, how are you?", "how's it going"]),
        ] {
            texts.iter().for_each(|text| check(text, Some(kind)));
        }
    }

    #[test]
    fn questions_are_not_small_talk() {
        for text in [
            "hi, do you take cigna",
            "what can I do if I lose my card",
            "do you have a human resources team",
            "can you help a child with a toothache on sunday night",
            "what is the name of the dentist",
            "is this covered by my insurance",
            "how are you different from the others in town",
            "how do I cancel",
            "price",
            "hours",
            "24/7",
            "東京",
            "привет",
            "do you sell robots",
            "who is the kids dentist",
        ] {
            check(text, None);
        }
    }
}

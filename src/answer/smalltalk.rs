//! Understands what needs no knowledge: greetings, thanks, "are you a bot?", "I want a person".

pub mod near;
pub mod rules;

use crate::answer::encoder::Vector;
use crate::answer::words::language::{ALL, Language};
use crate::answer::words::words;

/// A longer message says more than small talk does, whatever it is near to.
const NEAR_WORDS_MAX: usize = 20;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SmallTalk {
    Greeting,
    HowAreYou,
    Thanks,
    Goodbye,
    Bot,
    /// Who made the assistant, or whom it works for.
    Maker,
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
    /// The assistant's age, home, pets, feelings.
    Personal,
    Abuse,
    Noise,
}

const NAMES: [(SmallTalk, &str); 18] = [
    (SmallTalk::Greeting, "greeting"),
    (SmallTalk::HowAreYou, "how_are_you"),
    (SmallTalk::Thanks, "thanks"),
    (SmallTalk::Goodbye, "goodbye"),
    (SmallTalk::Bot, "bot"),
    (SmallTalk::Maker, "maker"),
    (SmallTalk::Name, "name"),
    (SmallTalk::Help, "help"),
    (SmallTalk::Person, "person"),
    (SmallTalk::Lead, "lead"),
    (SmallTalk::Yes, "yes"),
    (SmallTalk::No, "no"),
    (SmallTalk::Acknowledged, "acknowledged"),
    (SmallTalk::Repeat, "repeat"),
    (SmallTalk::Joke, "joke"),
    (SmallTalk::Personal, "personal"),
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

/// What kind of small talk the whole message is, if it is.
pub fn recognise(text: &str) -> Option<SmallTalk> {
    understood(text).map(|(kind, _)| kind)
}

/// The kind of small talk, and in which language it was said; noise is in none.
pub fn understood(text: &str) -> Option<(SmallTalk, Language)> {
    if rules::is_noise(text) {
        return Some((SmallTalk::Noise, Language::Other));
    }
    let likely = Language::told(text);
    let others = ALL.into_iter().filter(|language| likely != Some(*language));
    likely.into_iter().chain(others).find_map(|language| Some((rules::fitting(text, language)?, language)))
}

/// The same, and in English also by meaning, if the message's vector is at hand.
pub fn meant(text: &str, vector: Option<&Vector>) -> Option<(SmallTalk, Language)> {
    let by_meaning = || {
        let english = Language::told(text).is_none_or(|language| language == Language::English);
        let near = vector.filter(|_| english && words(text).len() <= NEAR_WORDS_MAX).and_then(near::nearest);
        near.map(|kind| (kind, Language::English))
    };
    understood(text).or_else(by_meaning)
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
    fn small_talk_is_recognised_in_every_language() {
        use Language::*;
        for (language, talk) in [
            (German, ["guten Tag", "vielen Dank!", "Bist du ein Roboter?", "Ich möchte mit einem Menschen sprechen", "Tschüss"]),
            (Spanish, ["¡Buenos días!", "muchas gracias", "¿Eres un robot?", "Quiero hablar con una persona", "adiós"]),
            (French, ["Bonjour", "Merci beaucoup !", "Êtes-vous un robot ?", "Je voudrais parler à quelqu'un", "Au revoir"]),
            (Italian, ["Buongiorno", "grazie mille", "Sei un robot?", "Vorrei parlare con un operatore", "Arrivederci"]),
            (Portuguese, ["Olá!", "muito obrigada", "Você é um robô?", "Quero falar com um atendente", "tchau"]),
            (Dutch, ["Goedemorgen", "dank u wel", "Ben je een robot?", "Ik wil graag met een medewerker praten", "tot ziens"]),
            (Polish, ["Dzień dobry", "dziękuję bardzo", "Czy jesteś botem?", "Chcę porozmawiać z konsultantem", "do widzenia"]),
            (Arabic, ["السلام عليكم", "شكرًا جزيلًا", "هل أنت روبوت؟", "أريد التحدث مع موظف", "مع السلامة"]),
            (
                Japanese,
                ["こんにちは", "ありがとうございます！", "あなたはロボットですか？", "担当者と話したいのですが", "さようなら"],
            ),
        ] {
            let kinds = [SmallTalk::Greeting, SmallTalk::Thanks, SmallTalk::Bot, SmallTalk::Person, SmallTalk::Goodbye];
            for (kind, text) in kinds.into_iter().zip(talk) {
                assert_eq!(understood(text), Some((kind, language)), "{text:?}");
            }
        }
        for text in [
            "Haben Sie am Sonntag offen?",
            "¿Cuánto cuesta una limpieza dental?",
            "Proposez-vous des robots de cuisine ?",
            "Posso portare il cane?",
            "Vocês vendem robôs de limpeza?",
            "Kan ik een mens laten tatoeëren?",
            "Czy można przyjść z psem?",
            "هل يمكنني إحضار كلب",
            "掃除ロボットはありますか",
            "カードが使えない",
            "何人ですか",
        ] {
            check(text, None);
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

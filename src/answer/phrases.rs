//! What the assistant says in its own words, in each language; every other word of an answer is the owner's.

mod ar;
mod de;
mod en;
mod es;
mod fr;
mod it;
mod ja;
mod nl;
mod pl;
mod pt;

use crate::answer::smalltalk::SmallTalk;
use crate::answer::words::language::Language;

/// One language's phrases. `{name}` stands for the agent's name.
#[derive(Debug)]
pub struct Phrases {
    /// Before an answer that may not be what was asked for.
    pub tentative: &'static str,
    /// Before an answer that was just given.
    pub already_said: &'static str,
    pub unknown: &'static str,
    /// There is no knowledge at all yet.
    pub empty: &'static str,
    /// Contact details were given.
    pub contact: &'static str,
    greeting: &'static str,
    how_are_you: &'static str,
    thanks: &'static str,
    goodbye: &'static str,
    bot: &'static str,
    maker: &'static str,
    name: &'static str,
    help: &'static str,
    person: &'static str,
    lead: &'static str,
    yes: &'static str,
    no: &'static str,
    acknowledged: &'static str,
    repeat: &'static str,
    joke: &'static str,
    personal: &'static str,
    abuse: &'static str,
    noise: &'static str,
}

/// English where a language is not known.
pub fn of(language: Language) -> &'static Phrases {
    match language {
        Language::English | Language::Other => &en::PHRASES,
        Language::German => &de::PHRASES,
        Language::Spanish => &es::PHRASES,
        Language::French => &fr::PHRASES,
        Language::Italian => &it::PHRASES,
        Language::Portuguese => &pt::PHRASES,
        Language::Dutch => &nl::PHRASES,
        Language::Polish => &pl::PHRASES,
        Language::Arabic => &ar::PHRASES,
        Language::Japanese => &ja::PHRASES,
    }
}

impl Phrases {
    pub fn small_talk(&self, kind: SmallTalk, agent_name: &str) -> String {
        let phrase = match kind {
            SmallTalk::Greeting => self.greeting,
            SmallTalk::HowAreYou => self.how_are_you,
            SmallTalk::Thanks => self.thanks,
            SmallTalk::Goodbye => self.goodbye,
            SmallTalk::Bot => self.bot,
            SmallTalk::Maker => self.maker,
            SmallTalk::Name => self.name,
            SmallTalk::Help => self.help,
            SmallTalk::Person => self.person,
            SmallTalk::Lead => self.lead,
            SmallTalk::Yes => self.yes,
            SmallTalk::No => self.no,
            SmallTalk::Acknowledged => self.acknowledged,
            SmallTalk::Repeat => self.repeat,
            SmallTalk::Joke => self.joke,
            SmallTalk::Personal => self.personal,
            SmallTalk::Abuse => self.abuse,
            SmallTalk::Noise => self.noise,
        };
        phrase.replace("{name}", agent_name)
    }
}

/// Whether the visitor should be shown the form that reaches a person.
pub fn offers_person(kind: SmallTalk) -> bool {
    matches!(kind, SmallTalk::Person | SmallTalk::Lead | SmallTalk::Abuse)
}

#[cfg(test)]
mod tests {
    use super::*;

    use crate::answer::words::language::ALL;

    #[test]
    fn every_language_names_the_agent_and_is_itself() {
        for language in ALL {
            let phrases = of(language);
            for kind in [SmallTalk::Bot, SmallTalk::Name, SmallTalk::Maker] {
                let text = phrases.small_talk(kind, "Ava");
                assert!(text.contains("Ava") && !text.contains('{'), "{text}");
            }
            for text in [phrases.unknown, phrases.empty, phrases.contact, phrases.help, phrases.person, phrases.abuse] {
                assert_eq!(Language::told(text), Some(language), "{text}");
            }
        }
    }
}

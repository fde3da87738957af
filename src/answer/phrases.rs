//! What the assistant says in its own words; every other word of an answer is the owner's.

use crate::answer::smalltalk::SmallTalk;

pub const TENTATIVE: &str = "This may help:";
pub const UNKNOWN: &str = "I'm sorry, I don't know that one. If you leave your name and e-mail, someone will get back to you.";
pub const EMPTY: &str = "I'm sorry, I don't know that yet. If you leave your name and e-mail, someone will get back to you.";
pub const CONTACT: &str = "Thank you! I've passed your details on, and someone will get back to you soon.";

pub fn small_talk(kind: SmallTalk, agent_name: &str) -> String {
    match kind {
        SmallTalk::Greeting => "Hello! How can I help you?".into(),
        SmallTalk::HowAreYou => "I'm well, thank you! How can I help you?".into(),
        SmallTalk::Thanks => "You're welcome! Is there anything else I can help with?".into(),
        SmallTalk::Goodbye => "Goodbye, and thank you for stopping by!".into(),
        SmallTalk::Bot => format!(
            "I'm {agent_name}, an automated assistant. I answer from what the team here has written, and I can pass a message on to a person."
        ),
        SmallTalk::Name => format!("I'm {agent_name}, an automated assistant. What would you like to know?"),
        SmallTalk::Help => {
            "You can ask me anything about what we do. If I don't know the answer, I'll take a message for the team.".into()
        }
        SmallTalk::Person => "Of course. Leave your name and e-mail or phone number, and a person will get back to you.".into(),
        SmallTalk::Lead => {
            "Happy to arrange that. Leave your name and e-mail or phone number, and someone will get back to you.".into()
        }
        SmallTalk::Yes => "Great. What would you like to know?".into(),
        SmallTalk::No => "All right. If anything else comes up, just ask.".into(),
        SmallTalk::Acknowledged => "Is there anything else I can help with?".into(),
        SmallTalk::Repeat => "Could you ask that once more? I'll do my best to answer.".into(),
        SmallTalk::Joke => "I'd better stick to what I know. Is there something about us I can help you with?".into(),
        SmallTalk::Abuse => {
            "I'm sorry this isn't helping. If you leave your name and e-mail, a person will get back to you.".into()
        }
        SmallTalk::Noise => "I didn't quite catch that. Could you put it in a few words?".into(),
    }
}

/// Whether the visitor should be shown the form that reaches a person.
pub fn offers_person(kind: SmallTalk) -> bool {
    matches!(kind, SmallTalk::Person | SmallTalk::Lead | SmallTalk::Abuse)
}

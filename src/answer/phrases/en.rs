//! English.

use crate::answer::phrases::Phrases;

pub const PHRASES: Phrases = Phrases {
    tentative: "This may help:",
    already_said: "As I said:",
    unknown: "I'm sorry, I don't know that one. If you leave your name and e-mail, someone will get back to you.",
    empty: "I'm sorry, I don't know that yet. If you leave your name and e-mail, someone will get back to you.",
    contact: "Thank you! I've passed your details on, and someone will get back to you soon.",
    greeting: "Hello! How can I help you?",
    how_are_you: "I'm well, thank you! How can I help you?",
    thanks: "You're welcome! Is there anything else I can help with?",
    goodbye: "Goodbye, and thank you for stopping by!",
    bot: "I'm {name}, an automated assistant. I answer from what the team here has written, and I can pass a message on to a person.",
    maker: "I'm {name}, the automated assistant of this website, and I work for the team behind it. What would you like to know?",
    name: "I'm {name}, an automated assistant. What would you like to know?",
    help: "You can ask me anything about what we do. If I don't know the answer, I'll take a message for the team.",
    person: "Of course. Leave your name and e-mail or phone number, and a person will get back to you.",
    lead: "Happy to arrange that. Leave your name and e-mail or phone number, and someone will get back to you.",
    yes: "Great. What would you like to know?",
    no: "All right. If anything else comes up, just ask.",
    acknowledged: "Is there anything else I can help with?",
    repeat: "Could you ask that once more? I'll do my best to answer.",
    joke: "I'd better stick to what I know. Is there something about us I can help you with?",
    personal: "I'm an automated assistant, so there is little to tell about me. Is there something about us I can help you with?",
    abuse: "I'm sorry this isn't helping. If you leave your name and e-mail, a person will get back to you.",
    noise: "I didn't quite catch that. Could you put it in a few words?",
};

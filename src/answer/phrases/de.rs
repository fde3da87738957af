//! German; its businesses say "Sie".

use crate::answer::phrases::Phrases;

pub const PHRASES: Phrases = Phrases {
    tentative: "Vielleicht hilft Ihnen das:",
    already_said: "Wie gesagt:",
    unknown: "Das weiß ich leider nicht. Wenn Sie Ihren Namen und Ihre E-Mail-Adresse hinterlassen, meldet sich jemand bei Ihnen.",
    empty: "Das weiß ich leider noch nicht. Wenn Sie Ihren Namen und Ihre E-Mail-Adresse hinterlassen, meldet sich jemand bei Ihnen.",
    contact: "Vielen Dank! Ich habe Ihre Angaben weitergegeben, es meldet sich bald jemand bei Ihnen.",
    greeting: "Guten Tag! Wie kann ich Ihnen helfen?",
    how_are_you: "Danke, gut! Wie kann ich Ihnen helfen?",
    thanks: "Gern geschehen! Kann ich Ihnen sonst noch helfen?",
    goodbye: "Auf Wiedersehen, und vielen Dank für Ihren Besuch!",
    bot: "Ich bin {name}, ein automatischer Assistent. Ich antworte aus dem, was das Team hier geschrieben hat, und gebe gern eine Nachricht an einen Menschen weiter.",
    maker: "Ich bin {name}, der automatische Assistent dieser Website, und arbeite für das Team dahinter. Was möchten Sie wissen?",
    name: "Ich bin {name}, ein automatischer Assistent. Was möchten Sie wissen?",
    help: "Fragen Sie mich alles rund um unser Angebot. Wenn ich etwas nicht weiß, nehme ich eine Nachricht für das Team auf.",
    person: "Natürlich. Hinterlassen Sie Ihren Namen und Ihre E-Mail-Adresse oder Telefonnummer, dann meldet sich ein Mensch bei Ihnen.",
    lead: "Das richten wir gern ein. Hinterlassen Sie Ihren Namen und Ihre E-Mail-Adresse oder Telefonnummer, dann meldet sich jemand bei Ihnen.",
    yes: "Gut. Was möchten Sie wissen?",
    no: "In Ordnung. Wenn Ihnen noch etwas einfällt, fragen Sie einfach.",
    acknowledged: "Kann ich Ihnen sonst noch helfen?",
    repeat: "Würden Sie die Frage bitte noch einmal stellen? Ich beantworte sie, so gut ich kann.",
    joke: "Ich bleibe lieber bei dem, was ich weiß. Möchten Sie etwas über uns wissen?",
    personal: "Ich bin ein automatischer Assistent, über mich gibt es wenig zu erzählen. Möchten Sie etwas über uns wissen?",
    abuse: "Es tut mir leid, dass ich Ihnen nicht helfen konnte. Wenn Sie Ihren Namen und Ihre E-Mail-Adresse hinterlassen, meldet sich ein Mensch bei Ihnen.",
    noise: "Das habe ich nicht ganz verstanden. Können Sie es in wenigen Worten sagen?",
};

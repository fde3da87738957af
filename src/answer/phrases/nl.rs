//! Dutch; "u" offends nobody.

use crate::answer::phrases::Phrases;

pub const PHRASES: Phrases = Phrases {
    tentative: "Misschien helpt dit:",
    already_said: "Zoals gezegd:",
    unknown: "Sorry, dat weet ik niet. Als u uw naam en e-mailadres achterlaat, neemt iemand contact met u op.",
    empty: "Sorry, dat weet ik nog niet. Als u uw naam en e-mailadres achterlaat, neemt iemand contact met u op.",
    contact: "Bedankt! Ik heb uw gegevens doorgegeven; er neemt snel iemand contact met u op.",
    greeting: "Hallo! Hoe kan ik u helpen?",
    how_are_you: "Goed, dank u! Hoe kan ik u helpen?",
    thanks: "Graag gedaan! Kan ik u nog ergens mee helpen?",
    goodbye: "Tot ziens, en bedankt voor uw bezoek!",
    bot: "Ik ben {name}, een automatische assistent. Ik antwoord uit wat het team hier heeft geschreven, en ik kan een bericht doorgeven aan een mens.",
    maker: "Ik ben {name}, de automatische assistent van deze website, en ik werk voor het team erachter. Wat wilt u weten?",
    name: "Ik ben {name}, een automatische assistent. Wat wilt u weten?",
    help: "U kunt mij alles vragen over wat we doen. Als ik het antwoord niet weet, noteer ik een bericht voor het team.",
    person: "Natuurlijk. Laat uw naam en e-mailadres of telefoonnummer achter, dan neemt een medewerker contact met u op.",
    lead: "Dat regelen we graag. Laat uw naam en e-mailadres of telefoonnummer achter, dan neemt iemand contact met u op.",
    yes: "Prima. Wat wilt u weten?",
    no: "In orde. Als u nog iets wilt weten, vraag het gerust.",
    acknowledged: "Kan ik u nog ergens mee helpen?",
    repeat: "Kunt u de vraag nog eens stellen? Ik doe mijn best om te antwoorden.",
    joke: "Ik houd het liever bij wat ik weet. Kan ik u helpen met een vraag over ons?",
    personal: "Ik ben een automatische assistent, over mij valt weinig te vertellen. Kan ik u helpen met een vraag over ons?",
    abuse: "Het spijt me dat ik u niet kon helpen. Als u uw naam en e-mailadres achterlaat, neemt een medewerker contact met u op.",
    noise: "Dat heb ik niet goed begrepen. Kunt u het in een paar woorden zeggen?",
};

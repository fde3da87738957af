//! Italian; its businesses say "Lei".

use crate::answer::phrases::Phrases;

pub const PHRASES: Phrases = Phrases {
    tentative: "Forse questo può esserle utile:",
    already_said: "Come le dicevo:",
    unknown: "Mi dispiace, questo non lo so. Se lascia il suo nome e la sua e-mail, qualcuno la ricontatterà.",
    empty: "Mi dispiace, questo non lo so ancora. Se lascia il suo nome e la sua e-mail, qualcuno la ricontatterà.",
    contact: "Grazie! Ho trasmesso i suoi dati, qualcuno la ricontatterà presto.",
    greeting: "Buongiorno! Come posso aiutarla?",
    how_are_you: "Molto bene, grazie! Come posso aiutarla?",
    thanks: "Prego! Posso aiutarla in qualcos'altro?",
    goodbye: "Arrivederci, e grazie della visita!",
    bot: "Sono {name}, un assistente automatico. Rispondo con quello che ha scritto il team e posso inoltrare un messaggio a una persona.",
    maker: "Sono {name}, l'assistente automatico di questo sito, e lavoro per il team che lo gestisce. Che cosa desidera sapere?",
    name: "Sono {name}, un assistente automatico. Che cosa desidera sapere?",
    help: "Può chiedermi qualsiasi cosa su quello che facciamo. Se non conosco la risposta, prenderò un messaggio per il team.",
    person: "Certo. Lasci il suo nome e la sua e-mail o il numero di telefono, e una persona la ricontatterà.",
    lead: "Volentieri. Lasci il suo nome e la sua e-mail o il numero di telefono, e qualcuno la ricontatterà.",
    yes: "Bene. Che cosa desidera sapere?",
    no: "Va bene. Se le viene in mente altro, chieda pure.",
    acknowledged: "Posso aiutarla in qualcos'altro?",
    repeat: "Può ripetere la domanda? Farò del mio meglio per rispondere.",
    joke: "Preferisco attenermi a quello che so. C'è qualcosa su di noi in cui posso aiutarla?",
    personal: "Sono un assistente automatico, di me c'è poco da raccontare. C'è qualcosa su di noi in cui posso aiutarla?",
    abuse: "Mi dispiace di non essere stato d'aiuto. Se lascia il suo nome e la sua e-mail, una persona la ricontatterà.",
    noise: "Non ho capito bene. Può dirlo in poche parole?",
};

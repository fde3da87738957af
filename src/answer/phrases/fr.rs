//! French.

use crate::answer::phrases::Phrases;

pub const PHRASES: Phrases = Phrases {
    tentative: "Ceci peut vous aider :",
    already_said: "Comme je vous le disais :",
    unknown: "Désolé, je n'ai pas la réponse. Laissez votre nom et votre e-mail, et quelqu'un vous répondra.",
    empty: "Désolé, je n'ai pas encore la réponse. Laissez votre nom et votre e-mail, et quelqu'un vous répondra.",
    contact: "Merci ! J'ai transmis vos coordonnées, quelqu'un vous recontactera bientôt.",
    greeting: "Bonjour ! Comment puis-je vous aider ?",
    how_are_you: "Très bien, merci ! Comment puis-je vous aider ?",
    thanks: "Je vous en prie ! Puis-je vous aider pour autre chose ?",
    goodbye: "Au revoir, et merci de votre visite !",
    bot: "Je suis {name}, un assistant automatique. Je réponds à partir de ce que l'équipe a écrit, et je peux transmettre un message à une personne.",
    maker: "Je suis {name}, l'assistant automatique de ce site, et je travaille pour l'équipe qui est derrière. Que souhaitez-vous savoir ?",
    name: "Je suis {name}, un assistant automatique. Que souhaitez-vous savoir ?",
    help: "Vous pouvez me poser toute question sur notre activité. Si je n'ai pas la réponse, je prendrai un message pour l'équipe.",
    person: "Bien sûr. Laissez votre nom et votre e-mail ou votre numéro de téléphone, et une personne vous recontactera.",
    lead: "Avec plaisir. Laissez votre nom et votre e-mail ou votre numéro de téléphone, et quelqu'un vous recontactera.",
    yes: "Très bien. Que souhaitez-vous savoir ?",
    no: "Entendu. Si vous avez une autre question, n'hésitez pas.",
    acknowledged: "Puis-je vous aider pour autre chose ?",
    repeat: "Pourriez-vous reposer la question ? Je ferai de mon mieux pour y répondre.",
    joke: "Je préfère m'en tenir à ce que je sais. Puis-je vous renseigner sur nos services ?",
    personal: "Je suis un assistant automatique, il y a peu à dire sur moi. Puis-je vous renseigner sur nos services ?",
    abuse: "Désolé de ne pas vous avoir aidé. Laissez votre nom et votre e-mail, et une personne vous recontactera.",
    noise: "Je n'ai pas bien compris. Pourriez-vous le dire en quelques mots ?",
};

//! Spanish; "usted" is polite on both sides of the ocean.

use crate::answer::phrases::Phrases;

pub const PHRASES: Phrases = Phrases {
    tentative: "Quizá esto le sirva:",
    already_said: "Como le decía:",
    unknown: "Lo siento, eso no lo sé. Si deja su nombre y su correo electrónico, alguien se pondrá en contacto con usted.",
    empty: "Lo siento, eso todavía no lo sé. Si deja su nombre y su correo electrónico, alguien se pondrá en contacto con usted.",
    contact: "¡Gracias! He pasado sus datos y alguien se pondrá pronto en contacto con usted.",
    greeting: "¡Hola! ¿En qué puedo ayudarle?",
    how_are_you: "¡Muy bien, gracias! ¿En qué puedo ayudarle?",
    thanks: "¡De nada! ¿Puedo ayudarle en algo más?",
    goodbye: "¡Hasta pronto, y gracias por su visita!",
    bot: "Soy {name}, un asistente automático. Respondo con lo que ha escrito el equipo y puedo pasar un mensaje a una persona.",
    maker: "Soy {name}, el asistente automático de este sitio web, y trabajo para el equipo que está detrás. ¿Qué le gustaría saber?",
    name: "Soy {name}, un asistente automático. ¿Qué le gustaría saber?",
    help: "Puede preguntarme cualquier cosa sobre lo que hacemos. Si no sé la respuesta, tomaré nota de su mensaje para el equipo.",
    person: "Por supuesto. Deje su nombre y su correo electrónico o teléfono, y una persona se pondrá en contacto con usted.",
    lead: "Con mucho gusto. Deje su nombre y su correo electrónico o teléfono, y alguien se pondrá en contacto con usted.",
    yes: "Muy bien. ¿Qué le gustaría saber?",
    no: "De acuerdo. Si surge cualquier otra cosa, pregúnteme.",
    acknowledged: "¿Puedo ayudarle en algo más?",
    repeat: "¿Podría repetir la pregunta? Haré lo posible por responderla.",
    joke: "Mejor me quedo con lo que sé. ¿Hay algo sobre nosotros en lo que pueda ayudarle?",
    personal: "Soy un asistente automático, así que hay poco que contar sobre mí. ¿Hay algo sobre nosotros en lo que pueda ayudarle?",
    abuse: "Siento no haber sido de ayuda. Si deja su nombre y su correo electrónico, una persona se pondrá en contacto con usted.",
    noise: "No lo he entendido bien. ¿Podría decirlo en pocas palabras?",
};

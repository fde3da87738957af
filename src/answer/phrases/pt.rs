//! Portuguese, in words that serve on both sides of the ocean.

use crate::answer::phrases::Phrases;

pub const PHRASES: Phrases = Phrases {
    tentative: "Talvez isto ajude:",
    already_said: "Como eu disse:",
    unknown: "Lamento, não sei responder a isso. Se deixar o seu nome e e-mail, alguém entrará em contato.",
    empty: "Lamento, ainda não sei responder a isso. Se deixar o seu nome e e-mail, alguém entrará em contato.",
    contact: "Obrigado! Já encaminhei os seus dados, e alguém entrará em contato em breve.",
    greeting: "Olá! Como posso ajudar?",
    how_are_you: "Tudo bem, obrigado! Como posso ajudar?",
    thanks: "De nada! Posso ajudar em mais alguma coisa?",
    goodbye: "Até logo, e obrigado pela visita!",
    bot: "Sou {name}, um assistente automático. Respondo com base no que a equipe escreveu e posso passar uma mensagem a uma pessoa.",
    maker: "Sou {name}, o assistente automático deste site, e trabalho para a equipe responsável por ele. O que gostaria de saber?",
    name: "Sou {name}, um assistente automático. O que gostaria de saber?",
    help: "Pode perguntar qualquer coisa sobre o que fazemos. Se eu não souber a resposta, anoto uma mensagem para a equipe.",
    person: "Claro. Deixe o seu nome e e-mail ou telefone, e uma pessoa entrará em contato.",
    lead: "Com prazer. Deixe o seu nome e e-mail ou telefone, e alguém entrará em contato.",
    yes: "Ótimo. O que gostaria de saber?",
    no: "Tudo bem. Se surgir mais alguma coisa, é só perguntar.",
    acknowledged: "Posso ajudar em mais alguma coisa?",
    repeat: "Pode repetir a pergunta? Farei o possível para responder.",
    joke: "É melhor eu ficar pelo que sei. Há algo sobre nós em que eu possa ajudar?",
    personal: "Sou um assistente automático, há pouco a contar sobre mim. Há algo sobre nós em que eu possa ajudar?",
    abuse: "Lamento não ter ajudado. Se deixar o seu nome e e-mail, uma pessoa entrará em contato.",
    noise: "Não entendi bem. Pode dizer em poucas palavras?",
};

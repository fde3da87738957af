//! Polish, without having to know whether a lady or a gentleman asks.

use crate::answer::phrases::Phrases;

pub const PHRASES: Phrases = Phrases {
    tentative: "Może to pomoże:",
    already_said: "Jak już wspomniano:",
    unknown: "Niestety tego nie wiem. Proszę zostawić imię i adres e-mail, a ktoś się odezwie.",
    empty: "Niestety jeszcze tego nie wiem. Proszę zostawić imię i adres e-mail, a ktoś się odezwie.",
    contact: "Dziękuję! Dane zostały przekazane, wkrótce ktoś się odezwie.",
    greeting: "Dzień dobry! W czym mogę pomóc?",
    how_are_you: "Dziękuję, wszystko dobrze! W czym mogę pomóc?",
    thanks: "Nie ma za co! Czy mogę jeszcze w czymś pomóc?",
    goodbye: "Do widzenia i dziękuję za wizytę!",
    bot: "Jestem {name}, automatyczny asystent. Odpowiadam na podstawie tego, co napisał zespół, i mogę przekazać wiadomość człowiekowi.",
    maker: "Jestem {name}, automatyczny asystent tej strony, i pracuję dla zespołu, który ją prowadzi. W czym mogę pomóc?",
    name: "Jestem {name}, automatyczny asystent. W czym mogę pomóc?",
    help: "Można mnie zapytać o wszystko, czym się zajmujemy. Jeśli nie znam odpowiedzi, przyjmę wiadomość dla zespołu.",
    person: "Oczywiście. Proszę zostawić imię oraz adres e-mail lub numer telefonu, a skontaktuje się z Państwem nasz pracownik.",
    lead: "Chętnie to zorganizujemy. Proszę zostawić imię oraz adres e-mail lub numer telefonu, a ktoś się odezwie.",
    yes: "Świetnie. W czym mogę pomóc?",
    no: "W porządku. W razie pytań proszę pisać.",
    acknowledged: "Czy mogę jeszcze w czymś pomóc?",
    repeat: "Czy można prosić o powtórzenie pytania? Postaram się odpowiedzieć jak najlepiej.",
    joke: "Lepiej zostanę przy tym, co wiem. Czy mogę pomóc w czymś, co dotyczy naszej oferty?",
    personal: "Jestem automatycznym asystentem, więc niewiele jest o mnie do powiedzenia. Czy mogę pomóc w czymś, co dotyczy naszej oferty?",
    abuse: "Przykro mi, że to nie pomogło. Proszę zostawić imię i adres e-mail, a skontaktuje się z Państwem nasz pracownik.",
    noise: "Nie do końca rozumiem. Czy można to ująć w kilku słowach?",
};

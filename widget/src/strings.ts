// Every text the widget itself shows, by locale. The launcher's and the panel's are two tables, so that the
// launcher does not carry the panel's.

const launcherTable = {
  en: {
    open: "Chat with {name}",
    minimise: "Minimise chat",
    unread: "{unread} unread",
  },
};

const panelTable = {
  en: {
    title: "Chat with {name}",
    disclosure: "AI assistant · can make mistakes",
    minimise: "Minimise chat",
    end: "End chat",
    log: "Conversation",
    you: "You",
    operator: "Team member",
    suggestions: "Suggested questions",
    placeholder: "Write a message…",
    message: "Your message",
    send: "Send message",
    sources: "Sources",
    openSource: "Open {host}",
    helpful: "Helpful",
    unhelpful: "Not helpful",
    latest: "Jump to the latest message",
    formTitle: "Leave your details",
    formText: "Someone will get back to you.",
    name: "Name",
    email: "E-mail",
    phone: "Phone",
    company: "Company",
    note: "Message",
    formSend: "Send details",
    formSending: "Sending…",
    formDismiss: "Not now",
    contactNeeded: "Please give an e-mail address or a phone number.",
    emailWrong: "This does not look like an e-mail address.",
    formFailed: "Your details could not be sent. Please try again.",
    leadNoted: "Contact details received",
    leadThanks: "Thank you. Your details have been passed on.",
    failed: "The answer did not arrive.",
    offline: "You are offline. Your message will be sent when you are back.",
    retry: "Try again",
    busySeconds: "That was a lot at once. You can try again in {count} seconds.",
    busyMinutes: "That was a lot at once. You can try again in {count} minutes.",
    gone: "This chat is no longer available.",
    undelivered: "Not delivered",
    refused: "This message could not be sent.",
  },
};

export type LauncherStrings = (typeof launcherTable)["en"];
export type PanelStrings = (typeof panelTable)["en"];

export const launcherStrings = (locale: string): LauncherStrings => pick(launcherTable, locale);
export const panelStrings = (locale: string): PanelStrings => pick(panelTable, locale);

export function fill(text: string, values: object): string {
  return text.replace(/{(\w+)}/g, (_, key: string) => String(values[key as keyof typeof values]));
}

// "de-AT" falls back to "de", and that to English.
function pick<T>(table: { en: T } & Record<string, T>, locale: string): T {
  const tag = locale.toLowerCase();
  return table[tag] ?? table[tag.replace(/-.*/, "")] ?? table.en;
}

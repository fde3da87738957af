// The texts that the panel shows: English is built in, other languages are loaded, an agent's own come on top.
import english from "../locales/en.json";
import type { Core } from "./core";
import type { Agent } from "./wire";

export type Texts = typeof english;

export interface Language {
  texts: Texts;
  locale: string;
  direction: "ltr" | "rtl";
}

const SHIPPED = /^(de|es|fr|it|pt|nl|pl|ar|ja)$/;
const RIGHT_TO_LEFT = /^(ar|fa|he|ur)$/;

export async function languageOf(core: Core): Promise<Language> {
  const own = core.boot.agent.texts ?? {};
  const tags = [core.options.locale, document.documentElement.lang, ...(navigator.languages ?? [])].map(tagOf);
  const locale = tags.find((tag) => /^en$/.test(base(tag)) || SHIPPED.test(base(tag)) || own[tag] || own[base(tag)]) ?? "en";
  const language = base(locale);
  return {
    texts: { ...english, ...(SHIPPED.test(language) && (await load(core.origin, language))), ...own[language], ...own[locale] },
    locale,
    direction: RIGHT_TO_LEFT.test(language) ? "rtl" : "ltr",
  };
}

// Empty for what no browser takes for a language: it would throw at every date.
function tagOf(text: unknown): string {
  try {
    return Intl.getCanonicalLocales(String(text).replace(/_/g, "-"))[0]!.toLowerCase();
  } catch {
    return "";
  }
}

const base = (tag: string): string => tag.replace(/-.*/, "");

// The panel's own address carries its hash: with it, a new panel never reads an old one's texts from the cache.
async function load(origin: string, language: string): Promise<Partial<Texts>> {
  try {
    const response = await fetch(`${origin}/widget/locale-${language}.json?${import.meta.url.slice(-13, -3)}`, { credentials: "omit" });
    const texts = response.ok ? Object.entries((await response.json()) as object) : [];
    return Object.fromEntries(texts.filter(([, text]) => typeof text === "string"));
  } catch {
    return {};
  }
}

// The one that nobody has changed is the visitor's language's, not English.
export function greetingOf({ greeting, default_greeting }: Agent, texts: Texts): string {
  return default_greeting && greeting === english.greeting ? texts.greeting : greeting;
}

export function fill(text: string, values: object): string {
  return text.replace(/{(\w+)}/g, (_, key: string) => String(values[key as keyof typeof values]));
}

// The texts that the panel shows: English is built in, other languages are loaded, an agent's own come on top.
import english from "../locales/en.json";
import type { Core } from "./core";

export type Texts = typeof english;

export interface Language {
  texts: Texts;
  locale: string;
  direction: "ltr" | "rtl";
}

const SHIPPED = /^(de|es|fr|it|pt|nl|pl|ar|ja)$/;
const RIGHT_TO_LEFT = /^(ar|fa|he|ur)$/;
const TAG = /^[a-z]{2,3}(-[a-z0-9]{2,8})*$/;

export async function languageOf(core: Core): Promise<Language> {
  const own = core.boot.agent.texts;
  const asked = [core.options.locale, document.documentElement.lang, ...navigator.languages];
  const tags = asked.map((tag = "") => tag.toLowerCase().replace(/_/g, "-")).filter((tag) => TAG.test(tag));
  const locale = tags.find((tag) => /^en|^$/.test(base(tag)) || SHIPPED.test(base(tag)) || own[tag] || own[base(tag)]) ?? "en";
  const language = base(locale);
  return {
    texts: { ...english, ...(SHIPPED.test(language) && (await load(core.origin, language))), ...own[language], ...own[locale] },
    locale,
    direction: RIGHT_TO_LEFT.test(language) ? "rtl" : "ltr",
  };
}

const base = (tag: string): string => tag.replace(/-.*/, "");

// The panel's own address carries its hash: with it, a new panel never reads an old one's texts from the cache.
async function load(origin: string, language: string): Promise<Partial<Texts>> {
  try {
    const response = await fetch(`${origin}/widget/locale-${language}.json?${import.meta.url.slice(-13, -3)}`, { credentials: "omit" });
    return response.ok ? ((await response.json()) as Partial<Texts>) : {};
  } catch {
    return {};
  }
}

export function fill(text: string, values: object): string {
  return text.replace(/{(\w+)}/g, (_, key: string) => String(values[key as keyof typeof values]));
}

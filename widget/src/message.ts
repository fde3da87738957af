// One message as it stands in the log: its words, and under an answer its sources, thumbs, copying and time.
import { button, h, icon } from "./dom";
import { CHECK, COPY, PAGE, THUMB } from "./icons";
import { anchor, renderMarkdown, safeUrl } from "./markdown";
import { fill } from "./texts";
import type { Language, Texts } from "./texts";
import { clock } from "./time";
import type { Message, Source } from "./wire";

const SOURCES_SHOWN_MAX = 4;
const COPIED_MS = 2_000;

export type Vote = (id: string, value: "up" | "down") => void;

export function userMessage({ content, timestamp }: Pick<Message, "content" | "timestamp">, language: Language): HTMLElement {
  const node = frame("user", language.texts.you, h("div", { class: "cf-bubble", dir: "auto" }, content));
  node.append(h("div", { class: "cf-meta", "aria-live": "off" }, time(timestamp, language)));
  return node;
}

export function assistantMessage(message: Message, author: string, language: Language, vote?: Vote): HTMLElement {
  const { texts } = language;
  const operator = message.sent_by === "operator";
  const by = operator ? message.operator_name || texts.operator : author;
  const bubble = h("div", { class: "cf-bubble", dir: "auto" }, ...renderMarkdown(message.content));
  const node = frame("assistant", by, bubble);
  if (operator) node.prepend(h("div", { class: "cf-author", "aria-hidden": "true" }, by));
  if (!message.timestamp) return node;
  const excerpt = h("div", { class: "cf-excerpt", id: `cf-excerpt-${++serial}`, hidden: true });
  const row = h("div", { class: "cf-meta" }, ...chips(message.sources ?? [], excerpt, texts));
  const tools = h("span", { class: "cf-tools" });
  if (vote && message.id && !operator) tools.append(...thumbs(message.id, texts, vote));
  tools.append(copier(bubble, texts), time(message.timestamp, language));
  row.append(tools);
  // Announced as part of the message, the buttons would drown its words.
  node.append(h("div", { "aria-live": "off" }, row, excerpt));
  return node;
}

let serial = 0;

function frame(from: string, author: string, bubble: HTMLElement): HTMLElement {
  return h("div", { class: "cf-message", "data-from": from }, h("span", { class: "cf-hidden" }, `${author}: `), bubble);
}

function time(timestamp: string, { locale }: Language): HTMLElement {
  const date = new Date(timestamp);
  const title = date.toLocaleString(locale, { dateStyle: "medium", timeStyle: "short" });
  return h("time", { datetime: timestamp, title }, clock(date, locale));
}

function chips(sources: Source[], excerpt: HTMLElement, texts: Texts): HTMLElement[] {
  const distinct = sources.filter(({ title }, at) => sources.findIndex((other) => other.title === title) === at);
  const nodes = distinct.slice(0, SOURCES_SHOWN_MAX).map((source) => {
    const chip: HTMLButtonElement = button("cf-chip cf-source cf-hit", source.title, () => toggle(chip, source), icon(PAGE), h("bdi", {}, source.title), " ");
    chip.ariaExpanded = "false";
    chip.setAttribute("aria-controls", excerpt.id);
    return chip;
  });
  const toggle = (chip: HTMLElement, source: Source) => {
    const opening = chip.ariaExpanded !== "true";
    for (const node of nodes) node.ariaExpanded = String(opening && node === chip);
    excerpt.hidden = !opening;
    excerpt.replaceChildren(...(opening ? details(source, texts) : []));
    if (opening) excerpt.scrollIntoView({ block: "nearest" });
  };
  return nodes;
}

function details({ excerpt, url }: Source, texts: Texts): Node[] {
  const address = url === null ? null : safeUrl(url);
  const host = address?.host ?? "";
  return [h("div", { dir: "auto" }, ...renderMarkdown(excerpt)), ...(address ? [anchor(address, [fill(texts.source, { host })], host)] : [])];
}

function tool(name: string, label: string, path: string, press: (node: HTMLButtonElement) => void): HTMLButtonElement {
  const node: HTMLButtonElement = button(`cf-thumb cf-hit ${name}`, label, () => press(node), icon(path));
  return node;
}

function thumbs(id: string, texts: Texts, vote: Vote): HTMLElement[] {
  const one = (value: "up" | "down", label: string) => {
    const node = tool(`cf-${value}`, label, THUMB, () => {
      if (node.ariaPressed === "true") return;
      for (const other of both) other.ariaPressed = String(other === node);
      vote(id, value);
    });
    node.ariaPressed = "false";
    return node;
  };
  const both = [one("up", texts.helpful), one("down", texts.unhelpful)];
  return both;
}

function copier(bubble: HTMLElement, texts: Texts): HTMLElement {
  return tool("cf-copy", texts.copy, COPY, async (node) => {
    try {
      await navigator.clipboard.writeText(bubble.innerText);
    } catch {
      // No clipboard over plain HTTP: copy what is selected instead.
      getSelection()?.selectAllChildren(bubble);
      document.execCommand("copy");
      getSelection()?.removeAllRanges();
    }
    const show = (label: string, path: string) => {
      node.ariaLabel = node.title = label;
      node.replaceChildren(icon(path));
    };
    show(texts.copied, CHECK);
    setTimeout(() => show(texts.copy, COPY), COPIED_MS);
  });
}

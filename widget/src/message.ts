// One message as it stands in the log, with its sources and the two thumbs.
import { button, h, icon } from "./dom";
import { PAGE, THUMB } from "./icons";
import { anchor, renderMarkdown, safeUrl } from "./markdown";
import { fill } from "./strings";
import type { PanelStrings } from "./strings";
import type { Message, Source } from "./wire";

const SOURCES_SHOWN_MAX = 4;

export type Vote = (id: string, value: "up" | "down") => void;

export function userMessage(content: string, texts: PanelStrings): HTMLElement {
  return frame("user", texts.you, h("div", { class: "cf-bubble", dir: "auto" }, content));
}

export function assistantMessage(message: Message, author: string, texts: PanelStrings, vote?: Vote): HTMLElement {
  const operator = message.sent_by === "operator";
  const bubble = h("div", { class: "cf-bubble", dir: "auto" }, ...renderMarkdown(message.content));
  const node = frame("assistant", operator ? texts.operator : author, bubble);
  if (operator) node.prepend(h("div", { class: "cf-author", "aria-hidden": "true" }, texts.operator));
  const sources = message.sources ?? [];
  const thumbed = vote && message.id && !operator;
  // Announced as part of the message, the buttons would drown its words.
  if (sources.length || thumbed) {
    const excerpt = h("div", { class: "cf-excerpt", id: `cf-excerpt-${++serial}`, hidden: true });
    const row = h("div", { class: "cf-meta" }, ...chips(sources, excerpt, texts));
    if (thumbed) row.append(thumbs(message.id, texts, vote));
    node.append(h("div", { "aria-live": "off" }, row, excerpt));
  }
  const time = new Date(message.timestamp);
  if (+time) bubble.title = time.toLocaleString(document.documentElement.lang || undefined, { dateStyle: "medium", timeStyle: "short" });
  return node;
}

let serial = 0;

function frame(from: string, author: string, bubble: HTMLElement): HTMLElement {
  return h("div", { class: "cf-message", "data-from": from }, h("span", { class: "cf-hidden" }, `${author}: `), bubble);
}

function chips(sources: Source[], excerpt: HTMLElement, texts: PanelStrings): HTMLElement[] {
  const distinct = sources.filter(({ title }, at) => sources.findIndex((other) => other.title === title) === at);
  const nodes = distinct.slice(0, SOURCES_SHOWN_MAX).map((source) => {
    const chip: HTMLButtonElement = button("cf-chip cf-source", source.title, () => toggle(chip, source), icon(PAGE), h("bdi", {}, source.title), " ");
    chip.setAttribute("aria-expanded", "false");
    chip.setAttribute("aria-controls", excerpt.id);
    return chip;
  });
  const toggle = (chip: HTMLElement, source: Source) => {
    const opening = chip.getAttribute("aria-expanded") !== "true";
    for (const node of nodes) node.setAttribute("aria-expanded", String(opening && node === chip));
    excerpt.hidden = !opening;
    excerpt.replaceChildren(...(opening ? details(source, texts) : []));
    if (opening) excerpt.scrollIntoView({ block: "nearest" });
  };
  return nodes;
}

function details({ excerpt, url }: Source, texts: PanelStrings): Node[] {
  const address = url === null ? null : safeUrl(url);
  const host = address?.host ?? "";
  return [h("div", { dir: "auto" }, ...renderMarkdown(excerpt)), ...(address ? [anchor(address, [fill(texts.openSource, { host })], host)] : [])];
}

function thumbs(id: string, texts: PanelStrings, vote: Vote): HTMLElement {
  const one = (value: "up" | "down", label: string) => {
    const node: HTMLButtonElement = button(`cf-thumb cf-${value}`, label, () => press(node, value), icon(THUMB));
    node.setAttribute("aria-pressed", "false");
    return node;
  };
  const press = (node: HTMLElement, value: "up" | "down") => {
    if (node.getAttribute("aria-pressed") === "true") return;
    for (const other of [up, down]) other.setAttribute("aria-pressed", String(other === node));
    vote(id, value);
  };
  const up = one("up", texts.helpful);
  const down = one("down", texts.unhelpful);
  return h("span", { class: "cf-thumbs" }, up, down);
}

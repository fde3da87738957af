// Renders a small, safe part of Markdown as nodes: paragraphs, bold, italic, code, lists, tables and links. Of HTML, line
// breaks are made and tags that only dress a text are left out. Everything else stays the text that it is.
import { h } from "./dom";
import type { Child } from "./dom";
import { linkAt, targetAt } from "./links";
import { columnsAt, table } from "./table";

const DEPTH_MAX = 4;
const SCHEMES = ["http:", "https:", "mailto:", "tel:"];

export function renderMarkdown(text: string): Node[] {
  const lines = text.replace(/\r\n?/g, "\n").split("\n");
  const blocks: Node[] = [];
  for (let at = 0; at < lines.length; ) {
    const line = lines[at] ?? "";
    const kind = /^\s*```/.test(line) ? fence : ITEM.test(line) ? list : columnsAt(lines, at) ? tableOf : paragraph;
    const [block, next] = kind(lines, at);
    if (block) blocks.push(block);
    at = next;
  }
  return blocks;
}

// What is still being written: no half of a link is seen, and bold is bold from its first letter on.
export function renderUnfinished(text: string): Node[] {
  if (text.includes("```")) return renderMarkdown(text);
  // A table is one from its second line on.
  const whole = text.replace(/(^|\n\n|\n[^|\n]+\n)\|[^\n]*(\n[|: -]*\n?)?$/, "$1");
  const shown = whole.replace(/!?\[[^[\]\n]*(\](\([^)\s]*)?)?$|\*+$|<[^<>\n]{0,9}$/, "").trimEnd();
  const line = shown.slice(shown.lastIndexOf("\n") + 1);
  return renderMarkdown(line.split("**").length % 2 ? shown : `${shown}**`);
}

type Block = [Node | null, number];

const ITEM = /^\s{0,3}(?:([-*+•])|(\d{1,9})[.)])\s+(\S.*)$/;
const HEADING = /^\s{0,3}#{1,6}\s+/;

function fence(lines: string[], start: number): Block {
  let end = start + 1;
  while (end < lines.length && !/^\s*```/.test(lines[end] ?? "")) end++;
  return [h("pre", { tabindex: 0 }, h("code", {}, lines.slice(start + 1, end).join("\n"))), end + 1];
}

function list(lines: string[], start: number): Block {
  const [, , first] = ITEM.exec(lines[start] ?? "") ?? [];
  const node = first === undefined ? h("ul") : h("ol", { start: first });
  let at = start;
  for (; at < lines.length; at++) {
    const line = lines[at] ?? "";
    const [, , number, text] = ITEM.exec(line) ?? [];
    if (text !== undefined && (number === undefined) === (first === undefined)) {
      node.append(h("li", {}, ...inline(text)));
    } else if (/^\s{2,}\S/.test(line) && text === undefined) {
      // An indented line goes on with the item above it.
      node.lastChild?.appendChild(h("span", { class: "cf-more" }, ...inline(line.trim())));
      // One blank line between items does not end the list.
    } else if (line.trim() || !ITEM.test(lines[at + 1] ?? "")) break;
  }
  return [node, at];
}

const tableOf = (lines: string[], start: number): Block => table(lines, start, (cell) => inline(cell));

function paragraph(lines: string[], start: number): Block {
  const heading = HEADING.test(lines[start] ?? "");
  let end = start;
  const goesOn = (line: string) => line.trim() && (end === start || !(heading || startsBlock(line) || columnsAt(lines, end)));
  while (end < lines.length && goesOn(lines[end] ?? "")) end++;
  if (end === start) return [null, start + 1];
  const text = lines.slice(start, end).join("\n").replace(HEADING, "").trim();
  return [h("p", {}, heading ? h("strong", {}, ...inline(text)) : h("span", {}, ...inline(text))), end];
}

function startsBlock(line: string): boolean {
  return ITEM.test(line) || HEADING.test(line) || /^\s*```/.test(line);
}

// One pass from left to right. Where a closing mark is looked for, the place found is kept until the reading has
// passed it, so that a text of ten thousand stars takes no longer than any other.
function inline(text: string, depth = 0, linked = false): Child[] {
  const nodes: Child[] = [];
  const closings = new Map<string, number>();
  let plain = 0;
  let at = 0;
  const closing = (mark: string, from: number) => {
    let found = closings.get(mark);
    if (found === undefined || (found >= 0 && found < from)) closings.set(mark, (found = text.indexOf(mark, from)));
    return found;
  };
  const add = (node: Child, next: number) => {
    if (plain < at) nodes.push(text.slice(plain, at));
    nodes.push(node);
    plain = at = next;
  };
  while (at < text.length) {
    const span = depth < DEPTH_MAX && spanAt(text, at, closing, depth, linked);
    if (span) add(...span);
    else at++;
  }
  if (plain < text.length) nodes.push(text.slice(plain));
  return nodes;
}

type Span = [Child, number] | false;
type Closing = (mark: string, from: number) => number;

function spanAt(text: string, at: number, closing: Closing, depth: number, linked: boolean): Span {
  const char = text[at];
  if (char === "\\") return /^[\\`*_[\]()#+.!<>|-]$/.test(text[at + 1] ?? "") && [text[at + 1] ?? "", at + 2];
  if (char === "`") return codeAt(text, at, closing);
  if (char === "*" || char === "_") return emphasisAt(text, at, char, closing, depth, linked);
  const tag = char === "<" && tagAt(text, at);
  if (tag) return tag;
  if (linked) return false;
  if (char === "!" && text[at + 1] === "[") return labelAt(text, at + 1, closing, depth, false);
  if (char === "[") return labelAt(text, at, closing, depth, true);
  if (char !== "<") return addressAt(text, at);
  const sharp = addressAt(text, at + 1);
  return sharp && text[sharp[1]] === ">" && [sharp[0], sharp[1] + 1];
}

const BREAK = /^<(?:br\s*\/?|(\/(?:p|div)))>\n?/i;
const DRESS = /^<\/?(b|i|u|s|p|em|div|font|mark|span|small|strong|su[bp])( [\w-]+="[^"<>]*")*>/i;

function tagAt(text: string, at: number): Span {
  const rest = text.slice(at, at + 200);
  const [found, end] = BREAK.exec(rest) ?? [];
  if (found) return [end ? "\n" : h("br"), at + found.length];
  const [dress] = DRESS.exec(rest) ?? [];
  return !!dress && [null, at + dress.length];
}

function codeAt(text: string, at: number, closing: Closing): Span {
  const end = closing("`", at + 1);
  return end > at + 1 && [h("code", {}, text.slice(at + 1, end)), end + 1];
}

function emphasisAt(text: string, at: number, char: string, closing: Closing, depth: number, linked: boolean): Span {
  const mark = text[at + 1] === char ? char + char : char;
  const from = at + mark.length;
  // Underscores inside a word are part of it, as in snake_case.
  if (char === "_" && /\w/.test(text[at - 1] ?? "")) return false;
  if (/\s/.test(text[from] ?? " ") || text[from] === char) return false;
  const end = closing(mark, from + 1);
  if (end < 0 || (mark === char && text[end + 1] === char) || /\s/.test(text[end - 1] ?? "") || (char === "_" && /^[./-]?\w/.test(text.slice(end + mark.length)))) return false;
  const children = inline(text.slice(from, end), depth + 1, linked);
  return [h(mark.length === 2 ? "strong" : "em", {}, ...children), end + mark.length];
}

// [label](address). With an exclamation mark before it this is an image, of which only the label remains.
function labelAt(text: string, at: number, closing: Closing, depth: number, link: boolean): Span {
  const middle = closing("](", at + 1);
  const target = middle < 0 ? null : targetAt(text, middle + 1);
  if (!target) return false;
  const [address, end] = target;
  const label = text.slice(at + 1, middle);
  if (/[[\n]/.test(label)) return false;
  if (!link) return [label, end];
  const url = safeUrl(address);
  return url !== null && [anchor(url, inline(label, depth + 1, true), label), end];
}

function addressAt(text: string, at: number): Span {
  const [shown = "", address = ""] = linkAt(text, at) ?? [];
  const url = safeUrl(address);
  return url !== null && [anchor(url, [shown], place(url)), at + shown.length];
}

export function safeUrl(address: string): URL | null {
  try {
    const url = new URL(address);
    // "https://bank.example@evil.example" is meant to be misread.
    // A phone is asked to dial a number, and no code.
    return SCHEMES.includes(url.protocol) && !url.username && (url.protocol !== "tel:" || /^[+\d().-]+$/.test(url.pathname)) ? url : null;
  } catch {
    return null;
  }
}

// The host is always visible, so that a label cannot promise another place than the link goes to.
export function anchor(url: URL, children: Child[], label: string): HTMLAnchorElement {
  const told = label === place(url) || safeUrl(label)?.href === url.href;
  return h(
    "a",
    { href: url.href, target: "_blank", rel: "noopener noreferrer nofollow ugc" },
    h("bdi", {}, ...children),
    !told && h("span", { class: "cf-host" }, ` (${place(url)})`),
  );
}

const place = (url: URL): string => url.host || url.pathname;

// Where addresses of pages, e-mail addresses and phone numbers stand in an answer. Where one ends is the rule of
// src/domain/link.rs: what the server has judged is what is linked.

const TAIL = /[.,;:!?'*_~،؛؟۔’]+$/;
// No script that puts no space around an address, and no sign that an address holds only percent-encoded.
const PAGE =
  /^https?:\/\/[^\s\p{Cc}\p{Cf}<>"`|{}\\^«»“-‟…\u0e00-\u0eff\u1000-\u11ff\u1780-\u17ff\u2e80-\ud7ff\uf900-\ufaff\ufe30-\ufe6f\uff00-\uffef\u{20000}-\u{3ffff}]{3,}/iu;
const MAIL = /^[\p{sc=Latin}\d._+'-]{1,64}@([\p{sc=Latin}\d-]+\.)+\p{sc=Latin}{2,}(?![\p{sc=Latin}\d@-])/u;
// International, with the zero of a country, with an area in brackets, or as North America writes them: no date, no sum.
const PHONE =
  /^(?!\d\d?[./-]\d\d?[./-]\d{4})((?:\+\d|0\d)([ ()./\xa0\u2011\u202f–-]{0,3}\d){7,12}|\(\d{2,5}\)([ ./-]{0,3}\d){6,11}|(1[-.])?\d{3}[-.]\d{3}[-.]\d{4})(?![\p{sc=Latin}\d%€$£@]|[.,:/-]\d)/u;
const FORMS = [PAGE, MAIL, PHONE];

export function linkAt(text: string, at: number): [shown: string, address: string] | null {
  if (!/[\p{L}\d+(]/u.test(text[at] ?? "") || /[\p{sc=Latin}\d.,:@#$€£+/_-]/u.test(text[at - 1] ?? "")) return null;
  const rest = text.slice(at, at + 2048);
  const kind = FORMS.findIndex((form) => form.test(rest));
  const [found = ""] = FORMS[kind]?.exec(rest) ?? [];
  if (kind < 1) {
    const page = balanced(found, "()[]").replace(TAIL, "");
    return found ? [page, page] : null;
  }
  return [found, kind < 2 ? `mailto:${found}` : `tel:${found.replace("(0)", "").replace(/[^+\d]/g, "")}`];
}

// `(address "title")`, which may hold brackets of its own.
export function targetAt(text: string, at: number): [address: string, end: number] | null {
  const [inner = ""] = text.slice(at + 1, at + 2048).split("\n\n");
  const [open, sharp] = /^\s*(?:<([^>\n]*)>)?/.exec(inner) ?? [""];
  const word = sharp === undefined ? balanced(/^\S*/.exec(inner.slice(open.length))![0], "()") : "";
  const [close] = /^\s*("[^"]*"|'[^']*'|(?!["']))[^)]*\)/.exec(inner.slice(open.length + word.length)) ?? [];
  return close === undefined ? null : [sharp ?? word, at + 1 + open.length + word.length + close.length];
}

// The text up to a bracket that closes none of its own.
function balanced(text: string, brackets: string): string {
  const depths = [0, 0];
  for (let at = 0; at < text.length; at++) {
    const kind = brackets.indexOf(text[at]!);
    if (kind >= 0 && (depths[kind >> 1]! += kind % 2 ? -1 : 1) < 0) return text.slice(0, at);
  }
  return text;
}

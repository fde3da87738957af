// Holds the widget's two byte budgets, and the committed bundle to what its sources build.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, constants } from "node:zlib";

const LAUNCHER_BYTES_MAX = 3 * 1024;
const PANEL_BYTES_MAX = 19 * 1024;

const path = (name) => fileURLToPath(new URL(name, import.meta.url));
const launcher = readFileSync(path("dist/widget.js"));
const panel = readFileSync(path("dist/panel.js"));

function brotliBytes(bytes) {
  return brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }).length;
}

test("the launcher is at most 3 KB", (t) => {
  const size = brotliBytes(launcher);
  t.diagnostic(`widget.js: ${size} of ${LAUNCHER_BYTES_MAX} bytes`);
  assert.ok(size <= LAUNCHER_BYTES_MAX, `widget.js is ${size} bytes`);
});

test("everything else that a chat needs is at most 19 KB", (t) => {
  const size = brotliBytes(panel);
  t.diagnostic(`panel.js: ${size} of ${PANEL_BYTES_MAX} bytes`);
  assert.ok(size <= PANEL_BYTES_MAX, `panel.js is ${size} bytes`);
});

test("the launcher imports exactly the panel beside it", () => {
  const hash = createHash("sha256").update(panel).digest("hex").slice(0, 10);
  assert.ok(launcher.includes(hash), `widget.js does not name ${hash}: run npm run build`);
});

test("the committed files are what the sources build", () => {
  const read = () => Object.fromEntries(readdirSync(path("dist")).map((name) => [name, readFileSync(path(`dist/${name}`), "utf8")]));
  const before = read();
  execFileSync(process.execPath, [path("build.mjs")]);
  assert.deepEqual(read(), before, "dist is behind src: commit what npm run build wrote");
});

test("the built-in greeting is the one that new agents have", () => {
  const agent = readFileSync(path("../src/domain/agent.rs"), "utf8");
  const [, text] = /GREETING_DEFAULT: &str = "(.*)";/.exec(agent);
  assert.equal(JSON.parse(readFileSync(path("locales/en.json"), "utf8")).greeting, text);
});

test("every language has every text, with the same places to fill", () => {
  const read = (name) => JSON.parse(readFileSync(path(`locales/${name}`), "utf8"));
  const places = (text) => (text.match(/{\w+}/g) ?? []).sort();
  const english = read("en.json");
  const names = readdirSync(path("locales"));
  assert.deepEqual(names.map((name) => name.slice(0, 2)).sort(), ["ar", "de", "en", "es", "fr", "it", "ja", "nl", "pl", "pt"]);
  for (const name of names) {
    const texts = read(name);
    assert.deepEqual(Object.keys(texts).sort(), Object.keys(english).sort(), name);
    for (const [key, text] of Object.entries(texts)) assert.deepEqual(places(text), places(english[key]), `${name}: ${key}`);
  }
});

test("neither file parses HTML, evaluates text or writes a cookie", () => {
  const forbidden = /\b(innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval|cookie)\b|new Function/;
  for (const code of [launcher, panel]) assert.doesNotMatch(code.toString("utf8"), forbidden);
});

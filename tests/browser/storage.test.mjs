// What is read back from the browser's storage may be anything, and parts of the page's own world may be broken: the chat
// opens and sends all the same.
import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import { launchBrowser, startServer, startSite, until, visit } from "./harness.mjs";

const QUESTION = "What are your opening hours?";
const KNOWLEDGE = [`Q: ${QUESTION}\nA: We are open Monday to Friday from 9:00 to 17:00.`];

let server, site, browser, agent;
const visits = [];

before(async () => {
  server = await startServer();
  site = await startSite(server);
  browser = await launchBrowser();
  agent = await server.agent({ name: "Ada", greeting: "Hello!" }, KNOWLEDGE);
});

afterEach(async () => {
  for (const { context } of visits.splice(0)) await context.close();
});

after(async () => {
  await browser?.close();
  await site?.stop();
  await server?.stop();
});

async function arrive(prepare, argument, of = agent) {
  const visitor = await visit(browser, site.page(of), { prepare: (page) => page.addInitScript(prepare, argument) });
  visits.push(visitor);
  return visitor;
}

async function opensAndAnswers(visitor, what) {
  await visitor.page.locator(".cf-launcher").waitFor();
  await visitor.page.evaluate(() => window.ChatForge("open"));
  await visitor.field.waitFor({ timeout: 8000 }).catch(() => assert.fail(`did not open: ${what}`));
  await visitor.field.fill(QUESTION);
  await visitor.field.press("Enter");
  await visitor.log.getByText(/9:00 to 17:00/).first().waitFor({ timeout: 8000 }).catch(() => assert.fail(`did not answer: ${what}`));
}

const now = Date.now();
const turn = (change) => ({ session: "x", unsent: { 0: { content: "Hi", client_id: "0".repeat(32), sent_ms: now, ...change } } });

const STORED = [
  "", "null", "5", '"text"', "[]", "{", "true", '{"session":null}', "[null]", "[[]]", '{"__proto__":null}',
  { session: 5 }, { session: ["x"] }, { session: {} }, { session: "x".repeat(200_000) }, { session: "a\u0000b\n" }, { session: "é".repeat(100) },
  { session: "x", seen: 5 }, { session: "x", seen: {} }, { session: "x", seen: "x".repeat(100_000) },
  { session: "x", visitor: {} }, { session: "x", visitor: 5 }, { session: "x", visitor: "vis_other" },
  { session: "x", open: "no" }, { session: "x", open: {} }, { session: "x", open: 1 },
  { session: "x", unsent: "[]" }, { session: "x", unsent: '[{"content":"Hi"}]' }, { session: "x", unsent: 5 }, { session: "x", unsent: null },
  { session: "x", unsent: [{}] }, { session: "x", unsent: [null, 5, "a", []] }, { session: "x", unsent: { length: 1e9 } },
  turn({ sent_ms: 1e300 }), turn({ sent_ms: -1e300 }), turn({ sent_ms: "soon" }), turn({ sent_ms: null }), turn({ sent_ms: {} }), turn({ sent_ms: String(now) }),
  turn({ content: 5 }), turn({ content: [] }), turn({ content: "  " }), turn({ content: "x".repeat(100_000) }), turn({ content: null }),
  turn({ client_id: 5 }), turn({ client_id: "" }), turn({ client_id: "../x y" }), turn({ client_id: ["a"] }), turn({ client_id: null }),
];

test("whatever is in the storage, the chat opens and sends", async () => {
  for (const stored of STORED) {
    const text = typeof stored === "string" ? stored : JSON.stringify(stored);
    const visitor = await arrive(([key, text]) => localStorage.getItem("set") || (localStorage.setItem("set", "1"), localStorage.setItem(key, text)), [`chatforge:${agent.id}`, text]);
    await opensAndAnswers(visitor, text.slice(0, 80));
    await visitor.page.reload();
    await opensAndAnswers(visitor, `${text.slice(0, 80)}, reloaded`);
    await visitor.context.close();
  }
});

test("a message without an answer is sent again, whichever way it was kept, and an old one is not", async () => {
  const kept = [{ content: QUESTION, client_id: "ab".repeat(16), sent_ms: now }];
  for (const unsent of [kept, { ...kept }, [null, 5, {}, ...kept]]) {
    const own = await server.agent({ name: "Ada", greeting: "Hello!" }, KNOWLEDGE);
    const visitor = await arrive(([key, text]) => localStorage.getItem(key) || localStorage.setItem(key, text), [`chatforge:${own.id}`, JSON.stringify({ session: "x", unsent })], own);
    await visitor.page.locator(".cf-launcher").waitFor();
    await visitor.page.evaluate(() => window.ChatForge("open"));
    await visitor.log.getByText(/9:00 to 17:00/).first().waitFor();
    assert.equal(await visitor.log.locator('[data-from="user"]').count(), 1);
  }
  const own = await server.agent({ name: "Ada", greeting: "Hello!" }, KNOWLEDGE);
  const old = JSON.stringify({ session: "x", unsent: [{ ...kept[0], sent_ms: now - 3_600_000 }] });
  const visitor = await arrive(([key, text]) => localStorage.setItem(key, text), [`chatforge:${own.id}`, old], own);
  await visitor.open();
  assert.equal(await visitor.log.locator('[data-from="user"]').count(), 0);
});

// Code that runs before ours, as old libraries, locked-down browsers and odd extensions do it.
const WORLDS = {
  "Prototype.js": () => (Array.prototype.toJSON = function () { return `[${this.map((each) => JSON.stringify(each)).join(", ")}]`; }),
  "Object.toJSON": () => (Object.prototype.extra = function () {}),
  "storage throws": () => Object.defineProperty(window, "localStorage", { get() { throw new Error("denied"); } }),
  "storage is full": () => (Storage.prototype.setItem = () => { throw new Error("full"); }),
  "storage is null": () => Object.defineProperty(window, "localStorage", { value: null }),
  "no channel": () => { delete window.BroadcastChannel; },
  "the channel throws": () => (window.BroadcastChannel = class { constructor() { throw new Error("opaque"); } }),
  "no languages": () => Object.defineProperty(navigator, "languages", { value: undefined }),
  "odd languages": () => Object.defineProperty(navigator, "languages", { value: ["", "x", "en-ab-cd", null, 5, "de_DE@euro"] }),
  "an odd page language": () => new MutationObserver(() => document.documentElement?.setAttribute("lang", "de-ab-cd-ef")).observe(document, { childList: true }),
  "no theme": () => (window.matchMedia = () => { throw new Error("none"); }),
  "no points": () => (Document.prototype.elementsFromPoint = () => { throw new Error("none"); }),
  "no navigation": () => Object.defineProperty(window, "navigation", { value: { addEventListener() { throw new Error("none"); } } }),
  "no plural": () => { delete Intl.RelativeTimeFormat; },
};

test("whatever the page has made of the browser, the chat opens and sends, also after a reload", async () => {
  for (const [name, world] of Object.entries(WORLDS)) {
    const visitor = await arrive(world);
    await opensAndAnswers(visitor, name);
    await visitor.page.reload();
    await opensAndAnswers(visitor, `${name}, reloaded`);
    await visitor.context.close();
  }
});

test("a part that the server sends and the widget cannot read takes nothing else with it", async () => {
  const changes = [
    (boot) => (boot.agent.suggestions = null),
    (boot) => (boot.agent.lead_form = null),
    (boot) => (boot.agent.greeting = ""),
    (boot) => (boot.agent.texts = null),
    (boot) => (boot.history = [{ id: "msg_1", role: "assistant", content: null, timestamp: "never" }]),
    (boot) => (boot.history = [{ id: "msg_1", role: "assistant", content: "Hello!", timestamp: "never", sources: 5 }]),
    (boot) => (boot.history = null),
    (boot) => (boot.operator = {}),
    (boot) => (boot.agent.proactive_after_seconds = "soon"),
    (boot) => (boot.agent.color = "#123456"),
  ];
  for (const change of changes) {
    const visitor = await visit(browser, site.page(agent), {
      prepare: (page) =>
        page.route(`${server.url}/widget/v1/boot`, async (route) => {
          const boot = await (await route.fetch()).json();
          change(boot);
          await route.fulfill({ json: boot, headers: { "Access-Control-Allow-Origin": "*" } });
        }),
    });
    visits.push(visitor);
    await visitor.page.locator(".cf-launcher").waitFor();
    await visitor.page.evaluate(() => window.ChatForge("open"));
    await visitor.field.waitFor({ timeout: 8000 }).catch(() => assert.fail(`did not open: ${change}`));
    await visitor.field.fill(QUESTION);
    await visitor.field.press("Enter");
    await visitor.log.getByText(/9:00 to 17:00/).first().waitFor({ timeout: 8000 }).catch(() => assert.fail(`did not answer: ${change}`));
    await visitor.context.close();
  }
});

test("a language file that is none leaves English", async () => {
  for (const body of ["null", "[]", "5", '"x"', '{"send":5,"open":null}', "<html>", ""]) {
    const visitor = await visit(browser, site.page(agent, { locale: "fr" }), {
      prepare: (page) => page.route(/locale-fr/, (route) => route.fulfill({ body, headers: { "Access-Control-Allow-Origin": "*" } })),
    });
    visits.push(visitor);
    await visitor.open();
    await until(async () => visitor.panel.getByRole("button", { name: "Send message" }).isVisible(), body);
    await visitor.context.close();
  }
});

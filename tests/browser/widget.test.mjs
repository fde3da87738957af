// What a visitor does with the widget, in a real browser, on a page of another origin under a strict policy.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { after, afterEach, before, test } from "node:test";
import { launchBrowser, startServer, startSite, visit } from "./harness.mjs";

const HOURS = "Q: What are your opening hours?\nA: We are open Monday to Friday from 9:00 to 17:00.";
const RETURNS = "Q: Can I return a purchase?\nA: You can return a purchase within 30 days with its receipt.";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

let server, site, hostile, browser, agent;
const visits = [];

before(async () => {
  server = await startServer();
  site = await startSite(server);
  hostile = await startSite(server, {
    css: `* { all: unset !important; font-size: 40px !important; color: red !important }
      div { display: none !important; position: static !important; transform: scale(3) !important; opacity: .1 !important }
      button { background: lime !important; width: 100vw !important }`,
  });
  browser = await launchBrowser();
  agent = await server.agent({ name: "Ada", greeting: "Hello! Ask me about the shop.", color: "#0f766e" }, [HOURS, RETURNS]);
});

afterEach(async () => {
  for (const { context } of visits.splice(0)) await context.close();
});

after(async () => {
  await browser?.close();
  await site?.stop();
  await hostile?.stop();
  await server?.stop();
});

async function arrive(options, address = site.page(agent)) {
  const visitor = await visit(browser, address, options);
  visits.push(visitor);
  return visitor;
}

async function fresh() {
  return server.agent({ name: "Ada", greeting: "Hello! Ask me about the shop.", color: "#0f766e" }, [HOURS, RETURNS]);
}

test("a visitor asks, is answered with a source, leaves an address and ends the chat", async () => {
  const own = await fresh();
  const visitor = await arrive({}, site.page(own));
  const { panel, log, page, seen } = visitor;
  await visitor.open();
  await log.getByText("Hello! Ask me about the shop.").waitFor();

  const answer = await visitor.ask("What are your opening hours?");
  assert.match(await answer.innerText(), /9:00 to 17:00/);
  const source = answer.getByRole("button", { expanded: false }).first();
  await source.click();
  await answer.locator(".cf-excerpt").getByText(/Monday to Friday/).waitFor();

  await visitor.ask("Please write to me at jo@example.com");
  await log.getByText("Contact details received").waitFor();

  const closed = page.waitForResponse(`${server.url}/widget/v1/close`);
  await panel.getByRole("button", { name: "End chat" }).click();
  assert.equal((await closed).status(), 200);
  await panel.waitFor({ state: "hidden" });

  const { conversations } = await server.api("GET", `/agents/${own.id}/conversations`);
  assert.equal(conversations.length, 1);
  const [conversation] = conversations;
  assert.equal(conversation.status, "completed");
  assert.equal(conversation.lead_captured, true);
  assert.deepEqual(conversation.messages.map(({ role }) => role), ["assistant", "user", "assistant", "user", "assistant"]);
  assert.equal(conversation.messages[1].content, "What are your opening hours?");
  const { leads } = await server.api("GET", `/agents/${own.id}/leads`);
  assert.deepEqual(leads.map(({ email }) => email), ["jo@example.com"]);

  assert.deepEqual(seen.console, []);
  assert.deepEqual([...seen.origins].sort(), [new URL(site.url).origin, server.url].sort());
});

test("after the end the next opening starts anew", async () => {
  const visitor = await arrive({}, site.page(await fresh()));
  await visitor.open();
  await visitor.ask("What are your opening hours?");
  await visitor.panel.getByRole("button", { name: "End chat" }).click();
  await visitor.open();
  assert.equal(await visitor.log.locator("[data-from]").count(), 1);
  await visitor.ask("Can I return a purchase?");
  assert.equal(await visitor.log.locator("[data-from]").count(), 3);
});

test("nothing is kept in the browser before the first message", async () => {
  const visitor = await arrive();
  await visitor.open();
  assert.deepEqual(await visitor.memory(), { local: {}, session: {}, cookie: "" });
  await visitor.ask("What are your opening hours?");
  const { local, session, cookie } = await visitor.memory();
  assert.deepEqual(Object.keys(local), [`chatforge:${agent.id}`]);
  assert.deepEqual([session, cookie], [{}, ""]);
});

test("a reload goes on with the conversation, open as it was", async () => {
  const visitor = await arrive();
  await visitor.open();
  const answer = await (await visitor.ask("What are your opening hours?")).innerText();
  await visitor.page.reload();
  await visitor.field.waitFor();
  assert.equal(await visitor.field.evaluate((node) => node.getRootNode().activeElement), null, "the focus is the page's");
  assert.equal(await visitor.log.locator("[data-from]").count(), 3);
  assert.equal(await visitor.log.locator('[data-from="user"] .cf-bubble').innerText(), "What are your opening hours?");
  assert.equal(await visitor.log.locator('[data-from="assistant"]').last().innerText(), answer);
  await visitor.panel.getByRole("button", { name: "Minimise chat" }).click();
  await visitor.page.reload();
  await visitor.launcher.waitFor();
  assert.equal(await visitor.panel.count(), 0);
});

test("the keyboard opens, sends, minimises and gets its place back", async () => {
  const visitor = await arrive();
  await visitor.launcher.focus();
  await visitor.page.keyboard.press("Enter");
  await visitor.field.waitFor();
  assert.equal(await visitor.field.evaluate((node) => node.getRootNode().activeElement === node), true);
  await visitor.page.keyboard.type("one");
  await visitor.page.keyboard.press("Shift+Enter");
  await visitor.page.keyboard.type("two");
  assert.equal(await visitor.field.inputValue(), "one\ntwo");
  await visitor.page.keyboard.press("Escape");
  await visitor.panel.waitFor({ state: "hidden" });
  assert.equal(await visitor.launcher.evaluate((node) => node.getRootNode().activeElement === node), true);
  assert.equal(await visitor.launcher.getAttribute("aria-expanded"), "false");
  await visitor.page.keyboard.press("Enter");
  assert.equal(await visitor.field.inputValue(), "one\ntwo");
});

test("a page's key listeners do not hear what is typed into the chat", async () => {
  const visitor = await arrive();
  await visitor.page.evaluate(() => document.addEventListener("keydown", (event) => (window.heard = (window.heard ?? "") + event.key)));
  await visitor.open();
  await visitor.page.keyboard.type("slash /");
  assert.equal(await visitor.page.evaluate(() => window.heard), undefined);
});

test("on a phone the panel fills the screen and is modal", async () => {
  const visitor = await arrive({ viewport: { width: 390, height: 844 } });
  await visitor.open();
  assert.deepEqual(await visitor.panel.boundingBox(), { x: 0, y: 0, width: 390, height: 844 });
  assert.equal(await visitor.panel.getAttribute("aria-modal"), "true");
  assert.equal(await visitor.page.evaluate(() => document.body.inert), true);
  await visitor.ask("What are your opening hours?");
  await visitor.panel.getByRole("button", { name: "Minimise chat" }).click();
  assert.equal(await visitor.page.evaluate(() => document.body.inert), false);
  await visitor.launcher.waitFor();
});

test("a page's own rules do not reach the widget", async () => {
  const shape = async (url) => {
    const visitor = await arrive({}, url.page(agent));
    const launcher = await visitor.launcher.boundingBox();
    await visitor.open();
    const style = await visitor.field.evaluate((node) => {
      const { color, fontSize, display } = getComputedStyle(node);
      return { color, fontSize, display };
    });
    const send = await visitor.panel.getByRole("button", { name: "Send message" }).boundingBox();
    return { launcher, style, send, panel: await visitor.panel.boundingBox() };
  };
  const calm = await shape(site);
  assert.deepEqual(await shape(hostile), calm);
  assert.equal(calm.panel.width, 400);
  assert.equal(calm.launcher.width, 56);
});

test("neither style attributes nor style elements are used", async () => {
  const visitor = await arrive();
  await visitor.open();
  await visitor.ask("What are your opening hours?");
  const found = await visitor.page.evaluate(() => {
    const host = document.querySelector("#chatforge");
    return [host, ...host.shadowRoot.querySelectorAll("*")].filter((node) => node.hasAttribute("style") || node.localName === "style").length;
  });
  assert.equal(found, 0);
});

for (const scheme of ["light", "dark"]) {
  test(`axe finds nothing to mend in the ${scheme} panel`, async () => {
    const visitor = await arrive({ colorScheme: scheme });
    await visitor.context.addInitScript({ content: axe });
    await visitor.page.reload();
    await visitor.open();
    await (await visitor.ask("What are your opening hours?")).locator(".cf-source").first().click();
    const { violations } = await visitor.page.evaluate(() => window.axe.run({ include: [["#chatforge"]] }));
    assert.deepEqual(violations.map(({ id, nodes }) => `${id}: ${nodes[0].html}`), []);
  });
}

test("an unknown agent leaves the page as it was, with one warning", async () => {
  const visitor = await visit(browser, site.page({ id: "agt_0000000000" }));
  visits.push(visitor);
  await visitor.page.waitForEvent("console", (message) => message.text().startsWith("ChatForge:"));
  assert.equal(await visitor.page.locator("#chatforge").count(), 0);
  assert.equal(visitor.seen.console.filter((text) => text.startsWith("ChatForge:")).length, 1);
});

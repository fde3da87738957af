// One visitor, several tabs: they show the same conversation, and forget the visitor together.
import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import { follow, launchBrowser, startServer, startSite, until, visit } from "./harness.mjs";

const QUESTION = "What are your opening hours?";
const KNOWLEDGE = [`Q: ${QUESTION}\nA: We are open Monday to Friday from 9:00 to 17:00.`];

let server, site, browser;
const contexts = [];

before(async () => {
  server = await startServer();
  site = await startSite(server);
  browser = await launchBrowser();
});

afterEach(async () => {
  for (const context of contexts.splice(0)) await context.close();
});

after(async () => {
  await browser?.close();
  await site?.stop();
  await server?.stop();
});

async function tabs(count = 2) {
  const agent = await server.agent({ name: "Ada", greeting: "Hello!" }, KNOWLEDGE);
  const first = await visit(browser, site.page(agent));
  contexts.push(first.context);
  const found = [first];
  while (found.length < count) found.push(await another(first, agent));
  for (const { page } of found) {
    await page.locator(".cf-panel").waitFor({ state: "attached" });
  }
  return { agent, found };
}

// Hidden panels count too, so the log is found by its class.
async function another({ context }, agent) {
  const page = await context.newPage();
  await page.goto(site.page(agent));
  return follow(page);
}

const messages = async ({ page }) =>
  page.locator(".cf-log [data-from]").evaluateAll((nodes) => nodes.map((node) => `${node.dataset.from}: ${node.querySelector(".cf-bubble").textContent}`));

async function conversations(agent) {
  return (await server.api("GET", `/agents/${agent.id}/conversations`)).conversations;
}

async function sameEverywhere(found, count) {
  await until(async () => (await Promise.all(found.map(messages))).every((shown) => shown.length === count), "the tabs did not agree");
  const [first, ...others] = await Promise.all(found.map(messages));
  for (const other of others) assert.deepEqual(other, first);
}

test("what is said in one tab is shown in the others, once, whoever wrote first", async () => {
  const { agent, found } = await tabs(3);
  for (const tab of found) await tab.open();
  await found[0].ask(QUESTION);
  await sameEverywhere(found, 3);
  await found[1].ask(QUESTION);
  await sameEverywhere(found, 5);
  await found[2].ask(QUESTION);
  await found[0].ask(QUESTION);
  await sameEverywhere(found, 9);
  const kept = await conversations(agent);
  assert.equal(kept.length, 1, "one visitor, one conversation");
  assert.equal(kept[0].messages.length, 9);
});

test("a tab that is opened later, and one that is reloaded, shows and tells the same", async () => {
  const { agent, found } = await tabs(1);
  await found[0].open();
  await found[0].ask(QUESTION);
  const later = await another(found[0], agent);
  await later.page.locator(".cf-panel").waitFor({ state: "attached" });
  await sameEverywhere([found[0], later], 3);
  await found[0].page.reload();
  await found[0].reopen();
  await later.page.evaluate(() => window.ChatForge("open"));
  await later.field.waitFor();
  await later.ask(QUESTION);
  await sameEverywhere([found[0], later], 5);
  assert.equal((await conversations(agent)).length, 1);
});

test("what is unread is unread in all tabs until it is looked at in one", async () => {
  const { found } = await tabs(3);
  const [writing, other, third] = found;
  await writing.open();
  await writing.ask(QUESTION);
  await sameEverywhere(found, 3);
  const badge = ({ page }) => page.locator(".cf-badge").textContent();
  // It was read where it was asked.
  assert.deepEqual(await Promise.all([badge(other), badge(third)]), ["", ""]);
  let answer;
  await writing.page.route(`${server.url}/widget/v1/messages`, async (route) => {
    answer = await route.fetch();
    await writing.panel.getByRole("button", { name: "Minimise chat" }).click();
    await route.fulfill({ response: answer });
  });
  await writing.field.fill(QUESTION);
  await writing.field.press("Enter");
  await until(async () => (await Promise.all(found.map(badge))).every((text) => text === "1"), "not unread everywhere");
  await other.page.evaluate(() => window.ChatForge("open"));
  await until(async () => (await Promise.all(found.map(badge))).every((text) => text === ""), "still unread somewhere");
});

test("a conversation that is ended in one tab is ended in the others", async () => {
  const { agent, found } = await tabs(2);
  for (const tab of found) await tab.open();
  await found[0].ask(QUESTION);
  await sameEverywhere(found, 3);
  await found[0].panel.getByRole("button", { name: "New conversation" }).click();
  await sameEverywhere(found, 1);
  await found[1].ask(QUESTION);
  await sameEverywhere(found, 3);
  assert.deepEqual((await conversations(agent)).map(({ status }) => status).sort(), ["active", "completed"]);
});

test("a visitor who is forgotten is another one from then on, in every tab", async () => {
  const { agent, found } = await tabs(2);
  for (const tab of found) await tab.open();
  await found[0].ask(QUESTION);
  await sameEverywhere(found, 3);
  await found[1].field.fill("half a draft");
  await found[0].page.evaluate(() => window.ChatForge("forget"));
  await found[0].panel.waitFor({ state: "hidden" });
  await found[1].panel.waitFor({ state: "hidden" });
  assert.deepEqual((await found[0].memory()).local, {});
  for (const tab of found) {
    await tab.page.evaluate(() => window.ChatForge("open"));
    await tab.field.waitFor();
    assert.deepEqual(await messages(tab), ["assistant: Hello!"]);
    assert.equal(await tab.field.inputValue(), "");
  }
  await found[1].ask(QUESTION);
  await sameEverywhere(found, 3);
  const kept = await conversations(agent);
  assert.equal(kept.length, 2);
  assert.equal(new Set(kept.map(({ visitor_id }) => visitor_id)).size, 2, "the same visitor");
});

// Called at every moment of a page's life.
const MOMENTS = {
  "before the script": (page) => page.addInitScript(() => ((window.ChatForge = function () { (window.ChatForge.q = window.ChatForge.q || []).push(arguments); }), window.ChatForge("forget"))),
  "while it boots": (page) => page.route("**/widget/v1/boot", async (route) => (await page.evaluate(() => window.ChatForge("forget")), route.continue()), { times: 1 }),
  "before the panel": (page) => page.route(/\/widget\/panel-/, async (route) => (await page.evaluate(() => window.ChatForge("forget")), route.continue()), { times: 1 }),
  "later": async () => undefined,
};

test("forgetting works at every moment", async () => {
  for (const [moment, prepare] of Object.entries(MOMENTS)) {
    const { agent, found: [visitor] } = await tabs(1);
    await visitor.open();
    await visitor.ask(QUESTION);
    await prepare(visitor.page);
    await visitor.page.reload();
    await visitor.page.locator(".cf-panel").waitFor({ state: "attached" });
    if (moment === "later") await visitor.page.evaluate(() => window.ChatForge("forget"));
    await visitor.page.evaluate(() => window.ChatForge("open"));
    await visitor.field.waitFor();
    await until(async () => (await messages(visitor)).length === 1, `${moment}: ${await messages(visitor)}`);
    await visitor.ask(QUESTION);
    const kept = await conversations(agent);
    assert.equal(new Set(kept.map(({ visitor_id }) => visitor_id)).size, 2, moment);
    await visitor.context.close();
  }
});

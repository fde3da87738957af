// What reaches the visitor unasked: an operator's messages, the end of an agent, an answer that comes while minimised.
import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import { launchBrowser, scriptAnswer, startServer, startSite, until, visit } from "./harness.mjs";

const QUESTION = "What are your opening hours?";
const CORS = { "Access-Control-Allow-Origin": "*" };

let server, site, browser, agent;
const visits = [];

before(async () => {
  server = await startServer();
  site = await startSite(server);
  browser = await launchBrowser();
  agent = await server.agent({ name: "Ada", greeting: "Hello!" }, [`Q: ${QUESTION}\nA: We are open Monday to Friday from 9:00 to 17:00.`]);
});

afterEach(async () => {
  for (const { context, page } of visits.splice(0)) {
    await page.unrouteAll({ behavior: "ignoreErrors" });
    await context.close();
  }
});

after(async () => {
  await browser?.close();
  await site?.stop();
  await server?.stop();
});

async function arrive(options = {}, of = agent) {
  const visitor = await visit(browser, site.page(of), options);
  visits.push(visitor);
  return visitor;
}

// Every connection gets these events and then ends, so that the widget connects again and again.
async function broadcast(page, events) {
  const connections = [];
  await page.route(`${server.url}/widget/v1/events`, (route) => {
    connections.push(route.request().headers()["last-event-id"]);
    const body = events.map(({ id, event, data }) => `id: ${id}\nevent: ${event}\ndata: ${JSON.stringify(data)}\n\n`).join("");
    return route.fulfill({ status: 200, headers: { ...CORS, "Content-Type": "text/event-stream" }, body });
  });
  return connections;
}

test("an operator's message appears once, with its author, however often it is sent", async () => {
  const visitor = await arrive();
  const message = { id: "msg_operator01", role: "assistant", sent_by: "operator", content: "I am here.", timestamp: "2026-03-20T14:00:00Z" };
  const connections = await broadcast(visitor.page, [{ id: 7, event: "operator_message", data: message }]);
  await visitor.open();
  await visitor.ask(QUESTION);
  await visitor.log.getByText("I am here.").waitFor();
  await visitor.log.getByText("Team member", { exact: true }).waitFor();
  await until(() => connections.length > 1);
  assert.deepEqual(connections.slice(0, 2), [undefined, "7"]);
  assert.equal(await visitor.log.getByText("I am here.").count(), 1);
});

test("the line is open once the panel is, and stays open behind the launcher", async () => {
  const visitor = await arrive();
  const connections = await broadcast(visitor.page, []);
  await visitor.launcher.waitFor();
  assert.equal(connections.length, 0);
  await visitor.open();
  await until(() => connections.length === 1);
  await visitor.ask(QUESTION);
  await visitor.panel.getByRole("button", { name: "Minimise chat" }).click();
  const count = connections.length;
  await until(() => connections.length > count);
});

test("a deactivation leaves an open conversation to be read, and takes it away when it is closed", async () => {
  const own = await server.agent({ name: "Ada", greeting: "Hello!" }, [`Q: ${QUESTION}\nA: We are open from 9:00 to 17:00.`]);
  const visitor = await arrive({}, own);
  await visitor.open();
  await visitor.ask(QUESTION);
  await server.api("DELETE", `/agents/${own.id}`);
  await visitor.log.getByText("This chat is no longer available.").waitFor();
  assert.equal(await visitor.field.isDisabled(), true);
  assert.equal(await visitor.page.locator(".cf-launcher").isVisible(), false);
  await visitor.panel.getByRole("button", { name: "Minimise chat" }).click();
  await until(async () => (await visitor.page.locator("#chatforge").count()) === 0);
});

test("a deactivation makes a chat without a conversation disappear at once", async () => {
  const own = await server.agent({ name: "Ada", greeting: "Hello!" });
  const visitor = await arrive({}, own);
  await visitor.open();
  await server.api("DELETE", `/agents/${own.id}`);
  await until(async () => (await visitor.page.locator("#chatforge").count()) === 0);
});

test("a page that was only read loses its launcher too", async () => {
  const own = await server.agent({ name: "Ada", greeting: "Hello!" });
  const visitor = await arrive({}, own);
  await visitor.page.waitForRequest(`${server.url}/widget/v1/events`, { timeout: 20_000 });
  await server.api("DELETE", `/agents/${own.id}`);
  await until(async () => (await visitor.page.locator("#chatforge").count()) === 0);
  assert.equal(await visitor.page.evaluate(() => typeof window.ChatForge), "function");
});

test("an answer that comes while the chat is minimised is counted on the button", async () => {
  const visitor = await arrive();
  let release;
  const held = new Promise((done) => (release = done));
  await visitor.page.route(`${server.url}/widget/v1/messages`, async (route) => {
    await held;
    await route.continue();
  });
  await visitor.open();
  await visitor.field.fill(QUESTION);
  await visitor.field.press("Enter");
  await visitor.page.keyboard.press("Escape");
  release();
  const button = visitor.page.getByRole("button", { name: "Chat with Ada, 1 unread" });
  await button.click();
  await visitor.log.getByText(/9:00 to 17:00/).first().waitFor();
  await visitor.panel.getByRole("button", { name: "Minimise chat" }).click();
  await visitor.page.getByRole("button", { name: "Chat with Ada", exact: true }).waitFor();
});

test("questions that an answer suggests are asked with one press", async () => {
  const visitor = await arrive();
  await scriptAnswer(visitor.page, server, "Which one?", { suggestions: ["The red one?", "The blue one?"] });
  await visitor.open();
  await visitor.ask("one");
  await visitor.panel.getByRole("button", { name: "The blue one?" }).click();
  await visitor.log.locator('[data-from="user"]').getByText("The blue one?").waitFor();
});

test("closing without a message tells the server nothing", async () => {
  const visitor = await arrive();
  const calls = [];
  visitor.page.on("request", (request) => calls.push(new URL(request.url()).pathname));
  await visitor.open();
  await visitor.panel.getByRole("button", { name: "End chat" }).click();
  await visitor.launcher.waitFor();
  assert.ok(!calls.includes("/widget/v1/close"));
});

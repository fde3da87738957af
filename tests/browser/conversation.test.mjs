// The course of a conversation: streaming and stopping, going on after a reload, days, copying, ending.
import assert from "node:assert/strict";
import { after, afterEach, before } from "node:test";
import { everywhere, holdStream, launchBrowser, startServer, startSite, until, visit } from "./harness.mjs";

const QUESTION = "What are your opening hours?";
const KNOWLEDGE = [`Q: ${QUESTION}\nA: We are open Monday to Friday from 9:00 to 17:00.`];
const MESSAGES = "/widget/v1/messages";
const EVENTS = "/widget/v1/events";

let server, site, browser, agent;
const visits = [];

before(async () => {
  server = await startServer();
  site = await startSite(server);
  browser = await launchBrowser();
  agent = await server.agent({ name: "Ada", greeting: "Hello!" }, KNOWLEDGE);
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

// A visitor whose answers, and what comes unasked, the test writes.
async function scripted(screen, of = agent) {
  let answers, live;
  const prepare = async (page) => {
    answers = await holdStream(page, MESSAGES);
    live = await holdStream(page, EVENTS);
  };
  const visitor = await arrive({ ...screen, prepare }, of);
  await visitor.open();
  return Object.assign(visitor, { answers, live });
}

const stored = (id, role, content, extra = {}) => ({ id, role, content, timestamp: new Date().toISOString(), sources: [], answered: true, ...extra });

async function say(visitor, text) {
  await visitor.field.fill(text);
  await visitor.field.press("Enter");
}

async function userMessages(of = agent) {
  const { conversations } = await server.api("GET", `/agents/${of.id}/conversations`);
  return conversations.flatMap(({ messages }) => messages).filter(({ role }) => role === "user").map(({ content }) => content);
}

everywhere("an answer appears as it is written, after a sign that it is coming", async (screen) => {
  const visitor = await scripted(screen);
  const { panel, answers } = visitor;
  await say(visitor, "Hi");
  await panel.locator(".cf-dots").waitFor();
  await answers.send("start", { user_message: stored("msg_u1", "user", "Hi") });
  await answers.send("delta", { text: "The **first** sentence. The se" });
  const draft = panel.locator(".cf-draft .cf-bubble");
  await draft.getByText("The first sentence. The se").waitFor();
  assert.equal(await panel.locator(".cf-dots").count(), 0);
  assert.match(await draft.locator("p").last().evaluate((node) => getComputedStyle(node, "::after").width), /^2px$/, "the caret");
  await answers.send("done", { message: stored("msg_a1", "assistant", "The **first** sentence. The second.") });
  await visitor.log.getByText("The first sentence. The second.").waitFor();
  assert.equal(await draft.count(), 0);
});

everywhere("while it is written, an answer shows no half of a link or of bold text", async (screen) => {
  const visitor = await scripted(screen);
  const { panel, answers } = visitor;
  await say(visitor, "Hi");
  let written = "";
  const text = "See **our *list*** or [the shop](https://shop.example/a_b), and **more";
  for (const part of text) {
    await answers.send("delta", { text: part });
    written += part;
    await visitor.page.evaluate(() => new Promise(requestAnimationFrame));
    const shown = await panel.locator(".cf-draft .cf-bubble").innerText();
    assert.doesNotMatch(shown, /\*\*|[[\]]|\(https/, written);
  }
  assert.deepEqual(await panel.locator(".cf-draft strong").last().innerText(), "more");
});

everywhere("a long answer is spoken in whole sentences, and once", async (screen) => {
  const visitor = await scripted(screen);
  const { panel, answers } = visitor;
  const spoken = panel.locator('[aria-live="polite"]:not([role="log"])');
  await say(visitor, "Hi");
  await answers.send("delta", { text: "One is *done*. Two is not do" });
  await spoken.getByText("One is done.").waitFor({ state: "attached" });
  assert.equal(await spoken.innerText(), "One is done.");
  await answers.send("done", { message: stored("msg_a1", "assistant", "One is *done*. Two is not done yet.") });
  const message = visitor.log.locator('[data-from="assistant"]').last();
  await message.getByText("Two is not done yet.").waitFor();
  assert.equal(await message.getAttribute("aria-live"), "off");
  await until(async () => (await spoken.textContent()) === "", "the spoken copy stayed");
});

everywhere("the stop button keeps what was written, tells the server and frees the field", async (screen) => {
  const visitor = await scripted(screen);
  const { panel, answers, page, log } = visitor;
  await say(visitor, "Tell me everything");
  await answers.send("start", { user_message: stored("msg_u1", "user", "Tell me everything") });
  await answers.send("delta", { text: "It began long ago" });
  await panel.locator(".cf-draft").getByText("It began long ago").waitFor();
  const stopped = page.waitForRequest(`${server.url}/widget/v1/stop`);
  await panel.getByRole("button", { name: "Stop the answer" }).click();
  assert.match((await stopped).headers().authorization, /^Bearer /);
  await log.getByText("Stopped").waitFor();
  assert.equal(await log.getByText("It began long ago").count(), 1);
  await answers.send("delta", { text: " and went on" });
  await say(visitor, "Shorter, please");
  assert.equal(await log.getByText("and went on").count(), 0);
  assert.equal(await log.locator('[data-from="user"]').count(), 2);
});

everywhere("two messages written offline are both delivered, in order", async (screen) => {
  const own = await server.agent({ name: "Ada", greeting: "Hello!" }, KNOWLEDGE);
  const visitor = await arrive(screen, own);
  await visitor.open();
  await visitor.context.setOffline(true);
  await say(visitor, "first");
  await visitor.log.getByText(/You are offline/).waitFor();
  await say(visitor, "second");
  await visitor.context.setOffline(false);
  await until(async () => (await userMessages(own)).length === 2, "not both arrived");
  assert.deepEqual(await userMessages(own), ["first", "second"]);
  assert.equal(await visitor.log.getByText(/You are offline/).count(), 0);
  assert.equal(await visitor.log.getByText("Not delivered").count(), 0);
});

everywhere("a message without an answer is sent again after a reload, and stored once", async (screen) => {
  const own = await server.agent({ name: "Ada", greeting: "Hello!" }, KNOWLEDGE);
  const visitor = await arrive(screen, own);
  await visitor.open();
  await visitor.page.route(server.url + MESSAGES, (route) => route.abort());
  await say(visitor, QUESTION);
  await visitor.log.getByText("No answer received.").waitFor();
  await visitor.page.unrouteAll();
  await visitor.page.reload();
  await visitor.page.getByRole("button", { name: "Chat with Ada, 1 unread" }).click();
  await visitor.log.getByText(/9:00 to 17:00/).first().waitFor();
  assert.equal(await visitor.log.locator('[data-from="user"]').count(), 1);
  assert.deepEqual(await userMessages(own), [QUESTION]);
});

everywhere("a reload in the middle of an answer brings the answer, once", async (screen) => {
  const own = await server.agent({ name: "Ada", greeting: "Hello!" }, KNOWLEDGE);
  const visitor = await arrive(screen, own);
  await visitor.open();
  let cut = true;
  await visitor.page.route(server.url + MESSAGES, async (route) => {
    if (!cut) return route.continue();
    // The server has it, the page never hears of it.
    cut = false;
    await route.fetch();
    await visitor.page.reload();
  });
  const reloaded = visitor.page.waitForEvent("load");
  await say(visitor, QUESTION);
  await reloaded;
  await visitor.reopen();
  await visitor.log.getByText(/9:00 to 17:00/).first().waitFor();
  await visitor.page.waitForTimeout(500);
  assert.equal(await visitor.log.locator("[data-from]").count(), 3);
  assert.deepEqual(await userMessages(own), [QUESTION]);
});

everywhere("messages carry their time, and days are told apart", async (screen) => {
  const visitor = await arrive({
    ...screen,
    prepare: (page) =>
      page.route(`${server.url}/widget/v1/boot`, async (route) => {
        const booted = await (await route.fetch()).json();
        const at = (days, id, role, content) => stored(id, role, content, { timestamp: new Date(Date.now() - days * 86_400_000).toISOString() });
        booted.history = [at(40, "msg_1", "assistant", "Hello!"), at(40, "msg_2", "user", "Long ago"), at(1, "msg_3", "assistant", "Late"), at(0, "msg_4", "user", "Now")];
        booted.conversation_id = "conv_0000000000";
        await route.fulfill({ json: booted, headers: { "Access-Control-Allow-Origin": "*" } });
      }),
  });
  await visitor.open();
  const days = await visitor.log.locator(".cf-day").allInnerTexts();
  assert.equal(days.length, 3);
  assert.match(days[0], /\w+, \w+ \d+|\w+ \d+/);
  assert.deepEqual(days.slice(1).map((day) => day.toLowerCase()), ["yesterday", "today"]);
  assert.equal(await visitor.log.locator("time").count(), 4);
  assert.match(await visitor.log.locator("time").last().innerText(), /\d+:\d\d/);
});

everywhere("an answer can be copied", async (screen) => {
  const visitor = await arrive({ ...screen, permissions: ["clipboard-read", "clipboard-write"] });
  await visitor.open();
  const answer = await visitor.ask(QUESTION);
  await answer.getByRole("button", { name: "Copy" }).click();
  await answer.getByRole("button", { name: "Copied" }).waitFor();
  assert.match(await visitor.page.evaluate(() => navigator.clipboard.readText()), /We are open Monday to Friday from 9:00 to 17:00\./);
});

everywhere("a thumb reaches the server", async (screen) => {
  const visitor = await arrive(screen);
  await visitor.open();
  const answer = await visitor.ask(QUESTION);
  const rated = visitor.page.waitForResponse(`${server.url}/widget/v1/feedback`);
  await answer.getByRole("button", { name: "Helpful", exact: true }).click();
  assert.equal((await rated).status(), 200);
  assert.equal(await answer.getByRole("button", { name: "Helpful", exact: true }).getAttribute("aria-pressed"), "true");
});

everywhere("a new conversation begins without closing the panel", async (screen) => {
  const own = await server.agent({ name: "Ada", greeting: "Hello!" }, KNOWLEDGE);
  const visitor = await arrive(screen, own);
  await visitor.open();
  const restart = visitor.panel.getByRole("button", { name: "New conversation" });
  assert.equal(await restart.isVisible(), false);
  await visitor.ask(QUESTION);
  await restart.click();
  assert.equal(await visitor.log.locator("[data-from]").count(), 1);
  await visitor.ask(QUESTION);
  const { conversations } = await server.api("GET", `/agents/${own.id}/conversations`);
  assert.deepEqual(conversations.map(({ status }) => status).sort(), ["active", "completed"]);
});

everywhere("ending asks when a form is half filled, and minimising keeps it", async (screen) => {
  const visitor = await arrive(screen);
  const { panel } = visitor;
  await visitor.open();
  await visitor.ask("Zyxwvu qponml?");
  await panel.getByRole("button", { name: "Add your name and more" }).click();
  await panel.getByLabel("Name").fill("Jo");
  await panel.getByRole("button", { name: "Minimise chat" }).click();
  await visitor.launcher.click();
  assert.equal(await panel.getByLabel("Name").inputValue(), "Jo");
  await panel.getByRole("button", { name: "End chat" }).click();
  const ask = panel.getByRole("alertdialog", { name: "End the chat? Your details have not been sent." });
  await ask.waitFor();
  await visitor.page.keyboard.press("Escape");
  assert.equal(await ask.isVisible(), false);
  assert.equal(await panel.getByLabel("Name").inputValue(), "Jo");
  await panel.getByRole("button", { name: "End chat" }).click();
  await ask.getByRole("button", { name: "End chat" }).click();
  await panel.waitFor({ state: "hidden" });
  await visitor.open();
  assert.equal(await visitor.log.locator("[data-from]").count(), 1);
  assert.equal(await panel.getByRole("form").count(), 0);
});

everywhere("a person who takes over is named, heard, and seen to leave", async (screen) => {
  const visitor = await scripted(screen);
  const { live, log, panel, answers } = visitor;
  await live.send("taken_over", { name: "Mara" });
  await log.getByText("Mara has joined the chat").waitFor();
  await panel.getByText("Mara · Team member").waitFor();
  await live.send("typing", { name: "Mara" });
  await panel.locator(".cf-dots").waitFor();
  await live.send("operator_message", stored("msg_o1", "assistant", "I am here."));
  const message = log.locator('[data-from="assistant"]').last();
  await message.getByText("I am here.").waitFor();
  assert.equal(await message.locator(".cf-author").innerText(), "Mara");
  assert.equal(await panel.locator(".cf-dots").count(), 0);
  assert.equal(await message.getByRole("button", { name: "Helpful", exact: true }).count(), 0);
  await say(visitor, "Thank you");
  await answers.send("done", { message: null, conversation_id: null });
  await panel.getByRole("button", { name: "Send message" }).waitFor();
  await live.send("handed_back");
  await log.getByText("Mara has left the chat").waitFor();
  await panel.getByText("AI assistant").waitFor();
});

everywhere("a person's message is counted on the launcher while the chat is minimised", async (screen) => {
  const visitor = await scripted(screen);
  const { live, page } = visitor;
  await visitor.panel.getByRole("button", { name: "Minimise chat" }).click();
  await live.send("operator_message", stored("msg_o1", "assistant", "Are you there?", { operator_name: "Mara" }));
  await page.getByRole("button", { name: "Chat with Ada, 1 unread" }).click();
  await visitor.log.getByText("Are you there?").waitFor();
  assert.equal(await visitor.log.locator(".cf-author").innerText(), "Mara");
});

// What a visitor sees when something fails: a readable line, a way on, and never a lost or doubled message.
import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import { launchBrowser, startServer, startSite, visit } from "./harness.mjs";

const QUESTION = "What are your opening hours?";
const CORS = { "Access-Control-Allow-Origin": "*", "Access-Control-Expose-Headers": "Retry-After" };

let server, site, browser, agent;
const visits = [];

before(async () => {
  server = await startServer();
  site = await startSite(server);
  browser = await launchBrowser();
});

afterEach(async () => {
  for (const { context } of visits.splice(0)) await context.close();
});

after(async () => {
  await browser?.close();
  await site?.stop();
  await server?.stop();
});

async function open() {
  agent = await server.agent({ name: "Ada", greeting: "Hello!", color: "#7c3aed" }, [
    `Q: ${QUESTION}\nA: We are open Monday to Friday from 9:00 to 17:00.`,
  ]);
  const visitor = await visit(browser, site.page(agent));
  visits.push(visitor);
  await visitor.open();
  return visitor;
}

// Answers the message call itself, `times` times, and then lets it through.
async function refuse(page, times, answer) {
  const sent = [];
  await page.route(`${server.url}/widget/v1/messages`, (route) => {
    if (route.request().method() !== "POST") return route.continue();
    sent.push(route.request().postDataJSON());
    if (sent.length > times) return route.continue();
    if (answer === "abort") return route.abort();
    return route.fulfill({ ...answer, headers: { ...CORS, ...answer.headers } });
  });
  return sent;
}

async function type(visitor, text) {
  await visitor.field.fill(text);
  await visitor.field.press("Enter");
}

async function userMessages() {
  const { conversations } = await server.api("GET", `/agents/${agent.id}/conversations`);
  return conversations.flatMap(({ messages }) => messages).filter(({ role }) => role === "user").length;
}

test("a line that breaks once is tried again by itself, with the same client id", async () => {
  const visitor = await open();
  const sent = await refuse(visitor.page, 1, "abort");
  const answer = await visitor.ask(QUESTION);
  assert.match(await answer.innerText(), /9:00/);
  assert.equal(sent.length, 2);
  assert.equal(sent[0].client_id, sent[1].client_id);
  assert.equal(await userMessages(), 1);
});

test("a server's failure offers to try again, and that works", async () => {
  const visitor = await open();
  await refuse(visitor.page, 1, { status: 500, json: { error: { code: "internal_error", message: "no", status: 500 } } });
  await type(visitor, QUESTION);
  await visitor.log.getByText("No answer received.").waitFor();
  await visitor.log.getByRole("button", { name: "Try again" }).click();
  await visitor.log.getByText(/9:00 to 17:00/).first().waitFor();
  assert.equal(await visitor.log.getByText("No answer received.").count(), 0);
  assert.equal(await visitor.log.locator('[data-from="user"]').count(), 1);
});

test("a stream that ends half-way shows no half answer as a whole one", async () => {
  const visitor = await open();
  const body = 'event: start\ndata: {"conversation_id":null}\n\nevent: delta\ndata: {"text":"We are op"}\n\n';
  await refuse(visitor.page, 2, { status: 200, headers: { "Content-Type": "text/event-stream" }, body });
  await type(visitor, QUESTION);
  await visitor.log.getByText("No answer received.").waitFor();
  assert.equal(await visitor.panel.getByText("We are op", { exact: true }).count(), 0);
  await visitor.log.getByRole("button", { name: "Try again" }).click();
  await visitor.log.getByText(/9:00 to 17:00/).first().waitFor();
});

test("over the limit the visitor learns how long to wait", async () => {
  const visitor = await open();
  const json = { error: { code: "rate_limited", message: "slow down", status: 429 } };
  await refuse(visitor.page, 1, { status: 429, headers: { "Retry-After": "2" }, json });
  await type(visitor, QUESTION);
  await visitor.log.getByText(/Try again in 2 seconds/).waitFor();
  const again = visitor.log.getByRole("button", { name: "Try again" });
  assert.equal(await again.isDisabled(), true);
  await again.click();
  await visitor.log.getByText(/9:00 to 17:00/).first().waitFor();
});

test("a message that is given up is marked, and the next one is answered", async () => {
  const visitor = await open();
  await refuse(visitor.page, 1, { status: 500, json: {} });
  await type(visitor, "first");
  await visitor.log.getByText("No answer received.").waitFor();
  await visitor.ask(QUESTION);
  assert.equal(await visitor.log.getByText("Not delivered").count(), 1);
  assert.equal(await visitor.log.getByRole("button", { name: "Try again" }).count(), 0);
});

test("a refused message comes back into the field", async () => {
  const visitor = await open();
  await refuse(visitor.page, 1, { status: 422, json: { error: { code: "validation_error", message: "no", status: 422 } } });
  await type(visitor, "too odd");
  await visitor.log.getByText("This message could not be sent.").waitFor();
  assert.equal(await visitor.field.inputValue(), "too odd");
});

test("what is written offline is sent when the line is back", async () => {
  const visitor = await open();
  await visitor.context.setOffline(true);
  await type(visitor, QUESTION);
  await visitor.log.getByText(/You are offline/).waitFor();
  await visitor.context.setOffline(false);
  await visitor.log.getByText(/9:00 to 17:00/).first().waitFor();
  assert.equal(await userMessages(), 1);
});

test("a deactivated agent's chat says so and takes no more", async () => {
  const visitor = await open();
  await visitor.ask(QUESTION);
  // Without the open line, the next message is what finds out.
  await visitor.page.route(`${server.url}/widget/v1/events`, (route) => route.abort());
  await server.api("DELETE", `/agents/${agent.id}`);
  await visitor.log.getByText("This chat is no longer available.").waitFor();
  assert.equal(await visitor.field.isDisabled(), true);
});

test("when the knowledge does not hold the answer, the form takes the details", async () => {
  const visitor = await open();
  const answer = await visitor.ask("Zyxwvu qponml?");
  const form = visitor.panel.getByRole("form", { name: "Leave your details" });
  await form.waitFor();
  const [header, top] = [await visitor.panel.locator(".cf-header").boundingBox(), await answer.boundingBox()];
  assert.ok(top.y >= header.y + header.height, "the form pushed the answer out of sight");
  await form.getByRole("button", { name: "Send details" }).click();
  await form.getByText("Please enter an e-mail address or a phone number.").waitFor();
  await form.getByLabel("E-mail or phone").fill("jo@example.com");
  await form.getByRole("button", { name: "Send details" }).click();
  await visitor.log.getByText("We'll reply to jo@example.com.").waitFor();
  assert.equal(await form.count(), 0);
  const { leads } = await server.api("GET", `/agents/${agent.id}/leads`);
  assert.deepEqual(leads.map(({ email }) => email), ["jo@example.com"]);
});

// A person takes a conversation over in the dashboard, and the visitor's open page hears of it.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { launchBrowser, startServer, startSite, visit } from "./harness.mjs";
import { Member } from "./account.mjs";

const QUESTION = "What are your opening hours?";

let server, site, browser, agent, member;

before(async () => {
  server = await startServer();
  site = await startSite(server);
  browser = await launchBrowser();
  member = await Member.signIn(server);
  agent = await server.agent({ name: "Ada", greeting: "Hello!" }, [`Q: ${QUESTION}\nA: We are open Monday to Friday from 9:00 to 17:00.`]);
});

after(async () => {
  await browser?.close();
  await site?.stop();
  await server?.stop();
});

test("an operator takes over, answers live, and hands back to the agent", async () => {
  const { page, seen } = await member.open(browser, "/");
  await page.goto(`${server.url}/conversations`);
  await page.getByText("No conversations yet").waitFor();

  const visitor = await visit(browser, site.page(agent));
  await visitor.open();
  await visitor.ask(QUESTION);
  // The list hears of it without being loaded again.
  await page.getByRole("link", { name: QUESTION }).click();
  await page.getByRole("button", { name: "Take over" }).click();
  await page.getByText("With you").waitFor();

  assert.equal(await page.locator("[data-typing]").isVisible(), false);
  await visitor.log.getByText("a has joined").waitFor();
  await visitor.field.pressSequentially("Is any");
  await page.locator("[data-typing]").waitFor();
  await visitor.field.fill("Is anybody there?");
  await visitor.field.press("Enter");
  await page.locator(".turn-visitor").getByText("Is anybody there?").waitFor();

  const composer = page.getByRole("textbox", { name: "Message to the visitor" });
  await composer.fill("I am here, how can I help?");
  await composer.press("Enter");
  await visitor.log.getByText("I am here, how can I help?").waitFor();
  await visitor.log.getByText("a", { exact: true }).first().waitFor();
  assert.equal(await visitor.log.getByText("I am here, how can I help?").count(), 1);

  await page.getByRole("button", { name: "Hand back to Ada" }).click();
  await page.getByRole("button", { name: "Take over" }).waitFor();
  const answer = await visitor.ask(QUESTION);
  await answer.getByText(/9:00 to 17:00/).first().waitFor();
  await page.locator(".turn-agent .bubble", { hasText: "9:00 to 17:00" }).nth(1).waitFor();
  assert.deepEqual(seen.console, []);
});

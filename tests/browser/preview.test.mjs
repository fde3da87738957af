// The widget on this server's own pages: the demo, and the preview that follows the dashboard's forms.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { EMAIL, launchBrowser, PASSWORD, startDemo, startServer, startSite, visit } from "./harness.mjs";

let server, demo, site, browser, agent;

before(async () => {
  [server, demo] = await Promise.all([startServer(), startDemo()]);
  browser = await launchBrowser();
  agent = await server.agent({ name: "Ada", greeting: "Hello!" }, ["Q: Are you open?\nA: We are open from 9:00."]);
  site = await startSite(server, { body: `<iframe src="${demo.page}"></iframe><iframe src="${server.url}/preview/${agent.id}"></iframe>`, frames: `${server.url} ${new URL(demo.page).origin}` });
});

after(async () => {
  await browser?.close();
  await site?.stop();
  await server?.stop();
  await demo?.stop();
});

async function signedIn(viewport = { width: 1280, height: 900 }) {
  const context = await browser.newContext({ viewport, reducedMotion: "reduce" });
  const page = await context.newPage();
  await page.goto(`${server.url}/login`);
  await page.getByLabel("E-mail").fill(EMAIL);
  await page.getByLabel("Password").fill(PASSWORD);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.waitForURL(`${server.url}/`);
  await page.goto(`${server.url}/agents/${agent.id}`);
  const preview = page.frameLocator(".preview > iframe");
  await preview.getByRole("dialog", { name: "Chat with Ada" }).waitFor();
  return { context, page, preview };
}

test("the demo carries the agent, and its buttons open it", async () => {
  const { page, panel, context, seen, log } = await visit(browser, demo.page);
  await page.locator(".cf-launcher").waitFor();
  await page.locator("[data-open-chat]").first().click();
  await panel.waitFor();
  await log.getByText("Ask me about opening hours").waitFor();
  assert.deepEqual(seen.console, []);
  await context.close();
});

test("the preview follows what is typed, before it is saved", async () => {
  const { context, page, preview } = await signedIn();
  const failures = [];
  page.on("console", (message) => message.type() === "error" && failures.push(message.text()));
  await page.getByLabel("Name", { exact: true }).first().fill("Grace");
  await page.getByLabel("Greeting", { exact: true }).fill("Good evening.");
  await page.getByLabel(/^Suggested questions/).fill("Are you open?\nWhere are you?");
  await page.getByLabel("Position").selectOption("left");
  await page.getByLabel("Theme").selectOption("dark");
  await page.locator("#color").fill("#ffd400");
  const panel = preview.getByRole("dialog", { name: "Chat with Grace" });
  await panel.getByText("Good evening.").waitFor();
  await panel.getByRole("button", { name: "Where are you?" }).waitFor();
  await preview.locator('.cf-panel[data-theme="dark"]').waitFor();
  await preview.locator(".cf-launcher").evaluate((node) => {
    const seen = () => getComputedStyle(node).left === "20px" && getComputedStyle(node).backgroundColor === "rgb(255, 212, 0)";
    return new Promise((done) => (function look() { if (seen()) done(); else setTimeout(look, 50); })());
  });
  assert.equal((await server.api("GET", `/agents/${agent.id}`)).name, "Ada");
  assert.deepEqual(failures, []);
  await context.close();
});

test("the appearance is saved by its form, and what is wrong is said beside its field", async () => {
  const { context, page } = await signedIn();
  await page.getByLabel(/^Suggested questions/).fill("Are you open?");
  await page.getByLabel("Ask for contact details").selectOption("after_messages");
  await page.getByLabel("Company").uncheck();
  await page.getByText("Pages and texts").click();
  await page.getByLabel(/^Hide on/).fill("/checkout/*");
  await page.getByLabel(/^Custom texts/).fill("de.send: Los\nnonsense");
  await page.getByRole("button", { name: "Save appearance" }).click();
  await page.getByText(/^Must have a language/i).waitFor();
  assert.equal(await page.getByLabel(/^Hide on/).inputValue(), "/checkout/*");
  await page.getByLabel(/^Custom texts/).fill("de.send: Los\nen.placeholder: Ask: anything");
  await page.getByRole("button", { name: "Save appearance" }).click();
  await page.waitForURL(/done=saved/);
  const { appearance } = await server.api("GET", `/agents/${agent.id}`);
  assert.deepEqual(appearance.suggestions, ["Are you open?"]);
  assert.deepEqual(appearance.hide_on, ["/checkout/*"]);
  assert.deepEqual(appearance.lead_fields, ["name", "email", "phone", "message"]);
  assert.equal(appearance.lead_rule, "after_messages");
  assert.deepEqual(appearance.texts, { de: { send: "Los" }, en: { placeholder: "Ask: anything" } });
  await context.close();
});

test("h05 no other site can frame these pages", async () => {
  const { page, context } = await visit(browser, site.url);
  await page.waitForLoadState();
  for (const frame of page.frames().filter((frame) => frame !== page.mainFrame())) {
    assert.doesNotMatch(await frame.content(), /ChatForge|Brightwater|widget\.js/);
  }
  assert.equal(page.frames().length, 3);
  await context.close();
});

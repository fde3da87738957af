// The first run, as a newcomer meets it: from the link that the server prints to a website that carries the agent.
import assert from "node:assert/strict";
import { after, before, beforeEach, afterEach, test } from "node:test";
import { EMAIL, PASSWORD, launchBrowser, startNewServer, startSite, visit } from "./harness.mjs";

// Pages that come, fields that are filled and things that are clicked: at ten seconds each it is under two minutes.
const STEPS_MAX = 12;

let browser, server, site;

before(async () => (browser = await launchBrowser()));
after(() => browser?.close());

beforeEach(async () => {
  server = await startNewServer();
  site = await startSite(server);
});

afterEach(() => Promise.all([site?.stop(), server?.stop()]));

// Counts what a newcomer has to do.
class Newcomer {
  steps = [];

  constructor(page) {
    this.page = page;
    page.on("framenavigated", (frame) => frame === page.mainFrame() && this.steps.push(`page ${new URL(frame.url()).pathname}`));
  }

  async fill(label, text) {
    await this.page.getByLabel(label).fill(text);
    this.steps.push(`field ${label}`);
  }

  async click(target) {
    await target.click();
    this.steps.push("click");
  }

  // Up to the page with the code on it.
  async setUp() {
    await this.page.goto(server.setup);
    await this.fill("Account name", "Brightwater Dental");
    await this.fill("Your name", "Jane");
    await this.fill("E-mail", EMAIL);
    await this.fill("Password", PASSWORD);
    await this.click(this.page.getByRole("button", { name: "Create administrator" }));
    await this.click(this.page.getByText("Sample content"));
    await this.click(this.page.getByRole("button", { name: "Create agent" }));
    await this.page.getByRole("heading", { name: "Brightwater Dental is ready" }).waitFor();
    return { id: this.page.url().split("/").at(-1) };
  }
}

test("a newcomer comes from the set-up link to a green badge in few steps", async () => {
  const { page, context, seen } = await visit(browser, "about:blank", { permissions: ["clipboard-read", "clipboard-write"] });
  const newcomer = new Newcomer(page);
  const agent = await newcomer.setUp();

  const preview = page.frameLocator(".preview > iframe");
  await newcomer.click(preview.getByRole("button", { name: "Where are you located?" }));
  await preview.getByRole("log").getByText(/42 Harbour Street/).first().waitFor();

  const state = page.locator("#state");
  await state.getByText("Waiting for your website…").waitFor();
  await newcomer.click(page.getByRole("button", { name: "Copy the embed code" }));
  const copied = await page.evaluate(() => navigator.clipboard.readText());
  assert.equal(copied, `<script src="${server.url}/widget.js" data-agent="${agent.id}"></script>`);

  // The line is in the site; somebody opens the page, and the dashboard's page hears of it by itself.
  const before = newcomer.steps.length;
  const visitor = await visit(browser, site.page(agent));
  await visitor.launcher.waitFor();
  await state.getByText("Live on 127.0.0.1").waitFor();
  await page.locator(".way-done").nth(3).waitFor();
  assert.equal(newcomer.steps.length, before);
  assert.ok(newcomer.steps.length <= STEPS_MAX, `${newcomer.steps.length} steps: ${newcomer.steps.join(", ")}`);
  assert.deepEqual(seen.console, []);

  await page.goto(`${server.url}/agents/${agent.id}/install`);
  await page.getByRole("row", { name: /127\.0\.0\.1/ }).waitFor();
  await Promise.all([visitor.context.close(), context.close()]);
});

test("without a script the same way ends in a reload that shows green", async () => {
  const { page, context } = await visit(browser, "about:blank", { javaScriptEnabled: false });
  const agent = await new Newcomer(page).setUp();
  await page.getByText("Waiting for your website…").waitFor();
  assert.equal(await page.getByText("This updates automatically.").isVisible(), false);
  const visitor = await visit(browser, site.page(agent));
  await visitor.launcher.waitFor();
  await page.getByRole("link", { name: "reload this page" }).click();
  await page.getByText("Live on 127.0.0.1").waitFor();
  await Promise.all([visitor.context.close(), context.close()]);
});

test("a file of the own is the knowledge, and an exported agent comes back through its file", async () => {
  const { page, context, seen } = await visit(browser, "about:blank");
  const newcomer = new Newcomer(page);
  await newcomer.setUp();
  await page.goto(`${server.url}/start`);
  const faq = "# Bakery\n\n## When do you open?\n\nAt seven.\n";
  await page.getByLabel("Or upload a file").setInputFiles({ name: "bakery.md", mimeType: "text/markdown", buffer: Buffer.from(faq) });
  await page.waitForFunction(() => document.getElementById("knowledge").value.includes("At seven."));
  await page.getByRole("button", { name: "Create agent" }).click();
  await page.getByRole("heading", { name: "Brightwater Dental is ready" }).waitFor();
  const own = page.url().replace("/start/", "/agents/");
  await page.goto(`${own}/knowledge`);
  await page.getByText("bakery.md").waitFor();

  await page.goto(own);
  const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("link", { name: "Export" }).click()]);
  await page.goto(`${server.url}/agents/import`);
  await page.locator("#upload").setInputFiles(await download.path());
  await page.waitForFunction(() => document.getElementById("file").value.includes("chatforge.agent"));
  await page.getByRole("button", { name: "Import agent" }).click();
  await page.getByText("Agent imported.").waitFor();
  await page.getByText("bakery.md").waitFor();
  assert.notEqual(page.url().split("?")[0], own);
  assert.deepEqual(seen.console, []);
  await context.close();
});

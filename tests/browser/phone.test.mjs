// On a phone: the whole screen, the keyboard, the back button, and the page behind.
import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import { launchBrowser, startServer, startSite, until, visit } from "./harness.mjs";

const QUESTION = "What are your opening hours?";
const PHONE = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true };

let server, site, browser, agent;
const visits = [];

before(async () => {
  server = await startServer();
  site = await startSite(server, { css: "main { height: 4000px }" });
  browser = await launchBrowser();
  agent = await server.agent({ name: "Ada", greeting: "Hello!" }, [`Q: ${QUESTION}\nA: We are open from 9:00 to 17:00.`]);
});

afterEach(async () => {
  for (const { context } of visits.splice(0)) await context.close();
});

after(async () => {
  await browser?.close();
  await site?.stop();
  await server?.stop();
});

async function arrive(options = {}) {
  const visitor = await visit(browser, site.page(agent), { ...PHONE, ...options });
  visits.push(visitor);
  return visitor;
}

test("going back closes the chat, and again leaves the page", async () => {
  const visitor = await arrive();
  await visitor.page.evaluate(() => history.replaceState({ mine: 1 }, ""));
  const before = await visitor.page.evaluate(() => history.length);
  await visitor.open();
  assert.deepEqual(await visitor.page.evaluate(() => history.state), { mine: 1 });
  await visitor.page.goBack();
  await visitor.panel.waitFor({ state: "hidden" });
  await visitor.launcher.waitFor();
  assert.deepEqual(await visitor.page.evaluate(() => [history.state, history.length]), [{ mine: 1 }, before + 1]);
  await visitor.open();
  assert.equal(await visitor.page.evaluate(() => history.length), before + 1);
});

test("closing by button leaves no entry to go back to", async () => {
  const visitor = await arrive();
  for (let times = 0; times < 3; times++) {
    await visitor.open();
    await visitor.panel.getByRole("button", { name: "Minimise chat" }).click();
    await visitor.launcher.waitFor();
  }
  await visitor.open();
  await visitor.page.goBack();
  await visitor.panel.waitFor({ state: "hidden" });
  assert.equal(new URL(visitor.page.url()).origin, new URL(site.url).origin);
});

test("the page behind neither scrolls nor takes the focus, and is given back", async () => {
  const visitor = await arrive();
  await visitor.page.evaluate(() => scrollTo(0, 500));
  await visitor.open();
  const page = () => visitor.page.evaluate(() => [document.body.inert, getComputedStyle(document.documentElement).overflowY]);
  assert.deepEqual(await page(), [true, "hidden"]);
  await visitor.panel.getByRole("button", { name: "Minimise chat" }).click();
  assert.deepEqual(await page(), [false, "visible"]);
  assert.equal(await visitor.page.evaluate(() => scrollY), 500);
});

test("a body swapped behind the open chat is held as well", async () => {
  const visitor = await arrive();
  await visitor.open();
  await visitor.page.evaluate(() => document.body.replaceWith(document.createElement("body")));
  await until(() => visitor.page.evaluate(() => document.body.inert));
  await visitor.panel.getByRole("button", { name: "Minimise chat" }).click();
  assert.equal(await visitor.page.evaluate(() => document.body.inert), false);
});

test("the keyboard is made room for", async () => {
  const visitor = await arrive();
  await visitor.open();
  // What iOS does: the visible part shrinks and moves, the layout stays.
  await visitor.page.evaluate(() => {
    for (const [name, value] of Object.entries({ height: 500, offsetTop: 40 })) Object.defineProperty(visualViewport, name, { value, configurable: true });
    visualViewport.dispatchEvent(new Event("resize"));
  });
  assert.deepEqual(await visitor.panel.boundingBox(), { x: 0, y: 40, width: 390, height: 500 });
  await visitor.page.evaluate(() => {
    for (const name of ["height", "offsetTop"]) delete visualViewport[name];
    visualViewport.dispatchEvent(new Event("resize"));
  });
  assert.equal((await visitor.panel.boundingBox()).height, 844);
});

test("no field is smaller than what makes a phone zoom in", async () => {
  const visitor = await arrive();
  await visitor.open();
  await visitor.ask("Zyxwvu qponml?");
  await visitor.panel.getByRole("button", { name: "Add your name and more" }).click();
  const sizes = await visitor.panel.locator("input, textarea").evaluateAll((nodes) => nodes.map((node) => parseFloat(getComputedStyle(node).fontSize)));
  assert.ok(sizes.length > 3 && sizes.every((size) => size >= 16), sizes.join());
});

test("a finger's first look is at the greeting, not at a keyboard", async () => {
  const visitor = await arrive();
  await visitor.open();
  assert.equal(await visitor.field.evaluate((node) => node.getRootNode().activeElement === node), false);
  assert.equal(await visitor.panel.evaluate((node) => node.getRootNode().activeElement === node), true);
});

test("a phone opens nothing by itself", async () => {
  const opened = await visit(browser, site.page(agent, { open: "" }), PHONE);
  visits.push(opened);
  await opened.launcher.waitFor();
  assert.equal(await opened.panel.isVisible(), false);
  const visitor = await arrive();
  await visitor.open();
  await visitor.ask(QUESTION);
  await visitor.page.reload();
  await visitor.launcher.waitFor();
  assert.equal(await visitor.panel.isVisible(), false);
});

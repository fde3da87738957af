// Pages of every kind: quirks, frameworks that swap what is shown, tag managers, an element or a launcher of their own.
import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import { launchBrowser, startServer, startSite, until, visit } from "./harness.mjs";

const QUESTION = "What are your opening hours?";
const KNOWLEDGE = [`Q: ${QUESTION}\nA: We are open Monday to Friday from 9:00 to 17:00.`];

let server, site, quirky, nonced, roomy, browser, agent;
const visits = [];

before(async () => {
  server = await startServer();
  site = await startSite(server);
  quirky = await startSite(server, { doctype: "" });
  nonced = await startSite(server, { nonce: "abc" });
  roomy = await startSite(server, {
    css: "#here { height: 520px; width: 420px } #mine { font-size: 20px }",
    body: '<div id="here"></div><button id="mine">Talk to us</button>',
  });
  browser = await launchBrowser();
  agent = await server.agent({ name: "Ada", greeting: "Hello!" }, KNOWLEDGE);
});

afterEach(async () => {
  for (const { context } of visits.splice(0)) await context.close();
});

after(async () => {
  await browser?.close();
  for (const each of [site, quirky, nonced, roomy]) await each?.stop();
  await server?.stop();
});

async function arrive(address = site.page(agent), options = {}) {
  const visitor = await visit(browser, address, options);
  visits.push(visitor);
  return visitor;
}

async function looking(appearance, on = site, options = {}, path = "") {
  const own = await server.agent({ name: "Ada", greeting: "Hello!", appearance }, KNOWLEDGE);
  return arrive(on.page(own, options, path));
}

test("a page in quirks mode looks the same", async () => {
  const shape = async (where) => {
    const visitor = await arrive(where.page(agent));
    const launcher = await visitor.launcher.boundingBox();
    await visitor.open();
    const answer = await (await visitor.ask(QUESTION)).locator(".cf-bubble").boundingBox();
    const { lineHeight, fontSize } = await visitor.field.evaluate((node) => getComputedStyle(node));
    return { mode: await visitor.page.evaluate(() => document.compatMode), launcher, panel: await visitor.panel.boundingBox(), answer, lineHeight, fontSize };
  };
  const [strict, quirks] = [await shape(site), await shape(quirky)];
  assert.deepEqual([strict.mode, quirks.mode], ["CSS1Compat", "BackCompat"]);
  assert.deepEqual({ ...quirks, mode: strict.mode }, strict);
});

test("one global is all that the page gets", async () => {
  const visitor = await arrive();
  await visitor.open();
  await visitor.ask(QUESTION);
  const added = await visitor.page.evaluate(async () => {
    const frame = document.createElement("iframe");
    document.body.append(frame);
    const known = new Set(Object.getOwnPropertyNames(frame.contentWindow));
    frame.remove();
    return Object.getOwnPropertyNames(window).filter((name) => !known.has(name) && Number.isNaN(Number(name)));
  });
  assert.deepEqual(added, ["ChatForge"]);
});

test("the page is loaded first, nothing shifts, and the panel comes when it is idle", async () => {
  const visitor = await arrive(site.page(agent), {
    prepare: (page) =>
      page.addInitScript(() => {
        window.shifts = 0;
        new PerformanceObserver((list) => (window.shifts += list.getEntries().length)).observe({ type: "layout-shift", buffered: true });
      }),
  });
  await visitor.page.waitForResponse(/\/widget\/panel-/);
  const { load, boot, panel, shifts } = await visitor.page.evaluate(() => {
    const started = (part) => performance.getEntriesByType("resource").find(({ name }) => name.includes(part)).startTime;
    return { load: performance.timing.loadEventStart - performance.timeOrigin, boot: started("/boot"), panel: started("/panel-"), shifts: window.shifts };
  });
  assert.ok(boot >= Math.floor(load) && panel > boot, `load ${load}, boot ${boot}, panel ${panel}`);
  assert.equal(shifts, 0);
  assert.deepEqual(visitor.seen.console, []);
});

test("on hidden paths nothing is shown, also when the page only changes its address", async () => {
  const visitor = await looking({ hide_on: ["/checkout*", "/account"] });
  await visitor.launcher.waitFor();
  const go = (path) => visitor.page.evaluate((path) => history.pushState({}, "", path), path);
  await go("/checkout/payment");
  await visitor.launcher.waitFor({ state: "hidden" });
  await go("/accounts");
  await visitor.open();
  await go("/account");
  await visitor.panel.waitFor({ state: "hidden" });
  await visitor.page.evaluate(() => window.ChatForge("open"));
  assert.equal(await visitor.panel.isVisible(), false);
  await visitor.page.goBack();
  await visitor.launcher.waitFor();
});

test("a page that moves on to a hidden path before the panel is there hides the launcher", async () => {
  let arrived;
  const panel = new Promise((done) => (arrived = done));
  const prepare = (page) =>
    page.route(/\/widget\/panel-/, async (route) => {
      await page.evaluate(() => history.pushState({}, "", "/checkout/payment"));
      await route.continue();
      arrived();
    });
  const own = await server.agent({ name: "Ada", greeting: "Hello!", appearance: { hide_on: ["/checkout*"] } }, KNOWLEDGE);
  const visitor = await arrive(site.page(own), { prepare });
  await panel;
  await visitor.launcher.waitFor({ state: "hidden" });
});

test("a page that begins on a hidden path shows the chat once it leaves it", async () => {
  const visitor = await looking({ hide_on: ["/checkout*"] }, site, {}, "checkout");
  await visitor.page.waitForResponse(/\/widget\/panel-/);
  assert.equal(await visitor.launcher.isVisible(), false);
  await visitor.page.evaluate(() => history.pushState({}, "", "/thanks"));
  await visitor.launcher.waitFor();
});

test("a visit that swaps the body keeps the open conversation", async () => {
  const visitor = await arrive();
  await visitor.open();
  await visitor.ask(QUESTION);
  await visitor.page.evaluate(() => {
    const body = document.createElement("body");
    body.textContent = "Another page";
    document.body.replaceWith(body);
    history.pushState({}, "", "/another");
  });
  assert.equal(await visitor.log.locator("[data-from]").count(), 3);
  await visitor.ask(QUESTION);
  assert.equal(await visitor.log.locator("[data-from]").count(), 5);
});

test("a framework that runs the tag of each new body anew is no second tag", async () => {
  const visitor = await arrive();
  await visitor.launcher.waitFor();
  for (let visits = 0; visits < 2; visits++) {
    await visitor.page.evaluate(async () => {
      const policy = (window.policy ??= window.trustedTypes.createPolicy("swap", { createScriptURL: (url) => url }));
      const old = document.querySelector("script[data-agent]");
      const [body, tag] = [document.createElement("body"), document.createElement("script")];
      tag.dataset.agent = old.dataset.agent;
      tag.src = policy.createScriptURL(old.src);
      document.body.replaceWith(body);
      const ran = new Promise((done) => (tag.onload = done));
      body.append(tag);
      await ran;
    });
  }
  assert.equal(await visitor.page.locator("#chatforge").count(), 1);
  assert.deepEqual(visitor.seen.console, []);
  await visitor.open();
  await visitor.ask(QUESTION);
});

test("even a new root element does not lose the widget", async () => {
  const visitor = await arrive();
  await visitor.launcher.waitFor();
  await visitor.page.evaluate(() => {
    const root = document.createElement("html");
    root.append(document.createElement("body"));
    document.documentElement.replaceWith(root);
  });
  await visitor.launcher.waitFor();
});

test("in an element of the page the chat is simply there", async () => {
  const visitor = await looking({}, roomy, { inline: "#here" });
  await visitor.field.waitFor();
  const [place, panel] = [await visitor.page.locator("#here").boundingBox(), await visitor.panel.boundingBox()];
  assert.deepEqual(panel, place);
  assert.equal(await visitor.page.locator(".cf-launcher").isVisible(), false);
  for (const name of ["Minimise chat", "End chat"]) assert.equal(await visitor.panel.getByRole("button", { name }).count(), 0);
  await visitor.ask(QUESTION);
  await visitor.page.keyboard.press("Escape");
  await visitor.panel.getByRole("button", { name: "New conversation" }).click();
  assert.equal(await visitor.log.locator("[data-from]").count(), 1);
  assert.equal(await visitor.page.evaluate(() => document.body.inert), false);
});

test("the page's own launcher opens and closes, and gets the focus back", async () => {
  const visitor = await looking({}, roomy, { launcher: "#mine" });
  const mine = visitor.page.getByRole("button", { name: "Talk to us" });
  await visitor.page.waitForResponse(/\/widget\/panel-/);
  assert.equal(await visitor.page.locator(".cf-launcher").isVisible(), false);
  await mine.click();
  await visitor.field.waitFor();
  await visitor.page.keyboard.press("Escape");
  await visitor.panel.waitFor({ state: "hidden" });
  assert.equal(await mine.evaluate((node) => node === document.activeElement), true);
  await mine.click();
  await visitor.field.waitFor();
  await mine.click();
  await visitor.panel.waitFor({ state: "hidden" });
});

test("a selector that cannot be read counts as not given", async () => {
  const visitor = await looking({}, roomy, { launcher: "!!" });
  await visitor.open();
  assert.deepEqual(visitor.seen.console, []);
});

test("after a while the greeting appears by itself, until it is answered or sent away", async () => {
  const visitor = await looking({ proactive_after_seconds: 1, launcher_text: "Ask us" });
  const launcher = visitor.page.getByRole("button", { name: "Ask us" });
  await launcher.waitFor();
  const nudge = visitor.page.getByRole("status");
  await nudge.getByText("Hello!").waitFor();
  await nudge.getByRole("button", { name: "Not now" }).click();
  assert.equal(await nudge.isVisible(), false);
  await visitor.page.reload();
  await nudge.getByRole("button", { name: "Hello!" }).click();
  await visitor.field.waitFor();
  assert.equal(await nudge.isVisible(), false);
  assert.deepEqual(await visitor.memory(), { local: {}, session: {}, cookie: "" });
});

test("whoever opens the chat first is not greeted again", async () => {
  const visitor = await looking({ proactive_after_seconds: 2 });
  await visitor.open();
  await visitor.panel.getByRole("button", { name: "Minimise chat" }).click();
  await visitor.page.waitForTimeout(2500);
  assert.equal(await visitor.page.getByRole("status").count(), 0);
});

test("the agent's side and theme hold, unless the tag says otherwise", async () => {
  const look = { position: "left", theme: "dark" };
  const left = await looking(look);
  assert.equal((await left.launcher.boundingBox()).x, 20);
  await left.open();
  const ground = (visitor) => visitor.panel.evaluate((node) => getComputedStyle(node).backgroundColor);
  assert.equal(await ground(left), "rgb(27, 28, 32)");
  const right = await looking(look, site, { position: "right", theme: "light" });
  assert.equal((await right.launcher.boundingBox()).x, 1280 - 20 - 56);
  await right.open();
  assert.equal(await ground(right), "rgb(255, 255, 255)");
});

test("a policy of nonces and strict-dynamic is enough", async () => {
  const visitor = await arrive(nonced.page(agent));
  await visitor.open();
  await visitor.ask(QUESTION);
  assert.deepEqual(visitor.seen.console, []);
});

test("h12 messages posted by other windows do nothing", async () => {
  const visitor = await arrive();
  await visitor.launcher.waitFor();
  await visitor.page.evaluate(() => {
    for (const data of ["open", { type: "open" }, { chatforge: "open" }, ["open"], { type: "session", session: "x" }]) {
      window.postMessage(data, "*");
      document.querySelector("#chatforge").dispatchEvent(new MessageEvent("message", { data }));
    }
  });
  await visitor.page.waitForTimeout(300);
  assert.equal(await visitor.panel.isVisible(), false);
  await visitor.open();
  await visitor.ask(QUESTION);
  await visitor.page.evaluate(() => window.postMessage({ type: "end" }, "*"));
  await until(async () => (await visitor.log.locator("[data-from]").count()) === 3);
});

test("h18 an address that is none, or too long, is no reason to fail", async () => {
  for (const address of ["javascript:alert(1)", `https://shop.example/${"x".repeat(10_000)}`, "https://user:pass@shop.example/"]) {
    const own = await server.agent({ name: "Ada" }, KNOWLEDGE);
    const visitor = await arrive(site.page(own, { "page-url": address }));
    await visitor.open();
    await visitor.ask(QUESTION);
    const { conversations } = await server.api("GET", `/agents/${own.id}/conversations`);
    assert.doesNotMatch(JSON.stringify(conversations), /javascript:|user:pass/);
  }
});

// The widget's calls and attributes, as a page's author uses them.
import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import { launchBrowser, startServer, startSite, visit } from "./harness.mjs";

let server, site, browser, agent;
const visits = [];

before(async () => {
  server = await startServer();
  site = await startSite(server);
  browser = await launchBrowser();
  agent = await server.agent({ name: "Ada", greeting: "Hello!", color: "#f5b301" }, [
    "Q: What are your opening hours?\nA: We are open Monday to Friday from 9:00 to 17:00.",
  ]);
});

afterEach(async () => {
  for (const { context } of visits.splice(0)) await context.close();
});

after(async () => {
  await browser?.close();
  await site?.stop();
  await server?.stop();
});

async function arrive(options = {}, before = undefined) {
  const visitor = await visit(browser, site.page(agent, options));
  visits.push(visitor);
  if (before) {
    await visitor.context.addInitScript(before);
    await visitor.page.reload();
  }
  return visitor;
}

test("data-open opens the panel by itself", async () => {
  const { panel } = await arrive({ open: "" });
  await panel.waitFor();
});

test("position, offset and z-index are the page's to choose", async () => {
  const { launcher, page } = await arrive({ position: "left", offset: "32 48", "z-index": "7" });
  assert.deepEqual(await launcher.boundingBox(), { x: 32, y: 800 - 48 - 56, width: 56, height: 56 });
  assert.equal(await page.locator("#chatforge").evaluate((node) => getComputedStyle(node).zIndex), "7");
});

test("calls made before the script has loaded are kept", async () => {
  const { panel, page } = await arrive({}, () => {
    window.ChatForge = function () {
      (window.ChatForge.q = window.ChatForge.q || []).push(arguments);
    };
    window.heard = [];
    window.ChatForge("on", "ready", () => window.heard.push("ready"));
    window.ChatForge("on", "open", () => window.heard.push("open"));
    window.ChatForge("open");
  });
  await panel.waitFor();
  assert.deepEqual(await page.evaluate(() => window.heard), ["ready", "open"]);
});

test("open, close and end do what the buttons do, and say so", async () => {
  const visitor = await arrive();
  const { launcher, panel, page } = visitor;
  await launcher.waitFor();
  await page.evaluate(() => {
    window.heard = [];
    for (const name of ["open", "close", "message", "end"]) window.ChatForge("on", name, () => window.heard.push(name));
    window.ChatForge("open");
  });
  await panel.waitFor();
  await visitor.ask("What are your opening hours?");
  await page.evaluate(() => window.ChatForge("close"));
  await panel.waitFor({ state: "hidden" });
  await page.evaluate(() => window.ChatForge("open"));
  assert.equal(await visitor.log.locator("[data-from]").count(), 3);
  await page.evaluate(() => window.ChatForge("end"));
  await panel.waitFor({ state: "hidden" });
  await page.evaluate(() => window.ChatForge("open"));
  assert.equal(await visitor.log.locator("[data-from]").count(), 1);
  assert.deepEqual(await page.evaluate(() => window.heard), ["open", "message", "close", "open", "end", "close", "open"]);
});

test("destroy leaves nothing behind", async () => {
  const visitor = await arrive();
  await visitor.open();
  await visitor.page.evaluate(() => window.ChatForge("destroy"));
  assert.equal(await visitor.page.locator("#chatforge").count(), 0);
  assert.equal(await visitor.page.evaluate(() => "ChatForge" in window), false);
  assert.deepEqual(visitor.seen.console, []);
});

test("a second tag is ignored with a warning", async () => {
  const { launcher, page, seen } = await arrive();
  await launcher.waitFor();
  const inserted = page.waitForEvent("console", (message) => message.text().includes("already on this page"));
  await insertTag(page);
  await inserted;
  assert.equal(await page.locator("#chatforge").count(), 1);
  assert.equal(seen.console.length, 1);
});

test("a tag inserted by a script works like one that was written", async () => {
  const { launcher, page } = await arrive();
  await launcher.waitFor();
  await page.evaluate(() => window.ChatForge("destroy"));
  await insertTag(page);
  await launcher.waitFor();
});

// As a tag manager does it: under Trusted Types it needs a policy of its own.
function insertTag(page) {
  return page.evaluate(() => {
    const present = document.querySelector("script[data-agent]");
    const policy = window.trustedTypes.createPolicy(`tags-${Math.random()}`, { createScriptURL: (url) => url });
    const tag = document.createElement("script");
    tag.dataset.agent = present.dataset.agent;
    tag.src = policy.createScriptURL(present.src);
    document.head.append(tag);
  });
}

test("a framework that empties the document does not lose the widget", async () => {
  const { launcher, page } = await arrive();
  await launcher.waitFor();
  await page.evaluate(() => {
    document.querySelector("#chatforge").remove();
    document.body.replaceWith(document.createElement("body"));
  });
  await launcher.waitFor();
});

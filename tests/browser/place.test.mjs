// Where the launcher stands: the agent's side and distance, the page's direction, and above what covers its corner.
import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import { launchBrowser, startServer, startSite, until, visit } from "./harness.mjs";

let server, site, browser, agent;
const visits = [];

before(async () => {
  server = await startServer();
  site = await startSite(server, { css: "main { height: 3000px }" });
  browser = await launchBrowser();
  agent = await server.agent({ name: "Ada", greeting: "Hello!" });
});

afterEach(async () => {
  for (const { context } of visits.splice(0)) await context.close();
});

after(async () => {
  await browser?.close();
  await site?.stop();
  await server?.stop();
});

async function arrive(options = {}, of = agent, screen = {}) {
  const visitor = await visit(browser, site.page(of, options), screen);
  visits.push(visitor);
  await visitor.page.locator(".cf-panel").waitFor({ state: "attached" });
  return visitor;
}

// Above the bottom of the window.
const bottom = ({ page }) => page.evaluate(() => innerHeight - document.querySelector("#chatforge").shadowRoot.querySelector(".cf-launcher").getBoundingClientRect().bottom);

const settles = (visitor, expected, what) => until(async () => expected(await bottom(visitor)), what);

// Adds an element with the style, as a page's script does it; also into shadow roots.
const put = ({ page }, style, { id = "banner", inside = "", into = "body" } = {}) =>
  page.evaluate(
    ([style, id, inside, into]) => {
      const node = document.createElement(inside === "iframe" ? "iframe" : "div");
      node.style.cssText = style;
      if (inside === "open" || inside === "closed") {
        const outer = document.createElement("consent-banner");
        outer.id = id;
        outer.attachShadow({ mode: inside }).append(node);
        document.querySelector(into).append(outer);
      } else {
        node.id = id;
        if (inside && inside !== "iframe") {
          const child = document.createElement("div");
          child.style.cssText = inside;
          node.append(child);
        }
        document.querySelector(into).append(node);
      }
    },
    [style, id, inside, into],
  );

const BAR = "position:fixed;left:0;right:0;bottom:0;height:120px;background:#eee";

const RISES = {
  "a bar over the full width": [BAR],
  "a thin bar": ["position:fixed;left:0;right:0;bottom:0;height:32px", {}, 32],
  "a box at the bottom right": ["position:fixed;right:16px;bottom:16px;width:320px;height:200px", {}, 216],
  "a box that touches only the launcher's side": ["position:fixed;right:60px;bottom:0;width:300px;height:100px", {}, 100],
  "a sticky foot": ["position:sticky;bottom:0;height:80px", {}, 80],
  "a banner in a shadow root": [BAR, { inside: "open" }],
  "a banner in a closed shadow root": [BAR, { inside: "closed" }],
  "a banner in a frame": [`${BAR};border:0;width:100%`, { inside: "iframe" }],
  "a banner in a layer that lets clicks through": ["position:fixed;inset:0;pointer-events:none", { inside: "position:absolute;bottom:0;left:0;right:0;height:120px;pointer-events:auto" }],
  "a banner beside the body": [BAR, { into: "html" }],
};

for (const [name, [style, options, height = 120]] of Object.entries(RISES)) {
  test(`the launcher stands above ${name}, and comes back when it goes`, async () => {
    const visitor = await arrive();
    assert.equal(await bottom(visitor), 20);
    await put(visitor, style, options);
    await settles(visitor, (px) => px >= height && px <= height + 24, "it did not rise");
    await visitor.page.evaluate(() => document.querySelector("#banner").remove());
    await settles(visitor, (px) => px === 20, "it did not come back");
  });
}

const STAYS = {
  "a box at the bottom left": ["position:fixed;left:0;bottom:0;width:400px;height:150px"],
  "a full-screen layer": ["position:fixed;inset:0;background:#0008"],
  "a full-screen application": ["position:fixed;inset:0", { inside: "position:absolute;bottom:0;left:0;right:0;height:120px" }],
  "a bar at the top": ["position:fixed;left:0;right:0;top:0;height:120px"],
  "the page's own content": ["height:800px;background:#eee"],
  "a column as high as the screen": ["position:fixed;right:0;top:0;bottom:0;width:300px"],
  "a box higher than half the screen": ["position:fixed;right:0;bottom:0;width:400px;height:70%"],
  "a layer without anything": ["position:fixed;left:0;right:0;bottom:0;height:120px;pointer-events:none"],
  "a hidden banner": [`${BAR};visibility:hidden`],
  "a banner that is not displayed": [`${BAR};display:none`],
};

test("the launcher stays where nothing small covers its corner", async () => {
  for (const [name, [style, options]] of Object.entries(STAYS)) {
    const visitor = await arrive();
    await put(visitor, style, options);
    await visitor.page.waitForTimeout(1200);
    assert.equal(await bottom(visitor), 20, name);
    await visitor.context.close();
  }
});

test("on a phone and on the left it rises too, and never above the middle", async () => {
  const phone = await arrive({}, agent, { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true });
  await put(phone, BAR);
  await settles(phone, (px) => px >= 120 && px < 150, "not on a phone");
  const left = await arrive({ position: "left" });
  await put(left, "position:fixed;left:0;bottom:0;width:400px;height:150px");
  await settles(left, (px) => px >= 150 && px < 180, "not on the left");
  for (const height of [200, 320, 380, 399]) {
    const visitor = await arrive();
    await put(visitor, `position:fixed;left:0;right:0;bottom:0;height:${height}px`);
    await visitor.page.waitForTimeout(1200);
    const px = await bottom(visitor);
    assert.ok(px + 56 <= 400 && (px === 20 || px >= height), `${height}: ${px}`);
    await visitor.context.close();
  }
});

test("the open panel goes along and stays on the screen", async () => {
  const visitor = await arrive();
  await put(visitor, BAR);
  await settles(visitor, (px) => px >= 120, "it did not rise");
  await visitor.open();
  const box = await visitor.panel.boundingBox();
  assert.ok(box.y >= 0 && box.y + box.height <= 800 - 120, JSON.stringify(box));
});

test("two things on top of each other are both stood above", async () => {
  const visitor = await arrive();
  await put(visitor, "position:fixed;left:0;right:0;bottom:0;height:60px");
  await put(visitor, "position:fixed;right:16px;bottom:76px;width:60px;height:60px", { id: "other" });
  await settles(visitor, (px) => px >= 136 && px < 170, "it stands on one of them");
});

test("side and distance are the agent's, unless the tag says otherwise", async () => {
  const own = await server.agent({ name: "Ada", appearance: { position: "left", offset_x: 0, offset_y: 200 } });
  const rect = ({ x, y }) => [x, y];
  assert.deepEqual(rect(await (await arrive({}, own)).launcher.boundingBox()), [0, 800 - 200 - 56]);
  assert.deepEqual(rect(await (await arrive({ offset: "24" }, own)).launcher.boundingBox()), [24, 800 - 24 - 56]);
  assert.deepEqual(rect(await (await arrive({ offset: "24 32", position: "right" }, own)).launcher.boundingBox()), [1280 - 24 - 56, 800 - 32 - 56]);
  assert.deepEqual(rect(await (await arrive({ offset: "wide", position: "top" }, own)).launcher.boundingBox()), [0, 800 - 200 - 56]);
});

test("by itself the launcher is on the left of pages that are written from right to left", async () => {
  const on = async (prepare, of = agent, options = {}) => {
    const visitor = await visit(browser, site.page(of, options), prepare);
    visits.push(visitor);
    return (await visitor.page.locator(".cf-launcher").boundingBox()).x < 640 ? "left" : "right";
  };
  const left = await server.agent({ name: "Ada", appearance: { position: "left" } });
  const right = await server.agent({ name: "Ada", appearance: { position: "right" } });
  assert.equal(await on({}), "right");
  assert.equal(await on(rtl("documentElement")), "left");
  assert.equal(await on(rtl("body")), "left");
  assert.equal(await on(rtl("documentElement"), right), "right");
  assert.equal(await on(rtl("documentElement"), left), "left");
  assert.equal(await on(rtl("documentElement"), agent, { position: "right" }), "right");
  assert.equal(await on(rtl("documentElement"), right, { position: "auto" }), "left");
  assert.equal(await on({}, left, { position: "auto" }), "right");
});

const rtl = (name) => ({ prepare: (page) => page.addInitScript((name) => addEventListener("DOMContentLoaded", () => (document[name].dir = "rtl")), name) });

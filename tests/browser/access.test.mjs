// Everyone's widget: assistive technology, languages in both directions, zoom, forced colours, any colour of an agent.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { after, afterEach, before, test } from "node:test";
import { SCREENS, holdStream, launchBrowser, startServer, startSite, visit } from "./harness.mjs";

const QUESTION = "What are your opening hours?";
const KNOWLEDGE = [`Q: ${QUESTION}\nA: We are open Monday to Friday from 9:00 to 17:00.`];
const TARGET_PX = 44;
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

let server, site, browser, agent;
const visits = [];

before(async () => {
  server = await startServer();
  site = await startSite(server);
  browser = await launchBrowser();
  agent = await server.agent({ name: "Ada", greeting: "Hello!", color: "#0f766e", appearance: { suggestions: [QUESTION] } }, KNOWLEDGE);
});

afterEach(async () => {
  for (const { context } of visits.splice(0)) await context.close();
});

after(async () => {
  await browser?.close();
  await site?.stop();
  await server?.stop();
});

async function arrive(options = {}, address = site.page(agent)) {
  const visitor = await visit(browser, address, options);
  visits.push(visitor);
  return visitor;
}

// Each state is reached from an open panel, whose answers and news the test holds.
const STATES = {
  open: () => undefined,
  async streaming({ field, panel, answers }) {
    await field.fill("Hi");
    await field.press("Enter");
    await answers.send("delta", { text: "Half a **sentence** with `code`" });
    await panel.getByText("Half a").waitFor();
  },
  async answered(visitor) {
    await STATES.streaming(visitor);
    const sources = [{ title: "Opening hours", excerpt: "We are **open**.", url: "https://shop.example/hours" }];
    const content = "See [the list](https://shop.example/x):\n\n- one\n- two\n\n```\ncode\n```";
    await finish(visitor, { content, sources, suggestions: ["And on Sundays?"] });
    await visitor.log.getByRole("button", { name: "Opening hours" }).click();
  },
  async form(visitor) {
    await STATES.streaming(visitor);
    await finish(visitor, { lead_form: true });
    await visitor.panel.getByRole("button", { name: "Send details" }).click();
    await visitor.panel.getByText("Please enter an e-mail").waitFor();
    await visitor.panel.getByRole("button", { name: "Add your name and more" }).click();
    await visitor.panel.getByRole("button", { name: "Send details" }).click();
    await visitor.panel.getByText("Please enter an e-mail").waitFor();
    await visitor.panel.getByLabel("Name").fill("Jo");
    await visitor.panel.getByRole("button", { name: "End chat" }).click();
  },
  async offline(visitor) {
    await visitor.context.setOffline(true);
    await visitor.page.evaluate(() => (window.fetch = () => Promise.reject(new TypeError("offline"))));
    await visitor.field.fill("Hi");
    await visitor.field.press("Enter");
    await visitor.log.getByText(/You are offline/).waitFor();
  },
  async "taken over"({ live, log }) {
    await live.send("taken_over", { name: "Mara" });
    const message = { id: "msg_o1", role: "assistant", content: "I am here.", timestamp: new Date().toISOString() };
    await live.send("operator_message", message);
    await log.getByText("I am here.").waitFor();
    await live.send("typing");
  },
  async gone(visitor) {
    await STATES.answered(visitor);
    await visitor.live.send("deactivated");
    await visitor.log.getByText("no longer available").waitFor();
  },
};

async function finish({ answers, log }, { content = "Done.", sources = [], ...rest }) {
  const message = { id: "msg_a1", role: "assistant", content, timestamp: new Date().toISOString(), sources, answered: true };
  await answers.send("done", { message, conversation_id: null, ...rest });
  await log.locator('[data-from="assistant"]').nth(1).waitFor();
}

async function scripted(options = {}, address = undefined) {
  let answers, live;
  const prepare = async (page) => {
    await page.addInitScript({ content: axe });
    answers = await holdStream(page, "/widget/v1/messages");
    live = await holdStream(page, "/widget/v1/events");
  };
  const visitor = await arrive({ prepare, ...options }, address);
  await visitor.launcher.click();
  await visitor.panel.waitFor();
  return Object.assign(visitor, { answers, live });
}

async function violations({ page }) {
  const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
  const found = await page.evaluate((values) => window.axe.run({ include: [["#chatforge"]] }, { runOnly: { type: "tag", values } }), tags);
  return found.violations.map(({ id, nodes }) => `${id}: ${nodes[0].html} ${nodes[0].failureSummary}`);
}

for (const [state, reach] of Object.entries(STATES)) {
  test(`axe finds nothing to mend: ${state}`, async () => {
    for (const [name, screen] of Object.entries(SCREENS)) {
      for (const colorScheme of ["light", "dark"]) {
        const visitor = await scripted({ ...screen, colorScheme });
        await reach(visitor);
        assert.deepEqual(await violations(visitor), [], `${name} ${colorScheme}`);
        assert.deepEqual(visitor.seen.console, []);
        assert.deepEqual([...visitor.seen.origins].sort(), [new URL(site.url).origin, server.url].sort());
        await visitor.context.close();
      }
    }
  });
}

test("axe finds nothing to mend in the launcher and the greeting beside it", async () => {
  const own = await server.agent({ name: "Ada", greeting: "Hello!", appearance: { proactive_after_seconds: 1, launcher_text: "Ask us" } });
  const visitor = await arrive({ prepare: (page) => page.addInitScript({ content: axe }) }, site.page(own));
  await visitor.page.getByRole("button", { name: "Ask us" }).waitFor();
  assert.deepEqual(await violations(visitor), []);
  await visitor.page.getByRole("status").getByText("Hello!").waitFor();
  assert.deepEqual(await violations(visitor), []);
});

test("whatever the agent's colour, text on it and in it can be read", async () => {
  for (const color of ["#ffffff", "#000000", "#f5b301", "#ff5a5f", "#7fff00", "#6366f1", "#808080", "#ffff00"]) {
    const own = await server.agent({ name: "Ada", greeting: "Hello!", color, appearance: { suggestions: [QUESTION] } }, KNOWLEDGE);
    for (const colorScheme of ["light", "dark"]) {
      const visitor = await scripted({ colorScheme }, site.page(own));
      await STATES.answered(visitor);
      await visitor.field.fill("so that the button is not disabled");
      assert.deepEqual(await violations(visitor), [], `${color} ${colorScheme}`);
      await visitor.context.close();
    }
  }
});

test("on a light colour the ink is dark", async () => {
  const own = await server.agent({ name: "Ada", color: "#ffe066" });
  const visitor = await arrive({}, site.page(own));
  assert.equal(await visitor.launcher.evaluate((node) => getComputedStyle(node).color), "rgb(21, 22, 26)");
});

test("every target is 44 pixels, and nothing lies over it", async () => {
  for (const [name, screen] of Object.entries(SCREENS)) {
    const visitor = await scripted(screen);
    await STATES.streaming(visitor);
    await finish(visitor, { sources: [{ title: "Hours", excerpt: "Open.", url: null }], lead_form: true, suggestions: ["And?"] });
    const found = await visitor.panel.evaluate(async (panel) => {
      const root = panel.getRootNode();
      const reach = (node, step) => {
        const { left, width, top, height } = node.getBoundingClientRect();
        const hits = (y) => root.elementFromPoint(left + width / 2, y)?.closest("button, textarea, input") === node;
        let y = top + height / 2;
        while (Math.abs(y - top) < 200 && hits(y + step)) y += step;
        return y;
      };
      const found = [];
      for (const node of panel.querySelectorAll("button, textarea, input")) {
        node.scrollIntoView({ block: "center" });
        // The way back to the end is taken away where the end is in sight, a frame later.
        await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
        const name = node.ariaLabel || node.textContent || node.name;
        if (!node.disabled && node.checkVisibility()) found.push({ name, height: Math.round(reach(node, 1) - reach(node, -1)) + 1 });
      }
      return found;
    });
    assert.ok(found.length > 12, JSON.stringify(found));
    assert.deepEqual(found.filter(({ height }) => height < TARGET_PX), [], name);
    await visitor.context.close();
  }
});

const LANGUAGES = {
  en: "Send message",
  de: "Nachricht senden",
  es: "Enviar mensaje",
  fr: "Envoyer le message",
  it: "Invia messaggio",
  pt: "Enviar mensagem",
  nl: "Bericht versturen",
  pl: "Wyślij wiadomość",
  ar: "إرسال الرسالة",
  ja: "メッセージを送信",
};

test("ten languages are spoken, the tag's before the page's before the browser's", async () => {
  const german = { locale: "de-AT" };
  for (const [locale, name] of Object.entries(LANGUAGES)) {
    const visitor = await arrive(german, site.page(agent, { locale }));
    await visitor.page.locator(".cf-launcher").click();
    await visitor.page.getByRole("button", { name, exact: true }).waitFor();
    assert.deepEqual(visitor.seen.console, [], locale);
    await visitor.context.close();
  }
  // The page says English.
  const page = await arrive(german);
  await page.open();
  await page.page.getByRole("button", { name: LANGUAGES.en }).waitFor();
  const unsaid = await arrive({ ...german, prepare: (page) => page.addInitScript(() => new MutationObserver(() => document.documentElement?.removeAttribute("lang")).observe(document, { childList: true, subtree: true })) });
  await unsaid.page.locator(".cf-launcher").click();
  await unsaid.page.getByRole("button", { name: LANGUAGES.de }).waitFor();
});

test("a language that cannot be loaded leaves English", async () => {
  const visitor = await arrive({ prepare: (page) => page.route(/locale-/, (route) => route.abort()) }, site.page(agent, { locale: "fr" }));
  await visitor.open();
  await visitor.panel.getByRole("button", { name: LANGUAGES.en }).waitFor();
});

test("from right to left everything stands on its other side", async () => {
  const visitor = await arrive({}, site.page(agent, { locale: "ar" }));
  await visitor.page.locator(".cf-launcher").click();
  const panel = visitor.page.getByRole("dialog");
  await panel.waitFor();
  assert.equal(await panel.getAttribute("dir"), "rtl");
  const x = async (selector) => (await panel.locator(selector).first().boundingBox()).x;
  assert.ok((await x(".cf-avatar")) > (await x(".cf-tool:visible")));
  assert.ok((await x(".cf-field")) > (await x(".cf-send")));
});

test("at 200 % zoom, and at 400 %, everything can be reached without scrolling sideways", async () => {
  for (const viewport of [{ width: 640, height: 400 }, { width: 320, height: 256 }]) {
    const visitor = await scripted({ viewport });
    await STATES.streaming(visitor);
    await finish(visitor, { lead_form: true });
    const box = await visitor.panel.boundingBox();
    assert.ok(box.x >= 0 && box.y >= 0 && box.x + box.width <= viewport.width && box.y + box.height <= viewport.height, JSON.stringify(box));
    const wide = await visitor.panel.locator(".cf-scroller").evaluate((node) => node.scrollWidth - node.clientWidth);
    assert.equal(wide, 0);
    await visitor.panel.getByRole("button", { name: "Send details" }).click();
    await visitor.panel.getByRole("button", { name: "Minimise chat" }).click();
    await visitor.context.close();
  }
});

test("in forced colours every part keeps an edge", async () => {
  const visitor = await scripted({ forcedColors: "active" });
  await STATES.answered(visitor);
  for (const selector of [".cf-panel", ".cf-bubble", ".cf-send", ".cf-avatar"]) {
    assert.equal(await visitor.panel.page().locator(selector).first().evaluate((node) => getComputedStyle(node).borderTopStyle), "solid", selector);
  }
});

test("nothing moves for those who asked for less motion", async () => {
  const moving = async (reducedMotion) => {
    const visitor = await scripted({ reducedMotion });
    await STATES.streaming(visitor);
    const names = await visitor.panel.evaluate((node) => [node, ...node.querySelectorAll("*")].map((each) => getComputedStyle(each).animationName));
    return names.some((name) => name !== "none");
  };
  assert.equal(await moving("no-preference"), true);
  assert.equal(await moving("reduce"), false);
});

test("dialog and log say what they are", async () => {
  const visitor = await arrive();
  await visitor.open();
  assert.equal(await visitor.panel.getAttribute("aria-modal"), "false");
  assert.equal(await visitor.log.getAttribute("aria-live"), "polite");
  assert.equal(await visitor.launcher.count(), 0);
  assert.equal(await visitor.page.locator(".cf-launcher").getAttribute("aria-expanded"), "true");
});

test("on a page with landmarks of its own the chat adds no second banner", async () => {
  const landmarks = await startSite(server, { body: "<section aria-label='News'><p>News</p></section>" });
  try {
    const prepare = (page) => page.addInitScript({ content: axe });
    const visitor = await arrive({ prepare }, landmarks.page(agent));
    await visitor.page.evaluate(() => {
      for (const name of ["header", "nav", "footer"]) document.body.prepend(Object.assign(document.createElement(name), { textContent: name }));
    });
    await visitor.open();
    await visitor.ask("Zyxwvu qponml?");
    await visitor.panel.getByRole("form").waitFor();
    const found = await visitor.page.evaluate(() => window.axe.run(document, { runOnly: { type: "tag", values: ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa", "best-practice"] } }));
    const ours = found.violations.filter(({ id, nodes }) => /landmark/.test(id) || nodes.some(({ target }) => String(target).includes("chatforge")));
    assert.deepEqual(ours.map(({ id, nodes }) => `${id}: ${nodes[0].html}`), []);
    assert.equal(await visitor.page.getByRole("banner").count(), 1);
  } finally {
    await landmarks.stop();
  }
});

test("from the text field, Tab goes through the conversation and its form before it leaves the chat", async () => {
  const visitor = await arrive();
  await visitor.open();
  await visitor.ask(QUESTION);
  await visitor.ask("Zyxwvu qponml?");
  await visitor.panel.getByRole("form").waitFor();
  await visitor.field.focus();
  const names = [];
  for (let presses = 0; presses < 30; presses++) {
    await visitor.page.keyboard.press("Tab");
    const [name, launcher] = await visitor.page.evaluate(() => {
      const { activeElement: node } = document.querySelector("#chatforge").shadowRoot;
      return [node?.ariaLabel || node?.name || node?.textContent, !!node?.matches(".cf-launcher")];
    });
    if (launcher || !name) break;
    names.push(name);
  }
  const order = ["Conversation", "Helpful", "contact", "Send details", "Add your name and more", "Not now"].map((name) => names.indexOf(name));
  assert.ok(order.every((at, index) => at >= 0 && (!index || at > order[index - 1])), names.join(" → "));
  await visitor.field.focus();
  await visitor.page.keyboard.press("Escape");
  assert.equal(await visitor.launcher.evaluate((node) => node.getRootNode().activeElement === node), true);
});

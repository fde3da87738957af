// The dashboard's pages in a browser: readable for everyone in both themes and on a phone, and clean under their policy.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { after, before, test } from "node:test";
import { launchBrowser, startServer, visit } from "./harness.mjs";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const FAQ = "Q: Where is parking?\nA: Behind the house.\n\nQ: When are you open?\nA: From 9:00 to 17:00.";
const WIDE = { width: 1280, height: 800 };
const PHONE = { width: 390, height: 844 };

let server, receiver, browser, paths;

// Confirms challenges, and fails every delivery.
async function startReceiver() {
  const http = createServer(async (request, response) => {
    let body = "";
    for await (const part of request) body += part;
    const { type, challenge } = JSON.parse(body);
    if (type === "webhook.verification") return response.end(challenge);
    return response.writeHead(500, { "Content-Type": "application/json" }).end('{"error":"<b>out of order</b>"}');
  });
  await new Promise((done) => http.listen(0, "127.0.0.1", done));
  return {
    url: `http://127.0.0.1:${http.address().port}/hook`,
    stop: () => new Promise((done) => (http.closeAllConnections(), http.close(done))),
  };
}

async function ask(agent, texts) {
  const post = async (path, body, session) => {
    const headers = { Accept: "application/json", "Content-Type": "application/json", ...(session && { Authorization: `Bearer ${session}` }) };
    const response = await fetch(`${server.url}${path}`, { method: "POST", headers, body: JSON.stringify(body) });
    return response.json();
  };
  const page_url = "https://shop.example/a/rather/long/address/of/a/page/that/visitors/come/from";
  const { session } = await post("/widget/v1/boot", { agent_id: agent.id, page_url });
  for (const content of texts) await post("/widget/v1/messages", { content }, session);
}

async function signIn(options = {}) {
  const visitor = await visit(browser, `${server.url}/login`, options);
  const { page, context } = visitor;
  await page.getByLabel("E-mail").fill("a@b.example");
  await page.getByLabel("Password").fill("a long enough pass phrase");
  await Promise.all([page.waitForURL(`${server.url}/`), page.getByRole("button", { name: "Sign in" }).click()]);
  return { ...visitor, page, context };
}

before(async () => {
  [server, receiver, browser] = await Promise.all([startServer(), startReceiver(), launchBrowser()]);
  const agent = await server.agent({ name: "Brightwater Dental", color: "#0f766e" }, [FAQ]);
  await ask(agent, ["Where is parking?", "Do you repair violins?", "Is there wifi?", "I am jane@example.com"]);
  const webhook = await server.api("POST", "/webhooks", { url: receiver.url, events: ["lead.captured"] });
  const delivery = await server.api("POST", `/webhooks/${webhook.id}/test`, {});
  const [entry] = (await server.api("GET", `/agents/${agent.id}/knowledge`)).knowledge;
  const own = `/agents/${agent.id}`;
  paths = {
    home: "/",
    agent: own,
    knowledge: `${own}/knowledge?q=Where+is+parking%3F`,
    entry: `${own}/knowledge/${entry.id}`,
    questions: `${own}/questions`,
    answering: `${own}/answering`,
    webhooks: "/webhooks",
    webhook: `/webhooks/${webhook.id}`,
    delivery: `/webhooks/${webhook.id}/deliveries/${delivery.id}`,
    events: "/events",
    settings: "/settings",
  };
});

after(async () => {
  await browser?.close();
  await Promise.all([server?.stop(), receiver?.stop()]);
});

for (const [scheme, viewport] of [["light", WIDE], ["dark", WIDE], ["light", PHONE]]) {
  test(`axe finds nothing to mend on ${scheme} pages of ${viewport.width} px`, async () => {
    const { page, context, seen } = await signIn({ colorScheme: scheme, viewport });
    await context.addInitScript({ content: axe });
    for (const [name, path] of Object.entries(paths)) {
      await page.goto(`${server.url}${path}`);
      // The preview is the widget, which has tests of its own.
      const { violations } = await page.evaluate(() => window.axe.run({ exclude: [["iframe"]] }));
      assert.deepEqual(violations.map(({ id, nodes }) => `${name}: ${id} ${nodes[0].html}`), []);
      const width = await page.evaluate(() => document.documentElement.scrollWidth);
      assert.ok(width <= viewport.width, `${name} is ${width} px wide`);
    }
    assert.deepEqual(seen.console, []);
    assert.equal(seen.dialogs, 0);
    await context.close();
  });
}

test("a file is put into the content, and one that is too large is refused", async () => {
  const { page, context } = await signIn();
  await page.goto(`${server.url}${paths.knowledge}`);
  const file = page.getByLabel("From a file");
  await file.setInputFiles({ name: "prices.md", mimeType: "text/markdown", buffer: Buffer.from("# Prices\n\nCleaning 80 €") });
  const content = page.getByLabel("Content");
  await page.waitForFunction(() => document.getElementById("content").value.includes("80 €"));
  assert.equal(await page.getByLabel("Type", { exact: true }).inputValue(), "markdown");
  await file.setInputFiles({ name: "huge.txt", mimeType: "text/plain", buffer: Buffer.alloc(200_001, "a") });
  await page.getByText("This file is too large").waitFor();
  await file.setInputFiles({ name: "photo.txt", mimeType: "text/plain", buffer: Buffer.from([0xff, 0xd8, 0xff]) });
  await page.getByText("This is no text in UTF-8.").waitFor();
  assert.equal(await content.inputValue(), "# Prices\n\nCleaning 80 €");
  await context.close();
});

test("without a script a webhook is rotated and deleted through its dialogs", async () => {
  const { page, context } = await signIn({ javaScriptEnabled: false });
  await page.goto(`${server.url}${paths.webhook}`);
  await page.getByRole("link", { name: "Draw a new secret" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Draw a new secret" }).click();
  await page.getByText("Copy the new signing secret now").waitFor();
  assert.match(await page.locator(".card-accent code").first().textContent(), /^whsec_/);
  await page.getByRole("link", { name: "Delete webhook" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Delete webhook" }).click();
  await page.getByText("The webhook is deleted.").waitFor();
  await context.close();
});

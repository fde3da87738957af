// Pages that stand in our way: their policies, which are told by name, and tools that rewrite the tag.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { after, afterEach, before, test } from "node:test";
import { launchBrowser, startServer, until, visit } from "./harness.mjs";

let server, browser, agent;
const visits = [];
const sites = [];

before(async () => {
  server = await startServer();
  browser = await launchBrowser();
  agent = await server.agent({ name: "Ada", greeting: "Hello!" });
});

afterEach(async () => {
  for (const { context } of visits.splice(0)) await context.close();
  for (const http of sites.splice(0)) await new Promise((done) => (http.closeAllConnections(), http.close(done)));
});

after(async () => {
  await browser?.close();
  await server?.stop();
});

async function arrive(html, policy = "", options = {}) {
  const bundle = await (await fetch(`${server.url}/widget.js`)).text();
  const http = createServer((request, response) => {
    if (request.url === "/bundle.js") return response.writeHead(200, { "Content-Type": "text/javascript" }).end(bundle);
    const headers = { "Content-Type": "text/html; charset=utf-8", ...(policy && { [options.header ?? "Content-Security-Policy"]: policy }) };
    response.writeHead(200, headers).end(`<!doctype html><html lang="en"><title>Shop</title><link rel="icon" href="data:,"><body><main><h1>Shop</h1></main>${html}`);
  });
  sites.push(http);
  await new Promise((done) => http.listen(0, "127.0.0.1", done));
  const visitor = await visit(browser, `http://127.0.0.1:${http.address().port}/`);
  visits.push(visitor);
  return visitor;
}

const tag = () => `<script src="${server.url}/widget.js" data-agent="${agent.id}"></script>`;
const told = ({ seen }) => seen.console.filter((text) => text.startsWith("ChatForge:"));

test("a policy that stops the chat is told once, by its directive and with what to add", async () => {
  const own = () => server.url;
  for (const [policy, directive] of [
    [`script-src ${own()}; connect-src 'self'`, "connect-src"],
    [`script-src ${own()}; connect-src 'none'`, "connect-src"],
    [`script-src ${own()}; connect-src https://other.example`, "connect-src"],
    [`default-src 'self'; script-src ${own()}`, "connect-src"],
    [`default-src 'none'; script-src-elem ${own()}`, "connect-src"],
    [`script-src ${own()}/widget.js; connect-src ${own()}`, "script-src"],
    [`script-src-elem ${own()}/widget.js; connect-src ${own()}`, "script-src"],
  ]) {
    const visitor = await arrive(tag(), policy);
    const expected = `ChatForge: blocked by this page's Content-Security-Policy (${directive}). Add ${own()} to it.`;
    await until(() => told(visitor).includes(expected), `${policy}: ${told(visitor)}`);
    await visitor.page.waitForTimeout(1500);
    assert.equal(told(visitor).filter((text) => text === expected).length, 1, policy);
    await visitor.context.close();
  }
});

test("what a policy stops of others, or only reports, is not ours to tell", async () => {
  const other = "<script>addEventListener('load', () => fetch('https://other.example/x').catch(() => 0))</script>";
  const allowed = `script-src ${server.url} 'unsafe-inline'; connect-src ${server.url}`;
  const visitor = await arrive(other + tag(), allowed);
  await visitor.launcher.waitFor();
  assert.deepEqual(told(visitor), []);
  const reported = await arrive(tag(), "connect-src 'none'", { header: "Content-Security-Policy-Report-Only" });
  await reported.launcher.waitFor();
  assert.deepEqual(told(reported), []);
});

test("a tag that an optimiser has left inert, renamed or run from its own bundle is found all the same", async () => {
  const { url } = server;
  const bundle = '<script src="/bundle.js"></script>';
  for (const html of [
    `<script type="text/plain" src="${url}/widget.js" data-agent="${agent.id}"></script>${bundle}`,
    `<script type="rocketlazyloadscript" data-rocket-src="${url}/widget.js" data-agent="${agent.id}"></script>${bundle}`,
    `<script type="abc-text/javascript" src="${url}/widget.js?ver=6.5" data-agent="${agent.id}"></script>${bundle}`,
    `<script type="litespeed/javascript" data-src="${url}/widget.js" data-agent="${agent.id}"></script>${bundle}`,
    `<script type="javascript/blocked" data-wpmeteor-src="${url}/widget.js" data-agent="${agent.id}"></script>${bundle}`,
    `<script type="text/plain" data-cookieconsent="x" data-src="${url}/widget.js" data-agent="${agent.id}"></script><script type="module" src="/bundle.js"></script>`,
    `<script src="/bundle.js" async></script><script type="text/plain" src="${url}/widget.js" data-agent="${agent.id}"></script>`,
    `<script src="/bundle.js" defer></script><script type="text/plain" src="${url}/widget.js" data-agent="${agent.id}"></script>`,
    `<script data-agent="somebody-else"></script><script type="text/plain" src="${url}/widget.js" data-agent="${agent.id}"></script>${bundle}`,
    `<script src="${url}/widget.js" data-agent="${agent.id}" data-src="kept"></script>`,
    `<script>const s = document.createElement("script"); s.src = "${url}/widget.js"; s.dataset.agent = "${agent.id}"; document.body.append(s)</script>`,
  ]) {
    const visitor = await arrive(html);
    await visitor.launcher.waitFor({ timeout: 8000 }).catch(() => assert.fail(`${html} ${visitor.seen.console}`));
    assert.deepEqual(told(visitor), [], html);
    await visitor.context.close();
  }
});

test("a tag that lacks something is told, with what to do", async () => {
  for (const html of [`<script src="${server.url}/widget.js"></script>`, '<script src="/bundle.js"></script>', `<script data-agent="${agent.id}"></script><script src="/bundle.js"></script>`]) {
    const visitor = await arrive(html);
    await until(() => told(visitor).length === 1, html);
    assert.match(told(visitor)[0], /lacks data-agent or src: copy the embed code/);
    assert.equal(await visitor.page.locator("#chatforge").count(), 0);
  }
});

// Starts a server, a page on another origin with the widget on it, and a browser that looks at it.
//
// The server is the binary named by CHATFORGE_BIN, on a data folder of its own. CHATFORGE_URL with CHATFORGE_KEY uses
// a server that already runs instead.
import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const READY_MS_MAX = 30_000;
const STOP_MS_MAX = 20_000;
const LISTENING = /http:\/\/127\.0\.0\.1:\d+/;
const SETUP_LINK = /http:\/\/127\.0\.0\.1:\d+\/setup\?token=\S+(?=\s)/;

const DEMO_PAGE = /http:\/\/127\.0\.0\.1:\d+\/demo\/\S+(?=\s)/;

export const EMAIL = "a@b.example";
export const PASSWORD = "a long enough pass phrase";

// `server` are lines of that section, `more` is further ones.
const config = ({ server = "", more = "" }) => `[server]
listen = "127.0.0.1:0"
${server}

[testing]
public_limits = false
allow_private_addresses = true

${more}`;

export async function startServer(settings = {}) {
  const { CHATFORGE_URL, CHATFORGE_KEY } = process.env;
  if (CHATFORGE_URL) return new Server(CHATFORGE_URL, CHATFORGE_KEY, async () => {});
  return serve(({ run }) => {
    run(["admin", "create", "--email", EMAIL, "--password-stdin"], `${PASSWORD}\n`);
    return run(["key", "create", "--name", "test"]);
  }, { settings });
}

// Without anybody: `setup` is the link that it prints.
export async function startNewServer() {
  const server = await serve(() => undefined, { announced: SETUP_LINK });
  [server.setup, server.url] = [server.url, new URL(server.url).origin];
  return server;
}

// With what `--demo` makes: `page` is the page that it announces.
export async function startDemo() {
  const binary = resolve(ROOT, process.env.CHATFORGE_BIN ?? "target/debug/chatforge");
  const folder = mkdtempSync(join(tmpdir(), "chatforge-browser-"));
  const env = { ...process.env, TMPDIR: folder };
  const child = spawn(binary, ["serve", "--demo", "--listen", "127.0.0.1:0"], { cwd: folder, env, stdio: ["ignore", "pipe", "pipe"] });
  const page = await listening(child, DEMO_PAGE);
  return {
    page,
    stop: async () => {
      await stop(child);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function serve(prepare, { announced = LISTENING, settings = {} } = {}) {
  const binary = resolve(ROOT, process.env.CHATFORGE_BIN ?? "target/debug/chatforge");
  const folder = mkdtempSync(join(tmpdir(), "chatforge-browser-"));
  const data = join(folder, "data");
  const file = join(folder, "chatforge.toml");
  writeFileSync(file, config(settings));
  const env = { ...process.env, CHATFORGE_ALLOW_TESTING: "1" };
  const run = (args, input) => execFileSync(binary, ["--data", data, "--config", file, ...args], { env, input }).toString().trim();
  const key = prepare({ run });

  const child = spawn(binary, ["serve", "--data", data, "--config", file], { env, stdio: ["ignore", "pipe", "pipe"] });
  const url = await listening(child, announced);
  return new Server(url, key, async () => {
    await stop(child);
    rmSync(folder, { recursive: true, force: true });
  });
}

function listening(child, announced) {
  return new Promise((done, failed) => {
    let output = "";
    const fail = (why) => failed(new Error(`the server ${why}:\n${output}`));
    const timer = setTimeout(() => fail("did not say where it listens"), READY_MS_MAX);
    child.stderr.on("data", (bytes) => (output += bytes));
    child.stdout.on("data", (bytes) => {
      output += bytes;
      const [url] = announced.exec(output) ?? [];
      if (!url) return;
      clearTimeout(timer);
      done(url);
    });
    child.once("error", (error) => fail(`did not start, ${error.message}`));
    child.once("exit", (code) => fail(`ended with ${code}`));
  });
}

function stop(child) {
  if (child.exitCode !== null) return undefined;
  return new Promise((done) => {
    const timer = setTimeout(() => child.kill("SIGKILL"), STOP_MS_MAX);
    child.once("exit", () => {
      clearTimeout(timer);
      done();
    });
    child.kill("SIGTERM");
  });
}

class Server {
  constructor(url, key, stop) {
    Object.assign(this, { url, key, stop });
  }

  async api(method, path, body) {
    const response = await fetch(`${this.url}/api/v1${path}`, {
      method,
      headers: { Authorization: `Bearer ${this.key}`, "Content-Type": "application/json" },
      body: body && JSON.stringify(body),
    });
    const json = await response.json();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${JSON.stringify(json)}`);
    return json;
  }

  async agent(fields, knowledge = []) {
    const agent = await this.api("POST", "/agents", fields);
    for (const content of knowledge) await this.api("POST", `/agents/${agent.id}/knowledge`, { content, type: "faq" });
    return agent;
  }
}

// The page allows nothing but what the widget's documentation asks for.
export async function startSite(server, { css = "", body = "", doctype = "<!doctype html>", nonce = "", frames = "'none'" } = {}) {
  const { origin } = new URL(server.url);
  const policy = [
    "default-src 'none'",
    nonce ? `script-src 'nonce-${nonce}' 'strict-dynamic'` : `script-src ${origin}`,
    `connect-src ${origin}`,
    "style-src 'self'",
    `frame-src ${frames}`,
    "require-trusted-types-for 'script'",
  ].join("; ");
  const http = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url, "http://site");
    if (pathname === "/site.css") return response.writeHead(200, { "Content-Type": "text/css" }).end(css);
    if (pathname === "/favicon.ico") return response.writeHead(204).end();
    const attributes = [...searchParams].map(([name, value]) => ` data-${name}="${value}"`).join("");
    const tag = `<script${nonce && ` nonce="${nonce}"`} src="${server.url}/widget.js"${attributes}></script>`;
    const headers = { "Content-Type": "text/html; charset=utf-8", "Content-Security-Policy": policy };
    response.writeHead(200, headers).end(`${doctype}<html lang="en"><title>Shop</title>
      <meta name="viewport" content="width=device-width, initial-scale=1">
      <link rel="stylesheet" href="/site.css"><body><main><h1>Shop</h1><p>A page of a customer.</p>${body}</main>${tag}`);
  });
  await new Promise((done) => http.listen(0, "127.0.0.1", done));
  const url = `http://127.0.0.1:${http.address().port}/`;
  return {
    url,
    page: (agent, options = {}, path = "") => `${url}${path}?${new URLSearchParams({ agent: agent.id, ...options })}`,
    stop: () => new Promise((done) => (http.closeAllConnections(), http.close(done))),
  };
}

export function launchBrowser(args = []) {
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
      ...args,
    ],
  });
}

// A fresh visitor. What the page complains about and whom it calls is written down.
// `prepare` is run before anything is loaded.
export async function visit(browser, address, { prepare, ...options } = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, reducedMotion: "reduce", ...options });
  const page = await context.newPage();
  const seen = { console: [], origins: new Set(), dialogs: 0 };
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) seen.console.push(message.text());
  });
  page.on("pageerror", (error) => seen.console.push(String(error)));
  page.on("request", (request) => seen.origins.add(new URL(request.url()).origin));
  page.on("dialog", (dialog) => (seen.dialogs++, dialog.dismiss()));
  await prepare?.(page);
  await page.goto(address);
  return Object.assign(new Visit(page), { context, page, seen });
}

// One more page of a visitor.
export const follow = (page) => Object.assign(new Visit(page), { page, context: page.context() });

class Visit {
  constructor(page) {
    this.launcher = page.getByRole("button", { name: /^Chat with/ });
    this.panel = page.getByRole("dialog", { name: /^Chat with/ });
    this.field = this.panel.getByRole("textbox", { name: "Your message" });
    this.log = this.panel.getByRole("log");
  }

  async open() {
    await this.launcher.click();
    await this.field.waitFor();
  }

  // After a reload the panel is open again where there is room beside the page.
  async reopen() {
    await this.page.locator(".cf-launcher, .cf-panel").locator("visible=true").first().waitFor();
    await this.page.evaluate(() => window.ChatForge("open"));
    await this.field.waitFor();
  }

  // Answers with the finished message, not with what is still being written.
  async ask(text) {
    const answers = this.log.locator('[data-from="assistant"]');
    const before = await answers.count();
    await this.field.fill(text);
    await this.field.press("Enter");
    const answer = answers.nth(before);
    await answer.waitFor();
    return answer;
  }

  memory() {
    return this.page.evaluate(() => ({ local: { ...localStorage }, session: { ...sessionStorage }, cookie: document.cookie }));
  }
}

// Takes a stream of the server's away from it: from then on the test says what comes, event by event.
export async function holdStream(page, path) {
  await page.addInitScript((path) => {
    const { fetch } = window;
    const held = ((window.held ??= {})[path] = { opened: 0 });
    window.fetch = (address, init) => {
      if (!String(address).endsWith(path)) return fetch(address, init);
      const body = new ReadableStream({
        start(controller) {
          held.opened++;
          held.send = (text) => controller.enqueue(new TextEncoder().encode(text));
          held.close = () => controller.close();
          init.signal?.addEventListener("abort", () => controller.error(init.signal.reason));
        },
      });
      return Promise.resolve(new Response(body, { headers: { "Content-Type": "text/event-stream" } }));
    };
  }, path);
  const opened = () => page.waitForFunction((path) => window.held[path].opened, path);
  return {
    opened,
    async send(event, data = {}) {
      await opened();
      await page.evaluate(([path, text]) => window.held[path].send(text), [path, `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`]);
    },
    close: () => page.evaluate((path) => window.held[path].close(), path),
    times: () => page.evaluate((path) => window.held[path].opened, path),
  };
}

export const SCREENS = {
  desktop: { viewport: { width: 1280, height: 800 } },
  phone: { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true },
};

// The same claim on a desktop and on a phone.
export function everywhere(claim, run) {
  for (const [screen, options] of Object.entries(SCREENS)) test(`${claim} (${screen})`, () => run(options));
}

export async function until(condition, what = "it did not come true") {
  for (let tries = 0; tries < 200; tries++) {
    if (await condition()) return;
    await new Promise((done) => setTimeout(done, 50));
  }
  throw new Error(what);
}

let scripted = 0;

// What the server would stream for one message, for answers that no real server gives on demand.
export async function scriptAnswer(page, server, text, extra = {}) {
  await page.route(`${server.url}/widget/v1/messages`, (route) => {
    const { content } = route.request().postDataJSON();
    const timestamp = new Date().toISOString();
    const serial = String(++scripted).padStart(9, "0");
    const message = { id: `msg_a${serial}`, role: "assistant", content: text, timestamp, sources: [], answered: true };
    const events = [
      ["start", { conversation_id: "conv_0000000000", user_message: { id: `msg_u${serial}`, role: "user", content, timestamp } }],
      ["delta", { text }],
      ["done", { message, conversation_id: "conv_0000000000", lead_form: false, lead_captured: false, ...extra }],
    ];
    return route.fulfill({
      status: 200,
      headers: { "Access-Control-Allow-Origin": "*", "Content-Type": "text/event-stream" },
      body: events.map(([event, data]) => `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`).join(""),
    });
  });
}

// What strangers wrote is shown on every page as they wrote it, and is never run.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Member, fill, startReceiver } from "./account.mjs";
import { launchBrowser, startServer } from "./harness.mjs";

const ATTACKS = [
  "<script>alert(1)</script>",
  "<img src=x onerror=alert(1)>",
  "\"><svg onload=alert(1)>",
  "' autofocus onfocus=alert(1) x='",
  "</title><script>alert(1)</script>",
  "</textarea><script>alert(1)</script>",
  "--><script>alert(1)</script><!--",
  "<a href=\"javascript:alert(1)\">x</a>",
  "<iframe srcdoc=\"<script>parent.alert(1)</script>\">",
  "<form action=javascript:alert(1)><button>x",
  "<math><mtext></table><mglyph><style><img src=x onerror=alert(1)>",
  "{{constructor.constructor('alert(1)')()}}",
  "[x](javascript:alert(1)) ![x](x\" onerror=\"alert(1))",
  "<meta http-equiv=refresh content=0;url=javascript:alert(1)>",
  "<base href=//evil.example/>",
  "<link rel=stylesheet href=//evil.example/x.css>",
  "\u202e<b>turned round</b>\u0000",
];
// What no template of ours has, so that it can only be somebody's text that became markup.
const FOREIGN = "img[src=x], [onerror], [onload], [onfocus], [srcdoc], math, base, meta[http-equiv], a[href^='javascript:'], form[action^='javascript:'], link[href*=evil]";

let server, receiver, browser, member;

before(async () => {
  [server, receiver, browser] = await Promise.all([startServer(), startReceiver(), launchBrowser()]);
  member = await Member.signIn(server);
});

after(async () => {
  await browser?.close();
  await Promise.all([server?.stop(), receiver?.stop()]);
});

async function look(page, path, seen) {
  await page.goto(`${server.url}${path}`);
  await page.waitForLoadState("load");
  for (const frame of page.frames()) {
    assert.equal(await frame.locator(FOREIGN).count(), 0, `${path}: ${frame.url()}`);
  }
  // A blocked script or style is written to the console.
  assert.deepEqual(seen.console, [], path);
  assert.equal(seen.dialogs, 0, path);
}

test("g14 what strangers wrote never runs, on no page", async () => {
  const all = ATTACKS.join(" ").replaceAll("\u0000", "");
  const words = {
    agent: ATTACKS[0],
    text: all,
    faq: `Q: ${ATTACKS[1]}\nA: ${all}`,
    name: ATTACKS[2],
    page: `https://shop.example/<script>alert(1)</script>?"onload='alert(1)`,
    browser: ATTACKS[1],
  };
  const pages = await fill(server, receiver, member, words);
  const { page, context, seen } = await member.open(browser, "/");
  let shown = 0;
  for (const path of Object.values(pages)) {
    await look(page, path, seen);
    const text = await page.locator("body").innerText();
    const values = await page.locator("input, textarea").evaluateAll((fields) => fields.map((field) => field.value).join(" "));
    shown += ATTACKS.slice(0, 3).some((attack) => `${text} ${values}`.includes(attack));
  }
  assert.ok(shown >= 12, `shown on ${shown} pages`);
  await context.close();
});

test("g14 each attack is only the name that it is", async () => {
  const { page, context, seen } = await member.open(browser, "/");
  for (const attack of ATTACKS) {
    // Signs that turn the text are taken out of names.
    const name = attack.replace(/[\u0000\u202e]/g, "");
    const agent = await server.agent({ name, greeting: name, color: "#0f766e" });
    await look(page, `/agents/${agent.id}`, seen);
    assert.ok((await page.getByRole("heading", { level: 1 }).innerText()).startsWith(name), name);
    assert.equal(await page.getByRole("textbox", { name: "Name" }).inputValue(), name);
    await look(page, `/search?q=${encodeURIComponent(name)}`, seen);
    assert.ok((await page.locator("#found").innerText()).includes(name), name);
  }
  await context.close();
});

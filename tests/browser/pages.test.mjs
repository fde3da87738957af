// Every page of the dashboard: readable for everyone in both themes and on a phone, clean under its policy, valid, light.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { after, before, test } from "node:test";
import { HtmlValidate } from "html-validate";
import { Member, fill, inviteLink, routes, startReceiver } from "./account.mjs";
import { SCREENS, launchBrowser, startServer, visit } from "./harness.mjs";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
// Over the wire with everything that the page loads, when the browser has nothing of it.
const PAGE_BYTES_MAX = 60_000;

let server, receiver, browser, member, pages, doors;

before(async () => {
  [server, receiver, browser] = await Promise.all([startServer(), startReceiver(), launchBrowser()]);
  member = await Member.signIn(server);
  pages = await fill(server, receiver, member);
  doors = ["/login", await inviteLink(member, "newcomer@example.com")];
});

after(async () => {
  await browser?.close();
  await Promise.all([server?.stop(), receiver?.stop()]);
});

test("no page is forgotten here", () => {
  assert.deepEqual(routes().filter((path) => !(path in pages)), []);
});

for (const [screen, options] of Object.entries(SCREENS)) {
  for (const colorScheme of ["light", "dark"]) {
    test(`axe finds nothing to mend on a ${colorScheme} ${screen}`, async () => {
      const { page, context, seen } = await member.open(browser, "/", { ...options, colorScheme });
      await context.addInitScript({ content: axe });
      for (const [name, path] of Object.entries(pages)) {
        await page.goto(`${server.url}${path}`);
        // The preview is the widget, which has tests of its own.
        const { violations } = await page.evaluate(() => window.axe.run({ exclude: [["iframe"]] }));
        assert.deepEqual(violations.map(({ id, nodes }) => `${name}: ${id} ${nodes[0].html}`), []);
        const width = await page.evaluate(() => document.documentElement.scrollWidth);
        assert.ok(width <= options.viewport.width, `${name} is ${width} px wide`);
      }
      assert.deepEqual(seen.console, []);
      assert.equal(seen.dialogs, 0);
      await context.close();
    });
  }
}

for (const colorScheme of ["light", "dark"]) {
  test(`axe finds nothing to mend on the ways in, ${colorScheme}`, async () => {
    for (const path of [...doors, "/nothing/here"]) {
      const { page, context } = await visit(browser, "about:blank", { ...SCREENS.phone, colorScheme });
      await context.addInitScript({ content: axe });
      await page.goto(`${server.url}${path}`);
      const { violations } = await page.evaluate(() => window.axe.run());
      assert.deepEqual(violations.map(({ id, nodes }) => `${path}: ${id} ${nodes[0].html}`), []);
      assert.ok((await page.evaluate(() => document.documentElement.scrollWidth)) <= SCREENS.phone.viewport.width, path);
      await context.close();
    }
  });
}

test("html-validate finds nothing to mend", async () => {
  const validate = new HtmlValidate({
    extends: ["html-validate:recommended"],
    rules: {
      "aria-label-misuse": ["error", { allowAnyNamable: true }],
      "doctype-style": ["error", { style: "lowercase" }],
      "form-dup-name": ["error", { shared: ["radio", "button", "checkbox"] }],
      // Templates leave lines of blanks behind, which compression takes away.
      "no-trailing-whitespace": "off",
      "tel-non-breaking": "off",
      "valid-id": ["error", { relaxed: true }],
    },
  });
  const stranger = new Member(server);
  const shown = [...Object.values(pages), "/docs"].map((path) => [member, path]);
  for (const [reader, path] of [...shown, ...doors.map((path) => [stranger, path])]) {
    const { text } = await reader.get(path);
    const { results } = await validate.validateString(text);
    const wrong = results.flatMap(({ messages }) => messages);
    assert.deepEqual(wrong.map(({ line, ruleId, message }) => `${path}:${line} ${ruleId}: ${message}`), []);
  }
});

test("no page weighs more than 60 kB, first view included", async () => {
  for (const [name, path] of Object.entries(pages)) {
    const { page, context } = await member.open(browser, "/docs");
    const client = await context.newCDPSession(page);
    await client.send("Network.enable");
    await client.send("Network.setCacheDisabled", { cacheDisabled: true });
    let bytes = 0;
    client.on("Network.loadingFinished", ({ encodedDataLength }) => (bytes += encodedDataLength));
    await page.goto(`${server.url}${path}`, { waitUntil: "load" });
    assert.ok(bytes > 1_000, `${name}: nothing was counted`);
    assert.ok(bytes <= PAGE_BYTES_MAX, `${name} weighs ${bytes} bytes`);
    await context.close();
  }
});

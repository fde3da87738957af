// How people come in, prove who they are, and are shown the door again; every form with its script and without.
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { after, before, beforeEach, afterEach, test } from "node:test";
import { Member, inviteLink } from "./account.mjs";
import { EMAIL, PASSWORD, launchBrowser, startServer, visit } from "./harness.mjs";

const STEP_MS = 30_000;
const BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

let browser, server, member;

before(async () => (browser = await launchBrowser()));
after(() => browser?.close());

beforeEach(async () => {
  server = await startServer();
  member = await Member.signIn(server);
});

afterEach(() => server?.stop());

// What an authenticator shows (RFC 6238), `ahead` steps from now.
function codeOf(secret, ahead = 0) {
  const bits = [...secret.replace(/\s/g, "")].map((letter) => BASE32.indexOf(letter).toString(2).padStart(5, "0")).join("");
  const key = Buffer.from(bits.match(/.{8}/g).map((byte) => parseInt(byte, 2)));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(Date.now() / STEP_MS) + ahead));
  const hash = createHmac("sha1", key).update(counter).digest();
  const at = hash.at(-1) & 15;
  return String((hash.readUInt32BE(at) & 0x7fffffff) % 1_000_000).padStart(6, "0");
}

async function signIn(page) {
  await page.goto(`${server.url}/login`);
  await page.getByLabel("E-mail").fill(EMAIL);
  await page.getByLabel("Password").fill(PASSWORD);
  await page.getByRole("button", { name: "Sign in" }).click();
}

for (const javaScriptEnabled of [true, false]) {
  const way = javaScriptEnabled ? "with a script" : "without a script";

  test(`two-step sign-in is switched on, used, and off again, ${way}`, async () => {
    const { page, context, seen } = await member.open(browser, "/settings/security", { javaScriptEnabled });
    const main = page.locator("main");
    await main.getByRole("link", { name: "Turn on" }).click();
    await page.getByRole("img", { name: /QR code/ }).waitFor();
    const secret = (await main.locator("code").first().textContent()).trim();
    await main.getByLabel(/^Code/).fill(codeOf(secret));
    await main.getByRole("button", { name: "Turn on" }).click();
    await main.getByRole("heading", { name: /recovery codes/i }).first().waitFor();
    const codes = (await main.locator("pre code").textContent()).trim().split("\n");
    assert.equal(codes.length, 10);
    await main.getByRole("link", { name: "I’ve saved them" }).click();
    await main.getByRole("link", { name: "Turn off" }).waitFor();
    // Whoever was signed in elsewhere is not any more.
    assert.match((await member.get("/settings")).location, /^\/login/);

    const other = await visit(browser, "about:blank", { javaScriptEnabled });
    await signIn(other.page);
    await other.page.getByLabel("Code").fill(codes[0].trim());
    await other.page.getByRole("button", { name: "Sign in" }).click();
    await other.page.locator("nav[aria-label=Main]").waitFor();
    await other.context.close();

    await main.getByRole("link", { name: "Turn off" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Turn off" }).click();
    await main.getByLabel(/^Your password/).fill(PASSWORD);
    await main.getByRole("button", { name: "Confirm" }).click();
    await main.getByRole("link", { name: "Turn on" }).waitFor();
    // The page that asks comes with a 401, which browsers note.
    assert.deepEqual(seen.console.filter((line) => !line.includes("401")), []);
    await context.close();
  });

  test(`a password is changed, ${way}`, async () => {
    const { page, context } = await member.open(browser, "/settings/security", { javaScriptEnabled });
    const main = page.locator("main");
    await main.getByLabel("Current password").fill("not this one");
    await main.getByLabel(/^New password/).fill("another long pass phrase");
    await main.getByRole("button", { name: "Change password" }).click();
    await main.locator("#password-error").waitFor();
    await main.getByLabel("Current password").fill(PASSWORD);
    await main.getByLabel(/^New password/).fill("another long pass phrase");
    await main.getByRole("button", { name: "Change password" }).click();
    await main.getByText("Password changed.").waitFor();
    assert.match((await member.get("/settings")).location, /^\/login/);
    await context.close();
  });

  test(`somebody is invited, joins, gets another role and is removed, ${way}`, async () => {
    const { page, context } = await member.open(browser, "/settings/team", { javaScriptEnabled });
    const main = page.locator("main");
    await main.getByLabel(/^E-mail/).fill("jo@example.com");
    await main.getByRole("button", { name: "Create invite link" }).click();
    const link = /http[^\s"]+\/join\?token=[^\s"]+/.exec(await main.innerText())[0];

    const newcomer = await visit(browser, link, { javaScriptEnabled });
    await newcomer.page.getByLabel(/^Your name/).fill("Jo");
    await newcomer.page.getByLabel(/^Password/).fill(PASSWORD);
    await newcomer.page.getByRole("button", { name: "Join" }).click();
    await newcomer.page.locator("nav[aria-label=Main]").waitFor();
    assert.equal((await newcomer.page.goto(link)).status(), 404);

    await page.goto(`${server.url}/settings/team`);
    await main.getByLabel("Role of Jo").selectOption("viewer");
    if (!javaScriptEnabled) await main.getByRole("row", { name: /Jo/ }).getByRole("button", { name: "Save" }).click();
    await main.getByText("Role changed.").waitFor();
    assert.equal((await newcomer.page.goto(`${server.url}/settings/keys`)).status(), 403);
    await newcomer.page.getByText("read-only").first().waitFor();

    await main.getByRole("link", { name: "Remove Jo" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Remove" }).click();
    await main.getByText("Person removed.").waitFor();
    await newcomer.page.goto(`${server.url}/conversations`);
    await newcomer.page.getByRole("button", { name: "Sign in" }).waitFor();

    await page.goto(`${server.url}/settings/audit`);
    for (const what of ["invited", "joined", "role", "removed"]) await main.getByText(new RegExp(what, "i")).first().waitFor();
    await Promise.all([newcomer.context.close(), context.close()]);
  });

  test(`what is kept is set and copied, ${way}`, async () => {
    const { page, context } = await member.open(browser, "/settings/retention", { javaScriptEnabled });
    const main = page.locator("main");
    await main.getByLabel(/^Conversations/).fill("90");
    await main.getByRole("button", { name: "Save" }).click();
    await page.waitForLoadState();
    await page.goto(`${server.url}/settings/retention`);
    assert.equal(await main.getByLabel(/^Conversations/).inputValue(), "90");

    await page.goto(`${server.url}/settings/backups`);
    await main.getByRole("button", { name: "Back up now" }).click();
    await main.getByText("Backup created and verified.").waitFor();
    await main.getByRole("button", { name: /^Verify/ }).first().click();
    await main.getByText("Backup verified.").waitFor();
    const [download] = await Promise.all([page.waitForEvent("download"), main.getByRole("link", { name: /^Download/ }).first().click()]);
    assert.match(download.suggestedFilename(), /\.db$/);
    await context.close();
  });
}

test("an invite is of no use once it is revoked", async () => {
  const link = await inviteLink(member, "jo@example.com");
  const { page, context } = await member.open(browser, "/settings/team");
  await page.getByRole("button", { name: "Revoke the invite of jo@example.com" }).click();
  await page.getByText("Invite revoked.").waitFor();
  const stranger = await visit(browser, "about:blank");
  assert.equal((await stranger.page.goto(`${server.url}${link}`)).status(), 404);
  await Promise.all([stranger.context.close(), context.close()]);
});

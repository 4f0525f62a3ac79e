import assert from "node:assert/strict";
import type { Browser, Page } from "playwright-core";
import { testOrigin } from "origin/testing.ts";
import { testDatabase } from "testing/database.ts";
import { prepareSchema } from "testing/schema.ts";
import { name, TestSystem } from "testing/system.ts";
import { startSystem } from "../dev/system.ts";
import { startChromium } from "../services/chromium.ts";
import { waitUntil } from "../services/wait_until.ts";

const ADMIN_KEY = "an admin key of more than thirty-two bytes";
const PATIENCE_MS = 30_000;

let browser: Browser | undefined;
Deno.test.beforeAll(async () => {
  browser = await startChromium();
});
Deno.test.afterAll(async () => await browser?.close());

/** A page, and whatever it did that it must not. */
async function open(url: string) {
  const context = await browser!.newContext();
  const page = await context.newPage();
  page.setDefaultTimeout(PATIENCE_MS);
  const faults: string[] = [];
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) faults.push(message.text());
  });
  page.on("pageerror", (error) => faults.push(error.message));
  const elsewhere: string[] = [];
  page.on("request", (request) => {
    if (new URL(request.url()).origin !== new URL(url).origin) elsewhere.push(request.url());
  });
  await page.goto(url);
  return { page, faults, elsewhere, [Symbol.asyncDispose]: () => context.close() };
}

const rowOf = (page: Page, replica: string) =>
  page.locator("#replicas tbody tr").filter({
    has: page.getByRole("rowheader", { name: replica }),
  });

Deno.test("an operator sees who is there, looks a user up, and drains an edge", async () => {
  await using system = await startSystem({ env: { ADMIN_KEY }, edgeEnv: { DRAIN_MS: "0" } });
  const test = new TestSystem(system);
  const { origins } = system.state;
  const user = name("ana");
  await using ana = await test.device(user, { edge: 1, device: "phone" });
  const { gsid } = await ana.send(name("ben"), "m1", { text: "a private word" });
  await using opened = await open(`${origins[0]!.internal}/operator`);
  const { page, faults, elsewhere } = opened;
  // It keeps itself up to date: nothing is loaded again below.
  for (const replica of ["edge-0", "origin-0"]) {
    await rowOf(page, replica).filter({ hasText: "ready" }).waitFor();
  }
  await rowOf(page, "edge-1").filter({ hasText: /ready.*\b1\b/ }).waitFor();
  const drain = page.getByRole("button", { name: "Drain edge-0" });
  assert.equal(await drain.isDisabled(), true);

  await page.getByRole("button", { name: "Unlock" }).click();
  await page.getByLabel("Admin key").fill(ADMIN_KEY);
  await page.getByLabel("Your name").fill("Kim");
  await page.keyboard.press("Enter");
  await page.getByRole("button", { name: "Lock, Kim" }).waitFor();

  await page.getByLabel("User").fill(user);
  await page.keyboard.press("Enter");
  const found = page.locator("#found");
  await found.getByRole("heading", { name: `${user} online` }).waitFor();
  await found.getByRole("row", { name: /^phone in use no/ }).waitFor();
  await found.getByRole("button", { name: String(gsid) }).click();
  await found.getByRole("heading", { name: String(gsid) }).waitFor();
  assert.equal((await found.textContent())!.includes("private"), false, "no body is shown");

  // Cancelled, nothing is done.
  await drain.click();
  await page.getByRole("dialog").getByRole("button", { name: "Cancel" }).click();
  await drain.click();
  await page.getByRole("dialog").getByRole("button", { name: "Drain edge-0" }).click();
  await page.getByText("edge-0 is told to drain").waitFor();
  await rowOf(page, "edge-0").filter({ hasText: "drained" }).waitFor();
  const log = await waitUntil(async () => {
    const lines = await Deno.readTextFile(`${system.logs}/origin-0.log`);
    return lines.split("\n").find((line) => line.includes("An operator drains a replica"));
  }, { what: "the log to say who drained", withinMs: 5_000 });
  assert.match(log, /"operator":"Kim","from":"127.0.0.1","replica":"edge-0-\w+"/);
  assert.doesNotMatch(log, new RegExp(ADMIN_KEY));

  assert.deepEqual(faults, []);
  assert.deepEqual(elsewhere, []);
});

Deno.test("a wrong key opens nothing, and an origin that does not answer is not taken for well", async () => {
  await using database = await testDatabase({ prepare: prepareSchema });
  const internal = { hostname: "127.0.0.1", port: 0, adminKey: ADMIN_KEY };
  await using origin = await testOrigin(database, { config: { internal } });
  await using opened = await open(`http://127.0.0.1:${origin.internalPort}/operator`);
  const { page } = opened;
  await page.getByRole("button", { name: "Unlock" }).click();
  await page.getByLabel("Admin key").fill("another key of more than thirty-two bytes");
  await page.getByLabel("Your name").fill("Kim");
  await page.keyboard.press("Enter");
  await page.getByText("That is not the admin key.").waitFor();
  assert.equal(await page.evaluate("sessionStorage.getItem('key')"), null);

  await page.context().setOffline(true);
  const stale = page.getByText(/has not answered for \d+ s: what you see is of then/);
  await stale.waitFor();
  await page.context().setOffline(false);
  await stale.waitFor({ state: "hidden" });
});

import assert from "node:assert/strict";
import { testTurns } from "testing/turns.ts";
import { Admission, Refused } from "shared/admission.ts";
import type { Page } from "shared/bus/page.ts";
import type { CaughtUp } from "shared/bus/requests.ts";
import type { UserId } from "shared/ids.ts";
import { PacedReads, PATIENCE_MS } from "./paced_reads.ts";

function scene(places = 1) {
  const turns = testTurns();
  const admission = new Admission<UserId>({
    places,
    maxWaiting: 10,
    turns,
  });
  const reading: { user: UserId; done(): void; fail(): void }[] = [];
  const origin = {
    enter: () => Promise.resolve({ v: 1 as const, at: 1, groups: [] }),
    catchUp({ user }: { user: UserId }) {
      const { promise, resolve, reject } = Promise.withResolvers<Page<CaughtUp>>();
      const page = {} as Page<CaughtUp>;
      reading.push({ user, done: () => resolve(page), fail: () => reject(new Error("no")) });
      return promise;
    },
  };
  const reads = (user: string) => new PacedReads(user as UserId, origin, admission);
  return { turns, admission, reading, reads };
}

const settled = () => new Promise((resolve) => setTimeout(resolve));
const read = (reads: PacedReads) => reads.catchUp({ user: "ana" as UserId });

Deno.test("a connect keeps its place from its beginning to its snapshot, and no longer", async () => {
  const { admission, reading, reads } = scene();
  const ana = reads("ana"), ben = reads("ben");
  await ana.begin();
  const begun = ben.begin();
  await ana.enter({ user: "ana" as UserId });
  const snapshot = read(ana);
  await settled();
  assert.deepEqual([admission.inside, admission.waiting], [1, 1]);
  reading[0]!.done();
  await snapshot;
  await begun;
  assert.deepEqual([admission.inside, admission.waiting], [1, 0]);
  ben.end();
  assert.equal(admission.inside, 0);
});

Deno.test("a connect that cannot begin in time is refused; a page waits as long as it takes", async () => {
  const { turns, reading, reads, admission } = scene();
  await reads("ana").begin();
  const late = assert.rejects(reads("ben").begin(), Refused);
  const connected = reads("cleo");
  void read(connected);
  turns.advance(PATIENCE_MS);
  await late;
  turns.advance(60_000);
  assert.deepEqual([reading.length, admission.waiting], [0, 1]);
});

Deno.test("a read that fails gives its place back", async () => {
  const { reading, reads, admission } = scene();
  const ana = reads("ana");
  const page = read(ana);
  await settled();
  reading[0]!.fail();
  await assert.rejects(page, /no/);
  assert.equal(admission.inside, 0);
});

Deno.test("whoever ends leaves the line, and reads nothing more", async () => {
  const { reads, admission, reading } = scene();
  await reads("ana").begin();
  const ben = reads("ben"), cleo = reads("cleo");
  const begun = assert.rejects(ben.begin(), Refused);
  const page = assert.rejects(read(cleo), Refused);
  ben.end();
  cleo.end();
  await Promise.all([begun, page]);
  assert.equal(admission.waiting, 0);
  await assert.rejects(read(cleo), Refused);
  assert.equal(reading.length, 0);
});

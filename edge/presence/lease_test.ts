import assert from "node:assert/strict";
import fc from "fast-check";
import type { UserId } from "shared/ids.ts";
import { encodeDevices, MARKER_FIELD, type PresentDevice, userField } from "shared/presence.ts";
import { Lease, type LeaseRequest, MAX_UNWRITTEN, USERS_PER_WRITE } from "./lease.ts";
import type { PresenceCommand } from "./store.ts";

const ana = "ana" as UserId, bob = "bob" as UserId;

function device(name: string): PresentDevice {
  return { device: name, connection: `${name}-1`, foreground: true } as unknown as PresentDevice;
}

/** As much of Redis as a lease uses, for one replica's hash. */
class ModelStore {
  hash = new Map<string, string>();
  expires = false;
  run(commands: PresenceCommand[]): unknown[] {
    return commands.map((command) => {
      switch (command[0]) {
        case "HSET":
          for (const [field, value] of Object.entries(command[2])) this.hash.set(field, value);
          return 1;
        case "HDEL":
          return command.slice(2).map((field) => this.hash.delete(field as string)).length;
        case "HEXISTS":
          return this.hash.has(command[2]) ? 1 : 0;
        case "EXPIRE":
          this.expires = this.hash.size > 0;
          return this.hash.size > 0 ? 1 : 0;
        case "DEL":
          this.lapse();
          return 1;
        default:
          return 1;
      }
    });
  }
  lapse() {
    this.hash.clear();
    this.expires = false;
  }
}

function settleAll(lease: Lease, store: ModelStore): LeaseRequest[] {
  const requests: LeaseRequest[] = [];
  for (let request; (request = lease.next(0));) {
    requests.push(request);
    lease.settle(request, store.run(request.commands));
  }
  return requests;
}

Deno.test("a request that was given up and is done late undoes something until the next heartbeat", () => {
  const lease = new Lease({ replica: "e1", ttlS: 60 }), store = new ModelStore();
  settleAll(lease, store);
  lease.set(ana, []);
  const late = lease.next(0)!;
  lease.settle(late);
  lease.set(ana, [device("phone")]);
  settleAll(lease, store);
  for (let beats = 0; beats < 2; beats++) {
    store.run(late.commands);
    assert.equal(store.hash.has(userField(ana)), false);
    lease.heartbeat();
    settleAll(lease, store);
    assert.equal(store.hash.get(userField(ana)), encodeDevices([device("phone")]));
  }
  lease.heartbeat();
  assert.deepEqual(settleAll(lease, store).map(({ kind }) => kind), ["beat"]);
});

Deno.test("a whole that was given up and is done late takes nobody away for longer than a heartbeat", () => {
  const lease = new Lease({ replica: "e1", ttlS: 60 }), store = new ModelStore();
  const late = lease.next(0)!;
  lease.settle(late);
  lease.set(ana, [device("phone")]);
  settleAll(lease, store);
  store.run(late.commands);
  assert.equal(store.hash.has(userField(ana)), false);
  lease.heartbeat();
  settleAll(lease, store);
  assert.equal(store.hash.get(userField(ana)), encodeDevices([device("phone")]));
});

Deno.test("the first request writes the whole, even of nobody, with marker and expiry", () => {
  const lease = new Lease({ replica: "e1", ttlS: 60 });
  assert.equal(lease.whole, false);
  const request = lease.next(5_000_000)!;
  assert.deepEqual(request.commands, [
    ["DEL", "on:e1"],
    ["ZREMRANGEBYSCORE", "replicas", 0, 5_000_000 - 3_600_000],
    ["HSET", "on:e1", { [MARKER_FIELD]: "1" }],
    ["EXPIRE", "on:e1", 60],
    ["ZADD", "replicas", 5_060_000, "e1"],
  ]);
  lease.settle(request, [0, 0, 1, 1, 1]);
  assert.equal(lease.whole, true);
  assert.equal(lease.next(0), undefined);
});

Deno.test("changes gather into one pipeline, the last one of a user counts", () => {
  const lease = new Lease({ replica: "e1", ttlS: 60 });
  settleAll(lease, new ModelStore());
  lease.set(ana, [device("a")]);
  lease.set(bob, [device("b")]);
  lease.set(ana, []);
  assert.deepEqual(lease.next(0)!.commands, [
    ["HSET", "on:e1", { "u:bob": encodeDevices([device("b")]) }],
    ["HDEL", "on:e1", "u:ana"],
    ["EXPIRE", "on:e1", 60],
  ]);
});

Deno.test("a beat is three commands, for nobody and for 100,000 users", () => {
  for (const users of [0, 100_000]) {
    const lease = new Lease({ replica: "e1", ttlS: 60 }), store = new ModelStore();
    for (let i = 0; i < users; i++) lease.set(`u${i}` as UserId, [device("d")]);
    settleAll(lease, store);
    assert.equal(store.hash.size, users + 1);
    lease.beatDue();
    const [beat, ...more] = settleAll(lease, store);
    assert.equal(beat!.commands.length, 3);
    assert.equal(more.length, 0);
  }
});

Deno.test("a hash that was not there is written again in parts, the marker with the last", () => {
  const lease = new Lease({ replica: "e1", ttlS: 60 }), store = new ModelStore();
  const users = USERS_PER_WRITE * 2 + 1;
  for (let i = 0; i < users; i++) lease.set(`u${i}` as UserId, [device("d")]);
  settleAll(lease, store);
  store.lapse();
  lease.beatDue();
  const requests = settleAll(lease, store);
  assert.deepEqual(requests.map(({ kind }) => kind), ["beat", "whole", "whole", "whole"]);
  const marked = requests.map((request) => JSON.stringify(request.commands).includes('"marker"'));
  assert.deepEqual(marked.slice(1), [false, false, true]);
  assert.equal(store.hash.size, users + 1);
});

Deno.test("whatever fails or lapses, the store ends as told, and nothing is left without an expiry", () => {
  const users = fc.constantFrom("a", "b", "c", "d");
  const action = fc.oneof(
    fc.record({ type: fc.constant("set" as const), user: users, devices: fc.nat({ max: 2 }) }),
    fc.record({
      type: fc.constantFrom("send" as const, "lose" as const, "half" as const, "lapse" as const),
    }),
  );
  fc.assert(fc.property(fc.array(action, { maxLength: 40 }), (actions) => {
    const lease = new Lease({ replica: "e1", ttlS: 60 }), store = new ModelStore();
    const truth = new Map<string, string>();
    for (const each of actions) {
      if (each.type === "set") {
        const devices = Array.from({ length: each.devices }, (_, i) => device(`d${i}`));
        lease.set(each.user as UserId, devices);
        const field = userField(each.user as UserId);
        if (devices.length > 0) truth.set(field, encodeDevices(devices));
        else truth.delete(field);
      } else if (each.type === "lapse") {
        store.lapse();
        lease.beatDue();
      } else {
        const request = lease.next(0);
        if (!request) continue;
        // Lost before it ran, or after: the lease cannot tell.
        if (each.type === "lose") lease.settle(request);
        else {
          const replies = store.run(request.commands);
          lease.settle(request, each.type === "half" ? undefined : replies);
        }
      }
      assert(store.hash.size === 0 || store.expires, "something was left without an expiry");
    }
    lease.beatDue();
    settleAll(lease, store);
    assert.deepEqual(new Map([...truth, [MARKER_FIELD, "1"]]), ordered(store.hash, truth));
  }));
});

function ordered(hash: Map<string, string>, like: Map<string, string>): Map<string, string> {
  assert.equal(hash.size, like.size + 1);
  return new Map([...like.keys(), MARKER_FIELD].map((field) => [field, hash.get(field) ?? ""]));
}

Deno.test("while the store is away those who come and go cost no more than the bound", () => {
  const lease = new Lease({ replica: "e1", ttlS: 60 }), store = new ModelStore();
  lease.set(ana, [device("phone")]);
  settleAll(lease, store);
  for (let i = 0; i < 2.5 * MAX_UNWRITTEN; i++) {
    const user = `u${i}` as UserId;
    lease.set(user, [device("phone")]);
    lease.set(user, []);
    assert(lease.unwritten <= MAX_UNWRITTEN);
    if (i % 100_000 === 50_000) lease.settle(lease.next(0)!);
  }
  lease.set(bob, [device("tablet")]);
  settleAll(lease, store);
  assert.deepEqual(
    [...store.hash.keys()].sort(),
    [MARKER_FIELD, userField(ana), userField(bob)].sort(),
  );
  assert.equal(lease.unwritten, 0);
});

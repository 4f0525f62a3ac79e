import assert from "node:assert/strict";
import type { UserId } from "shared/ids.ts";
import type { Command } from "shared/wire/codec.ts";
import { CLOSES, wireError } from "shared/wire/codes.ts";
import type { Effect, Input, SessionSettings, SessionState } from "./state.ts";
import { openSession, step } from "./step.ts";

const settings: SessionSettings = {
  pingMs: 25_000,
  pongMs: 8_000,
  probeMs: 5_000,
  connectMs: 10_000,
  answerMs: 4_000,
  graceMs: 25_000,
  maxPending: 3,
  maxPendingBytes: 300,
  version: "1.0.0",
  client: "c1",
};
const ana = "ana" as UserId;
const CONNECT: Command = { verb: "connect", id: 1, token: "t", data: { device: "phone" } };
const RPC: Command = { verb: "rpc", id: 2, method: "send", data: { n: 1 } };

function run(inputs: Input[], from: SessionState = openSession(0, settings)) {
  const effects: Effect[] = [];
  let state = from;
  for (const input of inputs) {
    const next = step(state, input, settings);
    state = next.state;
    effects.push(...next.effects);
  }
  return { state, effects };
}

const command = (command: Command, { bytes = 10, nowMs = 0 } = {}): Input => ({
  type: "command",
  command,
  bytes,
  nowMs,
});
const verified = (ok: boolean, why: "expired" | "invalid" | "unavailable" = "invalid"): Input => ({
  type: "verified",
  purpose: { for: "connect" },
  verdict: ok ? { ok, user: ana, expiresMs: 60_000, issuedMs: 5_000 } : { ok, why },
  wallMs: 0,
});
const attached: Input & { type: "attached" } = {
  type: "attached",
  attached: { ok: true, epoch: "E", head: 900, recovered: true },
  nowMs: 0,
  wallMs: 0,
};
const answered = (id: number, bytes = 10): Input => ({
  type: "answered",
  id,
  bytes,
  reply: { rpc: {} },
});
const tick = (nowMs: number, unconfirmed = false, wallMs = nowMs): Input => ({
  ...{ type: "tick", nowMs, wallMs, unconfirmed },
});
const connected = () => run([command(CONNECT), verified(true), attached]).state;
const closes = (effects: Effect[]) =>
  effects.flatMap((e) => e.do === "close" ? [e.close.code] : []);
const errors = (effects: Effect[]) =>
  effects.flatMap((e) => e.do === "reply" && "error" in e.reply ? [e.reply.error.code] : []);

Deno.test("step() answers a connect with the head when no position was asked for", () => {
  const { effects } = run([command(CONNECT), verified(true), attached]);
  const reply = effects.find((e) => e.do === "reply");
  assert.deepEqual(reply, {
    do: "reply",
    id: 1,
    reply: {
      connect: {
        client: "c1",
        version: "1.0.0",
        ttl: 60,
        ping: 25,
        data: { user: "ana", device: "phone" },
        inbox: { epoch: "E", offset: 900 },
      },
    },
  });
  assert.equal(effects.at(-1)?.do, "start live");
});

Deno.test("step() answers a resume with the position asked for, and a lost one with the head", () => {
  const resume = { ...CONNECT, recover: { gsid: 7, epoch: "E" } } as Command;
  for (const [recovered, offset] of [[true, 7], [false, 900]] as const) {
    const input: Input = {
      ...attached,
      attached: { ok: true, epoch: "E", head: 900, recovered },
    };
    const { effects } = run([command(resume), verified(true), input]);
    const reply = effects.find((e) => e.do === "reply");
    assert.ok(reply && "connect" in reply.reply);
    assert.deepEqual(reply.reply.connect.inbox, { epoch: "E", offset, recovered });
  }
});

Deno.test("step() prefers the SDK's position to the one that the app stored", () => {
  const both: Command = {
    verb: "connect",
    id: 1,
    token: "t",
    data: { since: { gsid: 3, epoch: "old" } },
    recover: { gsid: 9, epoch: "E" },
  };
  const { effects } = run([command(both), verified(true)]);
  const attach = effects.find((e) => e.do === "attach");
  assert.deepEqual(attach?.request.since, { gsid: 9, epoch: "E" });
});

Deno.test("step() refuses a token with the code that makes the SDK do the right thing", () => {
  assert.deepEqual(errors(run([command(CONNECT), verified(false, "expired")]).effects), [109]);
  assert.deepEqual(errors(run([command(CONNECT), verified(false, "invalid")]).effects), [101]);
  assert.deepEqual(errors(run([command(CONNECT), verified(false, "unavailable")]).effects), [100]);
});

Deno.test("step() sends nothing on a token whose grace is over, however lenient the verifier", () => {
  const late = 60_000 + settings.graceMs;
  const at = (input: Input, wallMs: number) => ({ ...input, wallMs }) as Input;
  const early = run([command(CONNECT), at(verified(true), late - 1), at(attached, late - 1)]);
  assert.equal(early.state.phase.name, "connected");
  assert.deepEqual(errors(run([command(CONNECT), at(verified(true), late)]).effects), [109]);
  const { effects } = run([command(CONNECT), verified(true), at(attached, late)]);
  assert.deepEqual(closes(effects), [3005]);
  assert.ok(!effects.some((effect) => effect.do === "reply"));
});

Deno.test("step() names the field of a bad connect", () => {
  for (const data of [{ device: "" }, { device: 7 }, { since: 4 }, { foreground: "yes" }, [1]]) {
    const { effects } = run([command({ verb: "connect", id: 1, token: "t", data })]);
    assert.deepEqual(errors(effects), [107], JSON.stringify(data));
    const reply = effects[0];
    assert.ok(reply?.do === "reply" && "error" in reply.reply);
    assert.match(reply.reply.error.message, /^data/);
  }
});

Deno.test("step() closes 3501 on a command before connect and on a second connect", () => {
  assert.deepEqual(closes(run([command(RPC)]).effects), [3501]);
  assert.deepEqual(closes(run([command(CONNECT)], connected()).effects), [3501]);
  assert.deepEqual(closes(run([command(CONNECT), command(CONNECT)]).effects), [3501]);
});

Deno.test("step() runs commands that came behind the connect after its reply", () => {
  const { effects } = run([command(CONNECT), command(RPC), verified(true), attached]);
  assert.deepEqual(effects.map((e) => e.do), ["verify", "attach", "reply", "start live", "call"]);
});

Deno.test("step() answers 111 beyond the commands that may be pending", () => {
  const many = [1, 2, 3, 4].map((id) => command({ ...RPC, id } as Command));
  const { effects, state } = run(many, connected());
  assert.deepEqual(errors(effects), [111]);
  assert.deepEqual(errors(run([command(RPC)], run([answered(1)], state).state).effects), []);
});

Deno.test("step() answers 111 beyond the bytes that may be pending, until some are answered", () => {
  const large = (id: number) => command({ ...RPC, id } as Command, { bytes: 150 });
  const { effects, state } = run([large(1), large(2), command({ ...RPC, id: 3 })], connected());
  assert.deepEqual(errors(effects), [111]);
  const { effects: after } = run([answered(1, 150), large(4)], state);
  assert.deepEqual(after.map((e) => e.do), ["reply", "call"]);
});

Deno.test("step() keeps little of a client that talks before it was answered", () => {
  const early = [command(CONNECT), verified(true)];
  const one = command(RPC, { bytes: 100 });
  assert.deepEqual(closes(run([...early, one, one, one]).effects), []);
  assert.deepEqual(closes(run([...early, one, one, one, command(RPC)]).effects), [3501]);
  assert.deepEqual(closes(run([...early, command(RPC, { bytes: 301 })]).effects), [3501]);
});

Deno.test("step() answers what came behind a refused connect as it answered that", () => {
  const busy: Input = {
    ...attached,
    attached: { ok: false, error: wireError("tooManyRequests") },
  };
  const ack: Command = { verb: "send", data: { type: "ack", gsid: 1 } };
  const { effects, state } = run([
    command(CONNECT),
    command(RPC),
    command(ack),
    verified(true),
    busy,
  ]);
  assert.deepEqual(errors(effects), [111, 111]);
  assert.deepEqual(closes(effects), []);
  const again = run([command(CONNECT), verified(true), attached], state);
  assert.equal(again.state.phase.name, "connected");
});

Deno.test("step() answers what is too much with 111, if it is answered at all", () => {
  const refused = (command: Command) => run([{ type: "refused", command }], connected()).effects;
  assert.deepEqual(errors(refused(RPC)), [111]);
  assert.deepEqual(errors(refused({ verb: "ping", id: 4 })), [111]);
  assert.deepEqual(refused({ verb: "send", data: {} }), []);
});

Deno.test("step() lets a connection leave with its answers, and begins nothing more for it", () => {
  const leave: Input = { type: "leave", close: CLOSES.shutdown };
  assert.deepEqual(closes(run([leave], connected()).effects), [3001]);
  const two = run([command(RPC), command({ ...RPC, id: 3 }), leave], connected());
  assert.deepEqual(closes(two.effects), []);
  const more = run([command({ ...RPC, id: 4 }), answered(2)], two.state);
  assert.deepEqual(errors(more.effects), [100]);
  const last = run([answered(3)], more.state).effects;
  assert.deepEqual(last.map((e) => e.do), ["reply", "close"]);
  assert.deepEqual(closes(last), [3001]);
});

Deno.test("step() answers 108 to verbs that are not served, and pings", () => {
  const { effects } = run([
    command({ verb: "unavailable", id: 5, name: "subscribe" }),
    command({ verb: "ping", id: 6 }),
  ], connected());
  assert.deepEqual(effects[0], {
    do: "reply",
    id: 5,
    reply: { error: { code: 108, message: "subscribe is not available" } },
  });
  assert.deepEqual(effects[1], { do: "reply", id: 6, reply: { ping: true } });
});

Deno.test("step() pings every 25 s, and closes 3012 when no pong comes within 8", () => {
  const { state, effects } = run([tick(24_999), tick(25_000), tick(32_999)], connected());
  assert.deepEqual(effects.map((e) => e.do), ["ping"]);
  assert.deepEqual(closes(run([tick(33_000)], state).effects), [3012]);
  const answered = run([command({ verb: "pong" }), tick(49_999), tick(50_000)], state);
  assert.deepEqual(answered.effects.map((e) => e.do), ["pong", "ping"]);
});

Deno.test("step() probes a device that owes a confirmation, at most every 5 s", () => {
  const { effects } = run([tick(4_999, true), tick(5_000, true)], connected());
  assert.deepEqual(effects.map((e) => e.do), ["ping"]);
});

Deno.test("step() closes 3502 when nobody connected in time, and 3005 when the token ran out", () => {
  assert.deepEqual(closes(run([tick(10_000)]).effects), [3502]);
  const late = connected();
  const pong = command({ verb: "pong" });
  const upTo = run([tick(25_000), pong, tick(50_000), pong, tick(84_999)], late);
  assert.deepEqual(closes(upTo.effects), []);
  assert.deepEqual(closes(run([tick(85_000)], upTo.state).effects), [3005]);
});

Deno.test("step() pings by the time that passed, and ends a token by the time that it is", () => {
  const setBack = run([tick(24_999, false, -3_600_000)], connected());
  assert.deepEqual(setBack.effects, []);
  const pinged = run([tick(25_000, false, -3_575_000)], setBack.state);
  assert.deepEqual(pinged.effects, [{ do: "ping" }]);
  assert.deepEqual(closes(run([tick(33_000, false, -3_567_000)], pinged.state).effects), [3012]);
  // A machine that slept: no time passed for it, and the token ran out.
  assert.deepEqual(closes(run([tick(1_000, false, 84_999)], connected()).effects), []);
  assert.deepEqual(closes(run([tick(1_000, false, 85_000)], connected()).effects), [3005]);
});

Deno.test("step() ends a connect that we are too slow for while its client still listens", () => {
  const asked = [command(CONNECT, { nowMs: 2_000 }), tick(5_999)];
  for (const inputs of [asked, [...asked, verified(true)]]) {
    const { effects, state } = run(inputs);
    assert.deepEqual(closes(effects), []);
    assert.deepEqual(closes(run([tick(6_000)], state).effects), [3004], "it may come back");
  }
});

Deno.test("step() takes a refresh of the same user only", () => {
  const refresh: Command = { verb: "refresh", id: 9, token: "t2" };
  const answer = (verdict: (Input & { type: "verified" })["verdict"]) =>
    run([
      command(refresh),
      { type: "verified", purpose: { for: "refresh", id: 9 }, verdict, wallMs: 1_000 },
    ], connected()).effects;
  const good = answer({ ok: true, user: ana, expiresMs: 101_000, issuedMs: 0 });
  assert.deepEqual(good.at(-1), {
    do: "reply",
    id: 9,
    reply: { refresh: { client: "c1", version: "1.0.0", ttl: 100 } },
  });
  const bens = { user: "ben" as UserId, expiresMs: 1, issuedMs: 0 };
  assert.deepEqual(closes(answer({ ok: true, ...bens })), [3500]);
  assert.deepEqual(closes(answer({ ok: false, why: "invalid" })), [3500]);
  assert.deepEqual(closes(answer({ ok: false, why: "expired" })), [3005]);
  assert.deepEqual(errors(answer({ ok: false, why: "unavailable" })), [100]);
});

const revoked = (beforeMs: number): Input => ({ type: "revoked", beforeMs });
const refreshed = (issuedMs: number): Input => ({
  type: "verified",
  purpose: { for: "refresh", id: 9 },
  verdict: { ok: true, user: ana, expiresMs: 60_000, issuedMs },
  wallMs: 0,
});

Deno.test("step() ends a connection whose token was issued before what was revoked, and no other", () => {
  assert.deepEqual(run([revoked(5_000), revoked(4_999)], connected()).effects, []);
  assert.deepEqual(closes(run([revoked(5_001)], connected()).effects), [3503]);
  const none = run([command(CONNECT), verified(true), attached, refreshed(0)]).state;
  assert.deepEqual(closes(run([revoked(1)], none).effects), [3503], "without iat");
});

Deno.test("step() tells who is not let in yet that its token is no good", () => {
  const attaching = run([command(CONNECT), verified(true)]).state;
  assert.deepEqual(closes(run([revoked(5_001), attached], attaching).effects), [3500]);
  assert.deepEqual(closes(run([revoked(5_000), attached], attaching).effects), []);
});

Deno.test("step() takes no refresh by a token of before what was revoked, and keeps that in mind", () => {
  const known = run([revoked(5_000), revoked(3_000)], connected()).state;
  assert.deepEqual(closes(run([refreshed(4_999)], known).effects), [3500]);
  assert.deepEqual(closes(run([refreshed(0)], known).effects), [3500]);
  const { state, effects } = run([refreshed(7_000)], known);
  assert.deepEqual(closes(effects), []);
  assert.deepEqual(run([revoked(6_000)], state).effects, [], "the later token lets it stay");
  assert.deepEqual(closes(run([revoked(7_001)], state).effects), [3503]);
});

Deno.test("step() forgets with a connect that failed what was revoked of its user", () => {
  const failed: Input = {
    ...attached,
    attached: { ok: false, error: wireError("internal") },
  };
  const { state } = run([command(CONNECT), verified(true), revoked(5_000), failed]);
  assert.equal(state.revokedMs, undefined);
  assert.equal(state.issuedMs, undefined);
});

Deno.test("step() reads acks and states, passes over what it does not know, closes on nonsense", () => {
  const send = (data: Command & { verb: "send" } extends { data: infer D } ? D : never) =>
    run([command({ verb: "send", data })], connected()).effects;
  assert.deepEqual(send({ type: "ack", gsid: 4 }), [{ do: "ack", gsid: 4 }]);
  assert.deepEqual(send({ type: "state", foreground: false }), [{
    do: "foreground",
    foreground: false,
  }]);
  assert.deepEqual(send({ type: "from the future" }), []);
  const reasons = (effects: Effect[]) =>
    effects.flatMap((e) => e.do === "close" ? [e.close.reason] : []);
  const wrong: [Parameters<typeof send>[0], string][] = [
    [{ type: "ack", gsid: -1 }, "send.data.gsid must be an integer below 2^53"],
    [{ type: "state", foreground: 1 }, "send.data.foreground must be true or false"],
    [[], "send.data must be an object"],
  ];
  for (const [data, fault] of wrong) {
    assert.deepEqual(closes(send(data)), [3501]);
    assert.deepEqual(reasons(send(data)), [`bad request: ${fault}`]);
  }
});

Deno.test("step() does nothing once it has closed", () => {
  const { state } = run([{ type: "end", close: { code: 3001, reason: "shutdown" } }], connected());
  assert.deepEqual(run([command(RPC), tick(1e9), attached], state).effects, []);
});

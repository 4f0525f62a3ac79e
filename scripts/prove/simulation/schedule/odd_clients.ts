/**
 * What clients do that know the protocol badly, or not at all.
 *
 * Each has a connection of its own, so that what it does to it costs no device anything.
 *
 * @module
 */

import type { UserId } from "shared/ids.ts";
import { jsonCodec } from "shared/wire/json.ts";
import { Pipe } from "../model/pipe.ts";
import { tokenOf } from "../real/edge.ts";
import type { Action } from "./action.ts";

/** Nobody writes to her. */
const EVE = "eve" as UserId;

/** `say`: several commands make one frame. */
type Script = (say: (...commands: unknown[]) => void, token: string) => void;

/** Plays `script` on a new connection, which answers pings unless it is `deaf`. */
function odd(script: Script, { deaf = false, tokenMs = 60_000 } = {}): Action["run"] {
  return (world) => {
    const { timeline, random, chronicle } = world;
    const edge = random.pick(world.edges);
    const pipe: Pipe = new Pipe({
      timeline,
      random,
      process: edge.process,
      codec: jsonCodec,
      limitBytes: world.settings.edge.sendBufferBytes,
      client: {
        onFrame(frame) {
          if (frame === "{}" && !deaf) pipe.say("{}");
          if (frame.includes(`"refresh"`)) chronicle.note("refreshed");
          if (frame.includes(`"ping":{}`)) chronicle.note("ping answered");
        },
        onClosed: (code) => {
          chronicle.note("odd connection ended", code);
          pipe.hangUp();
        },
      },
    });
    if (!edge.accept(pipe)) return;
    const { nowMs } = timeline;
    const token = tokenOf({ user: EVE, issuedMs: nowMs, expiresMs: nowMs + tokenMs });
    script(
      (...commands) => pipe.say(commands.map((each) => JSON.stringify(each)).join("\n")),
      token,
    );
    world.odd.add(pipe);
  };
}

const connect = (token: string) => ({ id: 1, connect: { token } });

export const ODD_CLIENTS_DO: readonly Action[] = [
  { name: "open and say nothing", weight: 0.6, run: odd(() => {}) },
  { name: "call before connecting", weight: 0.4, run: odd((say) => say({ id: 1, ping: {} })) },
  {
    name: "connect twice",
    weight: 0.4,
    run: odd((say, token) => {
      say(connect(token));
      say(connect(token));
    }),
  },
  { name: "connect with a bad token", weight: 0.4, run: odd((say) => say(connect("nonsense"))) },
  {
    name: "connect with an old token",
    weight: 0.4,
    run: odd((say, token) => say(connect(token)), { tokenMs: -60_000 }),
  },
  {
    name: "refresh",
    weight: 0.6,
    run: odd((say, token) => {
      say(connect(token));
      say({ id: 2, refresh: { token } });
      say({ id: 3, ping: {} });
      say({ id: 4, subscribe: { channel: "x" } });
      say({ id: 5, rpc: { method: "nonsense", data: {} } });
    }),
  },
  {
    name: "refresh with a bad token",
    weight: 0.4,
    run: odd((say, token) => {
      say(connect(token));
      say({ id: 2, refresh: { token: "nonsense" } });
    }),
  },
  {
    name: "let a token run out",
    weight: 0.6,
    run: odd((say, token) => say(connect(token)), { tokenMs: 1_500 }),
  },
  {
    name: "say too much",
    weight: 0.2,
    run: odd((say, token) => {
      say(connect(token));
      const acks = Array(100).fill({ send: { data: { type: "ack", gsid: 1 } } });
      for (let frames = 0; frames < 6; frames++) say(...acks);
    }),
  },
  {
    name: "connect too often",
    weight: 0.2,
    run(world) {
      for (let n = 0; n < 14; n++) odd((say, token) => say(connect(token)))(world);
    },
  },
  {
    name: "never answer a ping",
    weight: 0.6,
    run: odd((say, token) => say(connect(token)), { deaf: true }),
  },
];

import assert from "node:assert/strict";
import { testNats } from "testing/nats.ts";
import { passOverForsakenSockets } from "shared/forsaken_sockets.ts";

const errorOf = (fields: object) => Object.assign(new Error("read ECONNRESET"), fields);
const RESET = errorOf({ code: "ECONNRESET", syscall: "read" });

/** Whether the program lives on. */
function survives(uncaught: EventTarget, error: unknown): boolean {
  return !uncaught.dispatchEvent(new ErrorEvent("error", { error, cancelable: true }));
}

Deno.test("passOverForsakenSockets() passes over what a peer did to a socket that nobody has, and tells of it", () => {
  const uncaught = new EventTarget();
  const told: Error[] = [];
  using _ = passOverForsakenSockets(uncaught, (error) => told.push(error));
  const broken = errorOf({ code: "EPIPE", syscall: "write" });
  assert.ok(survives(uncaught, RESET));
  assert.ok(survives(uncaught, broken));
  assert.deepEqual(told, [RESET, broken]);
});

Deno.test("passOverForsakenSockets() lets every other error end the program", () => {
  const uncaught = new EventTarget();
  using _ = passOverForsakenSockets(uncaught, () => assert.fail("it was told"));
  const others = [
    new Error("read ECONNRESET"),
    new TypeError("undefined is not a function"),
    errorOf({ code: "ECONNREFUSED", syscall: "connect" }),
    errorOf({ code: "EADDRINUSE", syscall: "listen" }),
    errorOf({ code: "ECONNRESET" }),
    "ECONNRESET",
    undefined,
  ];
  for (const error of others) assert.ok(!survives(uncaught, error), String(error));
});

Deno.test("passOverForsakenSockets() ends with its owner", () => {
  const uncaught = new EventTarget();
  passOverForsakenSockets(uncaught)[Symbol.dispose]();
  assert.ok(!survives(uncaught, RESET));
});

/** What a program does whose credentials are refused, again and again. */
const REFUSED = `
  import { connect } from "@nats-io/transport-node";
  import { passOverForsakenSockets } from "shared/forsaken_sockets.ts";
  passOverForsakenSockets(globalThis);
  const [servers] = Deno.args;
  const refused = () =>
    connect({ servers, user: "edge", pass: "wrong", reconnect: false })
      .then(() => Deno.exit(3), () => {});
  for (let n = 0; n < 40; n++) await Promise.all(Array.from({ length: 8 }, refused));
`;

Deno.test("a program lives on whose connections a NATS server refuses and resets", async () => {
  await using nats = await testNats("authorization { user: edge, password: edge }");
  const { code, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["eval", REFUSED, nats.url],
  }).output();
  assert.equal(code, 0, new TextDecoder().decode(stderr));
});

/** A client that answers late, and has let go of its socket before the error comes. */
const LATE = `
  import { createConnection } from "node:net";
  import { passOverForsakenSockets } from "shared/forsaken_sockets.ts";
  const over = Promise.withResolvers();
  passOverForsakenSockets(globalThis, over.resolve);
  const socket = createConnection(Number(Deno.args[0]), "127.0.0.1", () => {
    socket.end();
    socket.write("CONNECT {}", () => {});
    socket.removeAllListeners();
  });
  console.log((await over.promise).message);
  Deno.exit(0);
`;

Deno.test("a program lives on that writes to a connection which has ended", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["eval", LATE, String(listener.addr.port)],
  }).output();
  assert.equal(code, 0, new TextDecoder().decode(stderr));
  assert.equal(new TextDecoder().decode(stdout), "write after end\n");
});

import assert from "node:assert/strict";
import { refusalsIn } from "./nats_refusals.ts";

const line = (server: number, cid: number, subject: string) =>
  `[${server}] 2026/11/30 17:35:17.119315 [ERR] 127.0.0.1:45342 - cid:${cid} - ` +
  `Publish Violation - Nkey "UBDY", Subject "${subject}"`;

Deno.test("refusalsIn() tells everything that was refused, but to whoever checks what is", () => {
  const stolen = line(1, 8, "rpc.send"), later = line(2, 7, "chat.system-alerts");
  const log = [
    "[1] 2026/11/30 17:35:17.000001 [INF] Server is ready",
    line(1, 7, "fanfare-check-22a94f25-0a08-436b-ba96-9ae306fb8b1e"),
    line(1, 7, "rpc.send"),
    stolen,
    later,
  ];
  assert.deepEqual(refusalsIn(log.join("\n")), [stolen, later]);
});

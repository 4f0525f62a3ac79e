/**
 * For tests, as a process of its own: a balancer in front of the port that it is told. It prints its
 * own.
 *
 * @module
 */

import { Balancer } from "../balancer.ts";

const port = Number(Deno.args[0]);
// As a host does: the runtime takes files of its own for it, and panics where it gets none later.
Deno.addSignalListener("SIGTERM", () => Deno.exit());
const balancer = new Balancer(() => [{ id: "one", port, isOpen: true }]);
await balancer.listen({ hostname: "127.0.0.1", port: 0 });
console.log(balancer.address!.port);

import assert from "node:assert/strict";
import { join } from "node:path";
import { answerAfterTooMany } from "testing/few_files.ts";
import { closedPort } from "../../../../services/claimed_ports.ts";
import { Balancer } from "./balancer.ts";
import type { Backend } from "./choose.ts";

/** A server that says its name to whoever connects, and then gives back what it is told. */
class Echo implements Backend, AsyncDisposable {
  readonly id: string;
  isOpen = true;
  readonly #listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  readonly #serving: Promise<void>;

  constructor(id: string) {
    this.id = id;
    this.#serving = this.#serve();
  }

  get port(): number {
    return (this.#listener.addr as Deno.NetAddr).port;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    await this.#serving;
  }

  async #serve(): Promise<void> {
    const talks: Promise<void>[] = [];
    for await (const connection of this.#listener) {
      talks.push((async () => {
        await connection.write(new TextEncoder().encode(this.id));
        await connection.readable.pipeTo(connection.writable).catch(() => {});
      })());
    }
    await Promise.all(talks);
  }
}

class Client implements Disposable {
  readonly #connection: Deno.TcpConn;

  private constructor(connection: Deno.TcpConn) {
    this.#connection = connection;
  }

  static async connect(balancer: Balancer): Promise<Client> {
    return new Client(await Deno.connect(balancer.address!));
  }

  say(text: string): Promise<number> {
    return this.#connection.write(new TextEncoder().encode(text));
  }

  done(): Promise<void> {
    return this.#connection.closeWrite();
  }

  /** The next words; `undefined` at the end. */
  async hear(): Promise<string | undefined> {
    const buffer = new Uint8Array(1024);
    const read = await this.#connection.read(buffer).catch(() => null);
    return read === null ? undefined : new TextDecoder().decode(buffer.subarray(0, read));
  }

  [Symbol.dispose](): void {
    this.#connection.close();
  }
}

const ANYWHERE = { hostname: "127.0.0.1", port: 0 };

Deno.test("Balancer gives new connections to whoever is open, and leaves the others where they are", async () => {
  await using a = new Echo("a");
  await using b = new Echo("b");
  await using balancer = new Balancer(() => [a, b]);
  await balancer.listen(ANYWHERE);
  b.isOpen = false;
  using first = await Client.connect(balancer);
  assert.equal(await first.hear(), "a");
  a.isOpen = false;
  b.isOpen = true;
  using second = await Client.connect(balancer);
  assert.equal(await second.hear(), "b");
  await first.say("still here");
  assert.equal(await first.hear(), "still here");
  assert.deepEqual([balancer.connectionsOf("a"), balancer.connectionsOf("b")], [1, 1]);
});

Deno.test("Balancer tells the end of one side to the other, and what was said before it", async () => {
  await using a = new Echo("a");
  await using balancer = new Balancer(() => [a]);
  await balancer.listen(ANYWHERE);
  using client = await Client.connect(balancer);
  assert.equal(await client.hear(), "a");
  await client.say("bye");
  await client.done();
  assert.equal(await client.hear(), "bye");
  assert.equal(await client.hear(), undefined);
});

Deno.test("Balancer tries the next where one does not listen, and hangs up where nobody does", async () => {
  await using a = new Echo("a");
  const backends: Backend[] = [{ id: "gone", port: closedPort(), isOpen: true }, a];
  await using balancer = new Balancer(() => backends);
  await balancer.listen(ANYWHERE);
  using client = await Client.connect(balancer);
  assert.equal(await client.hear(), "a");
  backends.pop();
  using other = await Client.connect(balancer);
  assert.equal(await other.hear(), undefined);
});

Deno.test("Balancer moves to another port without ending anybody's connection", async () => {
  await using a = new Echo("a");
  await using balancer = new Balancer(() => [a]);
  await balancer.listen(ANYWHERE);
  const before = balancer.address!;
  using client = await Client.connect(balancer);
  assert.equal(await client.hear(), "a");
  await balancer.listen(ANYWHERE);
  assert.equal(balancer.address!.port, before.port, "any free one is the one it has");
  const taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = taken.addr as Deno.NetAddr;
  await assert.rejects(balancer.listen({ ...ANYWHERE, port }), /Cannot listen on 127.0.0.1:/);
  assert.equal(balancer.address!.port, before.port);
  taken.close();
  await balancer.listen({ ...ANYWHERE, port });
  await client.say("still here");
  assert.equal(await client.hear(), "still here");
  await assert.rejects(Deno.connect(before));
});

Deno.test("more connections than it may hold end nothing: when they are gone, others get in", async () => {
  const options = { hostname: "127.0.0.1", port: 0, onListen() {} };
  await using server = Deno.serve(options, () => new Response("here"));
  const main = join(import.meta.dirname!, "testing/balanced.ts");
  assert.equal(await answerAfterTooMany(main, `${server.addr.port}`), "here");
});

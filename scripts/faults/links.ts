/**
 * A proxy on each link of a system, so that what one program uses can fail for it alone.
 *
 * Invariant: a link has one proxy, for as long as the system runs; while nothing is asked of it,
 * nobody notices it.
 *
 * @module
 */

import type { Address } from "../services/address.ts";
import type { Link, Through } from "../dev/links.ts";
import { PostgresProxy } from "./postgres_proxy.ts";
import { TcpProxy } from "./tcp_proxy.ts";

export class Links implements AsyncDisposable {
  readonly #proxies = new Map<string, TcpProxy>();
  readonly #isWanted: (link: Link) => boolean;

  /** Default: on every link. */
  constructor(isWanted: (link: Link) => boolean = () => true) {
    this.#isWanted = isWanted;
  }

  /** For `startSystem`. */
  get through(): Through {
    return (link, address) => {
      if (!this.#isWanted(link)) return address;
      const key = keyOf(link.from, link.to);
      const proxy = this.#proxies.get(key) ?? openProxy(link, address);
      this.#proxies.set(key, proxy);
      return proxy.address;
    };
  }

  /** @throws {RangeError} When nobody was told of it yet. */
  of(from: string, to: string): TcpProxy {
    const proxy = this.#proxies.get(keyOf(from, to));
    if (!proxy) throw new RangeError(`Cannot find the link from ${from} to ${to}`);
    return proxy;
  }

  postgresOf(from: string): PostgresProxy {
    return this.of(from, "postgres") as PostgresProxy;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#proxies.values()].map((proxy) => proxy[Symbol.asyncDispose]()));
  }
}

function keyOf(from: string, to: string): string {
  return `${from} → ${to}`;
}

function openProxy({ to }: Link, address: Address): TcpProxy {
  return to === "postgres" ? new PostgresProxy(address) : new TcpProxy(address);
}

/**
 * What one run of the explorer looks at: a world of its own, small enough to be seen whole.
 *
 * @module
 */

import { Ledger } from "edge/hub/ledger.ts";
import type { UserId } from "shared/ids.ts";
import { Intern } from "./engine/intern.ts";
import type { Bends } from "./world/bends.ts";
import { DORA, OTTO } from "./world/cast.ts";
import { EdgeModel } from "./world/edge_model.ts";
import type { Budget } from "./world/fields.ts";
import { Origins } from "./world/origins.ts";
import { Calendar, type Kind } from "./world/history.ts";

export interface Scope {
  /** What may be committed at each place, of one kind or several. */
  events: readonly (readonly Kind[])[];
  /** How often each fault may happen. */
  budget?: Budget;
  /** Who of Dora and Otto is in the group from the beginning; default: both. */
  members?: readonly UserId[];
  /** Between two events; default: 1. */
  spacingMs?: number;
  /** Groups are let go when nothing happened in them for so long; left out: never. */
  archiveAfterMs?: number;
  /** Default: all. */
  pageEvents?: number;
  /** What fits the buffer behind a catch-up; default: all. */
  bufferEvents?: number;
  /** The moment between a comparison and the next is a step of its own. */
  grace?: boolean;
  /** So is the bus server's answer to a flush. */
  flush?: boolean;
  /** After each frame the socket is full for a while. */
  slow?: boolean;
  /** Devices name themselves, and have one connection. */
  named?: boolean;
  /** The edge may not see that a connection is lost. */
  lingers?: boolean;
  /** A device may have two connections, and reads both. */
  bothRead?: boolean;
  /** Two origins are looked at, to which `events` are sent. */
  origins?: boolean;
  bends?: Bends;
}

const NEVER_MS = 1e9;
const NO_LIMIT = 100;

export function edgeModel(scope: Scope): EdgeModel {
  const { members = [DORA, OTTO], spacingMs = 1, archiveAfterMs, bends = {}, budget = {} } = scope;
  const { pageEvents = NO_LIMIT, bufferEvents = NO_LIMIT } = scope;
  const { grace = false, flush = false, slow = false, named = false } = scope;
  const { lingers = false, bothRead = false, origins = false } = scope;
  const calendar = new Calendar(spacingMs);
  const archives = archiveAfterMs !== undefined;
  const idle = { archives, archiveAfterMs: archiveAfterMs ?? NEVER_MS };
  const { createLedger = () => new Ledger(), hub: bend, published } = bends;
  return new EdgeModel({
    edge: {
      hub: { ...idle, createLedger, grace, abouts: new Intern(), ...(bend && { bend }) },
      feed: {
        ...{ flush, slow, named },
        receipts: (budget.pings ?? 0) > 0,
        maxBufferEvents: bufferEvents,
        gsidOf: calendar.gsidOf,
        abouts: new Intern(),
      },
      placeOf: calendar.placeOf,
      bends,
    },
    chapters: {
      ...{ calendar, members, pageEvents, events: scope.events },
      archiveAfterMs: idle.archiveAfterMs,
      ...(published && { published }),
      ...(origins && { sends: true, again: bends.origins?.forgetful === true }),
    },
    ...(origins && { origins: new Origins(bends.origins ?? {}, calendar.gsidOf(0)) }),
    ...{ budget, archives, named, lingers, bothRead },
  });
}

/**
 * Bugs of what clients and edges are told, of their sends and of revoked tokens, planted one by one.
 * For tests alone.
 *
 * @module
 */

import { decodeMessage, encodeMessage, type Entered, REQUEST } from "shared/bus/requests.ts";
import { Hub } from "edge/hub/hub.ts";
import type { Plant } from "../settings.ts";
import { patch } from "./patch.ts";
import { patchAppend } from "./patch_append.ts";

export const TOLD_PLANTS: Record<string, Plant> = {
  "a repeat is called new": {
    install: () =>
      patchAppend((run) => (running) => {
        const [answer] = run(running) as [{ rows: unknown[][] }];
        const rows = answer.rows.map(([outcome, ...place]) => [
          outcome === "duplicate" ? "stored" : outcome,
          ...place,
        ]);
        return [{ rows }];
      }),
  },

  "an edge does not pass on what a digest says was revoked": {
    install: () => patch(Hub.prototype, "revoke", () => () => {}),
  },

  "a connect is not told what was revoked before": {
    edge({ bus }) {
      const { request } = bus;
      bus.request = async (subject, data, timeoutMs) => {
        const answer = await request.call(bus, subject, data, timeoutMs);
        if (subject !== REQUEST.enter) return answer;
        const { revoked: _, ...entered } = decodeMessage<Entered>(answer);
        return encodeMessage<Entered>(entered);
      };
    },
  },
};

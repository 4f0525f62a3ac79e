/**
 * What a call of the hub is to a feed, and a call of the feed to the hub.
 *
 * @module
 */

import type { FeedInput, FeedOptions, FeedOutput } from "../real/feed.ts";
import type { HubInput, HubOutput, Who } from "../real/hub.ts";
import { TEAM } from "./cast.ts";

/** `undefined`: nobody looks at it. `enteredAt`: by which its connection knows its own claim. */
export function asFeedInput(
  output: HubOutput & { to: Who },
  { receipts }: Pick<FeedOptions, "receipts">,
  enteredAt?: number,
): FeedInput | undefined {
  switch (output.does) {
    case "receive": {
      const { gsid, topic, offset } = output;
      return { do: "receive", gsid, topic, offset };
    }
    case "gained":
      return { do: "gained", group: TEAM, joined: output.joined, cursor: output.cursor };
    case "control": {
      const { control } = output;
      if (control.type !== "taken") return { do: "control", control };
      const connection = control.at === enteredAt ? "this" : "another";
      return { do: "control", control: { ...control, connection } };
    }
    case "proved":
      return receipts ? { do: "proved", proven: output.proven } : undefined;
  }
}

export function asHubInput(output: FeedOutput, who: Who): HubInput {
  switch (output.does) {
    case "enter inbox":
      return { do: "enter inbox", who };
    case "enter groups":
      return { do: "enter groups", who, groups: output.groups };
    case "settle":
      return { do: "settle", who, head: output.head, groups: output.groups };
    case "settle gained": {
      const { joined, head, member } = output;
      return { do: "settle gained", who, joined, head, member };
    }
    case "answered":
      return { do: "answered", who, gsid: output.gsid };
    default:
      throw new Error(`Cannot call the hub: "${output.does}" is none of its calls`);
  }
}

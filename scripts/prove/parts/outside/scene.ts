/**
 * What is broken in one run of the part `outside`, and by which hands.
 *
 * Invariant: it holds no state of its own: whoever breaks something mends it before the next.
 *
 * @module
 */

import type { HttpProxy } from "../../../faults/http_proxy.ts";
import type { Links } from "../../../faults/links.ts";
import type { Notes } from "../../notes.ts";
import type { Stage } from "../../stage.ts";

export interface Outside {
  stage: Stage;
  links: Links;
  /** Before the store of presence. */
  store: HttpProxy;
  notes: Notes;
  /** Users who are offline from the beginning, and written to all the time. */
  pushedTo: readonly string[];
}

/**
 * The operator's page, alive: what is live is renewed in place, users are looked up, and what an
 * operator does is confirmed before it is asked for. It can be read without all this.
 *
 * @module
 */

import "./act.js";
import "./look_up.js";
import { showAccess } from "./key.js";
import { live } from "./live.js";

showAccess();
live();

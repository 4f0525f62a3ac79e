/**
 * The version of this release, as `/version` and the metrics show it.
 *
 * @module
 */

export const VERSION = "0.2.0-dev";

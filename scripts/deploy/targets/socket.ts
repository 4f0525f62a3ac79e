/**
 * Where a client finds an edge whose port is on this machine.
 *
 * Pure.
 *
 * @module
 */

import { WEBSOCKET_PATH } from "edge/socket/upgrade.ts";

export function socketAt(port: number): string {
  return `ws://127.0.0.1:${port}${WEBSOCKET_PATH}`;
}

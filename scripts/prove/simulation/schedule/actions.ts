/**
 * Everything that can be done to a world: by users, by odd clients, and by what goes wrong.
 *
 * @module
 */

import type { Action } from "./action.ts";
import { BUS_FAULTS } from "./bus_faults.ts";
import { DEVICE_FAULTS } from "./device_faults.ts";
import { ODD_CLIENTS_DO } from "./odd_clients.ts";
import { PROCESS_FAULTS } from "./process_faults.ts";
import { REVOCATIONS } from "./revocations.ts";
import { STORE_FAULTS } from "./store_faults.ts";
import { USERS_DO } from "./users.ts";

export const ACTIONS: readonly Action[] = [
  ...USERS_DO,
  ...ODD_CLIENTS_DO,
  ...REVOCATIONS,
  ...[...BUS_FAULTS, ...STORE_FAULTS, ...PROCESS_FAULTS, ...DEVICE_FAULTS]
    .map((action) => ({ ...action, fault: true as const })),
];

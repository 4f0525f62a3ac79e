/**
 * The files that a deployment's folder has: what one is, and what those are called that the programs
 * and the services read.
 *
 * Invariant: a name stands here once. Knows nothing of what is in a file.
 *
 * @module
 */

export interface DeploymentFile {
  name: string;
  text: string;
  isSecret: boolean;
}

export const EDGE_FILE = "edge.env";
export const ORIGIN_FILE = "origin.env";
export const OWNER_FILE = "owner.env";
export const OPERATOR_FILE = "operator.nk";
export const NATS_FILE = "nats.conf";
export const USERS_FILE = "nats_users.conf";

/**
 * What Postgres says of itself, held against what an origin needs.
 *
 * Invariant: whatever would lose an acknowledged message is a failure. Pure.
 *
 * @module
 */

import type { OriginConfig } from "origin/config.ts";
import type { MigrationState } from "origin/store/migrate.ts";
import { failure, type Finding, ok, warning } from "./finding.ts";
import { isOnThisMachine } from "./place.ts";

export interface PostgresFacts {
  version: string;
  versionNumber: number;
  encoding: string;
  encrypted: boolean;
  readOnly: boolean;
  fsync: boolean;
  fullPages: boolean;
  synchronousCommit: string;
  /** For roles that are nothing special. */
  maxConnections: number;
  usedByOthers: number;
  /** -1: none. */
  roleLimit: number;
  databaseLimit: number;
  role: string;
  database: string;
  schema: string | null;
  mayCreate: boolean;
}

export interface PostgresAnswers {
  facts: PostgresFacts;
  /** `undefined`: the role may not look. */
  state: MigrationState | undefined;
  /** Tables of ours that the role may not use. */
  closed: readonly string[];
}

type DatabaseConfig = OriginConfig["database"];

const OLDEST = 15;

export function judgePostgres(answers: PostgresAnswers, config: DatabaseConfig): Finding[] {
  const { facts } = answers;
  return [
    judgeServer(facts),
    judgeWay(facts, config),
    judgeDurability(facts),
    judgeConnections(facts, config),
    judgeRole(answers),
    ...judgeMigrations(answers.state),
  ];
}

function judgeServer({ version, versionNumber, encoding, readOnly, database }: PostgresFacts) {
  const subject = "postgres";
  if (versionNumber < OLDEST * 10_000) {
    const mend = `Upgrade Postgres to ${OLDEST} or newer`;
    return failure(subject, `it is version ${version}`, mend);
  }
  if (readOnly) {
    const mend = "Name the primary in DATABASE_URL, or its role that may write";
    return failure(subject, "it takes no writes: it is a replica, or set to be read only", mend);
  }
  if (encoding !== "UTF8") {
    const mend = `Create ${database} anew with encoding UTF8`;
    return failure(subject, `the database is encoded in ${encoding}`, mend);
  }
  return ok(subject, `version ${version}, the primary`);
}

function judgeWay({ encrypted }: PostgresFacts, { url }: DatabaseConfig): Finding {
  const subject = "postgres encryption";
  if (encrypted) return ok(subject, "TLS");
  if (isOnThisMachine(url)) return ok(subject, "none, and none is needed on this machine");
  const mend = "Add ?sslmode=require (or verify-full) to DATABASE_URL";
  return warning(subject, "messages and password cross the network in the clear", mend);
}

function judgeDurability({ fsync, synchronousCommit, fullPages }: PostgresFacts): Finding {
  const subject = "postgres durability";
  if (!fsync) {
    const says = "fsync is off: acknowledged messages are lost when the machine fails";
    return failure(subject, says, "Set fsync = on in postgresql.conf, and reload");
  }
  if (synchronousCommit === "off") {
    const says = "synchronous_commit is off: the last acknowledged messages are lost in a crash";
    return failure(subject, says, "Set synchronous_commit = on, for the server, role or database");
  }
  if (!fullPages) {
    const says = "full_page_writes is off: a torn page cannot be mended after a crash";
    return warning(subject, says, "Set full_page_writes = on in postgresql.conf, and reload");
  }
  return ok(subject, `what is committed is on disk (synchronous_commit ${synchronousCommit})`);
}

function judgeConnections(facts: PostgresFacts, { maxConnections: wanted }: DatabaseConfig) {
  const subject = "postgres connections";
  const limits = [facts.maxConnections, facts.roleLimit, facts.databaseLimit];
  const most = Math.min(...limits.filter((limit) => limit >= 0));
  if (wanted > most) {
    const says = `this origin wants ${wanted}, and ${most} are all there are`;
    const mend = "Lower DATABASE_MAX_CONNECTIONS, or raise max_connections (or the role's limit)";
    return failure(subject, says, mend);
  }
  const left = facts.maxConnections - facts.usedByOthers;
  if (wanted > left) {
    const says = `this origin wants ${wanted}, and others leave it ${Math.max(0, left)}`;
    const mend = "Raise max_connections of Postgres: every origin takes its own";
    return warning(subject, says, mend);
  }
  return ok(subject, `${wanted} of ${most} for this origin`);
}

function judgeRole({ facts: { role, schema, mayCreate }, closed, state }: PostgresAnswers) {
  const subject = "postgres role";
  if (schema === null) {
    const mend = `As its owner: grant usage, create on schema public to "${role}"`;
    return failure(subject, `"${role}" may use no schema of its search path`, mend);
  }
  if (!mayCreate) {
    const says =
      `"${role}" may not create tables in the schema ${schema}: no origin can migrate it`;
    return failure(subject, says, `As its owner: grant create on schema ${schema} to "${role}"`);
  }
  if (closed.length > 0 || !state) {
    const what = closed.join(", ") || "migrations";
    const says = `"${role}" may not read and write ${what}`;
    const mend = `As their owner: grant all on all tables in schema ${schema} to "${role}"`;
    return failure(subject, says, mend);
  }
  return ok(subject, `"${role}" may do what an origin does`);
}

function judgeMigrations(state: MigrationState | undefined): Finding[] {
  const subject = "postgres migrations";
  if (!state) return [];
  const { pending, edited, unknown } = state;
  const found: Finding[] = [];
  if (edited.length > 0) {
    const says = `${edited.join(", ")} ran here, and this release has another text of that name`;
    const mend = "Restore the file that ran; a change of the schema is a new migration";
    found.push(failure(subject, says, mend));
  }
  if (unknown.length > 0) {
    const says = `${unknown.join(", ")} ran here, which this release does not know`;
    found.push(warning(subject, says, "A newer release was here: check with that one"));
  }
  if (found.length > 0) return found;
  if (pending.length === 0) return [ok(subject, "all have run")];
  const says = `${pending.join(", ")} will run when an origin of this release starts`;
  return [ok(subject, says)];
}

/**
 * What Postgres says of itself, held against what an origin needs.
 *
 * Invariant: whatever would lose an acknowledged message is a failure. Pure.
 *
 * @module
 */

import type { OriginConfig } from "origin/config.ts";
import type { WalArchive } from "origin/store/archive.ts";
import type { MigrationState } from "origin/store/schema.ts";
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
  /** Empty: no commit waits for another machine. */
  synchronousStandbys: string;
  /** For roles that are nothing special. */
  maxConnections: number;
  usedByOthers: number;
  /** -1: none. */
  roleLimit: number;
  databaseLimit: number;
  database: string;
}

/** As whom the origin connects. */
export interface RoleFacts {
  name: string;
  /** `null`: it may use none. */
  schema: string | null;
  isSuper: boolean;
  isOwner: boolean;
  /** What an origin needs and the role may not, in the words of a `grant`. */
  lacks: readonly string[];
  /** What the role may and no origin needs. */
  exceeds: readonly string[];
}

export interface PostgresAnswers {
  facts: PostgresFacts;
  role: RoleFacts;
  /** `undefined`: the role may not look. */
  state: MigrationState | undefined;
  archive: WalArchive;
  /** What `deno task migrate` brings is not missed yet. */
  beforeMigrate: boolean;
}

type DatabaseConfig = OriginConfig["database"];

const OLDEST = 15;

export function judgePostgres(answers: PostgresAnswers, config: DatabaseConfig): Finding[] {
  const { facts, archive } = answers;
  return [
    judgeServer(facts),
    judgeWay(facts, config),
    judgeDurability(facts),
    judgeArchive(archive, config),
    judgeConnections(facts, config),
    judgeRole(answers),
    ...judgeMigrations(answers),
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
  const isLocal = isOnThisMachine(url);
  const mend = "Add ?sslmode=verify-full to DATABASE_URL, and &sslrootcert=FILE for an authority " +
    "of your own";
  if (encrypted && (isLocal || isVerified(url))) return ok(subject, "TLS");
  if (encrypted) {
    const says = "TLS, but with whoever answers: nobody looks at the server's certificate";
    return warning(subject, says, mend);
  }
  if (isLocal) return ok(subject, "none, and none is needed on this machine");
  return warning(subject, "messages and password cross the network in the clear", mend);
}

function isVerified(url: string): boolean {
  const { searchParams } = new URL(url);
  return searchParams.has("sslrootcert") || searchParams.get("sslmode") === "verify-full";
}

function judgeDurability(facts: PostgresFacts): Finding {
  const { fsync, synchronousCommit, synchronousStandbys, fullPages } = facts;
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
  if (synchronousStandbys !== "" && synchronousCommit === "local") {
    const says = "synchronous_commit is local: a standby that is promoted may lack what was " +
      "acknowledged, though synchronous_standby_names is set";
    return warning(subject, says, "Set synchronous_commit = on, for the server, role or database");
  }
  const where = synchronousStandbys === "" ? "on disk" : "on disk, and a standby's";
  return ok(subject, `what is committed is ${where} (synchronous_commit ${synchronousCommit})`);
}

function judgeArchive({ isOn, isFailing, timeoutS }: WalArchive, { url }: DatabaseConfig): Finding {
  const subject = "postgres archive";
  if (!isOn && isOnThisMachine(url)) {
    // Here one tries it; who keeps everything on one machine has nowhere to put it.
    return ok(subject, "none: what is lost with this machine is lost");
  }
  if (!isOn) {
    const says = "archive_mode is off: what came after the last backup is lost with the machine";
    const mend = `Set archive_mode = on and archive_command, as ${BACKUPS} says, unless whoever ` +
      "runs Postgres for you can restore any moment";
    return warning(subject, says, mend);
  }
  if (isFailing) {
    const says = "the last try to archive the log failed: nothing that came since can be restored";
    const mend =
      "See in the log of Postgres what archive_command said: it is tried again by itself";
    return warning(subject, says, mend);
  }
  if (timeoutS === 0) {
    const says = "archive_timeout is 0: of a piece of the log that is not full there is no copy";
    return warning(subject, says, `Set archive_timeout = '60s', as ${BACKUPS} says`);
  }
  return ok(subject, `on, every ${timeoutS} s at the latest`);
}

const BACKUPS = "scripts/ops/RUNBOOK.md#backups";

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

function judgeRole({ role, beforeMigrate }: PostgresAnswers): Finding {
  const { name, schema, isSuper, isOwner, lacks, exceeds } = role;
  const subject = "postgres role";
  const mend = `Run deno task migrate with DATABASE_ORIGIN_ROLE=${name}`;
  if (schema === null || lacks.length > 0) {
    const says = schema === null
      ? `"${name}" may use no schema of its search path`
      : `"${name}" is not granted ${lacks.join(", ")}`;
    return beforeMigrate
      ? ok(subject, `${says}: deno task migrate grants it`)
      : failure(subject, says, mend);
  }
  if (isSuper || isOwner) {
    const what = isSuper ? "is a superuser" : "owns the tables";
    const says = `"${name}" ${what}: whoever takes an origin may drop them`;
    const another = "Let origins connect as a role of their own: SETTINGS.md says how it is made";
    return warning(subject, says, another);
  }
  if (exceeds.length > 0) {
    const says = `"${name}" may do what no origin does: ${exceeds.join(", ")}`;
    return warning(subject, says, `${mend} and --contract, once the release before is gone`);
  }
  return ok(subject, `"${name}" may do what an origin does, and no more`);
}

function judgeMigrations({ state, beforeMigrate }: PostgresAnswers): Finding[] {
  const subject = "postgres migrations";
  if (!state) return [];
  const { pending, waiting, edited, unknown } = state;
  const found: Finding[] = [];
  if (edited.length > 0) {
    const says = `${edited.join(", ")} ran here, and this release has another text of that name`;
    const mend = "Restore the file that ran; a change of the schema is a new migration";
    found.push(failure(subject, says, mend));
  }
  if (pending.length > 0) {
    const names = pending.join(", ");
    const says = `${names} has not run: no origin of this release starts`;
    found.push(
      beforeMigrate
        ? ok(subject, `deno task migrate will run ${names}`)
        : failure(subject, says, "Run deno task migrate, of this release"),
    );
  }
  if (waiting.length > 0) {
    const says = `${waiting.join(", ")} waits for the release before to be gone`;
    found.push(warning(subject, says, "When it is, run deno task migrate --contract"));
  }
  if (unknown.length > 0) {
    const says = `${unknown.join(", ")} ran here, which this release does not know`;
    found.push(warning(subject, says, "A newer release was here: check with that one"));
  }
  return found.length > 0 ? found : [ok(subject, "all have run")];
}

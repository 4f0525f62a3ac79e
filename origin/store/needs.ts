/**
 * What an origin does to each table, and calls: what its role must be allowed, and no more.
 *
 * Invariant: nothing here changes a schema, rewrites an event or takes back what was answered; a
 * column that is not named is never changed. Whoever writes a statement of another kind adds it
 * here: every test that runs an origin, or its statements, finds what is missing. Pure.
 *
 * @module
 */

interface TableNeeds {
  insert?: true;
  delete?: true;
  /** The columns that are changed. */
  update?: readonly string[];
}

/** Each is read. The epoch of `log` is not among what is changed: a restore draws it. */
export const TABLES: Readonly<Record<string, TableNeeds>> = {
  migrations: {},
  log: { update: ["last"] },
  conversations: {
    insert: true,
    update: ["last", "membership", "members", "woke", "created", "name"],
  },
  members: { insert: true, update: ["left_at"] },
  events: { insert: true },
  inbox: { insert: true },
  sent: { insert: true },
  push_targets: {
    insert: true,
    delete: true,
    update: ["user_id", "device", "app", "registered_at"],
  },
  push_jobs: {
    insert: true,
    delete: true,
    update: ["due_at", "attempt", "progress", "outcome", "reason", "ended_at"],
  },
  audit: { update: ["checked"] },
  push_pages: { insert: true, delete: true, update: ["walked", "finished"] },
  revocations: { insert: true, delete: true, update: ["before_ms", "gsid"] },
};

/** Those that an origin calls, and those that these call in its name. */
export const FUNCTIONS: readonly string[] = [
  ...["append_messages", "create_group", "add_members", "remove_members", "gsid_ago"],
  ...["lock_log", "next_gsid", "appended_by", "role_in", "append_change", "owned_without"],
  "revoke_tokens",
];

/** For whoever owns the database, alone. */
export const OPERATOR_FUNCTIONS: readonly string[] = ["begin_epoch"];

export interface Need {
  table: string;
  privilege: "select" | "insert" | "delete" | "update";
  /** Empty: the whole table. */
  column: string;
}

export const NEEDS: readonly Need[] = Object.entries(TABLES).flatMap(([table, needs]) => {
  const { insert = false, delete: remove = false, update = [] } = needs;
  const whole = (privilege: Need["privilege"]): Need => ({ table, privilege, column: "" });
  return [
    whole("select"),
    ...(insert ? [whole("insert")] : []),
    ...(remove ? [whole("delete")] : []),
    ...update.map((column): Need => ({ table, privilege: "update", column })),
  ];
});

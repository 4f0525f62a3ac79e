/**
 * The statements of the late check and of the pager.
 *
 * @module
 */

import type { Gsid } from "shared/gsid.ts";
import type { ConversationId, UserId } from "shared/ids.ts";
import type { Stretches } from "shared/received.ts";
import * as audit from "./audit.ts";
import { counted, type Maker, type Running, type Statement } from "./statement.ts";
import type { Tables } from "./tables.ts";

export const AUDIT_STATEMENTS: readonly Statement[] = [
  {
    says: "(select min(gsid) from events where gsid > checked)",
    kind: "audit",
    run: ({ tables, nowMs }) => [audit.markOf(tables, nowMs)],
  },
  {
    says: "with moved as ( update audit set checked",
    kind: "audit",
    run(running) {
      const { tables, watch } = running;
      const [upto, expected, users, received, conversations, after, , , paged] = running.values;
      if (tables.checked !== expected) return [{ moved: false, jobs: 0, pages: 0 }];
      const wanted = jobsOf(running, [users, received, conversations, after, upto]);
      const opened = openJobs(running, wanted, "late check");
      const jobs = addJobs(running, wanted, "late check").count + opened;
      const pages = addPages(tables, paged as Gsid[]);
      tables.checked = upto as Gsid;
      watch.checked(expected, tables.checked);
      return [{ moved: true, jobs, pages }];
    },
  },
  {
    says: "select e.gsid, e.type, e.conversation, c.members",
    kind: "audit",
    run: ({ tables, nowMs, values: [after, ageMs, seen, limit] }) =>
      audit.lateEvents(tables, nowMs, {
        after: after as Gsid,
        ageMs: ageMs as number,
        seen: seen as Gsid,
        limit: limit as number,
      }),
  },
  {
    says: "select distinct m.user_id from members m",
    kind: "audit",
    run: ({ tables, values: [conversations, upto, after] }) =>
      audit.reachableIn(tables, conversations as ConversationId[], {
        after: after as Gsid,
        upto: upto as Gsid,
      }),
  },
  {
    says: "^insert into push_jobs (gsid, user_id) $ on conflict do nothing",
    kind: "audit",
    run: (running) => addJobs(running, jobsOf(running, running.values), "ended report"),
  },
  {
    says: "^insert into push_pages (gsid) select unnest($::bigint[]) on conflict do nothing",
    kind: "audit",
    run: ({ tables, values: [gsids] }) => counted(addPages(tables, gsids as Gsid[])),
  },
  {
    says: "greatest(checked, gsid_ago($)) as after",
    kind: "audit",
    run: ({ tables, nowMs, values: [ageMs, users] }) => [
      audit.recentOf(tables, nowMs, ageMs as number, users as UserId[]),
    ],
  },
  {
    says: "select distinct c.conversation from members m",
    kind: "audit",
    run: ({ tables, values: [users, after, largeGroup] }) =>
      audit.activeOf(tables, users as UserId[], after as Gsid, largeGroup as number),
  },
  {
    says: "from push_pages p left join events e using (gsid)",
    kind: "audit",
    run: ({ tables }) => [audit.openPage(tables)].filter((page) => page !== undefined),
  },
  {
    says: "exists (select from push_targets t where t.user_id = m.user_id) as reachable",
    kind: "audit",
    run: ({ tables, values: [conversation, walked, gsid, , sender, limit] }) =>
      audit.membersToWalk(tables, {
        conversation: conversation as ConversationId,
        walked: walked as string,
        gsid: gsid as Gsid,
        sender: sender as UserId | null,
        limit: limit as number,
      }),
  },
  {
    says: "with moved as ( update push_pages set walked",
    kind: "audit",
    run(running) {
      const { tables, values: [walked, finished, gsid, expected, users] } = running;
      const page = tables.pages.get(gsid as Gsid);
      if (!page || page.walked !== expected || page.finished) return [{ moved: false, jobs: 0 }];
      Object.assign(page, { walked, finished });
      const wanted = (users as UserId[]).map((user) => ({ gsid: gsid as Gsid, user }));
      return [{ moved: true, jobs: addJobs(running, wanted, "pager").count }];
    },
  },
  {
    says: "delete from push_pages where finished",
    kind: "audit",
    run: ({ tables, values: [kept] }) => {
      const gsids = audit.pagesToForget(tables, kept as Gsid);
      for (const gsid of gsids) tables.pages.delete(gsid);
      return counted(gsids.length);
    },
  },
];

/** What is lacking of `(users, received, conversations, after, upto)`. */
function jobsOf({ tables }: Running, values: readonly unknown[]): audit.NewJob[] {
  const [users, received, conversations, after, upto] = values;
  const lacking = (users as UserId[]).map((user, n) => ({
    user,
    received: stretchesOf((received as string[])[n]!),
  }));
  const interval = { after: after as Gsid, upto: upto as Gsid };
  return audit.jobsLacking(tables, lacking, conversations as ConversationId[], interval);
}

/** Of a multirange, as it is written. */
function stretchesOf(text: string): Stretches {
  return [...text.matchAll(/\((\w+),(\w+)\]/g)].map(([, after, upto]) => ({
    after: Number(after),
    upto: Number(upto),
  }));
}

function addJobs({ tables, watch, nowMs }: Running, jobs: readonly audit.NewJob[], by: Maker) {
  const added = jobs.filter(({ gsid, user }) => tables.addJob(gsid, user, nowMs));
  for (const job of added) watch.jobMade(job, by);
  return counted(added.length);
}

function openJobs({ tables, watch, nowMs }: Running, jobs: readonly audit.NewJob[], by: Maker) {
  const opened = jobs.filter(({ gsid, user }) => tables.openJob(gsid, user, nowMs));
  for (const job of opened) watch.jobMade(job, by);
  return opened.length;
}

function addPages(tables: Tables, gsids: readonly Gsid[]): number {
  const fresh = gsids.filter((gsid) => !tables.pages.has(gsid));
  for (const gsid of fresh) tables.pages.set(gsid, { gsid, walked: "", finished: false });
  return fresh.length;
}

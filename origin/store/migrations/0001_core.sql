-- The log of events, who may see them, and the functions that append to it.
--
-- Ids are compared byte by byte, so every column that holds one has the "C" collation.

create table log (
  singleton boolean primary key default true check (singleton),
  -- Gsids mean something only together with the epoch: a restore draws a new one.
  epoch text not null,
  -- The low four bits of every gsid that this database issues.
  shard int not null check (shard between 0 and 15),
  -- The highest gsid issued: the head.
  last bigint not null
) with (fillfactor = 10);

insert into log (epoch, shard, last) values (replace(gen_random_uuid()::text, '-', ''), 0, 0);

create table conversations (
  conversation text collate "C" primary key,
  kind text not null check (kind in ('direct', 'group', 'system')),
  -- The newest event of the conversation's chain.
  last bigint not null,
  -- Groups only: the last event that changed who is in it, and how many are; the event that ended
  -- its last long silence, 0 if it never was silent for long.
  membership bigint not null default 0,
  members int not null default 0,
  woke bigint not null default 0,
  name text,
  creator text collate "C",
  created bigint not null default 0
) with (fillfactor = 50);

insert into conversations (conversation, kind, last) values ('system', 'system', 0);

-- One row for each time that somebody was in a conversation, from the event `joined` to the event
-- `left_at`, both included. In a direct conversation nobody ever leaves.
create table members (
  conversation text collate "C" not null,
  user_id text collate "C" not null,
  role text not null check (role in ('owner', 'admin', 'member')),
  joined bigint not null,
  left_at bigint,
  primary key (conversation, user_id, joined)
);
create unique index members_current on members (conversation, user_id) where left_at is null;
create index members_of_user on members (user_id, conversation);
create index groups_of_user on members (user_id) where conversation like 'group:%';

create table events (
  gsid bigint primary key,
  type text not null,
  conversation text collate "C" not null,
  prev bigint not null,
  sender text collate "C",
  -- What no other column says, as the text of a JSON object.
  fields text not null,
  -- The users whose inbox topic carries the event.
  inboxes text[] collate "C" not null
);
create index events_of_conversation on events (conversation, gsid);
create index membership_events on events (conversation, gsid)
  where type in ('group.created', 'group.joined', 'group.left');

-- `events.inboxes`, by user.
create table inbox (
  user_id text collate "C" not null,
  gsid bigint not null,
  primary key (user_id, gsid)
);

-- What has been stored under a sender's id, for ever: a repeat is answered from here. Commands
-- without an id of their own (alerts, changes of groups) are kept under the sender ''.
create table sent (
  sender text collate "C" not null,
  id text collate "C" not null,
  digest bytea not null,
  gsid bigint not null,
  prev bigint not null,
  primary key (sender, id)
);

-- Held until the commit by everything that appends. Postgres makes a commit visible before it
-- releases the lock, so the order of gsids is the order in which events become visible.
--
-- A statement takes its snapshot before it waits for a lock. Therefore the lock is taken in a
-- statement of its own, and every function that appends is volatile: each of its statements sees
-- what the previous holder of the lock committed.
create function lock_log() returns void language plpgsql volatile as $$
begin
  perform pg_advisory_xact_lock(7230104);
end $$;

-- The first of the gsids that the holder of the lock may use: above all issued before, and not
-- below the present time. (4096 a millisecond since 2025-01-01, 16 apart: `shared/gsid.ts`.)
create function next_gsid() returns bigint language plpgsql volatile as $$
declare
  now_ms bigint := floor(extract(epoch from clock_timestamp()) * 1000);
  log_row log;
begin
  select * into strict log_row from log;
  return greatest(log_row.last / 16 * 16 + 16, (now_ms - 1735689600000) * 4096) + log_row.shard;
end $$;

-- For whoever has restored the database, before the first origin starts: what was lost is another
-- history. The head is the present, above all that was lost, so that nothing of it that is still in
-- the stream, or on its way, is taken for an event of this one.
create function begin_epoch() returns text language plpgsql volatile as $$
declare
  new_epoch text := replace(gen_random_uuid()::text, '-', '');
begin
  perform lock_log();
  update log set epoch = new_epoch, last = next_gsid();
  return new_epoch;
end $$;

-- Appends a batch of messages and alerts; answers for each, in order, with one of
-- - `stored`, and where it stands now;
-- - `duplicate`: stored before under this id, with this digest, and where;
-- - `conflict`: this id stands for something else;
-- - `stranger`: the sender is not in the group.
-- No (sender, id) may occur twice in a batch. `digests` are hexadecimal. `firsts` and `seconds` name
-- the two users of a direct conversation, `seconds` only if they differ. A group that was silent for
-- more than `silence` gsids wakes.
create function append_messages(
  senders text[], ids text[], digests text[], kinds text[], conversations_ text[],
  firsts text[], seconds text[], fields_ text[], silence bigint
) returns table (
  outcome text, gsid bigint, prev bigint, membership bigint, members int, woke bigint
)
language plpgsql volatile
-- The plan is made once a connection, perhaps when the tables are still empty, and must be right for
-- ever: one look into an index for each message.
set plan_cache_mode = force_generic_plan set enable_seqscan = off set enable_bitmapscan = off
set enable_hashjoin = off set enable_mergejoin = off set enable_material = off set jit = off
as $$
#variable_conflict use_column
declare
  first_gsid bigint;
begin
  perform lock_log();
  first_gsid := next_gsid();
  return query
  with item as (
    select i.n, i.sender, i.id, decode(i.digest, 'hex') as digest, i.kind,
           i.conversation collate "C" as conversation, i.a, i.b, i.fields,
           first_gsid + 16 * (i.n - 1) as gsid,
           s.gsid as known_gsid, s.prev as known_prev,
           c.last, coalesce(c.membership, 0) as membership, coalesce(c.members, 0) as members,
           coalesce(c.woke, 0) as woke_before,
           case when s.digest = decode(i.digest, 'hex') then 'duplicate'
                when s.digest is not null then 'conflict'
                when i.kind = 'group' and m.user_id is null then 'stranger'
                else 'stored' end as outcome
    from unnest(senders, ids, digests, kinds, conversations_, firsts, seconds, fields_)
           with ordinality as i(sender, id, digest, kind, conversation, a, b, fields, n)
    left join sent s on s.sender = i.sender and s.id = i.id
    left join conversations c on c.conversation = i.conversation
    left join lateral (
      select m.user_id from members m
      where i.kind = 'group' and m.conversation = i.conversation and m.user_id = i.sender
        and m.left_at is null
      limit 1
    ) m on true
  ), placed as materialized (
    select i.*, coalesce(lag(i.gsid) over alike, i.last, 0) as prev,
           case when i.outcome = 'stored' and i.kind = 'group'
                 and first_value(i.gsid) over alike - i.last > silence
                then first_value(i.gsid) over alike else i.woke_before end as woke
    from item i
    window alike as (partition by i.conversation, i.outcome order by i.n)
  ), stored as (
    select * from placed where outcome = 'stored'
  ), new_events as (
    insert into events (gsid, type, conversation, prev, sender, fields, inboxes)
    select gsid, case kind when 'system' then 'alert' else 'message' end, conversation, prev,
           nullif(sender, ''), fields, array_remove(array[a, b], null)
    from stored order by n
  ), new_sent as (
    insert into sent (sender, id, digest, gsid, prev)
    select sender, id, digest, gsid, prev from stored
  ), new_inbox as (
    insert into inbox (user_id, gsid)
    select a, gsid from stored where a is not null
    union all
    select b, gsid from stored where b is not null
  ), begun as materialized (
    -- Either user may be the first: ordered, they are the same for both.
    select conversation, least(a, b) as one, greatest(a, b) as other,
           min(gsid) as first, max(gsid) as last
    from stored where last is null group by 1, 2, 3
  ), new_conversations as (
    insert into conversations (conversation, kind, last, created)
    select conversation, 'direct', last, first from begun
  ), new_members as (
    insert into members (conversation, user_id, role, joined)
    select conversation, one, 'member', first from begun
    union
    select conversation, other, 'member', first from begun
  ), moved as (
    update conversations c set last = s.last, woke = s.woke
    from (
      select conversation, max(gsid) as last, max(woke) as woke
      from stored where last is not null group by 1
    ) s
    where c.conversation = s.conversation
  )
  select outcome, coalesce(known_gsid, gsid), coalesce(known_prev, prev), membership, members, woke
  from placed order by n;
  update log set last = first_gsid + 16 * (cardinality(senders) - 1);
end $$;

-- Who is in a group: created, joined, left. Each function appends at most one event, under the same
-- lock as messages, so a message and a change of membership have one order everywhere.
--
-- Each answers with an outcome and a gsid:
-- - `stored`: the gsid of the new event;
-- - `unchanged`: nothing to do, and the gsid of the last change;
-- - `exists`, `stranger`, `denied`, `last_owner`: refused.
-- `operation` names one command of an origin. Running it again answers what it did: so an origin
-- that lost its connection during the commit learns how it ended. `silence` is as for messages.

create function appended_by(operation text) returns bigint language sql volatile as $$
  select gsid from sent where sender = '' and id = operation
$$;

create function role_in(conversation_ text, user_ text) returns text language sql volatile as $$
  select role from members
  where conversation = conversation_ and user_id = user_ and left_at is null
$$;

-- Appends the event that says that these users joined or left, and returns its gsid.
create function append_change(
  operation text, group_ text, conversation_ text, type_ text, by_ text, users text[],
  members_change int, silence bigint
) returns bigint language plpgsql volatile as $$
declare
  new_gsid bigint := next_gsid();
  before conversations;
begin
  select * into strict before from conversations where conversation = conversation_;
  insert into events (gsid, type, conversation, prev, sender, fields, inboxes) values (
    new_gsid, type_, conversation_, before.last, by_,
    format('{"group":%s,"by":%s,"members":%s}', to_json(group_), to_json(by_), to_json(users)),
    users
  );
  insert into inbox (user_id, gsid) select unnest(users), new_gsid;
  insert into sent (sender, id, digest, gsid, prev)
    values ('', operation, '', new_gsid, before.last);
  update conversations
    set last = new_gsid, membership = new_gsid, members = members + members_change,
        woke = case when new_gsid - before.last > silence then new_gsid else woke end
    where conversation = conversation_;
  update log set last = new_gsid;
  return new_gsid;
end $$;

-- `users` are the first members, the creator among them.
create function create_group(
  operation text, group_ text, conversation_ text, by_ text, users text[], name_ text,
  out outcome text, out gsid bigint
) language plpgsql volatile as $$
declare
  existing conversations;
begin
  perform lock_log();
  outcome := 'stored';
  gsid := appended_by(operation);
  if gsid is not null then return; end if;

  select * into existing from conversations where conversation = conversation_;
  if found then
    if existing.creator <> by_ then outcome := 'exists'; return; end if;
    outcome := 'unchanged';
    gsid := existing.created;
    return;
  end if;
  insert into conversations (conversation, kind, last, name, creator)
    values (conversation_, 'group', 0, name_, by_);
  gsid := append_change(
    -- Nobody let go of it: no silence is long.
    operation, group_, conversation_, 'group.created', by_, users, cardinality(users), null
  );
  update conversations set created = create_group.gsid where conversation = conversation_;
  insert into members (conversation, user_id, role, joined)
    select conversation_, u, case when u = by_ then 'owner' else 'member' end, create_group.gsid
    from unnest(users) u;
end $$;

create function add_members(
  operation text, group_ text, conversation_ text, by_ text, users text[], silence bigint,
  out outcome text, out gsid bigint
) language plpgsql volatile as $$
declare
  role_of_caller text;
  newcomers text[];
begin
  perform lock_log();
  outcome := 'stored';
  gsid := appended_by(operation);
  if gsid is not null then return; end if;

  role_of_caller := role_in(conversation_, by_);
  if role_of_caller is null then outcome := 'stranger'; return; end if;
  if role_of_caller = 'member' then outcome := 'denied'; return; end if;
  newcomers := array(
    select u from unnest(users) with ordinality as t(u, n)
    where role_in(conversation_, u) is null order by n
  );
  if cardinality(newcomers) = 0 then
    outcome := 'unchanged';
    select c.membership into gsid from conversations c where c.conversation = conversation_;
    return;
  end if;
  gsid := append_change(
    operation, group_, conversation_, 'group.joined', by_, newcomers, cardinality(newcomers), silence
  );
  insert into members (conversation, user_id, role, joined)
    select conversation_, u, 'member', add_members.gsid from unnest(newcomers) u;
end $$;

-- Also how one leaves by oneself: `leaving` needs no right, and `users` is the caller alone.
create function remove_members(
  operation text, group_ text, conversation_ text, by_ text, users text[], leaving boolean,
  silence bigint,
  out outcome text, out gsid bigint
) language plpgsql volatile as $$
declare
  role_of_caller text;
  leavers text[];
begin
  perform lock_log();
  outcome := 'stored';
  gsid := appended_by(operation);
  if gsid is not null then return; end if;

  role_of_caller := role_in(conversation_, by_);
  if role_of_caller is null then outcome := 'stranger'; return; end if;
  if role_of_caller = 'member' and not leaving then outcome := 'denied'; return; end if;
  leavers := array(
    select u from unnest(users) with ordinality as t(u, n)
    where role_in(conversation_, u) is not null order by n
  );
  if cardinality(leavers) = 0 then
    outcome := 'unchanged';
    select c.membership into gsid from conversations c where c.conversation = conversation_;
    return;
  end if;
  if role_of_caller <> 'owner' and 'owner' in (
    select role_in(conversation_, u) from unnest(leavers) u
  ) then outcome := 'denied'; return; end if;
  if not owned_without(conversation_, leavers) then outcome := 'last_owner'; return; end if;
  gsid := append_change(
    operation, group_, conversation_, 'group.left', by_, leavers, -cardinality(leavers), silence
  );
  update members m set left_at = remove_members.gsid
    where m.conversation = conversation_ and m.user_id = any(leavers) and m.left_at is null;
end $$;

-- Whether somebody who may change the group remains in it, or nobody at all.
create function owned_without(conversation_ text, leavers text[]) returns boolean
language sql volatile as $$
  select coalesce(bool_or(role = 'owner'), true) from members
  where conversation = conversation_ and left_at is null and user_id <> all(leavers)
$$;

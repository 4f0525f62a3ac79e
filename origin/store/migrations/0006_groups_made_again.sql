-- As before, but for a group that everybody has left: its creator may make it again, with members and
-- a name of its own. The stays of before have ended, so nobody who comes in now sees what they saw.
create or replace function create_group(
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
    if existing.members > 0 then
      outcome := 'unchanged';
      gsid := existing.created;
      return;
    end if;
    update conversations set name = name_ where conversation = conversation_;
  else
    insert into conversations (conversation, kind, last, name, creator)
      values (conversation_, 'group', 0, name_, by_);
  end if;
  gsid := append_change(
    -- Nobody let go of it: no silence is long.
    operation, group_, conversation_, 'group.created', by_, users, cardinality(users), null
  );
  update conversations set created = create_group.gsid where conversation = conversation_;
  insert into members (conversation, user_id, role, joined)
    select conversation_, u, case when u = by_ then 'owner' else 'member' end, create_group.gsid
    from unnest(users) u;
end $$;

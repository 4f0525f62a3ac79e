-- Which tokens are good no more: those of a user, or of one device of theirs, that were issued before
-- a moment. A row for each user or device that was ever revoked, and it stays, for nothing says how
-- old a token may become.
create table revocations (
  user_id text collate "C" not null,
  -- '' for all of them.
  device text collate "C" not null,
  -- In ms since 1970.
  before_ms bigint not null,
  -- Its place among the events, so that whoever knows everything up to there knows this too.
  gsid bigint not null,
  primary key (user_id, device)
);
create unique index revocations_in_order on revocations (gsid);

-- Gives the moment that holds from now on, never an earlier one than before; without `before_`, now.
-- A device of '' is all of them.
create function revoke_tokens(user_ text, device_ text, before_ bigint) returns bigint
language plpgsql volatile as $$
declare
  moment bigint;
  new_gsid bigint;
begin
  perform lock_log();
  moment := coalesce(before_, floor(extract(epoch from clock_timestamp()) * 1000));
  if not exists (
    select from revocations
    where user_id = user_ and device in ('', device_) and before_ms >= moment
  ) then
    new_gsid := next_gsid();
    insert into revocations (user_id, device, before_ms, gsid)
      values (user_, device_, moment, new_gsid)
      on conflict (user_id, device) do update
        set before_ms = excluded.before_ms, gsid = excluded.gsid;
    if device_ = '' then
      delete from revocations where user_id = user_ and device <> '' and before_ms <= moment;
    end if;
    update log set last = new_gsid;
  end if;
  return (select max(before_ms) from revocations where user_id = user_ and device in ('', device_));
end $$;

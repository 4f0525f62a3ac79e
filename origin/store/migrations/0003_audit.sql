-- How far the auditors have come.

-- The late check has looked at every event up to `checked`. What a database held before it had
-- auditors is not looked at.
create table audit (
  singleton boolean primary key default true check (singleton),
  checked bigint not null
) with (fillfactor = 10);

insert into audit (checked) select last from log;

-- One row for each message to a group so large that its push jobs are made in pages, by the pager.
-- It remains after it has finished: the row is what stops the late check from starting again.
create table push_pages (
  gsid bigint primary key,
  -- Members up to this one have been walked; ids are never empty.
  walked text collate "C" not null default '',
  finished boolean not null default false
);
create index push_pages_open on push_pages (gsid) where not finished;

-- The lowest gsid of an event committed so many milliseconds ago (`gsidAt` in `shared/gsid.ts`).
create function gsid_ago(age_ms bigint) returns bigint language sql stable as $$
  select (floor(extract(epoch from statement_timestamp()) * 1000)::bigint
    - 1735689600000 - age_ms) * 4096
$$;

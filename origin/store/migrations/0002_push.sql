-- The tokens that devices registered, and what is to be pushed to them.

create table push_targets (
  id bigint generated always as identity unique,
  platform text not null,
  token text not null,
  user_id text collate "C" not null,
  device text not null,
  app text,
  registered_at timestamptz not null default clock_timestamp(),
  -- A token belongs to one user: the last to register it.
  primary key (platform, token)
);
create index push_targets_user on push_targets (user_id, registered_at);

-- One row for each event and recipient, kept after it has ended: the row is what stops the late
-- check from making the job again.
create table push_jobs (
  gsid bigint not null,
  user_id text collate "C" not null,
  -- When it may be claimed; a claim moves it to the end of the lease. Null: the job has ended.
  due_at timestamptz default clock_timestamp(),
  attempt int not null default 0,
  -- Target id → "sent", "pruned", "refused" or when it may be tried again (ms since 1970).
  progress jsonb not null default '{}',
  outcome text check (outcome in ('sent', 'dropped', 'dead')),
  reason text,
  ended_at timestamptz,
  primary key (user_id, gsid),
  check ((due_at is null) = (outcome is not null and ended_at is not null))
);
create index push_jobs_due on push_jobs (due_at) where due_at is not null;
create index push_jobs_ended on push_jobs (ended_at) where ended_at is not null;

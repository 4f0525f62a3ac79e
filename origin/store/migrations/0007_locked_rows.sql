-- As before, and whoever holds the lock waits for a row for a moment only: whoever keeps one locked,
-- such as a session at a terminal that was left open, must not keep everybody from sending.
create or replace function lock_log() returns void language plpgsql volatile as $$
begin
  perform pg_advisory_xact_lock(7230104);
  perform set_config('lock_timeout', '250ms', true);
end $$;

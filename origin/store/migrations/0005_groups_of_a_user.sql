-- The groups that a user is in now, whatever was left before: they are counted before each change
-- that would bring somebody into one more.
create index groups_in_now on members (user_id)
  where left_at is null and conversation like 'group:%';

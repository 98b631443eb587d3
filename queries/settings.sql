-- name: SettingsFacts :one
-- SettingsFacts counts what is stored of a user, up to a number of emails: emails, the bytes of their originals, and
-- when the oldest of all was received. It costs the same for a mailbox of any size.
select count(*)::bigint as emails, coalesce(sum(size), 0)::bigint as bytes,
	coalesce((select o.received_at from emails o where o.user_id = @user_id order by o.received_at, o.id limit 1), now())::timestamptz as oldest
from (select e.size from emails e where e.user_id = @user_id order by e.id limit @max_rows) counted;

-- name: SettingsImports :many
-- SettingsImports returns the newest imports of a user.
select * from imports where user_id = @user_id order by id desc limit 10;

-- name: SettingsSampleCount :one
select count(*) from emails where user_id = @user_id and sample;

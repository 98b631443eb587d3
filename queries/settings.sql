-- name: SettingsFacts :one
-- SettingsFacts counts what is stored of a user: emails and their bytes, and since when.
select count(*)::bigint as emails, coalesce(sum(size), 0)::bigint as bytes, coalesce(min(received_at), now())::timestamptz as oldest from emails where user_id = @user_id;

-- name: SettingsImports :many
-- SettingsImports returns the newest imports of a user.
select * from imports where user_id = @user_id order by id desc limit 10;

-- name: SettingsSampleCount :one
select count(*) from emails where user_id = @user_id and sample;

-- name: UserEnsure :one
-- UserEnsure returns the id of the user with this address, making one if there is none. It needs no owner.
select user_ensure(@address, @role)::bigint;

-- name: UserFind :one
-- UserFind returns the id of the user with this address, or 0. It needs no owner.
select coalesce(user_find(@address), 0)::bigint;

-- name: UserIDs :many
-- UserIDs lists all owners, for jobs that then run as each of them in turn. It needs no owner.
select user_ids()::bigint;

-- name: UserGet :one
select * from users where id = @user_id;

-- name: UserUpdate :exec
update users set name = @name, time_zone = @time_zone, theme = @theme, images = @images where id = @user_id;

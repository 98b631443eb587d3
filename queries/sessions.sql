-- name: SessionFind :one
-- SessionFind returns a live session by the hash of its token. It needs no owner: the token is the proof.
select f.id::bigint as id, f.user_id::bigint as user_id, f.data::bytea as data, f.created_at::timestamptz as created_at,
	f.seen_at::timestamptz as seen_at, f.expires_at::timestamptz as expires_at
from session_find(@token_hash) f;

-- name: SessionCreate :one
insert into sessions (user_id, token_hash, data, ip, user_agent, expires_at)
values (@user_id, @token_hash, @data, @ip, @user_agent, @expires_at)
returning id;

-- name: SessionSave :exec
update sessions set data = @data, expires_at = @expires_at where user_id = @user_id and token_hash = @token_hash;

-- name: SessionSeen :exec
-- SessionSeen notes that a session was used; at most once a minute, so that a page view writes nothing.
update sessions set seen_at = now(), ip = @ip
where user_id = @user_id and id = @id and seen_at < now() - interval '1 minute';

-- name: SessionList :many
select id, ip, user_agent, created_at, seen_at, expires_at from sessions
where user_id = @user_id and expires_at > now()
order by seen_at desc, id limit 200;

-- name: SessionDelete :execrows
delete from sessions where user_id = @user_id and id = @id;

-- name: SessionDeleteToken :exec
delete from sessions where user_id = @user_id and token_hash = @token_hash;

-- name: SessionDeleteOthers :execrows
delete from sessions where user_id = @user_id and id <> @keep;

-- name: SignInLinkCreate :exec
insert into sign_in_links (token_hash, user_id, expires_at) values (@token_hash, @user_id, @expires_at);

-- name: SignInLinkUse :one
-- SignInLinkUse spends a link and returns its user, or 0. It needs no owner: the token is the proof.
select coalesce(sign_in_link_use(@token_hash), 0)::bigint;

-- name: SignInExpired :one
-- SignInExpired deletes sessions and links whose time is over. It needs no owner.
select sign_in_expired()::bigint;

-- name: TokenCreate :one
insert into api_tokens (user_id, name, token_hash, hint, scopes, expires_at)
values (@user_id, @name, @token_hash, @hint, @scopes, @expires_at)
returning id;

-- name: TokenFind :one
-- TokenFind returns a live token by its hash. It needs no owner: the token is the proof.
select f.id::bigint as id, f.user_id::bigint as user_id, f.scopes::text[] as scopes,
	coalesce(f.used_at, 'epoch')::timestamptz as used_at -- 1970: never
from api_token_find(@token_hash) f;

-- name: TokenUsed :exec
-- TokenUsed notes that a token was used; at most once a minute.
update api_tokens set used_at = now()
where user_id = @user_id and id = @id and (used_at is null or used_at < now() - interval '1 minute');

-- name: TokenList :many
-- TokenList returns a user's tokens, those that work first.
select id, name, hint, scopes, created_at, expires_at, used_at, revoked_at from api_tokens
where user_id = @user_id
order by (revoked_at is null and expires_at > now()) desc, created_at desc, id desc limit 200;

-- name: TokenRevoke :execrows
update api_tokens set revoked_at = now() where user_id = @user_id and id = @id and revoked_at is null;

-- name: AnswerBegin :execrows
-- AnswerBegin takes a key for a request; 0 means that it is taken. A request that was cut off gives its key up after a
-- while: what it did is idempotent by itself.
insert into api_answers (user_id, key, digest) values (@user_id, @key, @digest)
on conflict (user_id, key) do update set created_at = now()
where api_answers.status is null and api_answers.digest = excluded.digest and api_answers.created_at < now() - interval '2 minutes';

-- name: AnswerGet :one
select digest, status, media_type, body from api_answers where user_id = @user_id and key = @key;

-- name: AnswerKeep :exec
update api_answers set status = @status::integer, media_type = @media_type, body = @body where user_id = @user_id and key = @key;

-- name: AnswerDrop :exec
-- AnswerDrop gives a key back after a failure of ours.
delete from api_answers where user_id = @user_id and key = @key and status is null;

-- name: AnswersExpired :one
select api_answers_expired()::bigint;

-- name: TokenCount :one
-- TokenCount counts the tokens that work.
select count(*) from api_tokens where user_id = @user_id and revoked_at is null and expires_at > now();

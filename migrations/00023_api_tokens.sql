-- +goose Up
-- Tokens by which programs use the API on behalf of a person. Only a hash is stored.
create table api_tokens (
	user_id    bigint not null references users on delete cascade,
	id         bigint generated always as identity,
	name       text not null check (name <> '' and length(name) <= 100),
	token_hash bytea not null unique, -- SHA-256 of the token
	hint       text not null,         -- its first characters, to tell it from others
	scopes     text[] not null,
	created_at timestamptz not null default now(),
	expires_at timestamptz not null,
	used_at    timestamptz,           -- to the minute
	revoked_at timestamptz,
	primary key (user_id, id)
);

-- What was answered to writes that carried an Idempotency-Key: the same key again gets the same answer.
create table api_answers (
	user_id    bigint not null references users on delete cascade,
	key        text not null,
	digest     bytea not null,  -- SHA-256 of method, path and body
	status     integer,         -- null while it is worked on
	media_type text not null default '',
	body       bytea not null default '',
	created_at timestamptz not null default now(),
	primary key (user_id, key)
);
create index api_answers_age on api_answers (created_at);

-- +goose StatementBegin
do $$
declare t text;
begin
	foreach t in array array['api_tokens', 'api_answers'] loop
		execute format('alter table %I enable row level security', t);
		execute format('create policy owner on %I using (user_id = app_uid()) with check (user_id = app_uid())', t);
	end loop;
end
$$;

-- A token is the proof of its owner: this door comes before there is one.
create function api_token_find(hash bytea) returns table (id bigint, user_id bigint, scopes text[], used_at timestamptz)
	language sql stable security definer set search_path = pg_catalog, public, pg_temp
	as $$ select id, user_id, scopes, used_at from public.api_tokens
		where token_hash = hash and expires_at > now() and revoked_at is null $$;
create function api_answers_expired() returns bigint
	language sql volatile security definer set search_path = pg_catalog, public, pg_temp
	as $$ with a as (delete from public.api_answers where created_at < now() - interval '1 day' returning 1) select count(*) from a $$;
-- +goose StatementEnd
revoke execute on function api_token_find(bytea), api_answers_expired() from public;
grant execute on function api_token_find(bytea), api_answers_expired() to applylens_app;

-- +goose Down
drop function api_token_find(bytea), api_answers_expired();
drop table api_answers, api_tokens;

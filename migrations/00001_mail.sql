-- +goose Up
-- The mail of all users. Every table with an owner has a column user_id and a policy on it; the program connects as
-- applylens_app, which owns nothing and cannot bypass a policy. The owner reaches the connection as the setting
-- app.uid, local to the transaction; unset, it matches no row. Mail tables are hash-partitioned by owner: every query
-- has one, so it prunes to one partition, and a partition can be split in place (docs/data.md).

-- +goose StatementBegin
do $$
begin
	if not exists (select from pg_roles where rolname = 'applylens_app') then
		create role applylens_app nologin nosuperuser nobypassrls nocreatedb nocreaterole;
	end if;
	if not pg_has_role(current_user, 'applylens_app', 'member') then
		execute format('grant applylens_app to %I', current_user);
	end if;
end
$$;
-- +goose StatementEnd
create extension if not exists btree_gin;
grant usage on schema public to applylens_app;
alter default privileges in schema public grant select, insert, update, delete on tables to applylens_app;
alter default privileges in schema public grant usage, select on sequences to applylens_app;

-- app_uid is the owner on whose behalf this transaction runs, or null.
create function app_uid() returns bigint language sql stable parallel safe
	as $$ select nullif(current_setting('app.uid', true), '')::bigint $$;

create table users (
	id         bigint generated always as identity primary key,
	email      text not null check (email = lower(email)),
	name       text not null default '',
	role       text not null default 'user' check (role in ('user', 'operator', 'privacy_officer', 'admin')),
	time_zone  text not null default 'UTC',
	theme      text not null default 'system' check (theme in ('system', 'light', 'dark')),
	images     boolean not null default false, -- show remote images without asking
	created_at timestamptz not null default now()
);
create unique index users_email on users (email);

create table sessions (
	id         bigint generated always as identity primary key,
	user_id    bigint not null references users on delete cascade,
	token_hash bytea not null unique, -- SHA-256 of the cookie's token
	data       bytea not null default '',
	ip         text not null default '',
	user_agent text not null default '',
	created_at timestamptz not null default now(),
	seen_at    timestamptz not null default now(),
	expires_at timestamptz not null
);
create index sessions_user on sessions (user_id, seen_at desc);

-- A sign-in link works once, for a short time.
create table sign_in_links (
	token_hash bytea primary key, -- SHA-256 of the link's token
	user_id    bigint not null references users on delete cascade,
	expires_at timestamptz not null,
	used_at    timestamptz
);
create index sign_in_links_user on sign_in_links (user_id);

create sequence threads_id_seq as bigint cache 1;
create sequence emails_id_seq as bigint cache 1;

-- A thread is derived from its emails (queries/threads.sql, ThreadRefresh); it carries what a list shows.
create table threads (
	user_id        bigint not null references users on delete cascade,
	id             bigint not null default nextval('threads_id_seq'),
	subject        text not null default '',
	snippet        text not null default '',
	senders        text[] not null default '{}', -- display names, oldest first, each once
	last_at        timestamptz not null,
	email_count    integer not null default 0,
	unread_count   integer not null default 0,
	in_inbox       boolean not null default false,
	in_archive     boolean not null default false,
	in_spam        boolean not null default false,
	in_trash       boolean not null default false,
	in_quarantine  boolean not null default false,
	in_sent        boolean not null default false,
	in_drafts      boolean not null default false,
	starred        boolean not null default false,
	has_attachment boolean not null default false,
	snoozed_until  timestamptz,
	split          text not null default 'other' check (split in ('action', 'applications', 'other')),
	category       text not null default 'other',
	priority       text not null default 'normal',
	needs_reply    boolean not null default false,
	needs_review   boolean not null default false,
	risk           smallint not null default 0,
	primary key (user_id, id)
) partition by hash (user_id);

create table emails (
	user_id        bigint not null references users on delete cascade,
	id             bigint not null default nextval('emails_id_seq'),
	thread_id      bigint not null,
	identity       bytea not null, -- SHA-256 of what makes the mail itself, not its transport (ingest.Identity)
	message_id     text not null,
	received_at    timestamptz not null,
	from_name      text not null,
	from_address   text not null,
	recipients     text not null, -- "Name <address>, …" of To and Cc, for display
	subject        text not null,
	snippet        text not null,
	size           bigint not null,
	raw_sha256     bytea not null, -- the blob with the source
	sample         boolean not null default false,
	-- state: what actions change
	place          text not null check (place in ('inbox', 'archive', 'spam', 'trash', 'quarantine', 'snoozed')),
	unread         boolean not null,
	starred        boolean not null,
	snoozed_until  timestamptz,
	woken_at       timestamptz, -- when its last snooze ended; it then lies on top again
	sent           boolean not null,
	draft          boolean not null,
	has_attachment boolean not null,
	-- judgement
	category       text not null,
	category_by    text not null default 'triage' check (category_by in ('triage', 'user')),
	confidence     real not null,
	needs_review   boolean not null,
	priority       text not null,
	needs_reply    boolean not null,
	unwanted       real not null,
	risk           smallint not null,
	primary key (user_id, id)
) partition by hash (user_id);

-- The long and rarely read part of an email.
create table email_texts (
	user_id      bigint not null references users on delete cascade,
	email_id     bigint not null,
	body         text not null,    -- the whole text
	visible      text not null,    -- without quotes and signature; spans of facts and reasons count in its bytes
	verdict      jsonb not null,   -- triage.Verdict
	calendar     jsonb not null default '[]', -- []mail.Event
	unsubscribe  jsonb not null default '[]', -- []string
	warnings     jsonb not null default '[]', -- []string
	tsv          tsvector not null, -- A subject, B from, C recipients and attachment names, D body (search.Vector)
	primary key (user_id, email_id)
) partition by hash (user_id);

create table attachments (
	user_id      bigint not null references users on delete cascade,
	email_id     bigint not null,
	part         integer not null, -- position in the mail
	filename     text not null,
	content_type text not null,
	size         bigint not null,
	sha256       bytea not null, -- the blob
	content_id   text not null,
	inline       boolean not null,
	primary key (user_id, email_id, part)
) partition by hash (user_id);

-- Every message id that was seen, be it a mail's own or one that a mail refers to, and the thread it belongs to.
create table thread_ids (
	user_id   bigint not null references users on delete cascade,
	id_hash   bytea not null, -- first 16 bytes of SHA-256 of the message id
	thread_id bigint not null,
	primary key (user_id, id_hash)
) partition by hash (user_id);

create table labels (
	user_id    bigint not null references users on delete cascade,
	id         bigint generated always as identity,
	name       text not null check (name <> '' and length(name) <= 225),
	created_at timestamptz not null default now(),
	primary key (user_id, id),
	unique (user_id, name)
);

create table email_labels (
	user_id  bigint not null references users on delete cascade,
	email_id bigint not null,
	label_id bigint not null,
	primary key (user_id, label_id, email_id),
	foreign key (user_id, label_id) references labels (user_id, id) on delete cascade
) partition by hash (user_id);

-- +goose StatementBegin
do $$
declare t text;
begin
	foreach t in array array['threads', 'emails', 'email_texts', 'attachments', 'thread_ids', 'email_labels'] loop
		for n in 0..15 loop
			execute format('create table %I partition of %I for values with (modulus 16, remainder %s)', t || '_' || n, t, n);
			-- A partition is no side door: only its parent, which has the policy, is open to the program.
			execute format('revoke all on %I from applylens_app', t || '_' || n);
		end loop;
	end loop;
end
$$;
-- +goose StatementEnd

create index threads_inbox on threads (user_id, last_at desc, id desc) where in_inbox;
create index threads_inbox_split on threads (user_id, split, last_at desc, id desc) where in_inbox;
create index threads_inbox_category on threads (user_id, category, last_at desc, id desc) where in_inbox;
create index threads_inbox_unread on threads (user_id, split) where in_inbox and unread_count > 0;
create index threads_all on threads (user_id, last_at desc, id desc);
create index threads_quarantine on threads (user_id, last_at desc, id desc) where in_quarantine;
create index threads_starred on threads (user_id, last_at desc, id desc) where starred;
create index threads_sent on threads (user_id, last_at desc, id desc) where in_sent;
create index threads_drafts on threads (user_id, last_at desc, id desc) where in_drafts;
create index threads_spam on threads (user_id, last_at desc, id desc) where in_spam;
create index threads_trash on threads (user_id, last_at desc, id desc) where in_trash;
create index threads_snoozed on threads (user_id, last_at desc, id desc) where snoozed_until is not null;

create unique index emails_identity on emails (user_id, identity);
create index emails_thread on emails (user_id, thread_id, received_at);
create index emails_received on emails (user_id, received_at desc, id desc);
create index emails_from on emails (user_id, from_address, received_at desc);
create index emails_snoozed on emails (user_id, snoozed_until) where place = 'snoozed';
create index emails_sample on emails (user_id) where sample;
create index email_labels_email on email_labels (user_id, email_id);
create index thread_ids_thread on thread_ids (user_id, thread_id);
create index email_texts_tsv on email_texts using gin (user_id, tsv);

-- email_match returns the ids of the owner's emails that match a query. The operator @@ is not leakproof, so under a
-- policy it cannot use the index; this function is the way round it, and carries the owner filter itself.
-- +goose StatementBegin
create function email_match(q tsquery) returns setof bigint
	language sql stable security definer parallel safe set search_path = pg_catalog, public, pg_temp rows 500
	as $$ select email_id from public.email_texts
		where user_id = nullif(current_setting('app.uid', true), '')::bigint and tsv @@ q $$;
-- +goose StatementEnd
revoke execute on function email_match(tsquery) from public;
grant execute on function email_match(tsquery) to applylens_app;

-- email_index_flush moves what bulk imports left in the pending lists of the text index into the index proper.
-- +goose StatementBegin
create function email_index_flush() returns void
	language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
begin
	perform gin_clean_pending_list(inhrelid::regclass) from pg_inherits where inhparent = 'public.email_texts_tsv'::regclass;
end
$$;
-- +goose StatementEnd
revoke execute on function email_index_flush() from public;
grant execute on function email_index_flush() to applylens_app;

-- +goose StatementBegin
do $$
declare t text;
begin
	foreach t in array array['sessions', 'sign_in_links', 'threads', 'emails', 'email_texts', 'attachments', 'thread_ids',
			'labels', 'email_labels'] loop
		execute format('alter table %I enable row level security', t);
		execute format('create policy owner on %I using (user_id = app_uid()) with check (user_id = app_uid())', t);
	end loop;
	alter table users enable row level security;
	create policy owner on users using (id = app_uid()) with check (id = app_uid());
end
$$;
-- +goose StatementEnd

-- Sign-in happens before there is an owner; these are its only doors. Each takes a secret and gives one row.
-- +goose StatementBegin
create function session_find(hash bytea) returns table (id bigint, user_id bigint, data bytea, created_at timestamptz, seen_at timestamptz, expires_at timestamptz)
	language sql stable security definer set search_path = pg_catalog, public, pg_temp
	as $$ select id, user_id, data, created_at, seen_at, expires_at from public.sessions where token_hash = hash and expires_at > now() $$;
create function sign_in_link_use(hash bytea) returns bigint
	language sql volatile security definer set search_path = pg_catalog, public, pg_temp
	as $$ update public.sign_in_links set used_at = now()
		where token_hash = hash and used_at is null and expires_at > now() returning user_id $$;
create function user_find(address text) returns bigint
	language sql stable security definer set search_path = pg_catalog, public, pg_temp
	as $$ select id from public.users where email = lower(address) $$;
-- user_ensure returns the user with this address, making one if there is none.
create function user_ensure(address text, new_role text) returns bigint
	language plpgsql volatile security definer set search_path = pg_catalog, public, pg_temp as $$
declare found_id bigint;
begin
	insert into public.users (email, role) values (lower(address), new_role) on conflict (email) do nothing returning id into found_id;
	if found_id is null then
		select id into found_id from public.users where email = lower(address);
	end if;
	return found_id;
end
$$;
-- user_ids lists all owners, for jobs that then run as each of them in turn.
create function user_ids() returns setof bigint
	language sql stable security definer set search_path = pg_catalog, public, pg_temp
	as $$ select id from public.users order by id $$;
-- sign_in_expired deletes sessions and links whose time is over.
create function sign_in_expired() returns bigint
	language sql volatile security definer set search_path = pg_catalog, public, pg_temp
	as $$ with s as (delete from public.sessions where expires_at < now() returning 1),
		l as (delete from public.sign_in_links where expires_at < now() - interval '1 day' returning 1)
		select (select count(*) from s) + (select count(*) from l) $$;
-- +goose StatementEnd
revoke execute on function session_find(bytea), sign_in_link_use(bytea), user_find(text), user_ensure(text, text),
	user_ids(), sign_in_expired() from public;
grant execute on function session_find(bytea), sign_in_link_use(bytea), user_find(text), user_ensure(text, text),
	user_ids(), sign_in_expired() to applylens_app;

-- +goose Down
drop table email_labels, labels, thread_ids, attachments, email_texts, emails, threads, sign_in_links, sessions, users cascade;
drop sequence threads_id_seq, emails_id_seq;
drop function email_match(tsquery), email_index_flush(), session_find(bytea), sign_in_link_use(bytea), user_find(text),
	user_ensure(text, text), user_ids(), sign_in_expired(), app_uid();
alter default privileges in schema public revoke select, insert, update, delete on tables from applylens_app;
alter default privileges in schema public revoke usage, select on sequences from applylens_app;

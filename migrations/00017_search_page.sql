-- +goose Up
-- What the search page keeps beside the text index: facts that are found by field, saved searches and what they found,
-- and what was searched for before.

-- The facts of each mail that are searched by: a copy, kept by triggers, of what stands in email_texts.verdict.
create table email_facts (
	user_id  bigint not null references users on delete cascade,
	email_id bigint not null,
	kind     text not null check (kind in ('company', 'role', 'person', 'deadline')),
	value    text not null,
	at       timestamptz, -- of a deadline, when it is one
	primary key (user_id, kind, value, email_id)
) partition by hash (user_id);

-- +goose StatementBegin
do $$
begin
	for n in 0..15 loop
		execute format('create table %I partition of email_facts for values with (modulus 16, remainder %s)', 'email_facts_' || n, n);
		execute format('revoke all on %I from applylens_app', 'email_facts_' || n);
	end loop;
end
$$;
-- +goose StatementEnd
create index email_facts_email on email_facts (user_id, email_id);
create index email_facts_at on email_facts (user_id, at) where kind = 'deadline';

-- fact_time reads a date, which begins in UTC, or a time; null when it is none, such as one in a zone 16 hours away.
-- +goose StatementBegin
create function fact_time(value text) returns timestamptz language plpgsql stable
	set search_path = pg_catalog, pg_temp set timezone = 'UTC' as $$
begin
	return value::timestamptz;
exception when data_exception then
	return null;
end
$$;

-- facts_of lists the facts of a verdict that are searched by.
create function facts_of(verdict jsonb) returns table (kind text, value text, at timestamptz)
	language sql stable set search_path = pg_catalog, public, pg_temp
	as $$ select distinct on (1, 2) f->>'kind', left(f->>'value', 200), case when f->>'kind' = 'deadline' then fact_time(f->>'value') end
		from jsonb_array_elements(case jsonb_typeof(verdict->'facts') when 'array' then verdict->'facts' else '[]' end) f
		where f->>'kind' in ('company', 'role', 'person', 'deadline') and f->>'value' <> '' $$;

create function email_facts_insert() returns trigger language plpgsql as $$
begin
	insert into email_facts (user_id, email_id, kind, value, at)
	select n.user_id, n.email_id, f.kind, f.value, f.at from new_texts n cross join lateral facts_of(n.verdict) f
	on conflict do nothing;
	return null;
end
$$;

create function email_facts_update() returns trigger language plpgsql as $$
begin
	delete from email_facts f using old_texts o join new_texts n on n.user_id = o.user_id and n.email_id = o.email_id
		where f.user_id = o.user_id and f.email_id = o.email_id and n.verdict is distinct from o.verdict;
	insert into email_facts (user_id, email_id, kind, value, at)
	select n.user_id, n.email_id, f.kind, f.value, f.at
	from old_texts o join new_texts n on n.user_id = o.user_id and n.email_id = o.email_id cross join lateral facts_of(n.verdict) f
	where n.verdict is distinct from o.verdict
	on conflict do nothing;
	return null;
end
$$;

create function email_facts_delete() returns trigger language plpgsql as $$
begin
	delete from email_facts f using old_texts o where f.user_id = o.user_id and f.email_id = o.email_id;
	delete from saved_hits h using old_texts o where h.user_id = o.user_id and h.email_id = o.email_id;
	return null;
end
$$;
-- +goose StatementEnd
create trigger email_facts_insert after insert on email_texts referencing new table as new_texts for each statement execute function email_facts_insert();
create trigger email_facts_update after update on email_texts referencing old table as old_texts new table as new_texts for each statement execute function email_facts_update();
create trigger email_facts_delete after delete on email_texts referencing old table as old_texts for each statement execute function email_facts_delete();
insert into email_facts (user_id, email_id, kind, value, at)
select t.user_id, t.email_id, f.kind, f.value, f.at from email_texts t cross join lateral facts_of(t.verdict) f;

-- A search that is kept under a name. Mail that comes in later and matches becomes a row of saved_hits, once.
create table saved_searches (
	user_id    bigint not null references users on delete cascade,
	id         bigint generated always as identity,
	name       text not null check (name <> '' and length(name) <= 100),
	query      text not null check (query <> '' and length(query) <= 4096), -- canonical (search.Query.String)
	alert      text not null default 'none' check (alert in ('none', 'app', 'email')),
	position   integer not null default 0,
	checked_id bigint not null default 0,           -- mail up to this id was looked at
	checked_at timestamptz,                         -- when it was last
	created_at timestamptz not null default now(),
	primary key (user_id, id),
	unique (user_id, name)
);
create index saved_searches_order on saved_searches (user_id, position, id);

create table saved_hits (
	user_id   bigint not null references users on delete cascade,
	search_id bigint not null,
	email_id  bigint not null,
	found_at  timestamptz not null default now(),
	seen      boolean not null default false,
	primary key (user_id, search_id, email_id),
	foreign key (user_id, search_id) references saved_searches (user_id, id) on delete cascade
);
create index saved_hits_found on saved_hits (user_id, found_at desc, search_id, email_id);
create index saved_hits_search on saved_hits (user_id, search_id, found_at desc, email_id);
create index saved_hits_unseen on saved_hits (user_id, search_id) where not seen;
create index saved_hits_email on saved_hits (user_id, email_id);

alter table users add column search_history boolean not null default true;
create table search_history (
	user_id bigint not null references users on delete cascade,
	query   text not null check (query <> '' and length(query) <= 500), -- canonical
	used_at timestamptz not null default now(),
	primary key (user_id, query)
);
create index search_history_used on search_history (user_id, used_at desc);

-- +goose StatementBegin
do $$
declare t text;
begin
	foreach t in array array['email_facts', 'saved_searches', 'saved_hits', 'search_history'] loop
		execute format('alter table %I enable row level security', t);
		execute format('create policy owner on %I using (user_id = app_uid()) with check (user_id = app_uid())', t);
	end loop;
end
$$;
-- +goose StatementEnd

-- +goose Down
drop table search_history, saved_hits, saved_searches;
alter table users drop column search_history;
drop trigger email_facts_insert on email_texts;
drop trigger email_facts_update on email_texts;
drop trigger email_facts_delete on email_texts;
drop function email_facts_insert(), email_facts_update(), email_facts_delete(), facts_of(jsonb), fact_time(text);
drop table email_facts;

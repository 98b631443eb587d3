-- +goose Up
-- Elasticsearch is filled from an outbox: triggers note which email changed, in the transaction that changes it, as long
-- as a generation of indices exists. What is written there is read afresh from the rows, so that a note says no more than
-- "look at this email". Without Elasticsearch there is no generation, and nothing is noted.

-- A generation is a set of monthly indices that are filled, go live and are retired together.
create table search_generations (
	generation integer primary key,
	state      text not null check (state in ('noting', 'building', 'live', 'retired')),
	layout     text not null,                     -- digest of the mapping it was made with
	made_at    timestamptz not null default now(),
	mails      bigint not null default 0,         -- that were there to be filled in
	live_at    timestamptz
);
create unique index search_generations_live on search_generations ((state)) where state = 'live';

-- No foreign key to users: mail of a deleted user still has to leave the indices.
create table search_outbox (
	user_id       bigint not null,
	seq           bigint generated always as identity,
	email_id      bigint not null,
	received_at   timestamptz not null,  -- its month is where the email lies or lay
	generation    integer,               -- null: all that are not retired
	noted_at      timestamptz not null default clock_timestamp(),
	claimed_until timestamptz,
	attempts      smallint not null default 0, -- refusals of this email; it is parked at the fifth
	error         text not null default '',
	primary key (user_id, seq)
);
create index search_outbox_next on search_outbox (generation nulls first, seq) where attempts < 5;
create index search_outbox_parked on search_outbox (seq) where attempts >= 5;
alter table search_outbox enable row level security;
create policy owner on search_outbox using (user_id = app_uid()) with check (user_id = app_uid());
alter table search_outbox set (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 5000);

-- A version orders what is written of an email: it is taken before the row is read.
create sequence search_versions as bigint;

-- search_digest is what an index must agree with Postgres on, beside the words, which never change.
-- +goose StatementBegin
create function search_digest(e emails, labels text[]) returns bigint language sql stable parallel safe as $$
	select hashtextextended(concat_ws('|', e.id, e.thread_id, extract(epoch from e.received_at), e.size, e.place, e.unread, e.starred, e.sent, e.draft,
		e.has_attachment, e.category, round(e.confidence::numeric, 4), e.needs_review, e.priority, e.needs_reply, e.risk, labels::text), 0) & 1073741823
$$;
-- search_labels are the names of an email's labels as searches compare them.
create function search_labels(owner bigint, email bigint) returns text[] language sql stable parallel safe as $$
	select coalesce(array_agg(distinct translate(lower(l.name), ' /_', '---') order by translate(lower(l.name), ' /_', '---')), '{}')
	from email_labels x join labels l on l.user_id = x.user_id and l.id = x.label_id where x.user_id = owner and x.email_id = email
$$;

create function search_note_emails() returns trigger language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
begin
	if not exists (select from public.search_generations where state <> 'retired') then
		return null;
	end if;
	if tg_op = 'INSERT' then
		insert into public.search_outbox (user_id, email_id, received_at) select user_id, id, received_at from fresh;
	elsif tg_op = 'DELETE' then
		insert into public.search_outbox (user_id, email_id, received_at) select user_id, id, received_at from gone;
	else
		insert into public.search_outbox (user_id, email_id, received_at)
		select n.user_id, n.id, n.received_at from fresh n join gone o on o.user_id = n.user_id and o.id = n.id
		where public.search_digest(n, '{}') <> public.search_digest(o, '{}')
		union
		select o.user_id, o.id, o.received_at from fresh n join gone o on o.user_id = n.user_id and o.id = n.id
		where date_trunc('month', n.received_at, 'UTC') <> date_trunc('month', o.received_at, 'UTC');
	end if;
	return null;
end
$$;

create function search_note_labels() returns trigger language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
begin
	if not exists (select from public.search_generations where state <> 'retired') then
		return null;
	end if;
	if tg_table_name = 'labels' then
		insert into public.search_outbox (user_id, email_id, received_at)
		select distinct e.user_id, e.id, e.received_at
		from changed n join gone o on o.user_id = n.user_id and o.id = n.id and o.name <> n.name
		join public.email_labels x on x.user_id = n.user_id and x.label_id = n.id
		join public.emails e on e.user_id = x.user_id and e.id = x.email_id;
	else
		insert into public.search_outbox (user_id, email_id, received_at)
		select distinct e.user_id, e.id, e.received_at
		from changed x join public.emails e on e.user_id = x.user_id and e.id = x.email_id;
	end if;
	return null;
end
$$;
-- +goose StatementEnd
create trigger search_note_insert after insert on emails referencing new table as fresh for each statement execute function search_note_emails();
create trigger search_note_update after update on emails referencing new table as fresh old table as gone for each statement execute function search_note_emails();
create trigger search_note_delete after delete on emails referencing old table as gone for each statement execute function search_note_emails();
create trigger search_note_insert after insert on email_labels referencing new table as changed for each statement execute function search_note_labels();
create trigger search_note_delete after delete on email_labels referencing old table as changed for each statement execute function search_note_labels();
create trigger search_note_update after update on labels referencing new table as changed old table as gone for each statement execute function search_note_labels();

-- The worker that empties the outbox serves all owners; these are its doors, and they tell ids alone.
-- +goose StatementBegin
create function search_outbox_claim(most integer, lease interval)
	returns table (user_id bigint, seq bigint, email_id bigint, received_at timestamptz, generation integer, noted_at timestamptz, attempts smallint)
	language sql volatile security definer set search_path = pg_catalog, public, pg_temp as $$
	update public.search_outbox o set claimed_until = clock_timestamp() + lease
	from (select n.user_id, n.seq from public.search_outbox n
		where n.attempts < 5 and (n.claimed_until is null or n.claimed_until < clock_timestamp())
		order by n.generation nulls first, n.seq limit most for update skip locked) next
	where o.user_id = next.user_id and o.seq = next.seq
	returning o.user_id, o.seq, o.email_id, o.received_at, o.generation, o.noted_at, o.attempts $$;

create function search_outbox_done(users bigint[], seqs bigint[]) returns void
	language sql volatile security definer set search_path = pg_catalog, public, pg_temp as $$
	delete from public.search_outbox o using unnest(users, seqs) as d (user_id, seq) where o.user_id = d.user_id and o.seq = d.seq $$;

-- search_outbox_back gives rows back: at once, or with a refusal noted.
create function search_outbox_back(users bigint[], seqs bigint[], refused boolean, why text) returns void
	language sql volatile security definer set search_path = pg_catalog, public, pg_temp as $$
	update public.search_outbox o set claimed_until = null, attempts = o.attempts + refused::integer, error = case when refused then why else o.error end
	from unnest(users, seqs) as d (user_id, seq) where o.user_id = d.user_id and o.seq = d.seq $$;

-- search_outbox_retry lets parked emails be tried again.
create function search_outbox_retry() returns bigint
	language sql volatile security definer set search_path = pg_catalog, public, pg_temp as $$
	with r as (update public.search_outbox set attempts = 0, claimed_until = null where attempts >= 5 returning 1) select count(*) from r $$;

-- search_outbox_state tells how far the indices are behind: what waits (counted up to 100,001 each), what is parked.
create function search_outbox_state()
	returns table (news bigint, oldest timestamptz, filling bigint, parked bigint)
	language sql stable security definer set search_path = pg_catalog, public, pg_temp as $$
	select (select count(*) from (select from public.search_outbox where generation is null and attempts < 5 limit 100001) n),
		(select min(noted_at) from (select noted_at from public.search_outbox where generation is null and attempts < 5 order by seq limit 100) n),
		(select count(*) from (select from public.search_outbox where generation is not null and attempts < 5 limit 10000001) n),
		(select count(*) from public.search_outbox where attempts >= 5) $$;

-- search_outbox_forget drops the notes of a generation, or all of them.
create function search_outbox_forget(gone integer) returns void
	language sql volatile security definer set search_path = pg_catalog, public, pg_temp as $$
	delete from public.search_outbox where gone is null or generation = gone $$;

-- search_horizon tells a transaction number that all later ones exceed, and the oldest that still runs.
create function search_horizon() returns table (next bigint, oldest bigint) language sql volatile as $$
	select pg_snapshot_xmax(pg_current_snapshot())::text::bigint, pg_snapshot_xmin(pg_current_snapshot())::text::bigint $$;

-- search_months counts the mail of all owners by month: an index is deleted only when its month holds none.
create function search_months() returns table (month timestamptz, mails bigint)
	language sql stable security definer set search_path = pg_catalog, public, pg_temp as $$
	select date_trunc('month', received_at, 'UTC'), count(*) from public.emails group by 1 order by 1 $$;
-- +goose StatementEnd
revoke execute on function search_outbox_claim(integer, interval), search_outbox_done(bigint[], bigint[]), search_outbox_back(bigint[], bigint[], boolean, text),
	search_outbox_retry(), search_outbox_state(), search_outbox_forget(integer), search_months() from public;
grant execute on function search_outbox_claim(integer, interval), search_outbox_done(bigint[], bigint[]), search_outbox_back(bigint[], bigint[], boolean, text),
	search_outbox_retry(), search_outbox_state(), search_outbox_forget(integer), search_months() to applylens_app;

-- +goose Down
drop trigger search_note_insert on emails;
drop trigger search_note_update on emails;
drop trigger search_note_delete on emails;
drop trigger search_note_insert on email_labels;
drop trigger search_note_delete on email_labels;
drop trigger search_note_update on labels;
drop function search_note_emails(), search_note_labels(), search_digest(emails, text[]), search_labels(bigint, bigint),
	search_outbox_claim(integer, interval), search_outbox_done(bigint[], bigint[]), search_outbox_back(bigint[], bigint[], boolean, text),
	search_outbox_retry(), search_outbox_state(), search_outbox_forget(integer), search_horizon(), search_months();
drop sequence search_versions;
drop table search_outbox, search_generations;

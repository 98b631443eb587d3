-- +goose Up
-- Language models: what a person allowed, what was sent, what was answered. No table holds what was sent.

-- What a person allowed; without a row nothing is sent. It is for one place: another endpoint needs another yes.
create table llm_consents (
	user_id        bigint primary key references users on delete cascade,
	host           text not null,
	triage         boolean not null, -- uncertain mail may be sent
	search         boolean not null, -- what is asked in plain words may be sent
	after_email_id bigint not null,  -- mail up to this one stays here
	day_microusd   bigint not null check (day_microusd between 0 and 1000000000),
	day_calls      integer not null check (day_calls between 1 and 100000),
	changed_at     timestamptz not null
);

-- The privacy ledger: a line is written before anything is sent, and completed with the answer. A line that stays at
-- "sent" belongs to a process that died.
create table llm_ledger (
	user_id       bigint not null references users on delete cascade,
	id            bigint generated always as identity,
	at            timestamptz not null,
	model         text not null,
	host          text not null,
	purpose       text not null check (purpose in ('triage', 'search')),
	email_id      bigint, -- null: not about a mail, or the mail is gone
	run_id        uuid,
	attempts      integer not null default 0,
	bytes         integer not null, -- of the person's text, after redaction
	redacted      jsonb not null,   -- how often what was left out: {"address": 2}
	tokens_in     integer not null default 0,
	tokens_out    integer not null default 0,
	cost_microusd bigint not null,  -- while it is under way, the most that it may cost
	duration_ms   integer not null default 0,
	outcome       text not null check (outcome in ('sent', 'ok', 'invalid', 'rejected', 'timeout', 'busy', 'failed')),
	primary key (user_id, id),
	foreign key (user_id, email_id) references emails on delete set null (email_id)
);
create index llm_ledger_at on llm_ledger (user_id, at desc, id desc);
create index llm_ledger_email on llm_ledger (user_id, email_id) where email_id is not null;
create index llm_ledger_age on llm_ledger (at);

-- Answers by the SHA-256 of all that led to them, so that the same is not sent twice.
create table llm_answers (
	user_id  bigint not null references users on delete cascade,
	digest   bytea not null,
	email_id bigint,
	answer   jsonb not null,
	made_at  timestamptz not null,
	primary key (user_id, digest),
	foreign key (user_id, email_id) references emails on delete cascade
);
create index llm_answers_email on llm_answers (user_id, email_id) where email_id is not null;
create index llm_answers_age on llm_answers (made_at);

-- Mail that a model was asked about. Mail whose verdict was replaced (outcome applied) and is uncertain once more was
-- judged again since, and is asked about again.
create table llm_asked (
	user_id  bigint not null references users on delete cascade,
	email_id bigint not null,
	tries    smallint not null,
	outcome  text not null check (outcome in ('applied', 'kept', 'failed')),
	at       timestamptz not null,
	primary key (user_id, email_id),
	foreign key (user_id, email_id) references emails on delete cascade
);

create index emails_unsure on emails (user_id, id) where needs_review and category_by = 'triage';

-- +goose StatementBegin
do $$
declare t text;
begin
	foreach t in array array['llm_consents', 'llm_ledger', 'llm_answers', 'llm_asked'] loop
		execute format('alter table %I enable row level security', t);
		execute format('create policy owner on %I using (user_id = app_uid()) with check (user_id = app_uid())', t);
	end loop;
end
$$;

-- llm_expired forgets answers of 90 days ago and lines of the ledger of 13 months ago.
create function llm_expired() returns bigint
	language sql volatile security definer set search_path = pg_catalog, public, pg_temp as $$
	with a as (delete from public.llm_answers where made_at < now() - interval '90 days' returning 1),
		l as (delete from public.llm_ledger where at < now() - interval '13 months' returning 1)
	select (select count(*) from a) + (select count(*) from l) $$;
-- +goose StatementEnd
revoke execute on function llm_expired() from public;
grant execute on function llm_expired() to applylens_app;

-- +goose Down
drop function llm_expired();
drop index emails_unsure;
drop table llm_asked, llm_answers, llm_ledger, llm_consents;

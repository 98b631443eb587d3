-- +goose Up
-- Rules of the person: a query in the search grammar, and what is done to mail that it matches as it comes in. What a
-- rule did is in the journal, by its id; which mail it met is in rule_hits.
create table rules (
	user_id       bigint not null references users on delete cascade,
	id            bigint generated always as identity,
	name          text not null check (name <> '' and length(name) <= 100),
	query         text not null check (query <> '' and length(query) <= 4096),
	position      integer not null, -- the smallest comes first
	enabled       boolean not null default false,
	stop          boolean not null default false, -- rules below do not see mail that this one met
	category      text,
	priority      text check (priority in ('urgent', 'high', 'normal', 'low')),
	needs_reply   boolean,
	place         text check (place in ('inbox', 'archive', 'trash', 'quarantine')),
	mark_read     boolean not null default false,
	star          boolean not null default false,
	label         text not null default '' check (length(label) <= 225),
	no_quarantine boolean not null default false, -- quarantine is never proposed
	fault         text not null default '', -- why it could not run the last time
	created_at    timestamptz not null default now(),
	changed_at    timestamptz not null default now(), -- what it says, not whether it is on
	primary key (user_id, id)
);
create index rules_order on rules (user_id, position, id);

create table rule_hits (
	user_id  bigint not null references users on delete cascade,
	rule_id  bigint not null,
	email_id bigint not null,
	at       timestamptz not null default now(),
	past     boolean not null default false, -- applied to mail that was there already
	primary key (user_id, rule_id, email_id),
	foreign key (user_id, rule_id) references rules (user_id, id) on delete cascade,
	foreign key (user_id, email_id) references emails (user_id, id) on delete cascade
);
create index rule_hits_recent on rule_hits (user_id, rule_id, at desc, email_id desc);
create index rule_hits_email on rule_hits (user_id, email_id);

alter table actions add column rule_id bigint,
	add foreign key (user_id, rule_id) references rules (user_id, id) on delete set null (rule_id);
create index actions_rule on actions (user_id, rule_id, id desc) where rule_id is not null;

alter table actions drop constraint actions_kind_check, add constraint actions_kind_check check (kind in ('archive', 'inbox',
	'trash', 'spam', 'quarantine', 'release', 'snooze', 'wake', 'read', 'unread', 'star', 'unstar', 'label', 'unlabel',
	'categorise', 'confirm', 'prioritise', 'needs_reply', 'no_reply'));
alter table emails drop constraint emails_category_by_check,
	add constraint emails_category_by_check check (category_by in ('triage', 'user', 'rule'));

-- +goose StatementBegin
do $$
declare t text;
begin
	foreach t in array array['rules', 'rule_hits'] loop
		execute format('alter table %I enable row level security', t);
		execute format('create policy owner on %I using (user_id = app_uid()) with check (user_id = app_uid())', t);
	end loop;
end
$$;
-- +goose StatementEnd

-- +goose Down
delete from actions where kind in ('confirm', 'prioritise', 'needs_reply', 'no_reply');
alter table actions drop constraint actions_kind_check, add constraint actions_kind_check check (kind in ('archive', 'inbox',
	'trash', 'spam', 'quarantine', 'release', 'snooze', 'wake', 'read', 'unread', 'star', 'unstar', 'label', 'unlabel',
	'categorise'));
update emails set category_by = 'triage' where category_by = 'rule';
alter table emails drop constraint emails_category_by_check,
	add constraint emails_category_by_check check (category_by in ('triage', 'user'));
drop index actions_rule;
alter table actions drop column rule_id;
drop table rule_hits, rules;

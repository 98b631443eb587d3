-- +goose Up
-- The journal of every change to a mailbox: one action is one intent (archive these), its items are the emails it
-- touched with their state before and after, from which it is undone.
create table actions (
	user_id    bigint not null references users on delete cascade,
	id         bigint generated always as identity,
	kind       text not null check (kind in ('archive', 'inbox', 'trash', 'spam', 'quarantine', 'release', 'snooze', 'wake',
		'read', 'unread', 'star', 'unstar', 'label', 'unlabel', 'categorise')),
	args       jsonb not null default '{}',   -- {"until": …}, {"label": …}, {"category": …}
	state      text not null check (state in ('proposed', 'approved', 'denied', 'done', 'undone', 'failed')),
	actor      text not null,                 -- person, rule, or the name of an agent
	reason     text not null default '',
	item_count integer not null default 0,
	key        text,                          -- idempotency key: the same intent twice is one action
	created_at timestamptz not null default now(),
	decided_at timestamptz,
	done_at    timestamptz,
	undone_at  timestamptz,
	error      text not null default '',
	primary key (user_id, id)
);
create unique index actions_key on actions (user_id, key) where key is not null;
create index actions_recent on actions (user_id, created_at desc, id desc);
create index actions_proposed on actions (user_id, id) where state = 'proposed';

create table action_items (
	user_id   bigint not null references users on delete cascade,
	action_id bigint not null,
	email_id  bigint not null,
	before    jsonb, -- null until done
	after     jsonb,
	undone_at timestamptz,
	primary key (user_id, action_id, email_id),
	foreign key (user_id, action_id) references actions (user_id, id) on delete cascade
);
create index action_items_email on action_items (user_id, email_id);

-- One import of files, for its progress on screen.
create table imports (
	user_id     bigint not null references users on delete cascade,
	id          bigint generated always as identity,
	source      text not null,
	state       text not null check (state in ('running', 'done', 'failed')),
	bytes_done  bigint not null default 0,
	bytes_total bigint not null default 0,
	seen        integer not null default 0,
	new         integer not null default 0,
	duplicates  integer not null default 0,
	warnings    integer not null default 0,
	failed      integer not null default 0,
	error       text not null default '',
	started_at  timestamptz not null default now(),
	updated_at  timestamptz not null default now(),
	finished_at timestamptz,
	primary key (user_id, id)
);

-- +goose StatementBegin
do $$
declare t text;
begin
	foreach t in array array['actions', 'action_items', 'imports'] loop
		execute format('alter table %I enable row level security', t);
		execute format('create policy owner on %I using (user_id = app_uid()) with check (user_id = app_uid())', t);
	end loop;
end
$$;
-- +goose StatementEnd

-- +goose Down
drop table action_items, actions, imports;

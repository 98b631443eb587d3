-- +goose Up
-- Connected Gmail accounts and what is known of their mailboxes. History ids are numeric: they may exceed a bigint.

-- An account of Google that its owner connected. Whoever syncs it holds its lease; every step checks that it still does.
create table accounts (
	user_id         bigint not null references users on delete cascade,
	id              bigint generated always as identity,
	address         text not null check (address = lower(address)),
	subject         text not null, -- Google's id of the person
	state           text not null check (state in ('connecting', 'backfilling', 'live', 'resyncing', 'needs_reconnect', 'disconnected', 'error')),
	cause           text not null default '', -- of the state, for the person
	since           timestamptz not null default now(),
	scopes          text[] not null default '{}', -- that were granted
	token           bytea,  -- the refresh token, sealed (vault)
	key_id          bigint, -- of the key that sealed it
	created_at      timestamptz not null default now(),
	-- where the sync stands
	cursor          numeric, -- history up to here is stored
	page_token      text not null default '', -- of the next page of the backfill's listing
	listed          boolean not null default false, -- the listing is complete
	listed_count    bigint not null default 0,
	total           bigint not null default 0, -- messages when the backfill began
	recent_total    bigint not null default 0, -- of them of the last 30 days
	backfill_at     timestamptz, -- when the backfill began
	labels_at       timestamptz, -- when the labels were last read
	lease           text not null default '',
	lease_until     timestamptz not null default now(),
	next_at         timestamptz not null default now(), -- when there is something to do
	queued_until    timestamptz not null default now(), -- a job is queued; no other until then
	dirty_at        timestamptz, -- when the last push, change or wish came
	-- what the person is shown
	synced_at       timestamptz, -- when the stored state was last Gmail's
	pushed_at       timestamptz, -- when the last push came
	paused_at       timestamptz,
	paused_until    timestamptz, -- quota
	pause_cause     text not null default '',
	watch_until     timestamptz,
	watch_renew_at  timestamptz,
	watch_error     text not null default '',
	reconcile_at    timestamptz, -- when the next comparison is due
	reconciled_at   timestamptz, -- when the mailboxes were last compared in full
	missing         integer not null default 0, -- messages found missing then
	surplus         integer not null default 0, -- messages found that Gmail no longer has
	differing       integer not null default 0, -- messages found with other labels
	resynced_at     timestamptz,
	failures        integer not null default 0, -- in a row
	error           text not null default '',   -- the last, for operators
	primary key (user_id, id),
	unique (user_id, address)
);
create index accounts_due on accounts (next_at) where state not in ('needs_reconnect', 'disconnected');
create index accounts_address on accounts (address);
create index accounts_subject on accounts (subject);

-- Every message id of a mailbox that was ever seen. A row that is gone is a tombstone: it never comes back.
create table gmail_messages (
	user_id     bigint not null references users on delete cascade,
	account_id  bigint not null,
	gmail_id    text not null,
	thread_id   text not null,
	state       text not null check (state in ('wanted', 'stored', 'parked', 'gone')),
	email_id    bigint, -- of a stored one; several messages may be the same email
	made        boolean not null default false, -- the email came by this account, not by an import
	labels      text[] not null default '{}', -- Gmail's ids, as far as we know them
	history_id  numeric not null default 0, -- the labels are those at this place of the history, or later
	rank        bigint not null default 0, -- what is wanted is fetched in this order
	live        boolean not null default false, -- it came as news, not by a listing
	received_at timestamptz, -- by Gmail
	stored_at   timestamptz,
	attempts    integer not null default 0, -- of a parked one
	retry_at    timestamptz,
	error       text not null default '',
	primary key (user_id, account_id, gmail_id)
) partition by hash (user_id);

create table gmail_labels (
	user_id    bigint not null references users on delete cascade,
	account_id bigint not null,
	gmail_id   text not null,
	name       text not null, -- at Gmail; empty until it is known
	label_id   bigint,        -- ours; null for those that keep a place
	gone       boolean not null default false, -- deleted at Gmail: no message carries it any more
	primary key (user_id, account_id, gmail_id)
);

-- Changes on their way to Gmail, written in the transaction of the action that made them. One row is one part of the
-- state of one message.
create table gmail_changes (
	user_id    bigint not null references users on delete cascade,
	id         bigint generated always as identity,
	account_id bigint not null,
	gmail_id   text not null,
	email_id   bigint not null,
	action_id  bigint not null,
	undo       boolean not null,
	kind       text not null check (kind in ('place', 'unread', 'starred', 'label')),
	label_id   bigint not null default 0,
	want       text not null, -- a place, or true or false
	state      text not null check (state in ('pending', 'sending', 'done', 'superseded', 'failed')),
	created_at timestamptz not null default now(),
	sent_at    timestamptz,
	done_at    timestamptz,
	cursor     numeric,  -- of the account when it was sent: an echo is later
	adds       text[] not null default '{}',
	removes    text[] not null default '{}',
	echoed     boolean not null default false, -- the history shows that it was carried out
	attempts   integer not null default 0,
	error      text not null default '',
	primary key (user_id, id),
	unique (user_id, action_id, undo, account_id, gmail_id, kind, label_id)
);
create index gmail_changes_open on gmail_changes (user_id, account_id, id) where state in ('pending', 'sending');
create index gmail_changes_email on gmail_changes (user_id, email_id) where state in ('pending', 'sending');

-- What happened to an account that its owner should know: gaps, resyncs, reconnects, changes that lost.
create table gmail_events (
	user_id    bigint not null references users on delete cascade,
	id         bigint generated always as identity,
	account_id bigint not null,
	at         timestamptz not null default now(),
	kind       text not null check (kind in ('connected', 'live', 'resync', 'gap', 'repaired', 'needs_reconnect', 'disconnected', 'overruled', 'rolled_back', 'error')),
	detail     text not null,
	primary key (user_id, id)
);
create index gmail_events_account on gmail_events (user_id, account_id, id desc);

-- Mail that a person writes: kept as a draft, waiting out the time in which it can be taken back, sent.
create table outgoing (
	user_id     bigint not null references users on delete cascade,
	id          bigint generated always as identity,
	account_id  bigint not null,
	email_id    bigint not null, -- that it answers or forwards
	kind        text not null check (kind in ('reply', 'reply_all', 'forward')),
	state       text not null check (state in ('draft', 'waiting', 'sending', 'sent', 'failed')),
	recipients  text not null,
	copies      text not null,
	subject     text not null,
	body        text not null,
	message_id  text not null, -- of its header: by it Gmail is asked whether it was sent
	thread_id   text not null, -- at Gmail; empty for one that begins a thread
	refs        text[] not null default '{}', -- message ids it refers to, the answered one last
	created_at  timestamptz not null default now(),
	updated_at  timestamptz not null default now(),
	send_at     timestamptz, -- when the time to take it back is over
	sent_at     timestamptz, -- when it was last handed to Gmail
	error       text not null default '',
	primary key (user_id, id)
);
create index outgoing_due on outgoing (send_at) where state in ('waiting', 'sending');

-- Pushes that were seen, by Pub/Sub's id of them, for a day. They name nobody.
create table gmail_pushes (
	message_id text primary key,
	at         timestamptz not null default now()
);

-- +goose StatementBegin
do $$
declare t text;
begin
	for n in 0..15 loop
		execute format('create table %I partition of gmail_messages for values with (modulus 16, remainder %s)', 'gmail_messages_' || n, n);
		execute format('revoke all on %I from applylens_app', 'gmail_messages_' || n);
	end loop;
	foreach t in array array['accounts', 'gmail_messages', 'gmail_labels', 'gmail_changes', 'gmail_events', 'outgoing'] loop
		execute format('alter table %I enable row level security', t);
		execute format('create policy owner on %I using (user_id = app_uid()) with check (user_id = app_uid())', t);
	end loop;
end
$$;
-- +goose StatementEnd
create index gmail_messages_wanted on gmail_messages (user_id, account_id, rank, gmail_id) where state = 'wanted';
create index gmail_messages_parked on gmail_messages (user_id, account_id, retry_at) where state = 'parked';
create index gmail_messages_email on gmail_messages (user_id, email_id) where email_id is not null;

-- The doors for what has no owner yet: the clock, a push, a sign-in.
-- +goose StatementBegin
-- gmail_claim gives the accounts for which there is something to do, each once a minute, newly connected ones first.
create function gmail_claim(at timestamptz, most integer) returns table (user_id bigint, account_id bigint, state text)
	language sql volatile security definer set search_path = pg_catalog, public, pg_temp as $$
	update public.accounts a set queued_until = at + interval '1 minute'
	from (select d.user_id, d.id from public.accounts d
		where (d.next_at <= at or (d.user_id, d.id) in (select c.user_id, c.account_id from public.gmail_changes c where c.state in ('pending', 'sending'))
				and 'https://www.googleapis.com/auth/gmail.modify' = any(d.scopes))
			and d.queued_until <= at and d.lease_until <= at and d.state not in ('needs_reconnect', 'disconnected')
			and (d.paused_until is null or d.paused_until <= at)
		order by d.state <> 'connecting', d.next_at limit most for update skip locked) due
	where a.user_id = due.user_id and a.id = due.id
	returning a.user_id, a.id, a.state $$;
-- gmail_pushed notes a push; a push that was seen before, or is for nobody, changes nothing.
create function gmail_pushed(push_id text, box text, at timestamptz) returns integer
	language plpgsql volatile security definer set search_path = pg_catalog, public, pg_temp as $$
declare n integer;
begin
	insert into public.gmail_pushes (message_id, at) values (push_id, at) on conflict do nothing;
	if not found then
		return 0;
	end if;
	update public.accounts a set dirty_at = at, pushed_at = at, next_at = least(a.next_at, at), queued_until = least(a.queued_until, at)
		where a.address = box and a.state not in ('needs_reconnect', 'disconnected');
	get diagnostics n = row_count;
	if n > 0 then
		perform pg_notify('gmail_due', '');
	end if;
	return n;
end
$$;
create function gmail_pushes_expired(before timestamptz) returns bigint
	language sql volatile security definer set search_path = pg_catalog, public, pg_temp as $$
	with gone as (delete from public.gmail_pushes where at < before returning 1) select count(*) from gone $$;
-- outgoing_due lists mail whose sending was interrupted, or whose job was lost.
create function outgoing_due(at timestamptz) returns table (user_id bigint, id bigint)
	language sql stable security definer set search_path = pg_catalog, public, pg_temp as $$
	select o.user_id, o.id from public.outgoing o
	where o.state = 'waiting' and o.send_at <= at or o.state = 'sending' and o.sent_at <= at order by o.send_at limit 500 $$;
-- gmail_owner returns the user who connected the account of a person at Google, or null: none, or not one alone.
create function gmail_owner(person text) returns bigint
	language sql stable security definer set search_path = pg_catalog, public, pg_temp as $$
	select min(a.user_id) from public.accounts a where a.subject = person and a.state <> 'disconnected' having count(distinct a.user_id) = 1 $$;
-- gmail_overview is the state of all accounts, for operators: no addresses, no mail.
create function gmail_overview() returns table (user_id bigint, account_id bigint, state text, cause text, since timestamptz, synced_at timestamptz,
		paused_until timestamptz, watch_until timestamptz, reconciled_at timestamptz, missing integer, failures integer, error text)
	language sql stable security definer set search_path = pg_catalog, public, pg_temp as $$
	select a.user_id, a.id, a.state, a.cause, a.since, a.synced_at, a.paused_until, a.watch_until, a.reconciled_at, a.missing, a.failures, a.error
	from public.accounts a $$;
-- gmail_freshness counts the messages that came as news since a time, and those stored within 60 seconds and 30 minutes.
create function gmail_freshness(since timestamptz) returns table (news bigint, within_minute bigint, within_half_hour bigint)
	language sql stable security definer set search_path = pg_catalog, public, pg_temp as $$
	select count(*), count(*) filter (where stored_at - received_at <= interval '60 seconds'), count(*) filter (where stored_at - received_at <= interval '30 minutes')
	from public.gmail_messages where live and stored_at >= since $$;
-- +goose StatementEnd
revoke execute on function gmail_claim(timestamptz, integer), gmail_pushed(text, text, timestamptz), gmail_pushes_expired(timestamptz), outgoing_due(timestamptz), gmail_owner(text),
	gmail_overview(), gmail_freshness(timestamptz) from public;
grant execute on function gmail_claim(timestamptz, integer), gmail_pushed(text, text, timestamptz), gmail_pushes_expired(timestamptz), outgoing_due(timestamptz), gmail_owner(text),
	gmail_overview(), gmail_freshness(timestamptz) to applylens_app;

-- +goose Down
drop function gmail_claim(timestamptz, integer), gmail_pushed(text, text, timestamptz), gmail_pushes_expired(timestamptz), outgoing_due(timestamptz), gmail_owner(text),
	gmail_overview(), gmail_freshness(timestamptz);
drop table outgoing, gmail_pushes, gmail_events, gmail_changes, gmail_labels, gmail_messages, accounts;

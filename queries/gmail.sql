-- name: AccountUpsert :one
-- AccountUpsert connects an account, or connects it again; a place in the history that is still good is kept.
insert into accounts (user_id, address, subject, state, scopes)
values (@user_id, @address, @subject, 'connecting', @scopes)
on conflict (user_id, address) do update set subject = excluded.subject, scopes = excluded.scopes, cause = '', error = '', failures = 0,
	next_at = @now::timestamptz, queued_until = @now::timestamptz, dirty_at = @now::timestamptz, paused_until = null,
	since = case when accounts.state in ('needs_reconnect', 'disconnected', 'error') then @now::timestamptz else accounts.since end,
	state = case when accounts.state not in ('needs_reconnect', 'disconnected', 'error') then accounts.state
		when accounts.cursor is null then 'connecting' when not accounts.listed then 'backfilling' else 'live' end
returning id, (token is not null)::boolean as has_token;

-- name: AccountSeal :exec
-- AccountSeal stores a sealed refresh token.
update accounts set token = @token, key_id = @key_id where user_id = @user_id and id = @id;

-- name: AccountReseal :execrows
-- AccountReseal replaces a sealed token only if it is still the one that was read.
update accounts set token = @token, key_id = @key_id where user_id = @user_id and id = @id and token = @was::bytea;

-- name: AccountTokens :many
-- AccountTokens lists the sealed tokens of a user.
select id, token, coalesce(key_id, 0)::bigint as key_id from accounts where user_id = @user_id and token is not null order by id;

-- name: AccountGet :one
select a.id, a.address, a.subject, a.state, a.cause, a.since, a.scopes, coalesce(a.token, '')::bytea as token, coalesce(a.cursor::text, '')::text as cursor,
	a.page_token, a.listed, a.listed_count, a.total, a.recent_total, a.backfill_at, a.labels_at, a.dirty_at, a.next_at, a.synced_at, a.pushed_at, a.paused_at,
	a.paused_until, a.pause_cause, a.watch_until, a.watch_renew_at, a.watch_error, a.reconcile_at, a.reconciled_at, a.missing, a.surplus, a.differing,
	a.resynced_at, a.failures, a.error, a.created_at
from accounts a where a.user_id = @user_id and a.id = @id;

-- name: AccountList :many
-- AccountList returns a user's accounts for the page of accounts, with what is counted of each.
select a.id, a.address, a.state, a.cause, a.since, a.scopes, a.total, a.recent_total, a.listed, a.backfill_at, a.synced_at, a.pushed_at, a.paused_at,
	a.paused_until, a.pause_cause, a.watch_until, a.watch_error, a.reconciled_at, a.missing, a.surplus, a.differing, a.resynced_at, a.failures, a.created_at,
	m.received, m.stored, m.wanted, m.parked, m.deleted, c.pending::bigint as pending_changes, c.failed::bigint as failed_changes
from accounts a
cross join lateral (select count(*) as received, count(*) filter (where g.state = 'stored') as stored, count(*) filter (where g.state = 'wanted') as wanted,
		count(*) filter (where g.state = 'parked') as parked, count(*) filter (where g.state = 'gone') as deleted
	from gmail_messages g where g.user_id = @user_id and g.account_id = a.id) m
cross join lateral (select count(*) filter (where x.state in ('pending', 'sending')) as pending, count(*) filter (where x.state = 'failed') as failed
	from gmail_changes x where x.user_id = @user_id and x.account_id = a.id and x.state in ('pending', 'sending', 'failed')) c
where a.user_id = @user_id
order by a.id;

-- name: AccountAddresses :many
-- AccountAddresses returns the addresses under which a user gets mail.
select a.address from accounts a where a.user_id = @user_id union select u.email from users u where u.id = @user_id;

-- name: AccountLease :one
-- AccountLease takes the lease of an account, unless somebody else holds it.
update accounts set lease = @lease::text, lease_until = @until::timestamptz
where user_id = @user_id and id = @id and (lease = @lease::text or lease_until <= @now::timestamptz)
returning id;

-- name: AccountRelease :one
-- AccountRelease gives the lease back and says when to look again: at once, if a wish came that this turn did not see.
update accounts set lease = '', lease_until = @now::timestamptz, queued_until = @now::timestamptz,
	next_at = case when dirty_at is distinct from sqlc.narg('dirty')::timestamptz then @now::timestamptz else @next_at::timestamptz end
where user_id = @user_id and id = @id and lease = @lease::text
returning (dirty_at is distinct from sqlc.narg('dirty')::timestamptz and state not in ('needs_reconnect', 'disconnected'))::boolean as again;

-- name: AccountFence :one
-- AccountFence locks an account for a step of its sync; no row means that the lease was lost.
select coalesce(cursor::text, '')::text as cursor from accounts where user_id = @user_id and id = @id and lease = @lease::text for update;

-- name: AccountDirty :exec
-- AccountDirty wakes the sync of an account.
update accounts set dirty_at = @now::timestamptz, next_at = least(next_at, @now::timestamptz), queued_until = least(queued_until, @now::timestamptz)
where user_id = @user_id and id = @id;

-- name: GmailDue :exec
-- GmailDue tells the workers, once the transaction commits, that an account has something to do.
select pg_notify('gmail_due', '');

-- name: GmailClaim :many
-- GmailClaim gives the accounts for which there is something to do, each once a minute. It needs no owner.
select c.user_id::bigint as user_id, c.account_id::bigint as account_id, c.state::text as state from gmail_claim(@now, @max_rows) c;

-- name: GmailPushed :one
-- GmailPushed notes a push and wakes the accounts it is for. It needs no owner.
select gmail_pushed(@push_id, @address, @at)::integer;

-- name: GmailPushesExpired :one
select gmail_pushes_expired(@before)::bigint;

-- name: GmailOwner :one
-- GmailOwner returns the user who connected a person's account, or 0. It needs no owner.
select coalesce(gmail_owner(@subject), 0)::bigint;

-- name: GmailOverview :many
-- GmailOverview is the state of all accounts for operators, worst first.
select o.user_id::bigint as user_id, o.account_id::bigint as account_id, o.state::text as state, o.cause::text as cause, o.since::timestamptz as since,
	coalesce(o.synced_at, 'epoch')::timestamptz as synced_at, coalesce(o.reconciled_at, 'epoch')::timestamptz as reconciled_at,
	coalesce(o.paused_until, 'epoch')::timestamptz as paused_until, coalesce(o.watch_until, 'epoch')::timestamptz as watch_until, o.missing::integer as missing, o.failures::integer as failures, o.error::text as error
from gmail_overview() o
order by o.state not in ('needs_reconnect', 'error'), o.missing desc, o.failures desc limit @max_rows;

-- name: GmailFreshness :one
select f.news::bigint as news, f.within_minute::bigint as within_minute, f.within_half_hour::bigint as within_half_hour from gmail_freshness(@since) f;

-- name: AccountState :execrows
-- AccountState moves an account to a state, with its cause; staying in one keeps since when.
update accounts set state = @state::text, cause = @cause::text, since = case when state = @state::text then since else @now::timestamptz end
where user_id = @user_id and id = @id and (state <> @state::text or cause <> @cause::text);

-- name: AccountBegin :exec
-- AccountBegin pins the place in the history from which the backfill will be caught up.
update accounts set cursor = (@cursor::text)::numeric, total = @total, recent_total = @recent_total, page_token = '', listed = false, listed_count = 0,
	backfill_at = @now::timestamptz, state = @state::text, since = @now::timestamptz, cause = ''
where user_id = @user_id and id = @id and lease = @lease::text;

-- name: AccountCursor :execrows
-- AccountCursor moves the place in the history forward, if it is still where it was.
update accounts set cursor = (@cursor::text)::numeric
where user_id = @user_id and id = @id and lease = @lease::text and cursor = (@was::text)::numeric and cursor <= (@cursor::text)::numeric;

-- name: AccountPage :exec
-- AccountPage notes that a page of the listing is stored.
update accounts set page_token = @page_token, listed = @listed, listed_count = listed_count + @n::bigint
where user_id = @user_id and id = @id and lease = @lease::text;

-- name: AccountSynced :exec
update accounts set synced_at = @now::timestamptz, failures = 0, error = '', paused_until = null, pause_cause = '' where user_id = @user_id and id = @id;

-- name: AccountProgress :exec
-- AccountProgress notes that calls succeed again.
update accounts set failures = 0, error = '', paused_until = null, pause_cause = ''
where user_id = @user_id and id = @id and (failures > 0 or paused_until is not null);

-- name: AccountFailed :one
-- AccountFailed notes a failure and returns how many there were in a row.
update accounts set failures = failures + 1, error = @error where user_id = @user_id and id = @id returning failures;

-- name: AccountPaused :exec
update accounts set paused_at = @now::timestamptz, paused_until = @until::timestamptz, pause_cause = @cause where user_id = @user_id and id = @id;

-- name: AccountWatch :exec
update accounts set watch_until = sqlc.narg('until')::timestamptz, watch_renew_at = @renew_at::timestamptz, watch_error = @error where user_id = @user_id and id = @id;

-- name: AccountLabelsRead :exec
update accounts set labels_at = @now::timestamptz where user_id = @user_id and id = @id;

-- name: AccountReconciled :exec
update accounts set reconciled_at = @now::timestamptz, missing = @missing, surplus = @surplus, differing = @differing, reconcile_at = @again_at::timestamptz
where user_id = @user_id and id = @id;

-- name: AccountReconcileDue :exec
update accounts set reconcile_at = @at::timestamptz where user_id = @user_id and id = @id;

-- name: AccountResync :exec
-- AccountResync begins anew from a place in the history; what is stored stays.
update accounts set cursor = (@cursor::text)::numeric, state = 'resyncing', cause = @cause, since = @now::timestamptz, resynced_at = @now::timestamptz, reconcile_at = @now::timestamptz
where user_id = @user_id and id = @id and lease = @lease::text;

-- name: AccountDisconnect :exec
update accounts set state = 'disconnected', cause = @cause, since = @now::timestamptz, token = null, key_id = null, scopes = '{}', watch_until = null, watch_renew_at = null,
	paused_until = null, lease = '', lease_until = @now::timestamptz
where user_id = @user_id and id = @id;

-- name: AccountScopes :exec
update accounts set scopes = @scopes where user_id = @user_id and id = @id;

-- name: AccountDelete :exec
delete from accounts where user_id = @user_id and id = @id;

-- name: GmailEventInsert :exec
insert into gmail_events (user_id, account_id, at, kind, detail) values (@user_id, @account_id, @at, @kind, @detail);

-- name: GmailEvents :many
select * from gmail_events where user_id = @user_id and account_id = @account_id order by id desc limit @max_rows;

-- name: GmailWant :execrows
-- GmailWant notes messages of a listing or of the history that are to be fetched; those that are known stay as they are.
insert into gmail_messages (user_id, account_id, gmail_id, thread_id, state, rank, live)
select @user_id::bigint, @account_id::bigint, n.gmail_id, n.thread_id, 'wanted', n.rank, @live::boolean
from (select unnest(@gmail_ids::text[]) as gmail_id, unnest(@thread_ids::text[]) as thread_id, unnest(@ranks::bigint[]) as rank) n
on conflict do nothing;

-- name: GmailWanted :many
-- GmailWanted returns the next messages to fetch.
select gmail_id, live from gmail_messages where user_id = @user_id and account_id = @account_id and state = 'wanted' order by rank, gmail_id limit @max_rows;

-- name: GmailParkedDue :many
select gmail_id, live from gmail_messages where user_id = @user_id and account_id = @account_id and state = 'parked' and retry_at <= @now::timestamptz
order by retry_at limit @max_rows;

-- name: GmailParkedNext :one
select coalesce(min(retry_at), 'epoch')::timestamptz as retry_at, count(*) as n from gmail_messages where user_id = @user_id and account_id = @account_id and state = 'parked';

-- name: GmailParked :many
select gmail_id, attempts, coalesce(retry_at, now())::timestamptz as retry_at, error from gmail_messages
where user_id = @user_id and account_id = @account_id and state = 'parked' order by retry_at limit 50;

-- name: GmailPark :exec
-- GmailPark sets messages aside that could not be stored, to be tried again; each time later, up to a day.
insert into gmail_messages (user_id, account_id, gmail_id, thread_id, state, live, attempts, retry_at, error)
select @user_id::bigint, @account_id::bigint, n.gmail_id, '', 'parked', @live::boolean, 1, @retry_at::timestamptz, @error::text
from (select unnest(@gmail_ids::text[]) as gmail_id) n
on conflict (user_id, account_id, gmail_id) do update set state = 'parked', attempts = gmail_messages.attempts + 1, error = excluded.error,
	retry_at = excluded.retry_at + least(interval '1 minute' * power(4, least(gmail_messages.attempts, 6)), interval '1 day')
where gmail_messages.state in ('wanted', 'parked');

-- name: GmailKnown :many
-- GmailKnown returns what is known of messages, locked.
select gmail_id, state, labels, history_id::text as history_id, coalesce(email_id, 0)::bigint as email_id from gmail_messages
where user_id = @user_id and account_id = @account_id and gmail_id = any(@gmail_ids::text[]) order by gmail_id for update;

-- name: GmailStates :many
-- GmailStates returns the states of messages.
select gmail_id, state from gmail_messages where user_id = @user_id and account_id = @account_id and gmail_id = any(@gmail_ids::text[]);

-- name: GmailStore :exec
-- GmailStore notes which emails messages are. A tombstone stays one, and older labels do not replace newer ones.
insert into gmail_messages (user_id, account_id, gmail_id, thread_id, state, email_id, made, labels, history_id, live, received_at, stored_at)
select @user_id::bigint, @account_id::bigint, n.gmail_id, n.thread_id, 'stored', n.email_id, n.made,
	array(select l.id from unnest(string_to_array(n.labels, ' ')) as l (id) where not exists (
		select from gmail_labels x where x.user_id = @user_id and x.account_id = @account_id and x.gmail_id = l.id and x.gone)), n.history_id::numeric,
	@live::boolean, n.received_at, @now::timestamptz
from (select unnest(@gmail_ids::text[]) as gmail_id, unnest(@thread_ids::text[]) as thread_id, unnest(@email_ids::bigint[]) as email_id, unnest(@mades::boolean[]) as made,
	unnest(@labels::text[]) as labels, unnest(@history_ids::text[]) as history_id, unnest(@received_ats::timestamptz[]) as received_at) n
on conflict (user_id, account_id, gmail_id) do update set state = 'stored', thread_id = excluded.thread_id, email_id = excluded.email_id,
	made = gmail_messages.made or excluded.made, received_at = excluded.received_at, stored_at = coalesce(gmail_messages.stored_at, excluded.stored_at),
	labels = case when excluded.history_id >= gmail_messages.history_id then excluded.labels else gmail_messages.labels end,
	history_id = greatest(excluded.history_id, gmail_messages.history_id), error = '', retry_at = null
where gmail_messages.state <> 'gone';

-- name: GmailRelabel :exec
-- GmailRelabel writes the labels of messages and the place in the history they are from.
update gmail_messages g set labels = array(select l.id from unnest(string_to_array(n.labels, ' ')) as l (id) where not exists (
		select from gmail_labels x where x.user_id = @user_id and x.account_id = @account_id and x.gmail_id = l.id and x.gone)), history_id = greatest(g.history_id, n.history_id::numeric)
from (select unnest(@gmail_ids::text[]) as gmail_id, unnest(@labels::text[]) as labels, unnest(@history_ids::text[]) as history_id) n
where g.user_id = @user_id and g.account_id = @account_id and g.gmail_id = n.gmail_id and g.state = 'stored';

-- name: GmailDying :many
-- GmailDying returns the emails that messages are, and whether they came by an account, locked.
select gmail_id, coalesce(email_id, 0)::bigint as email_id, made from gmail_messages
where user_id = @user_id and account_id = @account_id and gmail_id = any(@gmail_ids::text[]) and state <> 'gone' order by gmail_id for update;

-- name: GmailHeirs :exec
-- GmailHeirs lets the other messages of emails take over that those came by an account.
update gmail_messages set made = true where user_id = @user_id and email_id = any(@email_ids::bigint[]);

-- name: GmailBury :exec
-- GmailBury turns messages into tombstones.
insert into gmail_messages (user_id, account_id, gmail_id, thread_id, state)
select @user_id::bigint, @account_id::bigint, n.gmail_id, '', 'gone' from (select unnest(@gmail_ids::text[]) as gmail_id) n
on conflict (user_id, account_id, gmail_id) do update set state = 'gone', email_id = null, labels = '{}', error = '', retry_at = null;

-- name: GmailChangesDrop :exec
-- GmailChangesDrop ends the changes of messages that are gone.
update gmail_changes set state = 'superseded', done_at = now(), error = 'deleted at Gmail'
where user_id = @user_id and account_id = @account_id and gmail_id = any(@gmail_ids::text[]) and state in ('pending', 'sending');

-- name: GmailOrphans :many
-- GmailOrphans returns which of these emails no message of any account is any more.
select e.id, e.thread_id, e.raw_sha256 from emails e
where e.user_id = @user_id and e.id = any(@email_ids::bigint[])
	and not exists (select from gmail_messages g where g.user_id = @user_id and g.email_id = e.id);

-- name: GmailEmailIDs :many
-- GmailEmailIDs returns the emails of identities.
select id, identity from emails where user_id = @user_id and identity = any(@identities::bytea[]);

-- name: GmailEmailsOf :many
-- GmailEmailsOf returns the emails of messages.
select distinct email_id::bigint as email_id from gmail_messages
where user_id = @user_id and account_id = @account_id and gmail_id = any(@gmail_ids::text[]) and email_id is not null;

-- name: GmailThreadsOf :many
select distinct thread_id from emails where user_id = @user_id and id = any(@email_ids::bigint[]) order by thread_id;

-- name: GmailDerive :exec
-- GmailDerive gives emails the state that their messages have at Gmail, under those of our own changes that are still on
-- their way. Where several messages are one email, the most visible place counts.
with msgs as (
	select g.email_id, g.account_id, g.gmail_id, g.labels from gmail_messages g
	where g.user_id = @user_id and g.email_id = any(@email_ids::bigint[]) and g.state = 'stored'
), ours as (
	select distinct on (c.account_id, c.gmail_id, c.kind) c.account_id, c.gmail_id, c.kind, c.want from gmail_changes c
	where c.user_id = @user_id and c.email_id = any(@email_ids::bigint[]) and c.state in ('pending', 'sending') and c.kind <> 'label'
	order by c.account_id, c.gmail_id, c.kind, c.id desc
), each_message as (
	select m.email_id,
		coalesce((select o.want from ours o where o.account_id = m.account_id and o.gmail_id = m.gmail_id and o.kind = 'place'), case
			when 'TRASH' = any(m.labels) then 'trash'
			when 'SPAM' = any(m.labels) then 'spam'
			when 'INBOX' = any(m.labels) and not e.draft and (not e.sent or exists (
				select from accounts a where a.user_id = @user_id and position(a.address in lower(e.recipients)) > 0)) then 'inbox'
			when e.place = 'snoozed' and exists (select from gmail_labels l where l.user_id = @user_id and l.account_id = m.account_id
				and l.gmail_id = any(m.labels) and l.name = 'ApplyLens/Snoozed') then 'snoozed'
			when exists (select from gmail_labels l where l.user_id = @user_id and l.account_id = m.account_id
				and l.gmail_id = any(m.labels) and l.name = 'ApplyLens/Quarantine') then 'quarantine'
			else 'archive' end) as place,
		coalesce((select o.want from ours o where o.account_id = m.account_id and o.gmail_id = m.gmail_id and o.kind = 'unread')::boolean,
			'UNREAD' = any(m.labels)) as unread,
		coalesce((select o.want from ours o where o.account_id = m.account_id and o.gmail_id = m.gmail_id and o.kind = 'starred')::boolean,
			'STARRED' = any(m.labels)) as starred
	from msgs m join emails e on e.user_id = @user_id and e.id = m.email_id
), merged as (
	select email_id, (array_agg(place order by array_position(array['inbox', 'snoozed', 'quarantine', 'archive', 'spam', 'trash'], place)))[1] as place,
		bool_or(unread) as unread, bool_or(starred) as starred
	from each_message group by email_id
)
update emails e set place = m.place, unread = m.unread, starred = m.starred,
	snoozed_until = case when m.place = 'snoozed' then e.snoozed_until end
from merged m
where e.user_id = @user_id and e.id = m.email_id and (e.place <> m.place or e.unread <> m.unread or e.starred <> m.starred);

-- name: GmailDeriveLabels :exec
-- GmailDeriveLabels gives emails the labels that their messages have at Gmail, under our own changes. A label that is
-- not known at Gmail stays.
with msgs as (
	select g.email_id, g.account_id, g.gmail_id, g.labels from gmail_messages g
	where g.user_id = @user_id and g.email_id = any(@email_ids::bigint[]) and g.state = 'stored'
), ours as (
	select distinct on (c.email_id, c.label_id) c.email_id, c.label_id, c.want::boolean as want from gmail_changes c
	where c.user_id = @user_id and c.email_id = any(@email_ids::bigint[]) and c.state in ('pending', 'sending') and c.kind = 'label'
	order by c.email_id, c.label_id, c.id desc
), wanted as (
	select distinct m.email_id, l.label_id from msgs m
	join gmail_labels l on l.user_id = @user_id and l.account_id = m.account_id and l.gmail_id = any(m.labels) and l.label_id is not null
	where not exists (select from ours o where o.email_id = m.email_id and o.label_id = l.label_id and not o.want)
	union
	select o.email_id, o.label_id from ours o where o.want
), taken as (
	delete from email_labels x using msgs m
	where x.user_id = @user_id and x.email_id = m.email_id
		and x.label_id in (select l.label_id from gmail_labels l where l.user_id = @user_id and l.account_id = m.account_id and l.label_id is not null)
		and not exists (select from wanted w where w.email_id = x.email_id and w.label_id = x.label_id)
)
insert into email_labels (user_id, email_id, label_id)
select @user_id, w.email_id, w.label_id from wanted w join labels l on l.user_id = @user_id and l.id = w.label_id
on conflict do nothing;

-- name: GmailLabels :many
select gmail_id, name, coalesce(label_id, 0)::bigint as label_id from gmail_labels where user_id = @user_id and account_id = @account_id and not gone order by gmail_id;

-- name: GmailLabelUpsert :exec
insert into gmail_labels (user_id, account_id, gmail_id, name, label_id) values (@user_id, @account_id, @gmail_id, @name, sqlc.narg('label_id'))
on conflict (user_id, account_id, gmail_id) do update set name = excluded.name, label_id = excluded.label_id;

-- name: GmailLabelDelete :exec
-- GmailLabelDelete notes that a label was deleted at Gmail. Ids are not used again.
update gmail_labels set gone = true, label_id = null, name = '' where user_id = @user_id and account_id = @account_id and gmail_id = @gmail_id;

-- name: GmailLabelsSeen :exec
-- GmailLabelsSeen notes user labels that messages carry and that are not known yet, in the transaction that stores the
-- messages, so that the next look at the labels finds out what they are, or that they are gone. System ids are upper case.
insert into gmail_labels (user_id, account_id, gmail_id, name)
select distinct @user_id::bigint, @account_id::bigint, n.label, '' from (select unnest(string_to_array(@labels::text, ' ')) as label) n
where n.label <> upper(n.label)
on conflict do nothing;

-- name: GmailLabelsUnknown :one
-- GmailLabelsUnknown tells whether messages carry labels that are not known yet.
select exists (select from gmail_labels where user_id = @user_id and account_id = @account_id and name = '' and not gone)::boolean;

-- name: GmailLabelled :many
-- GmailLabelled returns the next messages that carry a label, after an id.
select gmail_id from gmail_messages where user_id = @user_id and account_id = @account_id and state = 'stored' and @label::text = any(labels) and gmail_id > @after_id::text
order by gmail_id limit @max_rows;

-- name: GmailUnlabel :many
-- GmailUnlabel takes a label that no longer exists off messages, and returns their emails.
update gmail_messages set labels = array_remove(labels, @label::text)
where user_id = @user_id and account_id = @account_id and @label::text = any(labels) returning coalesce(email_id, 0)::bigint as email_id;

-- name: GmailStored :many
-- GmailStored returns the next messages that are kept or to be fetched, after an id.
select gmail_id from gmail_messages where user_id = @user_id and account_id = @account_id and state <> 'gone' and gmail_id > @after_id::text
order by gmail_id limit @max_rows;

-- name: GmailForgetNext :many
-- GmailForgetNext cuts the next messages of an account off their emails, and returns those and whether they came by it.
update gmail_messages g set email_id = null, state = 'gone'
from (select m.gmail_id, m.email_id from gmail_messages m where m.user_id = @user_id and m.account_id = @account_id and m.email_id is not null
	order by m.gmail_id limit @max_rows) was
where g.user_id = @user_id and g.account_id = @account_id and g.gmail_id = was.gmail_id
returning was.email_id::bigint as email_id, g.made;

-- name: GmailMessagesForget :exec
delete from gmail_messages where user_id = @user_id and account_id = @account_id;

-- name: GmailLabelsForget :exec
delete from gmail_labels where user_id = @user_id and account_id = @account_id;

-- name: GmailChangesForget :exec
delete from gmail_changes where user_id = @user_id and account_id = @account_id;

-- name: GmailEventsForget :exec
delete from gmail_events where user_id = @user_id and account_id = @account_id;

-- name: GmailChangesOpen :many
-- GmailChangesOpen returns changes that are on their way, oldest first.
select id, gmail_id, email_id, kind, label_id, want, state, created_at, sent_at, coalesce(cursor::text, '')::text as cursor, adds, removes, echoed, attempts from gmail_changes
where user_id = @user_id and account_id = @account_id and state in ('pending', 'sending') and (@every::boolean or gmail_id = any(@gmail_ids::text[]))
order by id limit @max_rows;

-- name: GmailChangeSending :many
-- GmailChangeSending notes that changes are about to be sent: from here on they may have been carried out. One that was
-- overtaken meanwhile is not sent.
update gmail_changes set state = 'sending', sent_at = @now::timestamptz, cursor = (@cursor::text)::numeric, adds = @adds::text[], removes = @removes::text[], echoed = false
where user_id = @user_id and id = any(@ids::bigint[]) and state = 'pending' returning id;

-- name: GmailChangeEnd :exec
-- GmailChangeEnd notes how changes ended.
update gmail_changes set state = @state::text, done_at = @now::timestamptz, error = @error::text where user_id = @user_id and id = any(@ids::bigint[]);

-- name: GmailChangeAgain :exec
-- GmailChangeAgain puts changes back that were not carried out.
update gmail_changes set state = 'pending', attempts = attempts + 1, error = @error::text where user_id = @user_id and id = any(@ids::bigint[]);

-- name: GmailChangeEchoed :exec
update gmail_changes set echoed = true where user_id = @user_id and id = any(@ids::bigint[]);

-- name: GmailChangesMade :one
-- GmailChangesMade writes what an action changed, or put back, as changes for Gmail, one a message and part of its
-- state. What waits for the same part is overtaken. The workers are told.
with items as (
	select i.email_id, case when @undo::boolean then i.after else i.before end as was, case when @undo::boolean then i.before else i.after end as now
	from action_items i
	where i.user_id = @user_id and i.action_id = @action_id and i.before is not null and (i.undone_at is not null) = @undo::boolean
		and not exists (select from gmail_changes c where c.user_id = @user_id and c.action_id = @action_id and c.email_id = i.email_id and c.undo = @undo::boolean)
), states as (
	select i.email_id, i.was, i.now, e.place, e.unread::text as unread, e.starred::text as starred
	from items i join emails e on e.user_id = @user_id and e.id = i.email_id
), parts as (
	select email_id, 'place' as kind, 0::bigint as label_id, now->>'place' as want from states
	where now->>'place' <> was->>'place' and place = now->>'place'
	union all
	select email_id, 'unread', 0, now->>'unread' from states where now->>'unread' <> was->>'unread' and unread = now->>'unread'
	union all
	select email_id, 'starred', 0, now->>'starred' from states where now->>'starred' <> was->>'starred' and starred = now->>'starred'
	union all
	select email_id, 'label', (now->>'label_id')::bigint, now->>'has' from states where now->>'has' <> was->>'has'
), made as (
	insert into gmail_changes (user_id, account_id, gmail_id, email_id, action_id, undo, kind, label_id, want, state)
	select @user_id::bigint, g.account_id, g.gmail_id, g.email_id, @action_id::bigint, @undo::boolean, p.kind, p.label_id, p.want, 'pending'
	from parts p join gmail_messages g on g.user_id = @user_id and g.email_id = p.email_id and g.state = 'stored'
	join accounts a on a.user_id = @user_id and a.id = g.account_id and a.state <> 'disconnected'
	on conflict do nothing
	returning id, account_id, gmail_id, kind, label_id
), overtaken as (
	update gmail_changes c set state = 'superseded', done_at = now(), error = 'overtaken'
	from made m where c.user_id = @user_id and c.account_id = m.account_id and c.gmail_id = m.gmail_id and c.kind = m.kind and c.label_id = m.label_id
		and c.state = 'pending' and c.id < m.id
)
select count(pg_notify('gmail_due', concat(@user_id::bigint, ' ', m.account_id))) from (select distinct account_id from made) m;

-- name: GmailLabelLeave :exec
-- GmailLabelLeave takes our label of one of Gmail's off the emails that carry it, before the two part.
delete from email_labels x using gmail_labels l, gmail_messages g
where l.user_id = @user_id and l.account_id = @account_id and l.gmail_id = @gmail_id
	and g.user_id = @user_id and g.account_id = @account_id and l.gmail_id = any(g.labels)
	and x.user_id = @user_id and x.label_id = l.label_id and x.email_id = g.email_id;

-- name: GmailLabelName :one
select name from labels where user_id = @user_id and id = @id;

-- name: GmailLabelsOf :many
-- GmailLabelsOf returns the state and the labels of messages.
select gmail_id, state, labels from gmail_messages where user_id = @user_id and account_id = @account_id and gmail_id = any(@gmail_ids::text[]);

-- name: GmailChangeEmails :many
select distinct email_id from gmail_changes where user_id = @user_id and id = any(@ids::bigint[]) order by email_id;

-- name: GmailChangesUncertain :many
-- GmailChangesUncertain ends changes of which nobody can tell any more whether they were carried out, and returns their
-- emails: they are not sent again.
update gmail_changes set state = 'superseded', done_at = @now::timestamptz, error = 'the history that would tell is gone'
where user_id = @user_id and account_id = @account_id and state = 'sending' returning email_id;

-- name: SearchVersion :one
-- SearchVersion returns the version of what is read after it: a later one was read later.
select nextval('search_versions')::bigint;

-- name: SearchClaim :many
-- SearchClaim takes the next notes of the outbox of all owners, for as long as the lease.
select c.user_id::bigint as user_id, c.seq::bigint as seq, c.email_id::bigint as email_id, c.received_at::timestamptz as received_at,
	coalesce(c.generation, 0)::integer as generation, c.noted_at::timestamptz as noted_at, c.attempts::smallint as attempts
from search_outbox_claim(@most::integer, make_interval(secs => @lease_seconds::float8)) c;

-- name: SearchDone :exec
select search_outbox_done(@users::bigint[], @seqs::bigint[]);

-- name: SearchBack :exec
-- SearchBack gives notes back, to be tried again; refused counts against them.
select search_outbox_back(@users::bigint[], @seqs::bigint[], @refused::boolean, @why::text);

-- name: SearchRetry :one
select search_outbox_retry()::bigint;

-- name: SearchState :one
-- SearchState tells what waits in the outbox of all owners.
select s.news::bigint as news, coalesce(s.oldest, now())::timestamptz as oldest, s.filling::bigint as filling, s.parked::bigint as parked from search_outbox_state() s;

-- name: SearchForget :exec
select search_outbox_forget(sqlc.narg('generation')::integer);

-- name: SearchMonths :many
-- SearchMonths returns how many mails of all owners each month has.
select m.month::timestamptz as month, m.mails::bigint as mails from search_months() m;

-- name: SearchDocs :many
-- SearchDocs returns what a text index keeps of emails beside their words.
select e.id, e.thread_id, e.message_id, e.received_at, e.from_address, e.size, e.place, e.unread, e.starred, e.sent, e.draft, e.has_attachment,
	e.category, round(e.confidence::numeric * 10000)::integer as confidence, e.needs_review, e.priority, e.needs_reply, e.risk, e.raw_sha256,
	l.labels::text[] as labels, search_digest(e, l.labels)::bigint as digest,
	coalesce((select t.calendar <> '[]'::jsonb from email_texts t where t.user_id = e.user_id and t.email_id = e.id), false)::boolean as invitation,
	a.names::text[] as files, a.types::text[] as types, a.inlines::boolean[] as inlines
from emails e
cross join lateral (select search_labels(e.user_id, e.id) as labels) l
cross join lateral (
	select coalesce(array_agg(lower(x.filename) order by x.part), '{}') as names, coalesce(array_agg(x.content_type order by x.part), '{}') as types,
		coalesce(array_agg(x.inline order by x.part), '{}') as inlines
	from attachments x where x.user_id = e.user_id and x.email_id = e.id) a
where e.user_id = @user_id and e.id = any(@ids::bigint[]);

-- name: SearchSums :many
-- SearchSums returns the number and the sum of digests of an owner's mail by month.
select date_trunc('month', e.received_at, 'UTC')::timestamptz as month, count(*) as mails, sum(search_digest(e, search_labels(e.user_id, e.id)))::bigint as digests
from emails e where e.user_id = @user_id group by 1 order by 1;

-- name: SearchDigests :many
-- SearchDigests returns the digests of an owner's mail of some time.
select e.id, search_digest(e, search_labels(e.user_id, e.id))::bigint as digest
from emails e where e.user_id = @user_id and e.received_at >= @since::timestamptz and e.received_at < @until::timestamptz order by e.id;

-- name: SearchFill :execrows
-- SearchFill notes all mail of an owner for one generation.
insert into search_outbox (user_id, email_id, received_at, generation)
select e.user_id, e.id, e.received_at, @generation::integer from emails e where e.user_id = @user_id order by e.received_at desc;

-- name: SearchMend :exec
-- SearchMend notes emails of an owner, also such as are gone from Postgres, whose month is then told.
insert into search_outbox (user_id, email_id, received_at, generation)
select @user_id::bigint, unnest(@ids::bigint[]), unnest(@received_ats::timestamptz[]), sqlc.narg('generation')::integer;

-- name: SearchGenerations :many
select * from search_generations where state <> 'retired' order by generation;

-- name: SearchGenerationMake :one
-- SearchGenerationMake makes the next generation; from its commit on, changes are noted.
insert into search_generations (generation, state, layout)
select coalesce(max(generation), 0) + 1, 'noting', @layout::text from search_generations
returning generation;

-- name: SearchGenerationFilling :exec
update search_generations set state = 'building', mails = @mails where generation = @generation and state = 'noting';

-- name: SearchGenerationRetire :exec
update search_generations set state = 'retired' where generation = @generation;

-- name: SearchGenerationLive :exec
-- SearchGenerationLive comes after the one that was live is retired.
update search_generations set state = 'live', live_at = now() where generation = @generation;

-- name: SearchIndexLock :exec
-- SearchIndexLock makes those who make indices and those who move aliases wait for each other.
select pg_advisory_xact_lock(hashtextextended('search indices', 0));

-- name: SearchHorizon :one
-- SearchHorizon tells a transaction number that all later ones exceed, and the oldest that still runs.
select h.next::bigint as next, h.oldest::bigint as oldest from search_horizon() h;

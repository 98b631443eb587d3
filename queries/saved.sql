-- name: SavedList :many
-- SavedList returns a user's saved searches in their order, each with how much it found since it was last opened.
select s.id, s.name, s.query, s.alert, s.checked_at,
	(select count(*) from (select from saved_hits h where h.user_id = @user_id and h.search_id = s.id and not h.seen limit 100) x)::integer as unseen
from saved_searches s where s.user_id = @user_id order by s.position, s.id limit 100;

-- name: SavedCreate :one
-- SavedCreate keeps a search under a name; it looks at mail that comes from now on. No row: the name is taken.
insert into saved_searches (user_id, name, query, alert, position, checked_id)
select @user_id, @name, @query, @alert,
	coalesce((select max(s.position) + 1 from saved_searches s where s.user_id = @user_id), 0),
	coalesce((select e.id from emails e where e.user_id = @user_id order by e.id desc limit 1), 0)
where (select count(*) from saved_searches s where s.user_id = @user_id) < @most::integer
on conflict (user_id, name) do nothing
returning id;

-- name: SavedUpdate :execrows
-- SavedUpdate changes a saved search, unless another one has the name.
update saved_searches s set name = @name, query = @query, alert = @alert where s.user_id = @user_id and s.id = @id
	and not exists (select from saved_searches o where o.user_id = @user_id and o.name = @name and o.id <> @id);

-- name: SavedDelete :execrows
delete from saved_searches where user_id = @user_id and id = @id;

-- name: SavedOrder :exec
-- SavedOrder puts saved searches into this order.
update saved_searches s set position = w.n from unnest(@ids::bigint[]) with ordinality as w (id, n)
where s.user_id = @user_id and s.id = w.id;

-- name: SavedDue :many
-- SavedDue returns the saved searches that have not looked at all mail yet, and keeps others from looking until the end
-- of the transaction.
select s.id, s.query, s.alert, s.checked_id, s.created_at from saved_searches s
where s.user_id = @user_id and s.checked_id < @newest::bigint
order by s.id for update;

-- name: SavedNewest :one
-- SavedNewest returns the greatest id of a user's emails, or 0.
select coalesce((select e.id from emails e where e.user_id = @user_id order by e.id desc limit 1), 0)::bigint;

-- name: SavedArrivals :many
-- SavedArrivals returns what came in after an id: not what the user sent, and not old mail that was brought in later.
select id from emails where user_id = @user_id and id > @after::bigint and id <= @newest::bigint and not sent and not draft and received_at >= @since
order by id limit @max_rows;

-- name: SavedHitInsert :execrows
-- SavedHitInsert notes what a saved search found, each mail once.
insert into saved_hits (user_id, search_id, email_id, found_at)
select @user_id::bigint, @search_id::bigint, unnest(@email_ids::bigint[]), @found_at::timestamptz
on conflict do nothing;

-- name: SavedChecked :exec
update saved_searches set checked_id = @checked_id, checked_at = @checked_at where user_id = @user_id and id = @id;

-- name: SavedHitTrim :exec
-- SavedHitTrim keeps the newest hits of a saved search.
delete from saved_hits h where h.user_id = @user_id and h.search_id = @search_id and h.found_at < (
	select k.found_at from saved_hits k where k.user_id = @user_id and k.search_id = @search_id order by k.found_at desc, k.email_id desc offset @keep::integer limit 1);

-- name: SavedSeen :exec
-- SavedSeen marks what a saved search found as seen; of all of them with id 0.
update saved_hits set seen = true where user_id = @user_id and not seen and (search_id = @id or @id::bigint = 0);

-- name: SavedHitList :many
-- SavedHitList returns what saved searches with an alert found lately.
select h.search_id, s.name, h.found_at, h.seen, e.id, e.thread_id, e.subject, e.from_name, e.from_address, e.received_at, e.snippet
from (select x.* from saved_hits x where x.user_id = @user_id order by x.found_at desc, x.search_id, x.email_id limit @max_rows) h
join saved_searches s on s.user_id = @user_id and s.id = h.search_id and s.alert <> 'none'
join emails e on e.user_id = @user_id and e.id = h.email_id
order by h.found_at desc, h.search_id, e.received_at desc;

-- name: HistoryUse :exec
-- HistoryUse notes that a query was searched for, and forgets the oldest beyond what is kept.
with used as (
	insert into search_history (user_id, query, used_at) values (@user_id, @query, @used_at)
	on conflict (user_id, query) do update set used_at = excluded.used_at
)
delete from search_history h where h.user_id = @user_id and h.used_at < (
	select k.used_at from search_history k where k.user_id = @user_id order by k.used_at desc offset @keep::integer limit 1);

-- name: HistoryList :many
-- HistoryList returns what was searched for, latest first.
select query, used_at from search_history where user_id = @user_id order by used_at desc limit @max_rows;

-- name: HistoryDelete :execrows
delete from search_history where user_id = @user_id and query = @query;

-- name: HistoryClear :exec
delete from search_history where user_id = @user_id;

-- name: HistorySwitch :exec
-- HistorySwitch turns the history of searches on or off.
update users set search_history = @on_off where id = @user_id;

-- name: SavedAny :one
-- SavedAny tells whether a user has a saved search.
select exists (select from saved_searches where user_id = @user_id)::boolean;

-- name: SavedBehind :one
-- SavedBehind tells whether a saved search has not looked at all mail yet.
select exists (select from saved_searches s where s.user_id = @user_id and s.checked_id <
	coalesce((select e.id from emails e where e.user_id = @user_id order by e.id desc limit 1), 0))::boolean;

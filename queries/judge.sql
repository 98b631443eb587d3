-- name: JudgeEmails :many
-- JudgeEmails returns what judging emails again needs: their sources, and how they were judged.
select e.id, e.thread_id, e.identity, e.raw_sha256, e.received_at, e.place, e.sent, e.category, e.category_by, e.confidence, e.needs_review, e.priority, e.risk
from emails e where e.user_id = @user_id and e.id = any(@ids::bigint[]) order by e.received_at, e.id;

-- name: JudgeTexts :many
-- JudgeTexts returns, for each of the emails, the visible text of the three mails before it in its thread, newest first.
select e.id, t.visible
from emails e
cross join lateral (
	select x.id, x.received_at from emails x
	where x.user_id = e.user_id and x.thread_id = e.thread_id and (x.received_at, x.id) < (e.received_at, e.id)
	order by x.received_at desc, x.id desc limit 3) b
join email_texts t on t.user_id = e.user_id and t.email_id = b.id
where e.user_id = @user_id and e.id = any(@ids::bigint[])
order by e.id, b.received_at desc, b.id desc;

-- name: JudgeStore :many
-- JudgeStore writes new verdicts, and returns the threads of the emails. A category that the owner set stays.
with given as (
	select unnest(@ids::bigint[]) as id, unnest(@categories::text[]) as category, unnest(@confidences::real[]) as confidence,
		unnest(@needs_reviews::boolean[]) as needs_review, unnest(@priorities::text[]) as priority, unnest(@needs_replies::boolean[]) as needs_reply,
		unnest(@unwanteds::real[]) as unwanted, unnest(@risks::smallint[]) as risk, unnest(@verdicts::text[])::jsonb as verdict
), told as (
	update email_texts t set verdict = g.verdict from given g where t.user_id = @user_id and t.email_id = g.id
), known as (
	delete from unjudged u where u.user_id = @user_id and u.email_id = any(@ids::bigint[])
)
update emails e set
	category = case when e.category_by = 'user' then e.category else g.category end,
	needs_review = case when e.category_by = 'user' then e.needs_review else g.needs_review end,
	confidence = g.confidence, priority = g.priority, needs_reply = g.needs_reply and not e.sent, unwanted = g.unwanted, risk = g.risk
from given g where e.user_id = @user_id and e.id = g.id
returning e.thread_id;

-- name: UnjudgedAdd :exec
-- UnjudgedAdd notes emails that wait for their judgement.
insert into unjudged (user_id, email_id) select @user_id::bigint, unnest(@email_ids::bigint[]) on conflict do nothing;

-- name: UnjudgedNext :many
-- UnjudgedNext lists the next emails of a user that wait for their judgement.
select email_id from unjudged where user_id = @user_id order by email_id limit @max_rows;

-- name: UnjudgedDrop :exec
-- UnjudgedDrop forgets emails that were deleted while they waited.
delete from unjudged u where u.user_id = @user_id and u.email_id = any(@email_ids::bigint[])
	and not exists (select from emails e where e.user_id = u.user_id and e.id = u.email_id);

-- name: UnjudgedUsers :many
-- UnjudgedUsers lists users with mail that waits for its judgement. It needs no owner.
select u::bigint as user_id from unjudged_users(@max_rows::integer) u;

-- name: JudgeNewest :many
-- JudgeNewest lists the newest emails of a user, before a place in time.
select id, received_at from emails where user_id = @user_id and (received_at, id) < (@before_at::timestamptz, @before_id::bigint)
order by received_at desc, id desc limit @max_rows;

-- name: JudgeFound :many
-- JudgeFound returns the emails with these identities, for the page of a run.
select e.identity, e.id, e.thread_id, e.subject, e.from_name, e.from_address, e.category, e.needs_review, e.risk
from emails e where e.user_id = @user_id and e.identity = any(@identities::bytea[]);

-- name: JudgeAddresses :many
-- JudgeAddresses lists the addresses of a user and of the accounts the user connected.
select u.email as address from users u where u.id = @user_id
union select a.address from accounts a where a.user_id = @user_id;

-- name: AccuracyMails :many
-- AccuracyMails returns the mails whose category their person told, newest word first, with what the judgement said of
-- them when they came in. Of the mails of a thread that one action told, the newest counts: it is the one that the
-- person saw judged.
with told as (
	select distinct on (c.email_id) c.email_id, c.action_id, c.category, c.category = c.was as confirmed, c.created_at
	from corrections c where c.user_id = @user_id
	order by c.email_id, c.created_at desc, c.action_id desc
), seen as (
	select distinct on (t.action_id, e.thread_id) t.category, t.confirmed, t.created_at, e.id, e.thread_id, e.subject, e.from_name, e.from_address
	from told t join emails e on e.user_id = @user_id and e.id = t.email_id
	order by t.action_id, e.thread_id, e.received_at desc, e.id desc
)
select s.id, s.thread_id, s.subject, s.from_name, s.from_address, s.category as truth, s.confirmed, s.created_at as told_at,
	coalesce(x.verdict->>'category', '')::text as claim, coalesce((x.verdict->>'confidence')::float8, 0)::float8 as confidence,
	coalesce((x.verdict->>'needs_review')::boolean, false)::boolean as needs_review
from seen s join email_texts x on x.user_id = @user_id and x.email_id = s.id
where x.verdict ? 'category'
order by s.created_at desc, s.id desc limit 5000;

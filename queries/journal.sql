-- name: JournalList :many
-- JournalList returns actions before a place in the journal, newest first, with the subject of one of their emails.
-- Those of merely opening a mail are left out.
select a.id, a.kind, a.args, a.state, a.actor, a.reason, a.item_count, a.created_at, a.undone_at, a.error,
	coalesce(s.subject, '')::text as subject, coalesce(s.thread_id, 0)::bigint as thread_id
from actions a
left join lateral (
	select e.subject, e.thread_id from action_items i join emails e on e.user_id = i.user_id and e.id = i.email_id
	where i.user_id = @user_id and i.action_id = a.id limit 1
) s on true
where a.user_id = @user_id and a.reason <> 'opened' and (a.created_at, a.id) < (@before_at::timestamptz, @before_id::bigint)
order by a.created_at desc, a.id desc
limit @max_rows;

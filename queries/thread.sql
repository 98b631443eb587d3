-- name: ThreadGet :one
select * from threads where user_id = @user_id and id = @id;

-- name: ThreadEmails :many
-- ThreadEmails returns the newest emails of a thread, newest first, with their text and judgement.
select e.id, e.received_at, e.from_name, e.from_address, e.recipients, e.subject, e.snippet, e.size, e.place, e.unread, e.starred,
	e.sent, e.draft, e.category, e.category_by, e.confidence, e.needs_review, e.priority, e.risk, x.body, x.visible, x.verdict,
	x.calendar, x.warnings
from emails e join email_texts x on x.user_id = e.user_id and x.email_id = e.id
where e.user_id = @user_id and e.thread_id = @thread_id
order by e.received_at desc, e.id desc
limit @max_rows;

-- name: ThreadAttachments :many
select email_id, part, filename, content_type, size, inline from attachments
where user_id = @user_id and email_id = any(@email_ids::bigint[])
order by email_id, part;

-- name: ThreadLabels :many
select distinct l.name from labels l join email_labels el on el.user_id = l.user_id and el.label_id = l.id
where l.user_id = @user_id and el.email_id = any(@email_ids::bigint[])
order by l.name;

-- name: ThreadActions :many
-- ThreadActions returns the newest actions on these emails; those of merely opening a mail are left out.
select a.id, a.kind, a.args, a.state, a.actor, a.reason, a.created_at, a.item_count, count(*)::integer as here
from action_items i join actions a on a.user_id = i.user_id and a.id = i.action_id
where i.user_id = @user_id and i.email_id = any(@email_ids::bigint[]) and a.reason <> 'opened'
group by a.user_id, a.id
order by a.created_at desc, a.id desc
limit 50;

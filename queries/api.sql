-- name: MailList :many
-- MailList returns emails before a place, newest first.
select id, thread_id, message_id, received_at, from_name, from_address, recipients, subject, snippet, size, place, unread, starred, sent, draft,
	has_attachment, category, category_by, confidence, needs_review, priority, needs_reply, unwanted, risk
from emails
where user_id = @user_id and (received_at, id) < (@before_at::timestamptz, @before_id::bigint)
order by received_at desc, id desc
limit @max_rows;

-- name: MailGet :one
-- MailGet returns an email with its text, its judgement and its labels.
select e.id, e.thread_id, e.message_id, e.received_at, e.from_name, e.from_address, e.recipients, e.subject, e.snippet, e.size, e.place, e.unread,
	e.starred, e.sent, e.draft, e.has_attachment, e.category, e.category_by, e.confidence, e.needs_review, e.priority, e.needs_reply, e.unwanted,
	e.risk, x.body, x.visible, x.verdict,
	array(select l.name from email_labels el join labels l on l.user_id = el.user_id and l.id = el.label_id
		where el.user_id = @user_id and el.email_id = e.id order by l.name)::text[] as labels
from emails e join email_texts x on x.user_id = e.user_id and x.email_id = e.id
where e.user_id = @user_id and e.id = @id;

-- name: MailsOfThread :many
-- MailsOfThread returns the newest emails of a thread, newest first.
select id, thread_id, message_id, received_at, from_name, from_address, recipients, subject, snippet, size, place, unread, starred, sent, draft,
	has_attachment, category, category_by, confidence, needs_review, priority, needs_reply, unwanted, risk
from emails
where user_id = @user_id and thread_id = @thread_id
order by received_at desc, id desc
limit @max_rows;

-- name: ProposalList :many
-- ProposalList returns proposals that wait for a decision before an id, newest first.
select id, kind, args, state, actor, reason, item_count, created_at, decided_at, done_at, undone_at, error
from actions
where user_id = @user_id and state = 'proposed' and id < @before_id
order by id desc limit @max_rows;

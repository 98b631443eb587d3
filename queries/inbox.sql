-- name: InboxRows :many
-- InboxRows returns the rows of a list for these threads, in the order of the ids: the thread, its labels, why its
-- newest received mail was judged as it was (its strongest reasons), and whether its quarantine is proposed.
select t.id, t.subject, t.snippet, t.senders, t.last_at, t.email_count, t.unread_count, t.in_inbox, t.in_quarantine, t.starred,
	t.has_attachment, t.snoozed_until, t.category, t.priority, t.needs_reply, t.needs_review, t.risk,
	coalesce(j.confidence, 0)::real as confidence,
	coalesce(j.category_by, 'triage')::text as category_by,
	coalesce(j.priority_reason, '')::text as priority_reason,
	coalesce(j.reply_sentence, '')::text as reply_sentence,
	coalesce(j.why, '{}')::text[] as why,
	array(select distinct l.name from emails e join email_labels el on el.user_id = e.user_id and el.email_id = e.id
		join labels l on l.user_id = el.user_id and l.id = el.label_id
		where e.user_id = @user_id and e.thread_id = t.id order by l.name limit 6)::text[] as labels,
	-- From the thread to its mails to their actions: "offset 0" keeps the planner, which may know nothing yet of tables
	-- that were just filled, from walking all actions of the owner instead.
	(t.risk >= 20 and exists (select from emails e
		cross join lateral (select i.action_id from action_items i where i.user_id = @user_id and i.email_id = e.id offset 0) i
		cross join lateral (select from actions a where a.user_id = @user_id and a.id = i.action_id
			and a.state = 'proposed' and a.kind = 'quarantine' offset 0) a
		where e.user_id = @user_id and e.thread_id = t.id))::boolean as quarantine_proposed
from unnest(@ids::bigint[]) with ordinality as w (id, n)
join threads t on t.user_id = @user_id and t.id = w.id
left join lateral (
	select e.confidence, e.category_by, x.verdict->>'priority_reason' as priority_reason, x.verdict->>'reply_sentence' as reply_sentence,
		array(select r->>'text' from jsonb_array_elements(case jsonb_typeof(x.verdict->'why') when 'array' then x.verdict->'why' else '[]' end) r limit 6) as why
	from emails e join email_texts x on x.user_id = e.user_id and x.email_id = e.id
	where e.user_id = @user_id and e.thread_id = t.id
	order by e.sent, e.place in ('trash', 'spam'), e.received_at desc, e.id desc
	limit 1
) j on true
order by w.n;

-- name: InboxProposals :many
-- InboxProposals returns the newest proposals to quarantine that wait for a decision, with the email each is about.
select a.id, a.actor, a.reason, a.created_at, a.item_count, e.thread_id, e.subject, e.from_name, e.from_address, e.risk
from (select * from actions p where p.user_id = @user_id and p.state = 'proposed' and p.kind = 'quarantine' order by p.id desc limit @max_rows) a
join lateral (
	select e.thread_id, e.subject, e.from_name, e.from_address, e.risk
	from action_items i join emails e on e.user_id = i.user_id and e.id = i.email_id
	where i.user_id = @user_id and i.action_id = a.id limit 1
) e on true
order by a.id desc;

-- name: InboxLabelID :one
-- InboxLabelID returns the id of a label by its name.
select id from labels where user_id = @user_id and name = @name;

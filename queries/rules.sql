-- name: RuleList :many
-- RuleList lists a person's rules in their order.
select * from rules where user_id = @user_id order by position, id limit 200;

-- name: RuleEnabled :many
-- RuleEnabled lists the rules that new mail meets, in their order.
select * from rules where user_id = @user_id and enabled order by position, id limit 200;

-- name: RuleGet :one
select * from rules where user_id = @user_id and id = @id;

-- name: RuleCreate :one
-- RuleCreate stores a rule at the end, switched off.
insert into rules (user_id, name, query, position, stop, category, priority, needs_reply, place, mark_read, star, label, no_quarantine)
select @user_id::bigint, @name::text, @query::text, coalesce(max(r.position), 0) + 1, @stop::boolean, sqlc.narg('category')::text,
	sqlc.narg('priority')::text, sqlc.narg('needs_reply')::boolean, sqlc.narg('place')::text, @mark_read::boolean, @star::boolean,
	@label::text, @no_quarantine::boolean
from rules r where r.user_id = @user_id::bigint
having count(*) < @most::integer
returning id;

-- name: RuleUpdate :execrows
update rules set name = @name, query = @query, stop = @stop, category = sqlc.narg('category'), priority = sqlc.narg('priority'),
	needs_reply = sqlc.narg('needs_reply'), place = sqlc.narg('place'), mark_read = @mark_read, star = @star, label = @label,
	no_quarantine = @no_quarantine, fault = '', changed_at = now()
where user_id = @user_id and id = @id;

-- name: RuleEnable :execrows
update rules set enabled = @enabled, fault = '' where user_id = @user_id and id = @id;

-- name: RuleFault :exec
-- RuleFault notes why a rule could not run.
update rules set fault = @fault where user_id = @user_id and id = @id and fault <> @fault;

-- name: RuleMove :exec
-- RuleMove puts the rules into the order of the ids.
update rules r set position = w.n from unnest(@ids::bigint[]) with ordinality w (id, n)
where r.user_id = @user_id and r.id = w.id;

-- name: RuleDelete :execrows
-- RuleDelete forgets a rule and whom it met; what it did stays, and stays in the journal.
delete from rules where user_id = @user_id and id = @id;

-- name: RuleHitInsert :exec
insert into rule_hits (user_id, rule_id, email_id, at, past)
select @user_id::bigint, @rule_id::bigint, unnest(@email_ids::bigint[]), @at::timestamptz, @past::boolean
on conflict do nothing;

-- name: RuleHits :many
-- RuleHits counts whom each rule met, of the last days and since it began, and when it last did.
select r.id, count(h.email_id)::integer as hits, (count(h.email_id) filter (where h.at >= @since::timestamptz))::integer as lately,
	coalesce(max(h.at), r.created_at)::timestamptz as last_at
from rules r left join rule_hits h on h.user_id = r.user_id and h.rule_id = r.id
where r.user_id = @user_id group by r.id, r.created_at limit 200;

-- name: RuleDays :many
-- RuleDays counts whom a rule met by day of the person's zone, oldest first.
select date_trunc('day', at, @zone::text)::timestamptz as day, count(*)::integer as hits from rule_hits
where user_id = @user_id and rule_id = @rule_id and at >= @since::timestamptz group by 1 order by 1 limit 100;

-- name: RuleMet :many
-- RuleMet lists the mail that a rule met last.
select e.id, e.thread_id, e.from_name, e.from_address, e.subject, e.received_at, h.at, h.past from rule_hits h
join emails e on e.user_id = h.user_id and e.id = h.email_id
where h.user_id = @user_id and h.rule_id = @rule_id order by h.at desc, h.email_id desc limit @max_rows;

-- name: RuleActions :many
-- RuleActions lists what a rule did, newest first.
select id, kind, args, state, item_count, created_at from actions
where user_id = @user_id and rule_id = @rule_id::bigint order by id desc limit @max_rows;

-- name: RuleStates :many
-- RuleStates returns what a rule looks at in emails to tell whether it would change them, newest first.
select e.id, e.thread_id, e.from_name, e.from_address, e.subject, e.received_at, e.place, e.unread, e.starred, (e.sent or e.draft)::boolean as own,
	e.category, e.category_by, e.priority, e.needs_reply, e.needs_review,
	exists (select from email_labels x join labels l on l.user_id = x.user_id and l.id = x.label_id
		where x.user_id = e.user_id and x.email_id = e.id and l.name = @label::text) as labelled
from emails e where e.user_id = @user_id and e.id = any(@ids::bigint[]) order by e.received_at desc, e.id desc limit 2000;

-- name: RuleDeny :execrows
-- RuleDeny denies what is proposed for emails, in the name of a rule, which can take that back.
update actions a set state = 'denied', decided_at = now(), rule_id = @rule_id::bigint
where a.user_id = @user_id and a.state = 'proposed' and a.kind = 'quarantine' and a.id in (
	select i.action_id from action_items i where i.user_id = @user_id and i.email_id = any(@email_ids::bigint[]));

-- name: RulePropose :execrows
-- RulePropose puts up again what a rule denied since a time.
update actions set state = 'proposed', decided_at = null, rule_id = null
where user_id = @user_id and rule_id = @rule_id::bigint and state = 'denied' and decided_at >= @since::timestamptz;

-- name: RuleUndoable :many
-- RuleUndoable lists the next of a rule's actions since a time that stand, newest first.
select id from actions where user_id = @user_id and rule_id = @rule_id::bigint and state in ('done', 'approved')
	and created_at >= @since::timestamptz order by id desc limit 1000;

-- name: RuleUndoableMails :one
-- RuleUndoableMails counts the actions of RuleUndoable and the changes to emails that they made.
select count(*)::integer as actions, coalesce(sum(item_count), 0)::bigint as mails from actions
where user_id = @user_id and rule_id = @rule_id::bigint and state in ('done', 'approved') and created_at >= @since::timestamptz;

-- name: RuleMail :one
-- RuleMail returns what a rule can be made from.
select e.id, e.thread_id, e.from_name, e.from_address, e.subject, e.category from emails e where e.user_id = @user_id and e.id = @id;

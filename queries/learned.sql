-- name: CorrectionTargets :many
-- CorrectionTargets returns the received emails of an action that are to be learned from.
select e.id, e.from_address, e.subject, e.category from emails e
join action_items i on i.user_id = e.user_id and i.email_id = e.id
where e.user_id = @user_id and i.action_id = @action_id and not e.sent and e.from_address <> ''
order by e.id limit 500;

-- name: CorrectionInsert :exec
insert into corrections (user_id, action_id, email_id, sender, pattern, subject, category, was)
select @user_id::bigint, @action_id::bigint, unnest(@email_ids::bigint[]), unnest(@senders::text[]), unnest(@patterns::text[]),
	unnest(@subjects::text[]), @category::text, unnest(@was::text[])
on conflict do nothing;

-- name: CorrectionConfirm :exec
-- CorrectionConfirm notes that the emails of an action are of the category they have: a correction to what it was.
insert into corrections (user_id, action_id, email_id, sender, pattern, subject, category, was)
select e.user_id, i.action_id, e.id, e.from_address, '', e.subject, e.category, e.category from emails e
join action_items i on i.user_id = e.user_id and i.email_id = e.id
where e.user_id = @user_id and i.action_id = @action_id and not e.sent
order by e.id limit 500
on conflict do nothing;

-- name: CorrectionDeleteAction :exec
-- CorrectionDeleteAction unlearns what an action taught.
delete from corrections where user_id = @user_id and action_id = @action_id;

-- name: CorrectionDeleteEmail :exec
-- CorrectionDeleteEmail unlearns what an action taught by one of its emails.
delete from corrections where user_id = @user_id and action_id = @action_id and email_id = @email_id;

-- name: CorrectionFind :many
-- CorrectionFind returns what was learned about senders and shapes of subjects, newest first; a shape counts once an
-- action. What was only confirmed teaches nothing: it was judged so already.
select sender, pattern, category, max(created_at)::timestamptz as at from corrections
where user_id = @user_id and (sender = any(@senders::text[]) or pattern = any(@patterns::text[])) and category <> was
group by action_id, sender, pattern, category
order by max(created_at) desc, action_id desc limit 5000;

-- name: LearnedList :many
-- LearnedList lists what was learned, by sender and category.
select sender, category, count(*)::integer as times, count(distinct pattern)::integer as patterns, max(created_at)::timestamptz as last_at,
	(array_agg(subject order by created_at desc))[1]::text as subject
from corrections where user_id = @user_id and category <> was
group by sender, category order by max(created_at) desc limit 500;

-- name: LearnedDelete :execrows
-- LearnedDelete unlearns what was learned about a sender and a category.
delete from corrections where user_id = @user_id and sender = @sender and category = @category and category <> was;

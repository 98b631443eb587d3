-- name: ActionPropose :exec
-- ActionPropose writes proposals of an agent, one an email; a key that was used before proposes nothing.
with proposed as (
	insert into actions (user_id, kind, state, actor, reason, item_count, key, run_id, expires_at)
	select @user_id::bigint, @kind::text, 'proposed', @actor::text, unnest(@reasons::text[]), 1, unnest(@keys::text[]), sqlc.narg('run_id')::uuid, @expires_at::timestamptz
	on conflict (user_id, key) where key is not null do nothing
	returning id, key
)
insert into action_items (user_id, action_id, email_id)
select @user_id::bigint, p.id, k.email_id
from proposed p join (select unnest(@keys::text[]) as key, unnest(@email_ids::bigint[]) as email_id) k using (key);

-- name: ActionCreate :one
-- ActionCreate writes an intent; no row means that its key was used before.
insert into actions (user_id, kind, args, state, actor, reason, key, rule_id, decided_at, run_id, expires_at, approvals_needed)
values (@user_id, @kind, @args, @state, @actor, @reason, sqlc.narg('key'), sqlc.narg('rule_id'), case when @state::text = 'approved' then now() end,
	sqlc.narg('run_id'), sqlc.narg('expires_at'), @approvals_needed)
on conflict (user_id, key) where key is not null do nothing
returning id;

-- name: ActionByKey :one
select * from actions where user_id = @user_id and key = @key::text;

-- name: ActionItems :one
-- ActionItems fixes what an action is about: emails, or the emails of threads, that lie in one of the places. It
-- returns their number.
with wanted as (
	select e.id from emails e
	where e.user_id = @user_id and (e.id = any(@email_ids::bigint[]) or e.thread_id = any(@thread_ids::bigint[]))
		and e.place = any(@places::text[])
		and (@own::boolean or not (e.sent or e.draft))
		and (not @unread_only::boolean or e.unread)
		and (not @spare_user::boolean or e.category_by <> 'user')
		and (not @newest_only::boolean or e.id = any(@email_ids::bigint[]) or not exists (
			select from emails n where n.user_id = e.user_id and n.thread_id = e.thread_id and (n.received_at, n.id) > (e.received_at, e.id)
				and n.place = any(@places::text[]) and (@own::boolean or not (n.sent or n.draft))))
), made as (
	insert into action_items (user_id, action_id, email_id)
	select @user_id, @action_id::bigint, id from wanted
	returning 1
), counted as (
	update actions a set item_count = (select count(*) from made) where a.user_id = @user_id and a.id = @action_id::bigint
)
select count(*) from made;

-- name: ActionGet :one
select * from actions where user_id = @user_id and id = @id;

-- name: ActionLock :one
-- ActionLock returns an action for changing it; whoever else changes it waits.
select * from actions where user_id = @user_id and id = @id for update;

-- name: ActionState :exec
update actions set state = @state::text, error = @error,
	decided_at = case when @state::text in ('approved', 'denied') then now() else decided_at end,
	done_at = case when @state::text = 'done' then now() else done_at end,
	undone_at = case when @state::text = 'undone' then now() else undone_at end
where user_id = @user_id and id = @id;

-- name: ActionPendingThreads :many
-- ActionPendingThreads returns the threads of the next emails an action has to change.
select distinct e.thread_id from emails e
where e.user_id = @user_id and e.id in (
	select i.email_id from action_items i where i.user_id = @user_id and i.action_id = @action_id and i.before is null
	order by i.email_id limit @max_items);

-- name: ActionApply :one
-- ActionApply changes the next emails of an action and notes how they were and how they are; null leaves a part of
-- the state as it is. It returns how many items it dealt with: 0 means that the action is done.
with pending as materialized (
	select i.email_id from action_items i where i.user_id = @user_id and i.action_id = @action_id and i.before is null
	order by i.email_id limit @max_items for update
), target as materialized (
	select e.id, jsonb_build_object('place', e.place, 'unread', e.unread, 'starred', e.starred, 'snoozed_until', e.snoozed_until,
		'category', e.category, 'category_by', e.category_by, 'needs_review', e.needs_review, 'priority', e.priority,
		'needs_reply', e.needs_reply) as state
	from emails e where e.user_id = @user_id and e.id in (select email_id from pending) for update
), changed as (
	update emails e set
		place = coalesce(sqlc.narg('place')::text, e.place),
		snoozed_until = case when sqlc.narg('place')::text is null then e.snoozed_until else sqlc.narg('until')::timestamptz end,
		woken_at = case when @wake::boolean then now() else e.woken_at end,
		unread = coalesce(sqlc.narg('unread')::boolean, e.unread),
		starred = coalesce(sqlc.narg('starred')::boolean, e.starred),
		category = coalesce(sqlc.narg('category')::text, e.category),
		category_by = coalesce(sqlc.narg('category_by')::text, e.category_by),
		needs_review = e.needs_review and sqlc.narg('category_by')::text is null,
		priority = coalesce(sqlc.narg('priority')::text, e.priority),
		needs_reply = coalesce(sqlc.narg('needs_reply')::boolean, e.needs_reply)
	from target t where e.user_id = @user_id and e.id = t.id
	returning e.id, jsonb_build_object('place', e.place, 'unread', e.unread, 'starred', e.starred, 'snoozed_until', e.snoozed_until,
		'category', e.category, 'category_by', e.category_by, 'needs_review', e.needs_review, 'priority', e.priority,
		'needs_reply', e.needs_reply) as state
), noted as (
	update action_items i set before = coalesce(t.state, '{}'), after = coalesce(c.state, '{}')
	from pending p left join target t on t.id = p.email_id left join changed c on c.id = p.email_id
	where i.user_id = @user_id and i.action_id = @action_id and i.email_id = p.email_id
	returning 1
)
select count(*) from noted;

-- name: ActionApplyLabel :one
-- ActionApplyLabel is ActionApply for a label that is put on or taken off.
with pending as materialized (
	select i.email_id from action_items i where i.user_id = @user_id and i.action_id = @action_id and i.before is null
	order by i.email_id limit @max_items for update
), had as materialized (
	select l.email_id from email_labels l where l.user_id = @user_id and l.label_id = @label_id::bigint and l.email_id in (select email_id from pending)
), put as (
	insert into email_labels (user_id, email_id, label_id)
	select @user_id, p.email_id, @label_id::bigint from pending p where @put::boolean
	on conflict do nothing
), taken as (
	delete from email_labels l where not @put::boolean and l.user_id = @user_id and l.label_id = @label_id::bigint
		and l.email_id in (select email_id from pending)
), noted as (
	update action_items i set before = jsonb_build_object('label_id', @label_id::bigint, 'has', i.email_id in (select email_id from had)),
		after = jsonb_build_object('label_id', @label_id::bigint, 'has', @put::boolean)
	from pending p where i.user_id = @user_id and i.action_id = @action_id and i.email_id = p.email_id
	returning 1
)
select count(*) from noted;

-- name: ActionDoneThreads :many
-- ActionDoneThreads returns the threads of the next emails whose change is to be undone.
select distinct e.thread_id from emails e
where e.user_id = @user_id and e.id in (
	select i.email_id from action_items i
	where i.user_id = @user_id and i.action_id = @action_id and i.before is not null and i.undone_at is null
		and (sqlc.narg('email_id')::bigint is null or i.email_id = sqlc.narg('email_id')::bigint)
	order by i.email_id limit @max_items);

-- name: ActionUndo :one
-- ActionUndo puts the next emails of an action back as they were. A part of the state that something else has changed
-- since stays as it is. It returns how many items it dealt with.
with pending as materialized (
	select i.email_id, i.before, i.after from action_items i
	where i.user_id = @user_id and i.action_id = @action_id and i.before is not null and i.undone_at is null
		and (sqlc.narg('email_id')::bigint is null or i.email_id = sqlc.narg('email_id')::bigint)
	order by i.email_id limit @max_items for update
), restored as (
	update emails e set
		place = case when c.moved then p.before->>'place' else e.place end,
		snoozed_until = case when c.moved then (p.before->>'snoozed_until')::timestamptz else e.snoozed_until end,
		unread = case when c.marked then (p.before->>'unread')::boolean else e.unread end,
		starred = case when c.starred then (p.before->>'starred')::boolean else e.starred end,
		category = case when c.judged then p.before->>'category' else e.category end,
		category_by = case when c.judged then p.before->>'category_by' else e.category_by end,
		needs_review = case when c.judged then (p.before->>'needs_review')::boolean else e.needs_review end,
		priority = case when c.ranked then p.before->>'priority' else e.priority end,
		needs_reply = case when c.asked then (p.before->>'needs_reply')::boolean else e.needs_reply end
	from pending p
	cross join lateral ( -- which parts this action changed, and nothing has changed since
		select (p.before->'place', p.before->'snoozed_until') is distinct from (p.after->'place', p.after->'snoozed_until')
				and (n.place, n.snoozed_until) is not distinct from (p.after->>'place', (p.after->>'snoozed_until')::timestamptz) as moved,
			p.before->'unread' <> p.after->'unread' and n.unread = (p.after->>'unread')::boolean as marked,
			p.before->'starred' <> p.after->'starred' and n.starred = (p.after->>'starred')::boolean as starred,
			(p.before->'category', p.before->'category_by', p.before->'needs_review') is distinct from (p.after->'category', p.after->'category_by', p.after->'needs_review')
				and (n.category, n.category_by, n.needs_review) is not distinct from
					(p.after->>'category', p.after->>'category_by', (p.after->>'needs_review')::boolean) as judged,
			coalesce(p.before->>'priority' <> p.after->>'priority' and n.priority = p.after->>'priority', false) as ranked,
			coalesce(p.before->'needs_reply' <> p.after->'needs_reply' and n.needs_reply = (p.after->>'needs_reply')::boolean, false) as asked
		from emails n where n.user_id = @user_id and n.id = p.email_id
	) c
	where e.user_id = @user_id and e.id = p.email_id and p.before ? 'place'
), labelled as (
	insert into email_labels (user_id, email_id, label_id)
	select @user_id, p.email_id, (p.before->>'label_id')::bigint from pending p
	where (p.before->>'has')::boolean and not (p.after->>'has')::boolean
		and exists (select from labels l where l.user_id = @user_id and l.id = (p.before->>'label_id')::bigint)
	on conflict do nothing
), unlabelled as (
	delete from email_labels l using pending p
	where l.user_id = @user_id and l.email_id = p.email_id and l.label_id = (p.before->>'label_id')::bigint
		and not (p.before->>'has')::boolean and (p.after->>'has')::boolean
), noted as (
	update action_items i set undone_at = now()
	from pending p where i.user_id = @user_id and i.action_id = @action_id and i.email_id = p.email_id
	returning 1
)
select count(*) from noted;

-- name: ActionLeft :one
-- ActionLeft counts what of an action still stands: not undone.
select count(*) from action_items where user_id = @user_id and action_id = @action_id and undone_at is null;

-- name: ActionSince :many
-- ActionSince lists the next of a person's actions that can be undone, newest first; that a mail was opened is none.
select id, item_count from actions where user_id = @user_id and state = 'done' and done_at >= @since::timestamptz and actor = 'person' and reason <> 'opened'
order by done_at desc, id desc limit 1000;

-- name: ActionSinceMails :one
-- ActionSinceMails counts the mails that ActionSince's actions are about.
select coalesce(sum(item_count), 0)::bigint from actions
where user_id = @user_id and state = 'done' and done_at >= @since::timestamptz and actor = 'person' and reason <> 'opened';

-- name: ActionUnfinished :many
-- ActionUnfinished lists approved actions that were interrupted.
select id from actions where user_id = @user_id and state = 'approved' order by id limit 1000;

-- name: SnoozeDue :many
-- SnoozeDue lists the emails whose snooze is over.
select id from emails where user_id = @user_id and place = 'snoozed' and snoozed_until <= @now::timestamptz order by id limit 2000;

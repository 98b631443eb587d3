-- name: ApprovalAdd :one
-- ApprovalAdd notes a person's decision on a proposal and returns how many have approved; no row: this person decided before.
with added as (
	insert into action_approvals (user_id, action_id, decided_by, approved, decided_at)
	values (@user_id, @action_id, @decided_by, @approved, @now::timestamptz)
	on conflict do nothing
	returning approved
)
select (count(*) filter (where p.approved) + (select count(*) from added where added.approved))::bigint as given
from action_approvals p where p.user_id = @user_id and p.action_id = @action_id
having exists (select from added);

-- name: ActionSecond :one
-- ActionSecond decides as an admin on another's proposal; "" means that there is none.
select coalesce(action_second(@owner, @action, @approve, @reason, @now), '')::text as state;

-- name: ApprovalsAwaiting :many
-- ApprovalsAwaiting lists for an admin what one person has approved and another must.
select a.user_id::bigint as user_id, a.id::bigint as id, a.kind::text as kind, a.actor::text as actor, a.item_count::integer as item_count,
	a.created_at::timestamptz as created_at, coalesce(a.expires_at, 'infinity')::timestamptz as expires_at
from actions_awaiting(@max_rows::integer) a;

-- name: ApprovalKinds :many
-- ApprovalKinds counts the proposals that stand, by kind.
select kind, count(*)::bigint as proposals, sum(item_count)::bigint as mails, min(created_at)::timestamptz as oldest_at
from actions where user_id = @user_id and state = 'proposed' and (expires_at is null or expires_at > @now::timestamptz)
group by kind order by count(*) desc, kind;

-- name: ApprovalList :many
-- ApprovalList returns the newest proposals of a kind that stand, with one of their emails and the owner's own decision.
select a.id, a.kind, a.args, a.actor, a.reason, a.item_count, a.created_at, a.expires_at, a.approvals_needed, a.run_id,
	coalesce(s.subject, '')::text as subject, coalesce(s.thread_id, 0)::bigint as thread_id, coalesce(s.snippet, '')::text as snippet,
	coalesce(s.from_name, '')::text as from_name, coalesce(s.from_address, '')::text as from_address, coalesce(s.risk, 0)::smallint as risk,
	exists (select from action_approvals p where p.user_id = a.user_id and p.action_id = a.id and p.decided_by = a.user_id) as mine
from actions a
left join lateral (
	select e.subject, e.thread_id, e.snippet, e.from_name, e.from_address, e.risk
	from action_items i join emails e on e.user_id = i.user_id and e.id = i.email_id
	where i.user_id = a.user_id and i.action_id = a.id limit 1
) s on true
where a.user_id = @user_id and a.state = 'proposed' and a.kind = @kind and (a.expires_at is null or a.expires_at > @now::timestamptz)
order by a.created_at desc, a.id desc
limit @max_rows;

-- name: ApprovalIDs :many
-- ApprovalIDs lists the proposals of a kind that stand, that were made before a time (what the person saw), and on which
-- the person has not decided.
select a.id from actions a
where a.user_id = @user_id and a.state = 'proposed' and a.kind = @kind and a.created_at <= @seen::timestamptz
	and (a.expires_at is null or a.expires_at > @now::timestamptz)
	and not exists (select from action_approvals p where p.user_id = a.user_id and p.action_id = a.id and p.decided_by = a.user_id)
order by a.created_at desc, a.id desc limit @max_rows;

-- name: ApprovalDecided :many
-- ApprovalDecided lists what agents proposed and was decided or has lapsed, newest first.
select a.id, a.kind, a.args, a.state, a.actor, a.reason, a.item_count, a.decided_at, a.approvals_needed
from actions a where a.user_id = @user_id and a.decided_at is not null and a.actor not in ('person', 'snooze')
order by a.decided_at desc, a.id desc limit @max_rows;

-- name: ApprovalLapse :many
-- ApprovalLapse ends the next proposals of a user whose time is over.
update actions a set state = 'expired', decided_at = @now::timestamptz
where a.user_id = @user_id and a.id in (
	select p.id from actions p where p.user_id = @user_id and p.state = 'proposed' and p.expires_at <= @now::timestamptz
	order by p.expires_at limit @max_rows)
returning a.id;

-- name: ApprovalRunActions :many
-- ApprovalRunActions lists what a run proposed, as its owner sees it.
select id, kind, state, reason, item_count from actions where user_id = @user_id and run_id = @run_id::uuid order by id limit @max_rows;

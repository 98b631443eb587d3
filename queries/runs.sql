-- name: RunsRecord :one
-- RunsRecord writes runs that have ended, each once, and returns how many were new. It needs no owner.
select runs_record(@spooled::jsonb)::bigint;

-- name: RunBeat :many
-- RunBeat notes what a process is running and returns which of it is to be stopped. It needs no owner.
select b::uuid as id from run_beat(@process, @running::jsonb) b;

-- name: RunCancel :one
-- RunCancel asks for a run in progress to be stopped, and tells whether there is one.
select run_cancel(@id::uuid)::boolean;

-- name: RunsLost :one
-- RunsLost records the runs whose process has not been heard of since a time as failed. It needs no owner.
select runs_lost(@before)::bigint;

-- name: RunMonths :exec
-- RunMonths makes the partitions of the month of a time and of as many after it. It needs no owner.
select run_months(@at, @ahead::integer);

-- name: RunMonthsExpired :many
-- RunMonthsExpired names the partitions whose month was over before a time. It needs no owner.
select n::text as name from run_months_expired(@before) n;

-- name: RunMonthDrop :one
-- RunMonthDrop drops one partition by its exact name, if its month was over before a time. It needs no owner.
select run_month_drop(@name, @before)::boolean;

-- name: RunKeysExpired :one
-- RunKeysExpired forgets the keys that were used before a time. It needs no owner.
select run_keys_expired(@before)::bigint;

-- name: RunKeyClaim :one
-- RunKeyClaim takes a key for a run: no row means that another run has it. A run that has died loses it.
insert into run_keys (user_id, agent, key, digest, run_id, started_at, lease_until)
values (sqlc.narg('user_id'), @agent, @key, @digest, @run_id, @started_at, @lease_until)
on conflict (user_id, agent, key) do update set digest = excluded.digest, run_id = excluded.run_id, started_at = excluded.started_at, lease_until = excluded.lease_until
where run_keys.outcome is null and run_keys.lease_until < excluded.started_at
returning run_id;

-- name: RunKeyGet :one
-- RunKeyGet returns the run that a key stands for.
select run_id, digest, outcome, answer from run_keys
where user_id is not distinct from sqlc.narg('user_id')::bigint and agent = @agent and key = @key;

-- name: RunKeyEnd :exec
-- RunKeyEnd keeps the answer of a key's run.
update run_keys set outcome = @outcome::text, answer = @answer
where user_id is not distinct from sqlc.narg('user_id')::bigint and agent = @agent and key = @key and run_id = @run_id;

-- name: RunKeyFree :exec
-- RunKeyFree gives a key up, so that the same may be asked again: its run was not let begin.
delete from run_keys
where user_id is not distinct from sqlc.narg('user_id')::bigint and agent = @agent and key = @key and run_id = @run_id;

-- name: RunSpent :one
-- RunSpent is what the runs of an agent for a user have cost since a time.
select coalesce(sum(cost_microusd), 0)::bigint as cost_microusd, coalesce(sum(items), 0)::bigint as items from runs
where user_id = @user_id and started_at >= @since and agent = @agent;

-- name: AgentSwitches :many
-- AgentSwitches is whether each agent may run, where somebody has decided that: the newest decision counts.
select distinct on (s.agent) s.agent, s.state, s.reason, s.changed_by, s.changed_at
from agent_switches s order by s.agent, s.id desc;

-- name: AgentSwitchList :many
-- AgentSwitchList is the history of the switch of an agent, newest first.
select s.state, s.reason, s.changed_by, s.changed_at from agent_switches s where s.agent = @agent order by s.id desc limit @max_rows;

-- name: AgentSwitchAdd :exec
-- AgentSwitchAdd decides whether an agent may run; for operators.
insert into agent_switches (agent, state, reason, changed_by) values (@agent, @state, @reason, @changed_by::bigint);

-- name: AgentStates :many
-- AgentStates is how agents fared since a time: runs by outcome and duration, the newest failure, what runs now. For
-- operators; dry runs are left out.
with h as (
	select agent, outcome, bucket, sum(runs) as runs, sum(items) as items, sum(cost_microusd) as cost_microusd, sum(duration_us) as duration_us, max(last_at) as last_at
	from run_hours where agent = any(@agents::text[]) and hour >= @since::timestamptz group by 1, 2, 3
)
select n.agent::text as agent,
	coalesce((select jsonb_agg(jsonb_build_object('outcome', h.outcome, 'bucket', h.bucket, 'runs', h.runs, 'items', h.items,
		'cost_microusd', h.cost_microusd, 'duration_us', h.duration_us, 'last_at', h.last_at)) from h where h.agent = n.agent), '[]')::jsonb as counts,
	coalesce(f.id, '00000000-0000-0000-0000-000000000000')::uuid as failed_id, coalesce(f.started_at, 'epoch')::timestamptz as failed_at,
	coalesce(f.outcome, '')::text as failed_outcome, coalesce(f.error, '')::text as failed_error,
	(select count(*) from run_live l where l.agent = n.agent)::bigint as live
from unnest(@agents::text[]) as n (agent)
left join lateral (
	select r.id, r.started_at, r.outcome, r.error from runs r
	where r.agent = n.agent and r.outcome <> 'ok' and r.outcome <> 'denied' and not r.dry_run order by r.started_at desc, r.id desc limit 1) f on true;

-- name: AgentVersions :many
-- AgentVersions is how the versions of an agent fared since a time.
select version, outcome, bucket, sum(runs)::bigint as runs, sum(items)::bigint as items, sum(cost_microusd)::bigint as cost_microusd,
	sum(duration_us)::bigint as duration_us, max(last_at)::timestamptz as last_at
from run_hours where agent = @agent and hour >= @since::timestamptz group by 1, 2, 3;

-- name: RunEdges :one
-- RunEdges are the upper edges of the histogram of durations, in microseconds.
select run_edges()::bigint[] as edges;

-- name: RunGet :one
-- RunGet returns a run that the connection may see.
select * from runs where id = @id limit 1;

-- name: RunSteps :one
select steps from run_steps where started_at = @started_at and run_id = @run_id;

-- name: RunDetail :one
-- RunDetail returns what a run was asked and answered; for its owner, or for operators when it is nobody's.
select input, output from run_details where started_at = @started_at and run_id = @run_id;

-- name: RunArtefacts :many
-- RunArtefacts lists the documents of a run without their bodies.
select name, media_type, octet_length(body)::integer as size from run_artefacts where started_at = @started_at and run_id = @run_id order by name;

-- name: RunArtefact :one
select media_type, body from run_artefacts where started_at = @started_at and run_id = @run_id and name = @name;

-- name: RunChildren :many
-- RunChildren lists the runs that a run asked for.
select id, agent, version, outcome, started_at, duration_us, items, error from runs where parent_id = @id::uuid order by started_at, id limit @max_rows;

-- name: RunLive :many
-- RunLive lists what runs now, oldest first.
select id, agent, version, user_id, trigger, dry_run, started_at, items, beat_at, cancel_at from run_live order by started_at, id limit @max_rows;

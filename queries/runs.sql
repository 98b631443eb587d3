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

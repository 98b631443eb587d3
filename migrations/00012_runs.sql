-- +goose Up
-- Runs of agents: one row for each, written once, when it has ended. What operators may see lies in runs and run_steps;
-- what may hold a person's mail (output, artefacts) in tables that only its owner reads.
--
-- Outcomes: ok · failed (the agent's or our fault, a panic, a process that died) · timeout (its time limit) · over_budget
-- (its limit of items or cost, a run's or the day's) · denied (it was not let run, or was stopped: by a switch, a person,
-- or a caller who went away; not the agent's fault).

-- app_operator tells that this transaction was opened for the work of operators (db.Operator) by a user who is one.
-- +goose StatementBegin
create function app_operator() returns boolean
	language sql stable security definer set search_path = pg_catalog, public, pg_temp as $$
	select coalesce(current_setting('app.operator', true), '') = 'on' and exists (
		select from public.users where id = nullif(current_setting('app.uid', true), '')::bigint and role in ('operator', 'admin')) $$;
-- +goose StatementEnd
revoke execute on function app_operator() from public;
grant execute on function app_operator() to applylens_app;

create table runs (
	id              uuid not null, -- v7, made by the agent's process
	agent           text not null,
	version         text not null,
	release         text not null,
	user_id         bigint references users on delete cascade, -- null: nobody's
	trigger         text not null check (trigger in ('person', 'push', 'schedule', 'api', 'agent')),
	parent_id       uuid,
	idempotency_key text,
	dry_run         boolean not null,
	started_at      timestamptz not null,
	duration_us     bigint not null,
	outcome         text not null check (outcome in ('ok', 'failed', 'timeout', 'over_budget', 'denied')),
	items           integer not null,
	cost_microusd   bigint not null,
	tokens_in       integer not null,
	tokens_out      integer not null,
	input_digest    bytea not null, -- SHA-256 of the canonical input
	detail          jsonb not null, -- small, without any text of a person: mode, coverage, counts
	error           text not null,  -- safe to show
	recorded_at     timestamptz not null default now(),
	primary key (started_at, id)
) partition by range (started_at);
create index runs_agent on runs (agent, started_at, id);
create index runs_version on runs (agent, version, started_at, id);
create index runs_user on runs (user_id, started_at, id);
create index runs_trigger on runs (trigger, started_at, id);
create index runs_dry on runs (started_at, id) where dry_run;
create index runs_bad on runs (outcome, started_at, id) where outcome <> 'ok';
create index runs_bad_agent on runs (agent, started_at, id) where outcome <> 'ok';
create index runs_id on runs (id);
create index runs_parent on runs (parent_id) where parent_id is not null;
create index runs_recorded on runs (recorded_at);

-- What a run did, step by step: names, times, counts; no text of a person. [{"name","started_us","duration_us","note"}]
create table run_steps (
	user_id    bigint references users on delete cascade,
	run_id     uuid not null,
	started_at timestamptz not null, -- the run's
	steps      jsonb not null,
	primary key (started_at, run_id)
) partition by range (started_at);
create index run_steps_user on run_steps (user_id);

-- What a run was asked and what it answered; it may speak of a person's mail.
create table run_details (
	user_id    bigint references users on delete cascade,
	run_id     uuid not null,
	started_at timestamptz not null, -- the run's
	input      text not null,        -- a summary
	output     jsonb not null,
	primary key (started_at, run_id)
) partition by range (started_at);
create index run_details_user on run_details (user_id);

create table run_artefacts (
	user_id    bigint references users on delete cascade,
	run_id     uuid not null,
	started_at timestamptz not null, -- the run's
	name       text not null,
	media_type text not null,        -- text/markdown or application/json
	body       text not null,
	primary key (started_at, run_id, name)
) partition by range (started_at);
create index run_artefacts_user on run_artefacts (user_id);

-- Runs by the hour, kept in the transaction that records them; dry runs are left out. bucket counts the edges in
-- run_edges() that the duration has reached.
create table run_hours (
	hour          timestamptz not null,
	agent         text not null,
	version       text not null,
	outcome       text not null,
	bucket        smallint not null,
	runs          bigint not null,
	items         bigint not null,
	cost_microusd bigint not null,
	duration_us   bigint not null,
	last_at       timestamptz not null,
	primary key (agent, hour, version, outcome, bucket)
) with (fillfactor = 50);

-- run_edges are the upper edges of the histogram of durations, in microseconds: each target of the SLOs and 1.5 times
-- it are among them.
create function run_edges() returns bigint[] language sql immutable parallel safe as $$ select array[
	1000, 2500, 5000, 10000, 25000, 50000, 100000, 250000, 500000, 800000, 1000000, 1200000, 1500000, 2000000, 2250000,
	3000000, 4500000, 5000000, 7500000, 15000000, 30000000, 60000000]::bigint[] $$;

-- Runs in progress, of those that last longer than a second. A process writes its own every second.
create table run_live (
	id         uuid primary key,
	process    text not null,
	agent      text not null,
	version    text not null,
	release    text not null,
	user_id    bigint references users on delete cascade,
	trigger    text not null check (trigger in ('person', 'push', 'schedule', 'api', 'agent')),
	dry_run    boolean not null,
	started_at timestamptz not null,
	items      integer not null,
	beat_at    timestamptz not null,
	cancel_at  timestamptz
);
create index run_live_user on run_live (user_id);

-- The same key asks for the same run: the first one's answer is kept here.
create table run_keys (
	user_id     bigint references users on delete cascade,
	agent       text not null,
	key         text not null check (length(key) between 1 and 200),
	digest      bytea not null, -- of the input: another input under the same key is refused
	run_id      uuid not null,
	started_at  timestamptz not null,
	lease_until timestamptz not null, -- a run that has not ended by then died, and another may take its place
	outcome     text, -- null while it runs
	answer      jsonb,
	unique nulls not distinct (user_id, agent, key)
);
create index run_keys_started on run_keys (started_at);

-- Whether an agent may run: the newest row of each decides. Rows are only ever added.
create table agent_switches (
	id         bigint generated always as identity primary key,
	agent      text not null,
	state      text not null check (state in ('on', 'disabled', 'killed')), -- killed: what runs is stopped as well; for admins
	reason     text not null,
	changed_by bigint references users on delete set null,
	changed_at timestamptz not null default now()
);
create index agent_switches_agent on agent_switches (agent, id desc);

-- +goose StatementBegin
do $$
declare t text;
begin
	foreach t in array array['runs', 'run_steps', 'run_details', 'run_artefacts', 'run_live', 'run_keys'] loop
		execute format('alter table %I enable row level security', t);
	end loop;
	foreach t in array array['runs', 'run_steps', 'run_details', 'run_artefacts', 'run_live'] loop
		execute format('create policy owner on %I using (user_id = app_uid()) with check (user_id = app_uid())', t);
	end loop;
	-- What belongs to nobody is claimed by nobody.
	create policy owner on run_keys using (user_id is not distinct from app_uid()) with check (user_id is not distinct from app_uid());
	foreach t in array array['runs', 'run_steps', 'run_live'] loop
		execute format('create policy operator on %I for select using ((select app_operator()))', t);
	end loop;
	foreach t in array array['run_details', 'run_artefacts'] loop
		execute format('create policy operator on %I for select using (user_id is null and (select app_operator()))', t);
	end loop;
	alter table agent_switches enable row level security;
	create policy reads on agent_switches for select using (true);
	create policy operator on agent_switches for insert with check (changed_by = app_uid() and (select app_operator()));
	-- Rows are written by the functions below, and never changed.
	revoke insert, update, delete on run_hours, agent_switches from applylens_app;
	grant insert on agent_switches to applylens_app;
end
$$;
-- +goose StatementEnd

-- +goose StatementBegin
-- run_month makes the partitions of a month, and moves what lies in the default partitions into them.
create function run_month(month date) returns void
	language plpgsql volatile security definer set search_path = pg_catalog, public, pg_temp as $$
declare
	t text;
	part text;
	low timestamptz := (date_trunc('month', month)::timestamp) at time zone 'UTC';
	high timestamptz := (date_trunc('month', month)::timestamp + interval '1 month') at time zone 'UTC';
begin
	perform pg_advisory_xact_lock(hashtext('applylens run_month'));
	foreach t in array array['runs', 'run_steps', 'run_details', 'run_artefacts'] loop
		part := t || '_' || to_char(month, 'YYYY_MM');
		continue when to_regclass('public.' || quote_ident(part)) is not null;
		execute format('create table public.%I (like public.%I including defaults including constraints)', part, t);
		execute format('revoke all on public.%I from applylens_app', part);
		execute format('with moved as (delete from public.%I where started_at >= %L and started_at < %L returning *) insert into public.%I select * from moved',
			t || '_default', low, high, part);
		execute format('alter table public.%I attach partition public.%I for values from (%L) to (%L)', t, part, low, high);
	end loop;
end
$$;
-- run_months makes the partitions of the month of a time and of the months after it, ahead of need.
create function run_months(at timestamptz, ahead integer) returns void
	language sql volatile security definer set search_path = pg_catalog, public, pg_temp as $$
	select public.run_month((date_trunc('month', at at time zone 'UTC') + make_interval(months => n))::date) from generate_series(0, ahead) n $$;
-- run_months_expired names the partitions whose month was over before a time.
create function run_months_expired(before timestamptz) returns setof text
	language sql stable security definer set search_path = pg_catalog, public, pg_temp as $$
	select c.relname::text from pg_inherits i join pg_class c on c.oid = i.inhrelid join pg_class p on p.oid = i.inhparent
	where p.relnamespace = 'public'::regnamespace and p.relname in ('runs', 'run_steps', 'run_details', 'run_artefacts')
		and c.relname ~ ('^' || p.relname || '_[0-9]{4}_[0-9]{2}$')
		and to_timestamp(substring(c.relname from '_([0-9]{4}_[0-9]{2})$') || ' +00', 'YYYY_MM TZH') + interval '1 month' <= before
	order by 1 $$;
-- run_month_drop drops one partition by its name, if its month was over before a time.
create function run_month_drop(name text, before timestamptz) returns boolean
	language plpgsql volatile security definer set search_path = pg_catalog, public, pg_temp set lock_timeout = '3s' as $$
begin
	if not exists (select from public.run_months_expired(before) n where n = name) then
		return false;
	end if;
	execute format('drop table public.%I', name);
	return true;
end
$$;
-- runs_record writes runs that have ended, from the form in which processes spool them: an array of objects with the
-- columns of runs and, when there are any, steps, input, output and artefacts. Recording a run again changes nothing. A
-- run whose user is gone is left out. It returns how many were new.
create function runs_record(spooled jsonb) returns bigint
	language sql volatile security definer set search_path = pg_catalog, public, pg_temp as $$
	with given as (
		select g.*, r->'steps' as steps, r->>'input' as input, r->'output' as output, r->'artefacts' as artefacts
		from jsonb_array_elements(spooled) r, jsonb_populate_record(null::public.runs, r) g
		where g.user_id is null or exists (select from public.users u where u.id = g.user_id)
	), made as (
		insert into public.runs (id, agent, version, release, user_id, trigger, parent_id, idempotency_key, dry_run, started_at, duration_us, outcome,
			items, cost_microusd, tokens_in, tokens_out, input_digest, detail, error)
		select g.id, g.agent, g.version, g.release, g.user_id, g.trigger, g.parent_id, g.idempotency_key, g.dry_run, g.started_at, g.duration_us, g.outcome,
			g.items, g.cost_microusd, g.tokens_in, g.tokens_out, g.input_digest, g.detail, g.error
		from given g
		on conflict (started_at, id) do nothing
		returning *
	), stepped as (
		insert into public.run_steps (user_id, run_id, started_at, steps)
		select m.user_id, m.id, m.started_at, g.steps from made m join given g on g.id = m.id where jsonb_typeof(g.steps) = 'array'
		on conflict do nothing
	), detailed as (
		insert into public.run_details (user_id, run_id, started_at, input, output)
		select m.user_id, m.id, m.started_at, coalesce(g.input, ''), coalesce(g.output, 'null') from made m join given g on g.id = m.id
		where g.input is not null or g.output is not null
		on conflict do nothing
	), kept as (
		insert into public.run_artefacts (user_id, run_id, started_at, name, media_type, body)
		select m.user_id, m.id, m.started_at, a->>'name', a->>'media_type', a->>'body'
		from made m join given g on g.id = m.id, jsonb_array_elements(g.artefacts) a where jsonb_typeof(g.artefacts) = 'array'
		on conflict do nothing
	), counted as (
		insert into public.run_hours as h (hour, agent, version, outcome, bucket, runs, items, cost_microusd, duration_us, last_at)
		select date_trunc('hour', m.started_at, 'UTC'), m.agent, m.version, m.outcome, width_bucket(m.duration_us, public.run_edges()),
			count(*), sum(m.items), sum(m.cost_microusd), sum(m.duration_us), max(m.started_at)
		from made m where not m.dry_run
		group by 1, 2, 3, 4, 5 order by 2, 1, 3, 4, 5 -- processes that write at once take the rows in one order
		on conflict (agent, hour, version, outcome, bucket) do update set runs = h.runs + excluded.runs, items = h.items + excluded.items,
			cost_microusd = h.cost_microusd + excluded.cost_microusd, duration_us = h.duration_us + excluded.duration_us,
			last_at = greatest(h.last_at, excluded.last_at)
	)
	select count(*) from made $$;
-- run_beat notes what a process is running, an array of objects with the columns of run_live, and returns which of them
-- somebody wants stopped.
create function run_beat(of_process text, running jsonb) returns setof uuid
	language plpgsql volatile security definer set search_path = pg_catalog, public, pg_temp as $$
begin
	delete from public.run_live l where l.process = of_process and not exists (
		select from jsonb_array_elements(running) r where (r->>'id')::uuid = l.id);
	insert into public.run_live as l (id, process, agent, version, release, user_id, trigger, dry_run, started_at, items, beat_at)
		select g.id, of_process, g.agent, g.version, g.release, g.user_id, g.trigger, g.dry_run, g.started_at, g.items, clock_timestamp()
		from jsonb_array_elements(running) r, jsonb_populate_record(null::public.run_live, r) g
		where g.user_id is null or exists (select from public.users u where u.id = g.user_id)
		on conflict (id) do update set items = excluded.items, beat_at = excluded.beat_at where l.process = of_process;
	return query select l.id from public.run_live l where l.process = of_process and l.cancel_at is not null;
end
$$;
-- run_cancel asks for a run in progress to be stopped: one's own, or as an operator any. It tells whether there is one.
create function run_cancel(run uuid) returns boolean
	language plpgsql volatile security definer set search_path = pg_catalog, public, pg_temp as $$
begin
	update public.run_live l set cancel_at = coalesce(l.cancel_at, clock_timestamp())
		where l.id = run and (l.user_id = public.app_uid() or public.app_operator());
	return found;
end
$$;
-- runs_lost records the runs whose process went away: they failed.
create function runs_lost(before timestamptz) returns bigint
	language sql volatile security definer set search_path = pg_catalog, public, pg_temp as $$
	with gone as (delete from public.run_live l where l.beat_at < before returning l.*)
	select public.runs_record(coalesce(jsonb_agg(jsonb_build_object('id', g.id, 'agent', g.agent, 'version', g.version, 'release', g.release,
		'user_id', g.user_id, 'trigger', g.trigger, 'dry_run', g.dry_run, 'started_at', g.started_at,
		'duration_us', (extract(epoch from g.beat_at - g.started_at) * 1000000)::bigint, 'outcome', 'failed', 'items', g.items,
		'cost_microusd', 0, 'tokens_in', 0, 'tokens_out', 0, 'input_digest', '\x', 'detail', '{}'::jsonb,
		'error', 'The program stopped while this was running.')), '[]')) from gone g $$;
-- run_keys_expired forgets keys that were used before a time.
create function run_keys_expired(before timestamptz) returns bigint
	language sql volatile security definer set search_path = pg_catalog, public, pg_temp as $$
	with gone as (delete from public.run_keys where started_at < before and lease_until < now() returning 1) select count(*) from gone $$;
-- +goose StatementEnd
revoke execute on function run_month(date), run_months(timestamptz, integer), run_months_expired(timestamptz), run_month_drop(text, timestamptz),
	runs_record(jsonb), run_beat(text, jsonb), run_cancel(uuid), runs_lost(timestamptz), run_keys_expired(timestamptz) from public;
grant execute on function run_months(timestamptz, integer), run_months_expired(timestamptz), run_month_drop(text, timestamptz),
	runs_record(jsonb), run_beat(text, jsonb), run_cancel(uuid), runs_lost(timestamptz), run_keys_expired(timestamptz) to applylens_app;

create table runs_default partition of runs default;
create table run_steps_default partition of run_steps default;
create table run_details_default partition of run_details default;
create table run_artefacts_default partition of run_artefacts default;
revoke all on runs_default, run_steps_default, run_details_default, run_artefacts_default from applylens_app;
select run_months(now() - interval '1 month', 4);

-- +goose Down
drop function run_keys_expired(timestamptz), runs_lost(timestamptz), run_cancel(uuid), run_beat(text, jsonb), runs_record(jsonb),
	run_month_drop(text, timestamptz), run_months_expired(timestamptz), run_months(timestamptz, integer), run_month(date);
drop table agent_switches, run_keys, run_live, run_hours, run_artefacts, run_details, run_steps, runs;
drop function run_edges(), app_operator();

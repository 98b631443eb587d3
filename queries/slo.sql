-- name: SLOLock :one
-- SLOLock tells whether this transaction may count and evaluate; one at a time.
select pg_try_advisory_xact_lock(hashtext('applylens slo'));

-- name: SLOProgress :one
-- SLOProgress returns how far counting and evaluation have come, and the clock by which runs are recorded.
select p.counted_until, p.recorded_until, p.evaluated_until, now()::timestamptz as now from slo_progress p;

-- name: SLOProgressBegin :exec
insert into slo_progress (counted_until, recorded_until, evaluated_until)
values (least(date_trunc('minute', greatest(coalesce(slo_first(), @until), @earliest::timestamptz), 'UTC'), @until::timestamptz), now(), @until)
on conflict do nothing;

-- name: SLOProgressCounted :exec
update slo_progress set counted_until = @counted_until, recorded_until = @recorded_until;

-- name: SLOProgressEvaluated :exec
update slo_progress set evaluated_until = @evaluated_until;

-- name: SLORuns :many
select r.minute::timestamptz as minute, r.subject::text as subject, r.tried::bigint as tried, r.succeeded::bigint as succeeded, r.answered::bigint as answered,
	r.quick::bigint as quick, r.worse::bigint as worse, r.cheap::bigint as cheap, r.cost::bigint as cost
from slo_runs(@minutes::timestamptz[], @subjects::text[], @latency_us::bigint[], @cost_microusd::bigint[], @in_bulk::boolean[]) r;

-- name: SLOLate :many
select m::timestamptz as minute from slo_late(@since, @before) m order by 1;

-- name: SLONews :many
select n.minute::timestamptz as minute, n.good::bigint as good, n.total::bigint as total from slo_news(@minutes::timestamptz[], make_interval(secs => @young_seconds::bigint)) n;

-- name: SLOSync :one
select s.good::bigint as good, s.total::bigint as total from slo_sync(@since) s;

-- name: SLOHours :many
-- SLOHours returns the counts of all objectives, hour after hour.
select objective, hour, counts from slo_hours where hour >= @from_at and hour < @until_at order by objective, hour;

-- name: SLOHoursAt :many
select objective, hour, counts from slo_hours where hour = any(@hours::timestamptz[]) and objective = any(@objectives::text[]);

-- name: SLOHoursOf :many
select hour, counts from slo_hours where objective = @objective and hour >= @from_at and hour < @until_at order by hour;

-- name: SLOHourLock :one
-- SLOHourLock returns the counts of an hour, to be changed in this transaction; another that changes them waits.
insert into slo_hours (objective, hour, good, total, cost_microusd, counts) values (@objective, @hour, 0, 0, 0, '')
on conflict (objective, hour) do update set good = slo_hours.good
returning counts;

-- name: SLOHoursPut :exec
insert into slo_hours as h (objective, hour, good, total, cost_microusd, counts)
select unnest(@objectives::text[]), unnest(@hours::timestamptz[]), unnest(@good::bigint[]), unnest(@total::bigint[]), unnest(@cost_microusd::bigint[]), unnest(@counts::bytea[])
on conflict (objective, hour) do update set good = excluded.good, total = excluded.total, cost_microusd = excluded.cost_microusd, counts = excluded.counts;

-- name: SLOVersions :many
-- SLOVersions returns all versions of all objectives, the oldest first.
select * from slo_objectives order by objective, version;

-- name: SLOVersionCreate :exec
insert into slo_objectives (objective, version, valid_from, target_bp, limit_value, period_days, source, reason, changed_by)
select @objective::text, coalesce(max(version), 0) + 1, @valid_from::timestamptz, @target_bp::integer, @limit_value::bigint, @period_days::integer, @source::text, @reason::text, sqlc.narg(changed_by)::bigint
from slo_objectives where objective = @objective::text;

-- name: SLOCorrections :many
-- SLOCorrections returns the corrections in force that reach past a time, for evaluation.
select objective, from_at, until_at from slo_corrections where until_at > @after and withdrawn_at is null order by id;

-- name: SLOCorrectionList :many
-- SLOCorrectionList returns the corrections, the newest first, withdrawn ones too.
select c.* from slo_corrections c
where sqlc.narg(objective)::text is null or c.objective is null or c.objective = sqlc.narg(objective)::text
order by c.id desc limit @max_rows;

-- name: SLOCorrectionCreate :one
insert into slo_corrections (objective, from_at, until_at, reason, made_by) values (sqlc.narg(objective), @from_at, @until_at, @reason, @made_by::bigint) returning id;

-- name: SLOCorrectionWithdraw :execrows
update slo_corrections set withdrawn_at = now(), withdrawn_by = @withdrawn_by::bigint where id = @id and withdrawn_at is null;

-- name: SLOStatePut :exec
insert into slo_states (objective, minute, report) select unnest(@objectives::text[]), unnest(@minutes::timestamptz[]), unnest(@reports::jsonb[])
on conflict (objective) do update set minute = excluded.minute, report = excluded.report;

-- name: SLOStates :many
-- SLOStates returns how every objective stands: a dashboard in one query.
select objective, minute, report from slo_states order by objective;

-- name: SLOState :one
select objective, minute, report from slo_states where objective = @objective;

-- name: AlertOpen :many
-- AlertOpen returns the alerts that fire.
select * from alerts where resolved_at is null order by id;

-- name: AlertList :many
-- AlertList returns alerts, the newest first, of one objective or of all; before_id pages on.
select * from alerts
where (sqlc.narg(objective)::text is null or objective = sqlc.narg(objective)::text) and (@before_id::bigint = 0 or id < @before_id::bigint)
order by id desc limit @max_rows;

-- name: AlertGet :one
select * from alerts where id = @id;

-- name: AlertCreate :one
insert into alerts (key, objective, class, pair, fired_at, silenced) values (@key, @objective, @class, @pair, @fired_at, @silenced)
on conflict do nothing returning id;

-- name: AlertResolve :exec
update alerts set resolved_at = @resolved_at::timestamptz where id = @id and resolved_at is null;

-- name: AlertSilenced :exec
update alerts set silenced = @silenced where id = @id;

-- name: AlertAcknowledge :execrows
update alerts set acknowledged_at = @acknowledged_at::timestamptz, acknowledged_by = @acknowledged_by::bigint where id = @id and resolved_at is null and acknowledged_at is null;

-- name: AlertEventCreate :one
-- AlertEventCreate adds an event with the alert's next number.
with next as (update alerts set sequence = sequence + 1 where id = @alert_id returning sequence, silenced)
insert into alert_events (alert_id, sequence, state, minute, silenced, long_burn, short_burn, text, made_by)
select @alert_id, n.sequence, @state, @minute, n.silenced, sqlc.narg(long_burn), sqlc.narg(short_burn), @text, sqlc.narg(made_by) from next n
returning id;

-- name: AlertEvents :many
-- AlertEvents returns what became of one alert, in order.
select e.* from alert_events e where e.alert_id = @alert_id order by e.sequence;

-- name: AlertEventsAfter :many
-- AlertEventsAfter returns events in the order in which they were written, for whoever tells people.
select e.*, a.key, a.objective, a.class, a.pair from alert_events e join alerts a on a.id = e.alert_id where e.id > @after order by e.id limit @max_rows;

-- name: SilencesInForce :many
select id, objective, class from alert_silences where from_at <= @at and until_at > @at and ended_at is null order by id;

-- name: SilenceList :many
-- SilenceList returns silences, the newest first.
select s.* from alert_silences s order by s.id desc limit @max_rows;

-- name: SilenceCreate :one
insert into alert_silences (objective, class, from_at, until_at, reason, made_by) values (sqlc.narg(objective), sqlc.narg(class), @from_at, @until_at, @reason, @made_by::bigint) returning id;

-- name: SilenceEnd :execrows
update alert_silences set ended_at = @ended_at::timestamptz, ended_by = @ended_by::bigint where id = @id and ended_at is null and until_at > @ended_at::timestamptz;

-- name: AlertUnplanned :many
-- AlertUnplanned returns changes of alerts of which nobody was told yet, in order, and locks them for this transaction.
select e.id, e.alert_id, e.sequence, e.state, e.silenced, e.minute, a.class, (a.resolved_at is not null)::boolean as over
from alert_events e join alerts a on a.id = e.alert_id
where not e.planned order by e.id limit @max_rows for update of e skip locked;

-- name: AlertPlanned :exec
update alert_events set planned = true where id = any(@ids::bigint[]);

-- name: AlertDeliveryCreate :exec
insert into alert_deliveries (event_id, channel, alert_id, sequence, severity, state, not_before)
values (@event_id, @channel, @alert_id, @sequence, @severity, @state, @not_before)
on conflict (event_id, channel) do nothing;

-- name: AlertTold :many
-- AlertTold returns the channels that were told, or will be, that an alert fires.
select distinct d.channel from alert_deliveries d join alert_events e on e.id = d.event_id
where d.alert_id = @alert_id and e.state in ('firing', 'unsilenced') and d.state in ('pending', 'sent') order by d.channel;

-- name: AlertHeldDrop :many
-- AlertHeldDrop drops what was held for business hours of an alert that is over before them, and returns the channels
-- that so were never told.
update alert_deliveries set state = 'dropped', error = 'it was over before business hours'
where alert_id = @alert_id and state = 'pending' and attempts = 0 and not_before > @at returning channel;

-- name: AlertDue :one
-- AlertDue takes the next delivery of a channel for an attempt: the gravest first, and of each alert in order. Another
-- process skips it until the lease is over.
with next as (
	select n.event_id, n.channel, n.maybe_arrived from alert_deliveries n
	where n.channel = @channel and n.state = 'pending' and n.not_before <= @at and n.lease <= @at
		and not exists (select from alert_deliveries o where o.alert_id = n.alert_id and o.channel = n.channel and o.sequence < n.sequence and o.state = 'pending')
	order by n.severity, n.event_id limit 1 for update skip locked
), taken as (
	update alert_deliveries d set attempts = d.attempts + 1, lease = @lease, maybe_arrived = true
	from next where d.event_id = next.event_id and d.channel = next.channel
	returning d.event_id, d.channel, d.alert_id, d.sequence, d.severity, d.attempts
)
select t.event_id, t.channel, t.alert_id, t.sequence, t.severity, t.attempts, n.maybe_arrived, e.state, e.text, e.minute, a.key, a.objective, a.class, a.pair
from taken t join next n on n.event_id = t.event_id join alert_events e on e.id = t.event_id join alerts a on a.id = t.alert_id;

-- name: AlertSent :exec
update alert_deliveries set state = 'sent', sent_at = @at::timestamptz, error = '', lease = 'epoch', maybe_arrived = false where event_id = @event_id and channel = @channel;

-- name: AlertRefused :exec
update alert_deliveries set state = 'refused', error = @error, lease = 'epoch' where event_id = @event_id and channel = @channel;

-- name: AlertAgain :exec
-- AlertAgain puts a delivery off.
update alert_deliveries set not_before = @not_before, error = @error, maybe_arrived = @maybe_arrived, lease = 'epoch' where event_id = @event_id and channel = @channel;

-- name: AlertChannelWorks :exec
update alert_channels set failures = 0, paused_until = 'epoch', error = '', worked_at = @at::timestamptz where channel = @channel;

-- name: AlertChannelFails :exec
update alert_channels set failures = failures + 1, paused_until = @paused_until, error = @error where channel = @channel;

-- name: AlertChannels :many
-- AlertChannels returns how the channels stand, with what waits for each.
select c.channel, c.failures, c.paused_until, c.error, c.worked_at,
	(select count(*) from alert_deliveries d where d.channel = c.channel and d.state = 'pending') as waiting
from alert_channels c order by c.channel;

-- name: AlertDeliveries :many
-- AlertDeliveries returns who was told of an alert, in order.
select d.event_id, d.channel, d.sequence, d.severity, d.state, d.not_before, d.attempts, d.error, d.planned_at, d.sent_at, e.state as event_state
from alert_deliveries d join alert_events e on e.id = d.event_id
where d.alert_id = @alert_id order by d.sequence, d.channel;

-- name: AlertRetry :execrows
-- AlertRetry sends what was refused once more: the channel's settings were mended.
update alert_deliveries set state = 'pending', not_before = @at, error = '' where alert_id = @alert_id and channel = @channel and state in ('refused', 'not_configured');

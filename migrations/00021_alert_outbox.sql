-- +goose Up
-- Who is to be told of an alert, and who was: one delivery for each change and channel. It holds no person's data.

-- What was already turned into deliveries.
alter table alert_events add column planned boolean not null default false;
grant update (planned) on alert_events to applylens_app;
create index alert_events_unplanned on alert_events (id) where not planned;

create table alert_deliveries (
	event_id   bigint not null references alert_events on delete cascade,
	channel    text not null check (channel in ('pagerduty', 'slack', 'email', 'webhook')),
	alert_id   bigint not null references alerts on delete cascade,
	sequence   integer not null, -- of the event: deliveries of an alert to a channel keep this order
	severity   smallint not null check (severity between 1 and 4),
	state      text not null check (state in ('pending', 'sent', 'dropped', 'refused', 'not_configured')),
	not_before timestamptz not null, -- business hours, or the next attempt
	attempts   integer not null default 0,
	lease      timestamptz not null default 'epoch', -- until when an attempt may be under way
	maybe_arrived     boolean not null default false, -- an attempt may have arrived although it was not answered
	error      text not null default '', -- of the last attempt, or why nobody was told
	planned_at timestamptz not null default now(),
	sent_at    timestamptz,
	primary key (event_id, channel)
);
create index alert_deliveries_pending on alert_deliveries (channel, severity, not_before) where state = 'pending';
create index alert_deliveries_alert on alert_deliveries (alert_id, channel, sequence);
create index alert_deliveries_recent on alert_deliveries (planned_at desc);

-- A channel that does not answer is left alone for a while, for all alerts.
create table alert_channels (
	channel      text primary key check (channel in ('pagerduty', 'slack', 'email', 'webhook')),
	failures     integer not null default 0, -- in a row
	paused_until timestamptz not null default 'epoch',
	error        text not null default '',
	worked_at    timestamptz
);
insert into alert_channels (channel) values ('pagerduty'), ('slack'), ('email'), ('webhook');

-- +goose Down
drop table alert_channels, alert_deliveries;
drop index alert_events_unplanned;
alter table alert_events drop column planned;

-- name: GmailUsageAdd :exec
-- GmailUsageAdd adds units that an account used to those of a day and of its newest minute.
insert into gmail_usage (user_id, account_id, day, units, minute, minute_units)
values (@user_id, @account_id, @day::timestamptz, @units, @minute::timestamptz, @units)
on conflict (user_id, account_id, day) do update set units = gmail_usage.units + excluded.units, minute = excluded.minute,
	minute_units = excluded.minute_units + case when gmail_usage.minute = excluded.minute then gmail_usage.minute_units else 0 end;

-- name: GmailUsageList :many
-- GmailUsageList returns what a user's accounts used on the days since a time, oldest first.
select account_id, day, units, (case when minute = @minute::timestamptz then minute_units else 0 end)::bigint as minute_units
from gmail_usage where user_id = @user_id and day >= @since::timestamptz order by account_id, day;

-- name: GmailUsageForget :exec
-- GmailUsageForget removes what an account used before a time.
delete from gmail_usage where user_id = @user_id and account_id = @account_id and day < @before::timestamptz;

-- name: GmailProjectUsage :one
-- GmailProjectUsage is what all accounts used in a day and in a minute. It needs no owner.
select p.day_units::bigint as day_units, p.minute_units::bigint as minute_units from gmail_project_usage(@day, @minute) p;

-- name: GmailUsageOverview :many
-- GmailUsageOverview is what each account used in a day and in a minute, for operators. It needs no owner.
select u.user_id::bigint as user_id, u.account_id::bigint as account_id, u.day_units::bigint as day_units, u.minute_units::bigint as minute_units
from gmail_usage_overview(@day, @minute) u order by u.day_units desc limit @max_rows;

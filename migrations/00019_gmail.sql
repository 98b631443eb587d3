-- +goose Up
-- Emails that were deleted while their words still stand in a segment of the text index. Searches leave them out; merges
-- and search.Erase take their words out and the row away.
create table search_dead (
	user_id  bigint not null references users on delete cascade,
	email_id bigint not null,
	at       timestamptz not null default now(),
	primary key (user_id, email_id)
);

-- Units of Google's quota that an account used: one row a day, with those of the newest minute.
create table gmail_usage (
	user_id      bigint not null references users on delete cascade,
	account_id   bigint not null,
	day          timestamptz not null, -- its beginning, as Google counts days
	units        bigint not null,
	minute       timestamptz not null,
	minute_units bigint not null,
	primary key (user_id, account_id, day)
);
create index gmail_usage_day on gmail_usage (day);

-- +goose StatementBegin
do $$
declare t text;
begin
	foreach t in array array['search_dead', 'gmail_usage'] loop
		execute format('alter table %I enable row level security', t);
		execute format('create policy owner on %I using (user_id = app_uid()) with check (user_id = app_uid())', t);
	end loop;
end
$$;
-- gmail_project_usage sums what all accounts used in a day and in a minute, for the project's share of the quota.
create function gmail_project_usage(of_day timestamptz, of_minute timestamptz) returns table (day_units bigint, minute_units bigint)
	language sql stable security definer set search_path = pg_catalog, public, pg_temp as $$
	select coalesce(sum(u.units), 0)::bigint, coalesce(sum(u.minute_units) filter (where u.minute = of_minute), 0)::bigint
	from public.gmail_usage u where u.day = of_day $$;
-- gmail_usage_overview is what each account used in a day and in a minute, for operators.
create function gmail_usage_overview(of_day timestamptz, of_minute timestamptz) returns table (user_id bigint, account_id bigint, day_units bigint, minute_units bigint)
	language sql stable security definer set search_path = pg_catalog, public, pg_temp as $$
	select u.user_id, u.account_id, u.units, case when u.minute = of_minute then u.minute_units else 0 end
	from public.gmail_usage u where u.day = of_day $$;
-- +goose StatementEnd
revoke execute on function gmail_project_usage(timestamptz, timestamptz), gmail_usage_overview(timestamptz, timestamptz) from public;
grant execute on function gmail_project_usage(timestamptz, timestamptz), gmail_usage_overview(timestamptz, timestamptz) to applylens_app;

-- +goose Down
drop function gmail_project_usage(timestamptz, timestamptz), gmail_usage_overview(timestamptz, timestamptz);
drop table gmail_usage, search_dead;

-- +goose Up
-- Proposals: which run made them, until when they stand, how many people must approve, and who decided.

alter table actions add column run_id uuid, -- the run of an agent that proposed or made it
	add column expires_at timestamptz, -- a proposal lapses then; null: never
	add column approvals_needed smallint not null default 1; -- two for the irreversible
alter table actions drop constraint actions_state_check;
alter table actions add constraint actions_state_check
	check (state in ('proposed', 'approved', 'denied', 'expired', 'done', 'undone', 'failed'));
create index actions_run on actions (user_id, run_id) where run_id is not null;
create index actions_proposed_kind on actions (user_id, kind, created_at desc, id desc) where state = 'proposed';
create index actions_lapsing on actions (user_id, expires_at) where state = 'proposed' and expires_at is not null;
create index actions_decided on actions (user_id, decided_at desc, id desc) where decided_at is not null;
create index actions_second on actions (created_at, id) where state = 'proposed' and approvals_needed > 1;

-- Every decision on a proposal. Nobody decides twice on one.
create table action_approvals (
	user_id    bigint not null references users on delete cascade, -- whose action it is
	action_id  bigint not null,
	decided_by bigint not null references users on delete cascade,
	approved   boolean not null,
	reason     text not null default '',
	decided_at timestamptz not null default now(),
	primary key (user_id, action_id, decided_by),
	foreign key (user_id, action_id) references actions (user_id, id) on delete cascade
);
create index action_approvals_by on action_approvals (decided_by);

-- Mail that came while nobody could judge it: inbox.triage was switched off, or failed. It is judged later.
create table unjudged (
	user_id  bigint not null references users on delete cascade,
	email_id bigint not null,
	since    timestamptz not null default now(),
	primary key (user_id, email_id)
);

-- +goose StatementBegin
do $$
declare t text;
begin
	foreach t in array array['action_approvals', 'unjudged'] loop
		execute format('alter table %I enable row level security', t);
		execute format('create policy owner on %I using (user_id = app_uid()) with check (user_id = app_uid())', t);
	end loop;
end
$$;
-- What the owner approves, nobody approves in another's name.
create policy self on action_approvals as restrictive for insert with check (decided_by = app_uid());
revoke update, delete on action_approvals from applylens_app;

-- actions_awaiting lists, for admins, the proposals that one person has approved and that need another: no mail, and
-- not those of one's own.
create function actions_awaiting(most integer) returns table (user_id bigint, id bigint, kind text, actor text, item_count integer, created_at timestamptz, expires_at timestamptz, approvals bigint)
	language sql stable security definer set search_path = pg_catalog, public, pg_temp as $$
	select a.user_id, a.id, a.kind, a.actor, a.item_count, a.created_at, a.expires_at, n.approvals
	from public.actions a
	cross join lateral (select count(*) as approvals, coalesce(bool_or(p.decided_by = public.app_uid()), false) as mine
		from public.action_approvals p where p.user_id = a.user_id and p.action_id = a.id and p.approved) n
	where public.app_operator() and exists (select from public.users u where u.id = public.app_uid() and u.role = 'admin')
		and a.state = 'proposed' and a.approvals_needed > 1 and a.user_id <> public.app_uid() and n.approvals > 0 and not n.mine
	order by a.created_at, a.id limit most $$;
-- action_second decides, as an admin, on another's proposal that one person has approved. It returns the state that the
-- action then has, or null if there is no such proposal for this admin.
create function action_second(owner bigint, action bigint, approve boolean, why text, at timestamptz) returns text
	language plpgsql volatile security definer set search_path = pg_catalog, public, pg_temp as $$
declare
	a public.actions;
	given bigint;
begin
	if not public.app_operator() or owner = public.app_uid()
			or not exists (select from public.users u where u.id = public.app_uid() and u.role = 'admin') then
		return null;
	end if;
	select * into a from public.actions x where x.user_id = owner and x.id = action for update;
	if not found or a.state <> 'proposed' or a.approvals_needed < 2 or a.expires_at <= at
			or not exists (select from public.action_approvals p where p.user_id = owner and p.action_id = action and p.approved) then
		return null;
	end if;
	insert into public.action_approvals (user_id, action_id, decided_by, approved, reason, decided_at)
		values (owner, action, public.app_uid(), approve, why, at) on conflict do nothing;
	if not found then
		return null;
	end if;
	select count(*) into given from public.action_approvals p where p.user_id = owner and p.action_id = action and p.approved;
	if not approve then
		update public.actions x set state = 'denied', decided_at = at where x.user_id = owner and x.id = action;
		return 'denied';
	elsif given >= a.approvals_needed then
		update public.actions x set state = 'approved', decided_at = at where x.user_id = owner and x.id = action;
		return 'approved';
	end if;
	return 'proposed';
end
$$;
-- unjudged_users lists the users who have mail that waits for its judgement, longest waiting first.
create function unjudged_users(most integer) returns setof bigint
	language sql stable security definer set search_path = pg_catalog, public, pg_temp
	as $$ select user_id from public.unjudged group by user_id order by min(since) limit most $$;
-- +goose StatementEnd
revoke execute on function actions_awaiting(integer), action_second(bigint, bigint, boolean, text, timestamptz), unjudged_users(integer) from public;
grant execute on function actions_awaiting(integer), action_second(bigint, bigint, boolean, text, timestamptz), unjudged_users(integer) to applylens_app;

-- +goose Down
drop function unjudged_users(integer), action_second(bigint, bigint, boolean, text, timestamptz), actions_awaiting(integer);
drop table unjudged, action_approvals;
update actions set state = 'denied' where state = 'expired';
alter table actions drop constraint actions_state_check;
alter table actions add constraint actions_state_check check (state in ('proposed', 'approved', 'denied', 'done', 'undone', 'failed'));
alter table actions drop column run_id, drop column expires_at, drop column approvals_needed;

-- name: LayoutGet :one
-- LayoutGet returns what the frame of every page shows: unread threads (counted up to 100), the labels, whether there
-- is mail and whether it is the sample mailbox, and the action that was done in the last 20 seconds, for pages without a script to undo it.
select
	(select count(*) from (select from threads t where t.user_id = @user_id and t.in_inbox and t.unread_count > 0 and t.split = 'action' limit 100) x)::integer as action_unread,
	(select count(*) from (select from threads t where t.user_id = @user_id and t.in_inbox and t.unread_count > 0 and t.split = 'applications' limit 100) x)::integer as applications_unread,
	(select count(*) from (select from threads t where t.user_id = @user_id and t.in_inbox and t.unread_count > 0 and t.split = 'other' limit 100) x)::integer as other_unread,
	(select count(*) from (select from threads t where t.user_id = @user_id and t.in_quarantine limit 100) x)::integer as quarantined,
	(select count(*) from (select from threads t where t.user_id = @user_id and t.in_drafts limit 100) x)::integer as drafts,
	(select count(*) from (select from threads t where t.user_id = @user_id and t.snoozed_until is not null limit 100) x)::integer as snoozed,
	(select count(*) from (select from actions a where a.user_id = @user_id and a.state = 'proposed' limit 100) x)::integer as proposed,
	(select count(*) from (select from actions a where a.user_id = @user_id and a.state = 'proposed' and a.kind = 'quarantine' limit 100) x)::integer as quarantine_proposed,
	array(select l.name from labels l where l.user_id = @user_id order by l.name limit 200)::text[] as labels,
	exists (select from emails e where e.user_id = @user_id and e.sample)::boolean as sample,
	exists (select from emails e where e.user_id = @user_id)::boolean as has_mail,
	coalesce((select a.address from accounts a where a.user_id = @user_id and a.state = 'needs_reconnect' order by a.id limit 1), '')::text as reconnect,
	coalesce((select a.address from accounts a where a.user_id = @user_id and a.state in ('connecting', 'backfilling') order by a.id limit 1), '')::text as filling,
	(select count(*) from (select from outgoing o where o.user_id = @user_id and o.state = 'failed' limit 100) x)::integer as unsent,
	(select count(*) from (select from outgoing o where o.user_id = @user_id and o.state <> 'sent' limit 100) x)::integer as letters,
	array(select s.id from saved_searches s where s.user_id = @user_id order by s.position, s.id limit 20)::bigint[] as saved_ids,
	array(select s.name from saved_searches s where s.user_id = @user_id order by s.position, s.id limit 20)::text[] as saved_names,
	array(select s.query from saved_searches s where s.user_id = @user_id order by s.position, s.id limit 20)::text[] as saved_queries,
	array(select (select count(*) from (select from saved_hits h where h.user_id = @user_id and h.search_id = s.id and not h.seen limit 100) x)
		from saved_searches s where s.user_id = @user_id order by s.position, s.id limit 20)::integer[] as saved_unseen,
	(select count(*) from (select from saved_searches s join saved_hits h on h.user_id = @user_id and h.search_id = s.id and not h.seen
		where s.user_id = @user_id and s.alert <> 'none' limit 100) x)::integer as alerts,
	coalesce((select a.id from actions a where a.user_id = @user_id and a.state = 'done' and a.reason <> 'opened' and a.created_at > now() - interval '20 seconds'
		order by a.created_at desc, a.id desc limit 1), 0)::bigint as last_action;

-- name: ThreadRefresh :exec
-- ThreadRefresh derives threads from their emails and removes those that have none left. The newest mail that is not
-- the owner's own decides category and priority; the thread waits for an answer while its last mail asks for one.
with mails as (
	select * from emails e where e.user_id = @user_id and e.thread_id = any(@ids::bigint[])
), names as (
	select thread_id, array_agg(name order by first_at, name) as names
	from (select thread_id, case when sent then 'me' else coalesce(nullif(from_name, ''), from_address) end as name, min(received_at) as first_at
		from mails group by 1, 2) n
	group by thread_id
), facts as (
	select thread_id,
		(array_agg(subject order by received_at, id))[1] as subject,
		greatest(max(received_at), max(woken_at)) as last_at,
		count(*)::integer as email_count,
		count(*) filter (where unread and place not in ('trash', 'spam'))::integer as unread_count,
		bool_or(place = 'inbox') as in_inbox,
		bool_or(place = 'archive') as in_archive,
		bool_or(place = 'spam') as in_spam,
		bool_or(place = 'trash') as in_trash,
		bool_or(place = 'quarantine') as in_quarantine,
		bool_or(sent) as in_sent,
		bool_or(draft and place <> 'trash') as in_drafts,
		bool_or(starred and place <> 'trash') as starred,
		bool_or(has_attachment) as has_attachment,
		min(snoozed_until) filter (where place = 'snoozed') as snoozed_until,
		max(risk) filter (where place <> 'trash') as risk
	from mails group by thread_id
), newest as (
	select distinct on (thread_id) thread_id, snippet, needs_reply and not sent as needs_reply
	from mails order by thread_id, draft, place in ('trash', 'spam'), received_at desc, id desc
), judged as (
	select distinct on (thread_id) thread_id, category, priority, needs_review
	from mails order by thread_id, sent, place in ('trash', 'spam'), received_at desc, id desc
), gone as (
	delete from threads t where t.user_id = @user_id and t.id = any(@ids::bigint[]) and not exists (select from mails m where m.thread_id = t.id)
)
insert into threads (user_id, id, subject, snippet, senders, last_at, email_count, unread_count, in_inbox, in_archive, in_spam,
	in_trash, in_quarantine, in_sent, in_drafts, starred, has_attachment, snoozed_until, split, category, priority, needs_reply,
	needs_review, risk)
select @user_id, f.thread_id, f.subject, n.snippet, s.names[1:20], f.last_at, f.email_count, f.unread_count, f.in_inbox, f.in_archive,
	f.in_spam, f.in_trash, f.in_quarantine, f.in_sent, f.in_drafts, f.starred, f.has_attachment, f.snoozed_until,
	case
		when n.needs_reply or j.priority in ('urgent', 'high') then 'action'
		when j.category in ('application_confirmation', 'rejection', 'interview', 'assessment', 'offer', 'recruiter_outreach',
			'employer_request') then 'applications'
		else 'other'
	end,
	j.category, j.priority, n.needs_reply, j.needs_review, coalesce(f.risk, 0)
from facts f join names s using (thread_id) join newest n using (thread_id) join judged j using (thread_id)
on conflict (user_id, id) do update set
	subject = excluded.subject, snippet = excluded.snippet, senders = excluded.senders, last_at = excluded.last_at,
	email_count = excluded.email_count, unread_count = excluded.unread_count, in_inbox = excluded.in_inbox,
	in_archive = excluded.in_archive, in_spam = excluded.in_spam, in_trash = excluded.in_trash,
	in_quarantine = excluded.in_quarantine, in_sent = excluded.in_sent, in_drafts = excluded.in_drafts,
	starred = excluded.starred, has_attachment = excluded.has_attachment, snoozed_until = excluded.snoozed_until,
	split = excluded.split, category = excluded.category, priority = excluded.priority, needs_reply = excluded.needs_reply,
	needs_review = excluded.needs_review, risk = excluded.risk;

-- name: ThreadLock :many
-- ThreadLock makes writers of the same threads wait for each other, so that ThreadRefresh reads what the last one wrote.
select id from threads where user_id = @user_id and id = any(@ids::bigint[]) order by id for update;

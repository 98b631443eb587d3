-- name: EmailKnown :many
-- EmailKnown returns which of these identities are stored already.
select identity from emails where user_id = @user_id and identity = any(@identities::bytea[]);

-- name: IngestLock :exec
-- IngestLock makes writers of one owner's mail wait for each other until the end of the transaction: threads are
-- resolved against what is stored.
select pg_advisory_xact_lock(hashtextextended('ingest', @user_id));

-- name: EmailIDs :many
-- EmailIDs takes n ids from the sequence.
select nextval('emails_id_seq')::bigint from generate_series(1, @n::integer);

-- name: ThreadIDs :many
-- ThreadIDs takes n ids from the sequence.
select nextval('threads_id_seq')::bigint from generate_series(1, @n::integer);

-- name: EmailInsert :exec
-- EmailInsert stores emails, one array a column.
insert into emails (user_id, id, thread_id, identity, message_id, received_at, from_name, from_address, recipients, subject,
	snippet, size, raw_sha256, sample, place, unread, starred, sent, draft, has_attachment, category, confidence,
	needs_review, priority, needs_reply, unwanted, risk)
select @user_id::bigint, unnest(@ids::bigint[]), unnest(@thread_ids::bigint[]), unnest(@identities::bytea[]), unnest(@message_ids::text[]),
	unnest(@received_ats::timestamptz[]), unnest(@from_names::text[]), unnest(@from_addresses::text[]), unnest(@recipients::text[]),
	unnest(@subjects::text[]), unnest(@snippets::text[]), unnest(@sizes::bigint[]), unnest(@raw_sha256s::bytea[]), @sample::boolean,
	unnest(@places::text[]), unnest(@unreads::boolean[]), unnest(@starreds::boolean[]), unnest(@sents::boolean[]), unnest(@drafts::boolean[]),
	unnest(@has_attachments::boolean[]), unnest(@categories::text[]), unnest(@confidences::real[]), unnest(@needs_reviews::boolean[]),
	unnest(@priorities::text[]), unnest(@needs_replies::boolean[]), unnest(@unwanteds::real[]), unnest(@risks::smallint[]);

-- name: EmailTextInsert :exec
insert into email_texts (user_id, email_id, body, visible, verdict, calendar, unsubscribe, warnings)
select @user_id::bigint, unnest(@email_ids::bigint[]), unnest(@bodies::text[]), unnest(@visibles::text[]), unnest(@verdicts::text[])::jsonb,
	unnest(@calendars::text[])::jsonb, unnest(@unsubscribes::text[])::jsonb, unnest(@warnings::text[])::jsonb;

-- name: AttachmentInsert :exec
insert into attachments (user_id, email_id, part, filename, content_type, size, sha256, content_id, inline)
select @user_id::bigint, unnest(@email_ids::bigint[]), unnest(@parts::integer[]), unnest(@filenames::text[]), unnest(@content_types::text[]),
	unnest(@sizes::bigint[]), unnest(@sha256s::bytea[]), unnest(@content_ids::text[]), unnest(@inlines::boolean[]);

-- name: ThreadIDFind :many
-- ThreadIDFind returns the threads of message ids that were seen before.
select id_hash, thread_id from thread_ids where user_id = @user_id and id_hash = any(@id_hashes::bytea[]);

-- name: ThreadIDInsert :exec
insert into thread_ids (user_id, id_hash, thread_id)
select @user_id::bigint, unnest(@id_hashes::bytea[]), unnest(@thread_ids::bigint[])
on conflict (user_id, id_hash) do nothing;

-- name: ThreadMergeEmails :exec
-- ThreadMergeEmails moves the emails of one thread into another that turned out to be the same.
update emails set thread_id = @into_id where user_id = @user_id and thread_id = @from_id;

-- name: ThreadMergeIDs :exec
update thread_ids set thread_id = @into_id where user_id = @user_id and thread_id = @from_id;

-- name: LabelEnsure :many
-- LabelEnsure returns the ids of labels by name, making those that are missing.
insert into labels (user_id, name) select @user_id::bigint, unnest(@names::text[])
on conflict (user_id, name) do update set name = excluded.name
returning id, name;

-- name: EmailLabelInsert :exec
insert into email_labels (user_id, email_id, label_id)
select @user_id::bigint, unnest(@email_ids::bigint[]), unnest(@label_ids::bigint[])
on conflict do nothing;

-- name: MailChanged :exec
-- MailChanged tells open pages of this user, once the transaction commits, that something changed.
select pg_notify('mail_changed', cast(@user_id::bigint as text));

-- name: EmailSampleRaws :many
-- EmailSampleRaws lists the sample mailbox's emails with their blobs, to be removed.
select id, thread_id, raw_sha256 from emails where user_id = @user_id and sample;

-- name: EmailDelete :exec
-- EmailDelete removes emails for good; their parts are removed by the queries below.
delete from emails where user_id = @user_id and id = any(@ids::bigint[]);

-- name: EmailTextDelete :exec
delete from email_texts where user_id = @user_id and email_id = any(@ids::bigint[]);

-- name: EmailLabelDelete :exec
delete from email_labels where user_id = @user_id and email_id = any(@ids::bigint[]);

-- name: AttachmentDelete :many
delete from attachments where user_id = @user_id and email_id = any(@ids::bigint[]) returning sha256;

-- name: BlobUsed :many
-- BlobUsed returns which of these blobs are still needed by some email.
select e.raw_sha256 as sha256 from emails e where e.user_id = @user_id and e.raw_sha256 = any(@hashes::bytea[])
union
select a.sha256 from attachments a where a.user_id = @user_id and a.sha256 = any(@hashes::bytea[]);

-- name: ThreadIDDelete :exec
-- ThreadIDDelete forgets the message ids of threads that have no email left.
delete from thread_ids ti where ti.user_id = @user_id and ti.thread_id = any(@ids::bigint[])
	and not exists (select from emails e where e.user_id = ti.user_id and e.thread_id = ti.thread_id);

-- name: ThreadTexts :many
-- ThreadTexts returns the visible text of the newest three emails of each thread, newest first, for judging what follows.
select e.thread_id, t.visible
from unnest(@ids::bigint[]) as wanted (id)
cross join lateral (
	select x.user_id, x.id, x.thread_id, x.received_at from emails x
	where x.user_id = @user_id and x.thread_id = wanted.id order by x.received_at desc limit 3) e
join email_texts t on t.user_id = e.user_id and t.email_id = e.id
order by e.thread_id, e.received_at desc;

-- name: ThreadSubjects :many
select id, subject from threads where user_id = @user_id and id = any(@ids::bigint[]);

-- name: ImportCreate :one
insert into imports (user_id, source, state, upload) values (@user_id, @source, 'running', @upload) returning id;

-- name: ImportStalled :many
-- ImportStalled returns imports whose job was lost, and notes that they are tried again.
update imports set updated_at = now()
where user_id = @user_id and state = 'running' and upload <> '' and updated_at < now() - interval '2 minutes'
returning id, upload;

-- name: ImportUpdate :exec
update imports set bytes_done = @bytes_done, bytes_total = @bytes_total, seen = @seen, new = @new, duplicates = @duplicates,
	warnings = @warnings, failed = @failed, updated_at = now()
where user_id = @user_id and id = @id;

-- name: ImportFinish :exec
update imports set state = @state, error = @error, bytes_done = @bytes_done, seen = @seen, new = @new, duplicates = @duplicates,
	warnings = @warnings, failed = @failed, updated_at = now(), finished_at = now()
where user_id = @user_id and id = @id;

-- name: ActionItemDelete :exec
-- ActionItemDelete forgets what was done to emails that are gone, and the actions of which nothing is left.
with gone as (
	delete from action_items i where i.user_id = @user_id and i.email_id = any(@ids::bigint[]) returning i.action_id
)
delete from actions a where a.user_id = @user_id and a.id in (select action_id from gone)
	and not exists (select from action_items o where o.user_id = a.user_id and o.action_id = a.id and o.email_id <> all(@ids::bigint[]));

-- name: LabelDeleteOf :exec
-- LabelDeleteOf removes the labels that only these emails carry.
delete from labels l where l.user_id = @user_id
	and exists (select from email_labels e where e.user_id = l.user_id and e.label_id = l.id and e.email_id = any(@ids::bigint[]))
	and not exists (select from email_labels o where o.user_id = l.user_id and o.label_id = l.id and o.email_id <> all(@ids::bigint[]));

-- name: LabelDeleteUnused :exec
-- LabelDeleteUnused removes labels that no email carries.
delete from labels l where l.user_id = @user_id
	and not exists (select from email_labels e where e.user_id = l.user_id and e.label_id = l.id);

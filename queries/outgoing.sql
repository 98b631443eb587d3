-- name: OutgoingCreate :one
insert into outgoing (user_id, account_id, email_id, kind, state, recipients, copies, subject, body, message_id, thread_id, refs)
values (@user_id, @account_id, @email_id, @kind, 'draft', @recipients, @copies, @subject, @body, @message_id, @thread_id, @refs)
returning id;

-- name: OutgoingGet :one
select * from outgoing where user_id = @user_id and id = @id;

-- name: OutgoingList :many
-- OutgoingList returns what is not sent yet, or what was, the latest first.
select * from outgoing where user_id = @user_id and (state = 'sent') = @sent::boolean order by updated_at desc limit 200;

-- name: OutgoingSave :execrows
-- OutgoingSave keeps a draft.
update outgoing set recipients = @recipients, copies = @copies, subject = @subject, body = @body, updated_at = @now::timestamptz, state = 'draft', error = ''
where user_id = @user_id and id = @id and state in ('draft', 'failed');

-- name: OutgoingDelete :execrows
delete from outgoing where user_id = @user_id and id = @id and state in ('draft', 'failed');

-- name: OutgoingSubmit :execrows
-- OutgoingSubmit has a draft sent at a time; until then it can be taken back.
update outgoing set state = 'waiting', send_at = @send_at::timestamptz, error = '' where user_id = @user_id and id = @id and state = 'draft';

-- name: OutgoingCancel :execrows
-- OutgoingCancel takes a mail back that is not on its way yet.
update outgoing set state = 'draft', send_at = null where user_id = @user_id and id = @id and state = 'waiting';

-- name: OutgoingTake :one
-- OutgoingTake takes a mail whose time has come, for sending it; nobody else gets it.
update outgoing set state = 'sending', sent_at = @now::timestamptz where user_id = @user_id and id = @id and state = 'waiting' and send_at <= @now::timestamptz returning *;

-- name: OutgoingEnd :execrows
-- OutgoingEnd notes how sending ended: sent, failed, or waiting to be tried again.
update outgoing set state = @state::text, error = @error::text, send_at = case when @state::text = 'waiting' then @again_at::timestamptz else send_at end
where user_id = @user_id and id = @id and state = 'sending';

-- name: OutgoingDue :many
-- OutgoingDue lists mail whose sending was interrupted or whose job was lost. It needs no owner.
select o.user_id::bigint as user_id, o.id::bigint as id from outgoing_due(@at) o;

-- name: OutgoingOrigin :one
-- OutgoingOrigin tells by which account an email came, and where its source lies; a disconnected account cannot send.
select a.id as account_id, a.address, a.scopes, g.thread_id, e.raw_sha256, e.thread_id as our_thread
from emails e join gmail_messages g on g.user_id = e.user_id and g.email_id = e.id and g.state = 'stored'
join accounts a on a.user_id = g.user_id and a.id = g.account_id and a.state <> 'disconnected'
where e.user_id = @user_id and e.id = @email_id
order by a.id limit 1;

-- name: OutgoingPossible :one
-- OutgoingPossible tells whether any email of a thread can be answered from here.
select exists (select from emails e join gmail_messages g on g.user_id = e.user_id and g.email_id = e.id and g.state = 'stored'
	join accounts a on a.user_id = g.user_id and a.id = g.account_id and a.state <> 'disconnected'
	where e.user_id = @user_id and e.thread_id = @thread_id)::boolean;

-- name: EmailRaw :one
-- EmailRaw tells where the source of an email lies.
select id, thread_id, subject, raw_sha256 from emails where user_id = @user_id and id = @id;

-- name: AttachmentGet :one
select * from attachments where user_id = @user_id and email_id = @email_id and part = @part;

-- name: SearchPageThreads :many
-- SearchPageThreads returns the threads of these emails.
select distinct thread_id from emails where user_id = @user_id and id = any(@email_ids::bigint[]);

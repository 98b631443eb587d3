-- name: SearchDeadInsert :exec
-- SearchDeadInsert notes emails that are deleted and whose words still stand in the index.
insert into search_dead (user_id, email_id) select @user_id::bigint, unnest(@ids::bigint[]) on conflict do nothing;

-- name: SearchDeadList :one
-- SearchDeadList returns the deleted emails whose words still stand in the index, in order.
select coalesce(array_agg(email_id order by email_id), '{}')::bigint[] as ids from search_dead where user_id = @user_id;

-- name: SearchDeadDelete :exec
delete from search_dead where user_id = @user_id and email_id = any(@ids::bigint[]);

-- name: SearchDeadSince :one
-- SearchDeadSince tells whether words of an email that was deleted before a time still stand in the index.
select exists (select from search_dead where user_id = @user_id and at < @before)::boolean;

-- name: VectorBump :one
-- VectorBump begins to write vectors: it returns their version, and lets nobody else write until the transaction ends.
-- Versions count from the time of the first, so that they grow also when all were deleted and are made again.
insert into vector_sets (user_id, model, version) values (@user_id, @model, (extract(epoch from clock_timestamp()) * 1000)::bigint)
on conflict (user_id, model) do update set version = vector_sets.version + 1
returning version;

-- name: VectorInsert :execrows
-- VectorInsert stores vectors of emails that are still there; those that are stored stay.
insert into email_vectors (user_id, model, email_id, version, vector)
select e.user_id, @model::text, e.id, @version::bigint, n.vector
from (select unnest(@email_ids::bigint[]) as id, unnest(@vectors::bytea[]) as vector) n
join emails e on e.user_id = @user_id and e.id = n.id
order by e.id
for key share of e
on conflict do nothing;

-- name: VectorMissing :many
-- VectorMissing returns the newest emails without a vector of the model.
select e.id from emails e
where e.user_id = @user_id
	and not exists (select 1 from email_vectors v where v.user_id = e.user_id and v.model = @model and v.email_id = e.id)
order by e.received_at desc, e.id desc
limit @max_rows;

-- name: VectorTexts :many
-- VectorTexts returns the beginnings of what people wrote in emails.
select email_id, left(visible, @characters::int)::text as text from email_texts
where user_id = @user_id and email_id = any(@ids::bigint[]);

-- name: VectorSets :many
-- VectorSets returns the versions of the vectors that an owner has.
select model, version from vector_sets where user_id = @user_id;

-- name: VectorList :many
-- VectorList returns vectors that were written after a version, by email.
select email_id, version, vector from email_vectors
where user_id = @user_id and model = @model and version > @version
order by email_id;

-- name: VectorsOfThread :many
-- VectorsOfThread returns the vectors of a thread's newest emails.
select v.vector from emails e
join email_vectors v on v.user_id = e.user_id and v.model = @model and v.email_id = e.id
where e.user_id = @user_id and e.thread_id = @thread_id and v.vector <> ''
order by e.received_at desc
limit 50;

-- name: VectorCoverage :one
-- VectorCoverage counts an owner's emails and those of them with a vector of the model.
select (select count(*) from emails e where e.user_id = @user_id)::bigint as emails,
	(select count(*) from email_vectors v where v.user_id = @user_id and v.model = @model)::bigint as vectors;

-- name: VectorModelDelete :exec
-- VectorModelDelete removes the vectors of other models than this.
delete from email_vectors where user_id = @user_id and model <> @model;

-- name: VectorSetDelete :exec
delete from vector_sets where user_id = @user_id and model <> @model;

-- name: SearchFactValues :many
-- SearchFactValues returns the different values of a kind of facts.
select distinct value from email_facts where user_id = @user_id and kind = @kind order by value limit 20000;

-- name: SearchColumns :many
-- SearchColumns returns what never changes of an owner's emails with greater ids than after, in their order. An owner's
-- ids grow in the order in which they are committed, because ingest takes them under the owner's lock.
select id, received_at, size, from_address, from_name from emails where user_id = @user_id and id > @after order by id limit 200000;

-- name: SearchCompanies :many
-- SearchCompanies returns the emails of each company, for facets.
select value, array_agg(email_id)::bigint[] as emails from email_facts where user_id = @user_id and kind = 'company' group by value;

-- name: SearchLabels :many
-- SearchLabels returns the emails of each label, for facets.
select l.name, x.emails::bigint[] as emails from (
	select label_id, array_agg(email_id) as emails from email_labels y where y.user_id = @user_id group by label_id
) x join labels l on l.user_id = @user_id and l.id = x.label_id;

-- name: SearchCompaniesOf :many
select value, array_agg(email_id)::bigint[] as emails from email_facts
where user_id = @user_id and kind = 'company' and email_id = any(@ids::bigint[]) group by value;

-- name: SearchLabelsOf :many
select l.name, x.emails::bigint[] as emails from (
	select label_id, array_agg(email_id) as emails from email_labels y where y.user_id = @user_id and y.email_id = any(@ids::bigint[]) group by label_id
) x join labels l on l.user_id = @user_id and l.id = x.label_id;

-- name: SearchLabelNames :many
select name from labels where user_id = @user_id order by name limit @max_rows;

-- +goose Up
-- Sentence vectors of emails (package embed), by the model that made them, so that those of one model serve while
-- those of another are made. A vector goes with its email.
create table email_vectors (
	user_id  bigint not null references users on delete cascade,
	model    text not null, -- embed.Model.Name, or that of a service's model
	email_id bigint not null,
	version  bigint not null, -- of vector_sets when it was written
	vector   bytea not null,  -- one signed byte a dimension, the largest ±127 (embed.Quantise); empty: the email has no text
	primary key (user_id, model, email_id),
	foreign key (user_id, email_id) references emails (user_id, id) on delete cascade
) partition by hash (user_id);

-- +goose StatementBegin
do $$
begin
	for n in 0..15 loop
		execute format('create table %I partition of email_vectors for values with (modulus 16, remainder %s)', 'email_vectors_' || n, n);
		execute format('revoke all on %I from applylens_app', 'email_vectors_' || n);
		execute format('alter table %I alter column vector set storage plain', 'email_vectors_' || n); -- dense already
	end loop;
end
$$;
-- +goose StatementEnd
create index email_vectors_version on email_vectors (user_id, model, version);
create index email_vectors_email on email_vectors (user_id, email_id); -- for the cascade

-- The vectors of one owner and model as a whole. Who writes vectors raises the version first and so keeps others out
-- until it commits: what is of a later version than a reader knows is what the reader lacks.
create table vector_sets (
	user_id bigint not null references users on delete cascade,
	model   text not null,
	version bigint not null default 0,
	primary key (user_id, model)
);

alter table email_vectors enable row level security;
create policy owner on email_vectors using (user_id = app_uid()) with check (user_id = app_uid());
alter table vector_sets enable row level security;
create policy owner on vector_sets using (user_id = app_uid()) with check (user_id = app_uid());

-- +goose Down
drop table vector_sets, email_vectors;

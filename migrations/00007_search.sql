-- +goose Up
-- The text index: each owner's mail in segments, immutable inverted indexes that are written with a batch of mail in
-- its transaction, and merged as they grow in number (package search). Only equality and order of text, integers and
-- ids are asked of Postgres, which a policy does not keep from an index.
create sequence search_segments_id_seq as bigint;

create table search_segments (
	user_id bigint not null references users on delete cascade,
	id      bigint not null default nextval('search_segments_id_seq'),
	mails   integer not null,
	words   bigint not null, -- of all bodies
	docs    bytea not null,  -- ids, times and lengths (postings.EncodeDocs)
	primary key (user_id, id)
) partition by hash (user_id);

create table search_blocks (
	user_id    bigint not null references users on delete cascade,
	segment_id bigint not null,
	first      text collate "C" not null, -- its first word
	postings   bytea not null,            -- words with their documents (postings.Read)
	places     bytea not null,            -- positions of the words in the documents
	primary key (user_id, segment_id, first)
) partition by hash (user_id);

-- +goose StatementBegin
do $$
declare t text;
begin
	foreach t in array array['search_segments', 'search_blocks'] loop
		for n in 0..15 loop
			execute format('create table %I partition of %I for values with (modulus 16, remainder %s)', t || '_' || n, t, n);
			execute format('revoke all on %I from applylens_app', t || '_' || n);
		end loop;
		execute format('alter table %I enable row level security', t);
		execute format('create policy owner on %I using (user_id = app_uid()) with check (user_id = app_uid())', t);
	end loop;
	for n in 0..15 loop -- dense already: compressing them would cost time and win nothing
		execute format('alter table search_segments_%s alter column docs set storage external', n);
		execute format('alter table search_blocks_%s alter column postings set storage external, alter column places set storage external', n);
	end loop;
end
$$;
-- +goose StatementEnd

-- Spam and trash are left out of searches; they are few.
create index emails_hidden on emails (user_id, id) where place in ('spam', 'trash');

drop function email_match(tsquery);
drop function email_index_flush();
alter table email_texts drop column tsv;

-- +goose Down
alter table email_texts add column tsv tsvector not null default '';
create index email_texts_tsv on email_texts using gin (user_id, tsv);
-- +goose StatementBegin
create function email_match(q tsquery) returns setof bigint
	language sql stable security definer parallel safe set search_path = pg_catalog, public, pg_temp rows 500
	as $$ select email_id from public.email_texts
		where user_id = nullif(current_setting('app.uid', true), '')::bigint and tsv @@ q $$;
create function email_index_flush() returns void
	language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
begin
	perform gin_clean_pending_list(inhrelid::regclass) from pg_inherits where inhparent = 'public.email_texts_tsv'::regclass;
end
$$;
-- +goose StatementEnd
revoke execute on function email_match(tsquery), email_index_flush() from public;
grant execute on function email_match(tsquery), email_index_flush() to applylens_app;
drop index emails_hidden;
drop table search_blocks, search_segments;
drop sequence search_segments_id_seq;

-- +goose Up
-- Filters that few mails pass are found without a look at all of them.
create index emails_unread on emails (user_id, received_at desc, id desc) include (place) where unread;
create index emails_starred on emails (user_id, received_at desc, id desc) include (place) where starred;
create index emails_category on emails (user_id, category, received_at desc, id desc) include (place);

-- Reading an index alone needs the visibility map, which vacuum writes: sooner than by default after an import.
-- +goose StatementBegin
do $$
begin
	for n in 0..15 loop
		execute format('alter table emails_%s set (autovacuum_vacuum_insert_scale_factor = 0.01, autovacuum_vacuum_scale_factor = 0.02)', n);
	end loop;
end
$$;
-- +goose StatementEnd

-- +goose Down
drop index emails_unread, emails_starred, emails_category;
-- +goose StatementBegin
do $$
begin
	for n in 0..15 loop
		execute format('alter table emails_%s reset (autovacuum_vacuum_insert_scale_factor, autovacuum_vacuum_scale_factor)', n);
	end loop;
end
$$;
-- +goose StatementEnd

-- +goose Up
-- Filters are answered from an index alone while its pages are known to be visible to all, so vacuum follows inserts
-- and changes closely. Per table, so that it holds on any server.
-- +goose StatementBegin
do $$
declare t text;
begin
	foreach t in array array['threads', 'emails'] loop
		for n in 0..15 loop
			execute format('alter table %I set (autovacuum_vacuum_insert_scale_factor = 0.02, autovacuum_vacuum_insert_threshold = 500,
				autovacuum_vacuum_scale_factor = 0.05, autovacuum_analyze_scale_factor = 0.05)', t || '_' || n);
		end loop;
	end loop;
end
$$;
-- +goose StatementEnd

-- +goose Down
-- +goose StatementBegin
do $$
declare t text;
begin
	foreach t in array array['threads', 'emails'] loop
		for n in 0..15 loop
			execute format('alter table %I reset (autovacuum_vacuum_insert_scale_factor, autovacuum_vacuum_insert_threshold,
				autovacuum_vacuum_scale_factor, autovacuum_analyze_scale_factor)', t || '_' || n);
		end loop;
	end loop;
end
$$;
-- +goose StatementEnd

-- +goose Up
alter table imports add column upload text not null default ''; -- key of the uploaded file, while it waits for its import

-- +goose Down
alter table imports drop column upload;

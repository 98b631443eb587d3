-- +goose Up
create index threads_archive on threads (user_id, last_at desc, id desc) where in_archive and not in_inbox;

-- +goose Down
drop index threads_archive;

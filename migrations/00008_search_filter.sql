-- +goose Up
-- The newest mail that a filter finds is found, and counted, in this index alone; it does what emails_received did.
create index emails_filter on emails (user_id, received_at desc, id desc)
	include (place, unread, starred, sent, draft, has_attachment, category, confidence, needs_review, priority, needs_reply, risk, size);
drop index emails_received;

-- +goose Down
create index emails_received on emails (user_id, received_at desc, id desc);
drop index emails_filter;

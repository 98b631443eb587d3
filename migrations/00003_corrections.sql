-- +goose Up
-- What a person taught by moving mail to another category. One row is one corrected email; what is learned is derived
-- from the rows, so that undoing the action, or unlearning, is deleting rows.
create table corrections (
	user_id    bigint not null references users on delete cascade,
	action_id  bigint not null,
	email_id   bigint not null,
	sender     text not null, -- address, lower case
	pattern    text not null, -- shape of the subject (triage.Pattern)
	subject    text not null, -- of the corrected email, for the page that lists what was learned
	category   text not null,
	was        text not null, -- category before
	created_at timestamptz not null default now(),
	primary key (user_id, action_id, email_id),
	foreign key (user_id, action_id) references actions (user_id, id) on delete cascade
);
create index corrections_sender on corrections (user_id, sender, created_at desc);
alter table corrections enable row level security;
create policy owner on corrections using (user_id = app_uid()) with check (user_id = app_uid());

-- +goose Down
drop table corrections;

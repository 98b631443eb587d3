-- name: LLMConsent :many
-- LLMConsent returns what a user allowed: at most one row.
select host, triage, search, after_email_id, day_microusd, day_calls, changed_at from llm_consents where user_id = @user_id;

-- name: LLMConsentLock :many
-- LLMConsentLock is LLMConsent, and makes callers that count what was used today wait for each other.
select host, triage, search, day_microusd, day_calls from llm_consents where user_id = @user_id for update;

-- name: LLMConsentSet :exec
-- LLMConsentSet keeps what a user allows. Mail that was there before the first yes to an endpoint stays out, unless all is given.
insert into llm_consents as c (user_id, host, triage, search, after_email_id, day_microusd, day_calls, changed_at)
values (@user_id, @host, @triage, @search,
	case when @all_mail::boolean then 0 else coalesce((select max(e.id) from emails e where e.user_id = @user_id), 0) end,
	@day_microusd, @day_calls, @changed_at)
on conflict (user_id) do update set host = excluded.host, triage = excluded.triage, search = excluded.search,
	after_email_id = case when c.host = excluded.host and c.triage and excluded.triage then least(c.after_email_id, excluded.after_email_id)
		else excluded.after_email_id end,
	day_microusd = excluded.day_microusd, day_calls = excluded.day_calls, changed_at = excluded.changed_at;

-- name: LLMUsed :one
-- LLMUsed sums what a user's requests since a time cost.
select count(*) as calls, coalesce(sum(cost_microusd), 0)::bigint as microusd, coalesce(sum(bytes), 0)::bigint as bytes
from llm_ledger where user_id = @user_id and at >= @since;

-- name: LLMBegin :one
-- LLMBegin writes the line of the ledger for what is about to be sent.
insert into llm_ledger (user_id, at, model, host, purpose, email_id, run_id, bytes, redacted, cost_microusd, outcome)
values (@user_id, @at, @model, @host, @purpose, sqlc.narg(email_id), sqlc.narg(run_id), @bytes, @redacted, @cost_microusd, 'sent')
returning id;

-- name: LLMEnd :exec
-- LLMEnd completes a line of the ledger.
update llm_ledger set attempts = @attempts, tokens_in = @tokens_in, tokens_out = @tokens_out, cost_microusd = @cost_microusd,
	duration_ms = @duration_ms, outcome = @outcome
where user_id = @user_id and id = @id;

-- name: LLMLedger :many
-- LLMLedger lists the ledger, newest first, with the mails that are still there.
select l.id, l.at, l.model, l.host, l.purpose, l.run_id, l.attempts, l.bytes, l.redacted, l.tokens_in, l.tokens_out, l.cost_microusd, l.duration_ms, l.outcome,
	coalesce(e.id, 0)::bigint as email_id, coalesce(e.thread_id, 0)::bigint as thread_id, coalesce(e.subject, '')::text as subject
from llm_ledger l left join emails e on e.user_id = l.user_id and e.id = l.email_id
where l.user_id = @user_id and (l.at, l.id) < (@before_at::timestamptz, @before_id::bigint)
order by l.at desc, l.id desc limit @max_rows;

-- name: LLMAnswer :many
-- LLMAnswer returns what was answered to the same before: at most one row.
select answer from llm_answers where user_id = @user_id and digest = @digest;

-- name: LLMAnswerKeep :exec
insert into llm_answers (user_id, digest, email_id, answer, made_at) values (@user_id, @digest, sqlc.narg(email_id), @answer, @made_at)
on conflict (user_id, digest) do update set answer = excluded.answer, made_at = excluded.made_at;

-- name: LLMAnswersForget :exec
delete from llm_answers where user_id = @user_id;

-- name: LLMUnsure :many
-- LLMUnsure lists uncertain mail that a model may be asked about, newest first: what it may be shown, and its verdict.
select e.id, e.thread_id, e.identity, e.from_address, e.subject, t.visible, t.verdict
from llm_consents c
join emails e on e.user_id = c.user_id and e.id > c.after_email_id and e.needs_review and e.category_by = 'triage' and not e.sent and not e.draft
join email_texts t on t.user_id = e.user_id and t.email_id = e.id
left join llm_asked a on a.user_id = e.user_id and a.email_id = e.id
where c.user_id = @user_id and c.host = @host and c.triage
	and (a.outcome is null or a.outcome = 'applied' or (a.outcome = 'failed' and a.tries < 3 and a.at < @tried_before::timestamptz))
order by e.id desc limit @max_rows;

-- name: LLMUnsureCount :one
-- LLMUnsureCount counts uncertain mail that was never asked about, up to a bound.
select count(*) from (
	select from emails e where e.user_id = @user_id and e.needs_review and e.category_by = 'triage' and not e.sent and not e.draft
		and not exists (select from llm_asked a where a.user_id = e.user_id and a.email_id = e.id)
	limit @max_rows) x;

-- name: LLMAskedNote :exec
-- LLMAskedNote notes how asking about a mail ended.
insert into llm_asked as a (user_id, email_id, tries, outcome, at) values (@user_id, @email_id, 1, @outcome, @at)
on conflict (user_id, email_id) do update set tries = a.tries + 1, outcome = excluded.outcome, at = excluded.at;

-- name: LLMVerdictStore :many
-- LLMVerdictStore gives a mail another category, if its verdict is still the one that was asked about and its owner has
-- not set one, and returns its thread. Risk, priority and all else stay.
with told as (
	update email_texts t set verdict = (@verdict::text || '')::jsonb
	from emails x
	where t.user_id = @user_id and t.email_id = @email_id and t.verdict = (@was::text || '')::jsonb
		and x.user_id = t.user_id and x.id = t.email_id and x.category_by = 'triage' and x.needs_review
	returning t.email_id
)
update emails e set category = @category, confidence = @confidence, needs_review = @needs_review
from told where e.user_id = @user_id and e.id = told.email_id
returning e.thread_id;

-- name: LLMExpired :one
select llm_expired()::bigint;

-- name: SearchSegmentInsert :one
-- SearchSegmentInsert stores a segment of the text index; its blocks follow.
insert into search_segments (user_id, mails, words, docs) values (@user_id, @mails, @words, @docs) returning id;

-- name: SearchBlockInsert :exec
insert into search_blocks (user_id, segment_id, first, postings, places)
select @user_id::bigint, @segment_id::bigint, unnest(@firsts::text[]), unnest(@postings::bytea[]), unnest(@places::bytea[]);

-- name: SearchSegmentList :many
-- SearchSegmentList returns the sizes of an owner's segments, oldest first.
select id, mails from search_segments where user_id = @user_id order by id;

-- name: SearchSegmentDocs :many
-- SearchSegmentDocs returns the documents of segments.
select id, docs from search_segments where user_id = @user_id and id = any(@ids::bigint[]) order by id;

-- name: SearchBlockList :many
-- SearchBlockList returns all blocks of segments.
select segment_id, first, postings, places from search_blocks
where user_id = @user_id and segment_id = any(@ids::bigint[])
order by segment_id, first;

-- name: SearchSegmentDelete :exec
delete from search_segments where user_id = @user_id and id = any(@ids::bigint[]);

-- name: SearchBlockDelete :exec
delete from search_blocks where user_id = @user_id and segment_id = any(@ids::bigint[]);

-- name: SearchLookup :many
-- SearchLookup returns, for each segment of an owner, the block in which each of these words would stand, and the
-- blocks that may hold words that begin with low. n counts words from 1, and beginnings below zero; a segment without any block has 0.
-- The first row brings the emails that are deleted but whose words still stand in the index, in order.
select s.id, s.mails, s.words, coalesce(b.n, 0)::integer as n, b.postings, b.places,
	(case when row_number() over () = 1 then (select array_agg(d.email_id order by d.email_id) from search_dead d where d.user_id = @user_id) end)::bigint[] as dead
from search_segments s
left join lateral (
	select w.n, x.postings, (case when (@word_places::boolean[])[w.n::integer] then x.places end)::bytea as places
	from unnest(@words::text[]) with ordinality as w (word, n)
	cross join lateral (
		select y.postings, y.places from search_blocks y
		where y.user_id = @user_id and y.segment_id = s.id and y.first <= w.word collate "C"
		order by y.first desc limit 1) x
	union all
	select -w.n, x.postings, case when (@low_places::boolean[])[w.n::integer] then x.places end
	from unnest(@lows::text[]) with ordinality as w (low, n)
	cross join lateral (
		select coalesce((select y.first from search_blocks y
			where y.user_id = @user_id and y.segment_id = s.id and y.first <= w.low collate "C" order by y.first desc limit 1), '') as bound offset 0) f
	cross join lateral (
		select y.postings, y.places from search_blocks y
		where y.user_id = @user_id and y.segment_id = s.id and y.first >= f.bound and y.first < (w.low || U&'\+10FFFF') collate "C"
		order by y.first limit 100000) x
) b on true
where s.user_id = @user_id;

-- name: SearchEmailIDs :many
-- SearchEmailIDs returns the ids of all emails of an owner.
select id from emails where user_id = @user_id order by id;

-- name: SearchEmailRaws :many
-- SearchEmailRaws returns where the sources of emails are, in the order of their ids.
select id, raw_sha256, received_at from emails where user_id = @user_id and id = any(@ids::bigint[]) order by id;

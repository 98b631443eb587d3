-- name: SavedMailGet :one
-- SavedMailGet returns what the letter of a saved search says: how much it found in a time, of which nothing was seen yet.
-- No row: it was deleted, or is not told by e-mail any more.
select s.name, u.email,
	(select count(*) from saved_hits h where h.user_id = @user_id and h.search_id = s.id and not h.seen
		and h.found_at >= @since and h.found_at < @until)::integer as found
from saved_searches s join users u on u.id = s.user_id
where s.user_id = @user_id and s.id = @id and s.alert = 'email';

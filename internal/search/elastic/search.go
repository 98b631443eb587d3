package elastic

import (
	"context"
	"errors"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/elastic/go-elasticsearch/v8/esapi"

	"applylens/internal/db"
	"applylens/internal/search"
	"applylens/internal/search/postings"
)

// ModeName is what Result.Mode says of this engine.
const ModeName = "elasticsearch"

// An Engine searches in Elasticsearch, and reads from Postgres the rows of what it found.
type Engine struct {
	Client *Client
	Rows   *search.Postgres
}

// Weights of parts of an email for ranking: a word in the subject counts as several in the body, as in package search.
// combined_fields wants them to be one at least.
var rankedFields = [...]struct {
	class  postings.Class
	boost  string
	weight float64
}{{postings.Subject, "subject^6", 6}, {postings.From, "from^4", 4}, {postings.Recipients, "recipients", 1}, {postings.Body, "body^2", 2}}

const (
	proximityPool   = 200 // best matches whose words are compared for nearness
	proximityWeight = 0.35
)

// An answer is what _search returns.
type answer struct {
	TimedOut bool   `json:"timed_out"`
	Pit      string `json:"pit_id"`
	Hits     struct {
		Total struct {
			Value    int    `json:"value"`
			Relation string `json:"relation"`
		} `json:"total"`
		Hits []struct {
			Score  float64            `json:"_score"`
			Fields map[string][]int64 `json:"fields"`
			Sort   []any              `json:"sort"`
		} `json:"hits"`
	} `json:"hits"`
}

// Search answers a query with one page.
func (e *Engine) Search(ctx context.Context, conn db.DBTX, q *search.Query, r search.Request) (search.Result, error) {
	from, err := search.ParsePlace(r.After)
	if err != nil {
		return search.Result{}, err
	}
	if r.Limit <= 0 || r.Limit > search.MaxHits {
		r.Limit = min(max(r.Limit, 50), search.MaxHits)
	}
	r.Newest = r.Newest || r.Order == search.Newest
	asked := e.Rows.Analyzer.Ask(q, r)
	result := search.Result{Mode: ModeName, Total: -1, Warnings: asked.Warnings}
	result.Ranked = len(asked.Ranks) > 0 && !r.Newest && r.Order == search.Best && from.At.IsZero()
	if result.Ranked && e.Rows.Sense != nil {
		result.Mode = ModeName + " by words alone (only Postgres ranks by meaning)"
	}
	found, err := e.find(ctx, q, r, asked, from, &result)
	if err != nil {
		return result, err
	}
	filters := asked.Textless() && !result.Ranked && byTime(r) // of these Postgres counts no more
	return result, e.page(ctx, conn, q, r, from, found, filters, &result)
}

// find asks for one more than a page.
func (e *Engine) find(ctx context.Context, q *search.Query, r search.Request, asked search.Asked, from search.Place, result *search.Result) (*answer, error) {
	strict, err := must(r.UserID, asked.Must, asked.Hidden)
	if err != nil {
		return nil, err
	}
	if !result.Ranked {
		return e.ask(ctx, r, sorted(strict, r, from))
	}
	found, err := e.ask(ctx, r, e.ranked(q, strict, nil, asked.Ranks, r, from))
	if err != nil || asked.Loose == nil || found.Hits.Total.Value >= search.Enough {
		return found, err
	}
	loose, err := must(r.UserID, asked.Loose, asked.Hidden)
	if err != nil {
		return nil, err
	}
	more, err := e.ask(ctx, r, e.ranked(q, loose, strict, asked.Ranks, r, from))
	if err != nil {
		return nil, err
	}
	total := found.Hits.Total.Value
	if result.Loose = more.Hits.Total.Value - total; result.Loose > 0 {
		result.Warnings = append(result.Warnings, search.Warning{End: len(q.Source), Msg: search.LooseMessage(total)})
	}
	more.Hits.Total.Value = total
	return more, nil
}

// must is the condition of an owner: the owner outermost, then what is asked for, without what is hidden.
func must(userID int64, c *search.Condition, hidden []string) (object, error) {
	filters := []object{term("user", owner(userID))}
	if c != nil {
		made, err := compile(c)
		if err != nil {
			return nil, err
		}
		filters = append(filters, made)
	}
	clauses := object{"filter": filters}
	if len(hidden) > 0 {
		clauses["must_not"] = []object{terms("place", hidden)}
	}
	return object{"bool": clauses}, nil
}

// byTime tells that hits are sorted by time, so that a place is an email and not a number of hits.
func byTime(r search.Request) bool { return r.Newest || r.Order == search.Best }

// sorted asks for matches in the order of a field, and on the first page for their number.
func sorted(condition object, r search.Request, from search.Place) object {
	order := object{"at": "desc"}
	switch r.Order {
	case search.Oldest:
		order = object{"at": "asc"}
	case search.BySender:
		order = object{"sender": object{"order": "asc", "missing": "_last"}}
	case search.Largest:
		order = object{"size": "desc"}
	}
	request := object{"query": condition, "size": r.Limit + 1, "sort": []object{order, {"id": "desc"}}, "track_total_hits": false}
	if r.After == "" {
		request["track_total_hits"] = true
	}
	if !from.At.IsZero() {
		request["search_after"] = []int64{from.At.UnixMicro(), from.ID}
	} else if from.Offset > 0 {
		request["from"] = from.Offset
	}
	return request
}

// ranked asks for matches by score. Those that fulfil strict too, when it is not nil, weigh more.
func (e *Engine) ranked(q *search.Query, condition, strict object, ranks []search.Rank, r search.Request, from search.Place) object {
	clauses := object{"filter": []object{condition}, "should": scores(ranks)}
	functions := recency(q.Now)
	if strict != nil {
		functions = append(functions, object{"filter": strict, "weight": search.WeightAll})
	}
	request := object{"size": r.Limit + 1, "from": from.Offset, "track_total_hits": true,
		"query": object{"function_score": object{"query": object{"bool": clauses}, "functions": functions, "score_mode": "multiply", "boost_mode": "multiply"}}}
	if pairs := nearness(ranks); len(pairs) > 0 {
		request["rescore"] = object{"window_size": proximityPool, "query": object{"score_mode": "total", "query_weight": 1, "rescore_query_weight": proximityWeight,
			"rescore_query": object{"bool": object{"should": pairs}}}}
	}
	return request
}

// scores weighs the words of a query by BM25 over fields (combined_fields); beginnings weigh by how rare they are.
func scores(ranks []search.Rank) (all []object) {
	byParts := map[postings.Class][]string{}
	for _, rank := range ranks {
		if rank.Whole && len(rank.Wanted) == 1 {
			byParts[rank.In] = append(byParts[rank.In], rank.Wanted[0].Word)
			continue
		}
		var any []object
		for _, w := range rank.Wanted {
			any = append(any, wanted("all", w))
			if rank.In&postings.Subject != 0 {
				subject := wanted("subject", w)
				any = append(any, object{"constant_score": object{"filter": subject, "boost": 2}})
			}
		}
		all = append(all, object{"dis_max": object{"queries": any, "tie_breaker": 0.3}})
	}
	for in, words := range byParts {
		var fields []string
		for _, f := range rankedFields {
			if in&f.class != 0 {
				fields = append(fields, f.boost)
			}
		}
		all = append(all, object{"combined_fields": object{"query": strings.Join(words, " "), "fields": fields, "operator": "or"}})
	}
	return all
}

// nearness weighs words that stand side by side in the query and near each other in the email.
func nearness(ranks []search.Rank) (pairs []object) {
	for i := 1; i < len(ranks); i++ {
		if !ranks[i-1].Whole || !ranks[i].Whole {
			continue
		}
		both := ranks[i-1].Wanted[0].Word + " " + ranks[i].Wanted[0].Word
		for _, field := range fieldsOf(ranks[i].In & (postings.Subject | postings.Body)) {
			pairs = append(pairs, object{"match_phrase": object{field: object{"query": both, "slop": 2}}})
		}
	}
	return pairs
}

// recency is the prior of package search, in steps: a mail of a year ago counts about 0.7 of one of today.
func recency(now time.Time) (functions []object) {
	months := [...]float64{0, 0.25, 1, 3, 6, 12, 24, 60, 120}
	const month = 30 * 24 * time.Hour
	for i, from := range months {
		bounds, middle := object{}, from*1.5
		if i > 0 {
			bounds["lte"] = now.Add(-time.Duration(from * float64(month))).UnixMicro()
		}
		if i+1 < len(months) {
			bounds["gt"] = now.Add(-time.Duration(months[i+1] * float64(month))).UnixMicro()
			middle = (from + months[i+1]) / 2
		}
		functions = append(functions, object{"filter": object{"range": object{"at": bounds}}, "weight": 1 / (1 + 0.15*math.Log1p(middle))})
	}
	return functions
}

// ask sends a search of an owner's mail.
func (e *Engine) ask(ctx context.Context, r search.Request, request object) (*answer, error) {
	request["_source"] = false
	request["docvalue_fields"] = []string{"id", "at"}
	no, yes := false, true
	var found answer
	err := e.Client.send(ctx, esapi.SearchRequest{Index: []string{e.Client.Prefix}, Routing: []string{owner(r.UserID)}, Preference: "u" + owner(r.UserID),
		AllowPartialSearchResults: &no, IgnoreUnavailable: &yes, SearchType: "dfs_query_then_fetch", Body: body(request)}, &found)
	if err == nil && found.TimedOut {
		err = errors.New("elasticsearch: the search timed out")
	}
	return &found, err
}

// page reads the rows of a page's hits and tells where the next one begins.
func (e *Engine) page(ctx context.Context, conn db.DBTX, q *search.Query, r search.Request, from search.Place, found *answer, filters bool, result *search.Result) error {
	if r.After == "" {
		if result.Total = found.Hits.Total.Value; filters && result.Total > search.MaxTotal {
			result.Total, result.More = search.MaxTotal, true
		}
	}
	hits := found.Hits.Hits
	more := len(hits) > r.Limit
	if more {
		hits = hits[:r.Limit]
	}
	ids, scored := make([]int64, len(hits)), make(map[int64]float64, len(hits))
	for i, h := range hits {
		ids[i] = h.Fields["id"][0]
		scored[ids[i]] = h.Score
	}
	var err error
	if result.Hits, err = e.Rows.Hits(ctx, conn, q, r, ids); err != nil {
		return err
	}
	for i := range result.Hits {
		result.Hits[i].Score = scored[result.Hits[i].ID]
	}
	if !more {
		return nil
	}
	last := hits[len(hits)-1].Fields
	switch offset := from.Offset + r.Limit; {
	case !result.Ranked && byTime(r):
		result.Next = search.Place{At: time.UnixMicro(last["at"][0]), ID: last["id"][0]}.String()
	case offset < search.MaxOffset:
		result.Next = search.Place{Offset: offset}.String()
	}
	return nil
}

// idPage is how many ids one request returns.
const idPage = 10_000

// IDs returns the ids of at most most matches, newest first, as they are at one point in time.
func (e *Engine) IDs(ctx context.Context, _ db.DBTX, q *search.Query, r search.Request, most int) ([]int64, []search.Warning, error) {
	asked := e.Rows.Analyzer.Ask(q, r)
	condition, err := must(r.UserID, asked.Must, asked.Hidden)
	if err != nil {
		return nil, nil, err
	}
	ids := make([]int64, 0, min(most, idPage))
	err = e.Client.scan(ctx, e.Client.Prefix, condition, []string{"id"}, func(fields map[string][]int64) bool {
		ids = append(ids, fields["id"][0])
		return len(ids) < most
	})
	return ids, asked.Warnings, err
}

// scan calls f for each document that fulfils a condition, newest first, as of one point in time, until it returns false.
func (c *Client) scan(ctx context.Context, index string, condition object, fields []string, f func(fields map[string][]int64) bool) error {
	yes := true
	var opened struct {
		ID string `json:"id"`
	}
	err := c.send(ctx, esapi.OpenPointInTimeRequest{Index: []string{index}, KeepAlive: "1m", IgnoreUnavailable: &yes}, &opened)
	if isType(err, "index_not_found_exception") {
		return nil
	}
	if err != nil {
		return err
	}
	defer func() {
		over := context.WithoutCancel(ctx)
		over, cancel := context.WithTimeout(over, 5*time.Second)
		defer cancel()
		_ = c.send(over, esapi.ClosePointInTimeRequest{Body: body(object{"id": opened.ID})}, nil) // it ends by itself in a minute
	}()
	no := false
	request := object{"query": condition, "size": idPage, "sort": []object{{"at": "desc"}, {"id": "desc"}}, "track_total_hits": false,
		"_source": false, "docvalue_fields": fields}
	for {
		request["pit"] = object{"id": opened.ID, "keep_alive": "1m"}
		var found answer
		if err := c.send(ctx, esapi.SearchRequest{AllowPartialSearchResults: &no, Body: body(request)}, &found); err != nil {
			return err
		}
		for _, h := range found.Hits.Hits {
			if !f(h.Fields) {
				return nil
			}
		}
		if len(found.Hits.Hits) < idPage {
			return nil
		}
		opened.ID = found.Pit
		request["search_after"] = slices.Clone(found.Hits.Hits[idPage-1].Sort)
	}
}

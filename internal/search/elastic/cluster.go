package elastic

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/elastic/go-elasticsearch/v8/esapi"
)

// A Cluster is how the cluster fares now, as it tells itself.
type Cluster struct {
	Name    string
	Status  string // green, yellow: a copy is missing, red: data is missing
	Nodes   []Node
	Shards  Shards
	Indices []Index // ours, newest month first
	Queries int64   // of our indices, by shard, since the nodes started
	Took    time.Duration
	Pending int // changes of the cluster that wait
}

// Shards are the shards of all indices of the cluster by state.
type Shards struct{ Active, Primaries, Moving, Starting, Missing int }

// A Node is one machine of the cluster.
type Node struct {
	Name               string
	HeapUsed, HeapMax  int64 // bytes
	DiskFree, DiskSize int64
	Tripped            int64 // requests that its own circuit breakers refused since it started, lest memory ends
	Rejected           int64 // searches and writes that it refused because its queues were full
}

// Heap is the share of its heap that a node uses, in per cent; 0 when it is not told.
func (n Node) Heap() int64 { return 100 * n.HeapUsed / max(n.HeapMax, 1) }

// Cluster asks the cluster how it fares.
func (c *Client) Cluster(ctx context.Context) (Cluster, error) {
	var health struct {
		Name      string `json:"cluster_name"`
		Status    string `json:"status"`
		Active    int    `json:"active_shards"`
		Primaries int    `json:"active_primary_shards"`
		Moving    int    `json:"relocating_shards"`
		Starting  int    `json:"initializing_shards"`
		Missing   int    `json:"unassigned_shards"`
		Pending   int    `json:"number_of_pending_tasks"`
	}
	if err := c.send(ctx, esapi.ClusterHealthRequest{}, &health); err != nil {
		return Cluster{}, err
	}
	all := Cluster{Name: health.Name, Status: health.Status, Pending: health.Pending,
		Shards: Shards{health.Active, health.Primaries, health.Moving, health.Starting, health.Missing}}
	var err error
	if all.Nodes, err = c.nodes(ctx); err != nil {
		return all, err
	}
	if all.Indices, err = c.indices(ctx); err != nil {
		return all, err
	}
	slices.SortFunc(all.Indices, func(a, b Index) int {
		return cmp.Or(strings.Compare(b.Month, a.Month), cmp.Compare(b.Generation, a.Generation))
	})
	all.Queries, all.Took, err = c.queries(ctx)
	return all, err
}

// nodes asks the nodes for their heap, disk and refusals.
func (c *Client) nodes(ctx context.Context) (nodes []Node, err error) {
	var stats struct {
		Nodes map[string]struct {
			Name string
			JVM  struct {
				Mem struct {
					Used int64 `json:"heap_used_in_bytes"`
					Max  int64 `json:"heap_max_in_bytes"`
				}
			}
			FS struct {
				Total struct {
					Size int64 `json:"total_in_bytes"`
					Free int64 `json:"available_in_bytes"`
				}
			}
			Breakers map[string]struct{ Tripped int64 }
			Pools    map[string]struct{ Rejected int64 } `json:"thread_pool"`
		}
	}
	if err := c.send(ctx, esapi.NodesStatsRequest{Metric: []string{"jvm", "fs", "breaker", "thread_pool"}}, &stats); err != nil {
		return nil, err
	}
	for _, s := range stats.Nodes {
		n := Node{Name: s.Name, HeapUsed: s.JVM.Mem.Used, HeapMax: s.JVM.Mem.Max, DiskFree: s.FS.Total.Free, DiskSize: s.FS.Total.Size,
			Rejected: s.Pools["search"].Rejected + s.Pools["write"].Rejected}
		for _, b := range s.Breakers {
			n.Tripped += b.Tripped
		}
		nodes = append(nodes, n)
	}
	slices.SortFunc(nodes, func(a, b Node) int { return strings.Compare(a.Name, b.Name) })
	return nodes, nil
}

// queries tells how many searches of shards our indices answered since the nodes started, and the time of them all.
func (c *Client) queries(ctx context.Context) (n int64, took time.Duration, err error) {
	var stats struct {
		All struct {
			Total struct {
				Search struct {
					Queries int64 `json:"query_total"`
					Millis  int64 `json:"query_time_in_millis"`
				}
			}
		} `json:"_all"`
	}
	err = c.send(ctx, esapi.IndicesStatsRequest{Index: []string{c.Prefix + "-*"}, Metric: []string{"search"}, FilterPath: []string{"_all.total.search"}}, &stats)
	return stats.All.Total.Search.Queries, time.Duration(stats.All.Total.Search.Millis) * time.Millisecond, err
}

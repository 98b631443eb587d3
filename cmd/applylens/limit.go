package main

import (
	"context"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/ulule/limiter/v3"
	"github.com/ulule/limiter/v3/drivers/store/memory"
	shared "github.com/ulule/limiter/v3/drivers/store/redis"
)

// redisTime bounds a call to Redis: who waits for it is a request.
const redisTime = 500 * time.Millisecond

// limitStore is where requests are counted: in Redis, or in this process.
func limitStore(ctx context.Context, url string) (limiter.Store, error) {
	if url == "" {
		return memory.NewStore(), nil
	}
	options, err := redis.ParseURL(url)
	if err != nil {
		return nil, fmt.Errorf("REDIS_URL: %w", err)
	}
	options.DialTimeout, options.ReadTimeout, options.WriteTimeout = redisTime, redisTime, redisTime
	client := redis.NewClient(options)
	if err := client.Ping(ctx).Err(); err != nil {
		return nil, fmt.Errorf("Redis does not answer; check that it runs and that REDIS_URL is right: %w", err)
	}
	return shared.NewStoreWithOptions(client, limiter.StoreOptions{Prefix: "applylens"})
}

package telemetry

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// scrapeTime bounds one answer to Prometheus.
const scrapeTime = 8 * time.Second

// Handler answers Prometheus: in its own format, or as OpenMetrics, with exemplars, for who asks for that.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{EnableOpenMetrics: true, Timeout: scrapeTime,
		ErrorHandling: promhttp.ContinueOnError, MaxRequestsInFlight: 4})
}

// Allowed tells whether a request bears the token. It takes the same time for every wrong one; without a token nobody is
// allowed.
func Allowed(r *http.Request, token string) bool {
	given, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	a, b := sha256.Sum256([]byte(given)), sha256.Sum256([]byte(token))
	return subtle.ConstantTimeCompare(a[:], b[:]) == 1 && ok && token != ""
}

// Listen answers /metrics on an address of its own until the context ends, and returns that address. With a token, only
// who bears it is answered.
func (m *Metrics) Listen(ctx context.Context, address, token string, log *slog.Logger) (net.Addr, error) {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return nil, err
	}
	inner := m.Handler()
	mux := http.NewServeMux()
	mux.HandleFunc("GET /metrics", func(w http.ResponseWriter, r *http.Request) {
		if token != "" && !Allowed(r, token) {
			w.Header().Set("WWW-Authenticate", `Bearer realm="metrics"`)
			http.Error(w, "The token is missing or wrong.", http.StatusUnauthorized)
			return
		}
		inner.ServeHTTP(w, r)
	})
	server := &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 5 * time.Second, WriteTimeout: 2 * scrapeTime, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 16 << 10}
	log.Info("metrics are served", "address", "http://"+listener.Addr().String()+"/metrics")
	go func() {
		<-ctx.Done()
		_ = server.Close()
	}()
	go func() {
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			log.Error("metrics are not served any more", "error", err)
		}
	}()
	return listener.Addr(), nil
}

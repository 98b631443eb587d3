package config

import (
	"fmt"
	"net"
)

// Metrics are where /metrics is served and where traces go; by default neither leaves the process. docs/metrics.md tells
// what there is.
type Metrics struct {
	Listen string `name:"metrics-listen" env:"APPLYLENS_METRICS_LISTEN" help:"Address of its own for /metrics, such as 127.0.0.1:9464. Default: none." placeholder:"HOST:PORT"`
	Token  string `name:"metrics-token" env:"APPLYLENS_METRICS_TOKEN" help:"Who bears it may read /metrics; with it, the site serves them too. At least 16 characters." placeholder:"TOKEN"`
	OTLP   string `name:"otlp-endpoint" env:"OTEL_EXPORTER_OTLP_ENDPOINT" help:"Where traces go by OTLP over HTTP; the other OTEL_ variables are heeded. Default: nowhere." placeholder:"URL"`
}

func (m *Metrics) check() error {
	if m.Token != "" && len(m.Token) < 16 {
		return fmt.Errorf("APPLYLENS_METRICS_TOKEN must have at least 16 characters")
	}
	if m.Listen == "" {
		return nil
	}
	host, _, err := net.SplitHostPort(m.Listen)
	if err != nil {
		return fmt.Errorf("APPLYLENS_METRICS_LISTEN %q is not HOST:PORT", m.Listen)
	}
	if ip := net.ParseIP(host); m.Token == "" && host != "localhost" && (ip == nil || !ip.IsLoopback() && !ip.IsPrivate()) {
		return fmt.Errorf("APPLYLENS_METRICS_LISTEN %q can be reached from outside: choose a private address such as 127.0.0.1:9464, or set APPLYLENS_METRICS_TOKEN", m.Listen)
	}
	return nil
}

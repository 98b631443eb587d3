package telemetry

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

// A Tracer makes spans. Without an exporter they only carry the trace id, which lines of the log, exemplars and error
// pages then have in common; nothing is recorded or sent.
type Tracer struct {
	tracer   trace.Tracer
	provider *sdktrace.TracerProvider
}

// Export sends spans by OTLP over HTTP to a collector, such as http://127.0.0.1:4318; the other variables
// OTEL_EXPORTER_OTLP_… and OTEL_TRACES_SAMPLER are heeded. Without a sampler every trace is sent.
func Export(ctx context.Context, endpoint, version string) (*Tracer, error) {
	exporter, err := otlptracehttp.New(ctx, otlptracehttp.WithEndpointURL(strings.TrimSuffix(endpoint, "/")+"/v1/traces"))
	if err != nil {
		return nil, fmt.Errorf("OTEL_EXPORTER_OTLP_ENDPOINT: %w", err)
	}
	return newTracer(version, sdktrace.WithBatcher(exporter)), nil
}

// NoExport makes trace ids and sends nothing.
func NoExport() *Tracer { return newTracer("", sdktrace.WithSampler(sdktrace.NeverSample())) }

// ExportTo is Export to an exporter of a test.
func ExportTo(exporter sdktrace.SpanExporter) *Tracer {
	return newTracer("test", sdktrace.WithSyncer(exporter), sdktrace.WithSampler(sdktrace.AlwaysSample()))
}

func newTracer(version string, options ...sdktrace.TracerProviderOption) *Tracer {
	about := resource.NewSchemaless(attribute.String("service.name", "applylens"), attribute.String("service.version", version))
	if fromEnvironment, err := resource.New(context.Background(), resource.WithFromEnv()); err == nil {
		if merged, err := resource.Merge(about, fromEnvironment); err == nil {
			about = merged
		}
	}
	provider := sdktrace.NewTracerProvider(append(options, sdktrace.WithResource(about))...)
	return &Tracer{provider.Tracer("applylens"), provider}
}

// Close sends what is left, for at most three seconds.
func (t *Tracer) Close() error {
	if t == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Second)
	defer cancel()
	return t.provider.Shutdown(ctx)
}

// The kinds of spans.
const (
	Serves   = trace.SpanKindServer
	Calls    = trace.SpanKindClient
	Consumes = trace.SpanKindConsumer
	Within   = trace.SpanKindInternal
)

// Span begins a span; calling end ends it. Names and attributes must stand in the program or be numbers. Of an error only
// its kind is kept: its text may quote mail.
func (t *Tracer) Span(ctx context.Context, kind trace.SpanKind, name string, attributes ...slog.Attr) (inner context.Context, end func(err error, more ...slog.Attr)) {
	if t == nil {
		return ctx, func(error, ...slog.Attr) {}
	}
	inner, span := t.tracer.Start(ctx, name, trace.WithSpanKind(kind))
	if !span.IsRecording() {
		return inner, func(error, ...slog.Attr) { span.End() }
	}
	span.SetAttributes(convert(attributes)...)
	return inner, func(err error, more ...slog.Attr) {
		span.SetAttributes(convert(more)...)
		if err != nil {
			span.SetStatus(codes.Error, kindOf(err))
		}
		span.End()
	}
}

func kindOf(err error) string {
	switch {
	case errors.Is(err, context.Canceled):
		return "cancelled"
	case errors.Is(err, context.DeadlineExceeded):
		return "timeout"
	}
	return fmt.Sprintf("%T", err)
}

func convert(attributes []slog.Attr) []attribute.KeyValue {
	out := make([]attribute.KeyValue, len(attributes))
	for i, a := range attributes {
		switch a.Value.Kind() {
		case slog.KindInt64:
			out[i] = attribute.Int64(a.Key, a.Value.Int64())
		case slog.KindBool:
			out[i] = attribute.Bool(a.Key, a.Value.Bool())
		default:
			out[i] = attribute.String(a.Key, a.Value.String())
		}
	}
	return out
}

// TraceID returns the id of the trace that a context belongs to, or "".
func TraceID(ctx context.Context) string {
	if span := trace.SpanContextFromContext(ctx); span.HasTraceID() {
		return span.TraceID().String()
	}
	return ""
}

// Carry returns what lets work that is done later belong to the trace of now, as W3C writes it; "" without one.
func Carry(ctx context.Context) string {
	carrier := propagation.MapCarrier{}
	propagation.TraceContext{}.Inject(ctx, carrier)
	return carrier["traceparent"]
}

// Resume lets a context belong to the trace that Carry wrote down.
func Resume(ctx context.Context, carried string) context.Context {
	return propagation.TraceContext{}.Extract(ctx, propagation.MapCarrier{"traceparent": carried})
}

// recording tells whether a context belongs to a trace that is recorded.
func recording(ctx context.Context) bool { return trace.SpanFromContext(ctx).IsRecording() }

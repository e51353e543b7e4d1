package main

import (
	"encoding"
	"reflect"

	"github.com/prometheus/prometheus/config"
)

const (
	receivers  = "github.com/open-telemetry/opentelemetry-collector-contrib/receiver/"
	connectors = "github.com/open-telemetry/opentelemetry-collector-contrib/connector/"
	processors = "github.com/open-telemetry/opentelemetry-collector-contrib/processor/"
)

// special knows the types whose keys their fields do not show, because they read themselves.
func (w walk) special(t reflect.Type) (any, bool) {
	switch t.PkgPath() + "." + t.Name() {
	case connectors + "countconnector.Config":
		// Reads itself with confmap.WithIgnoreUnused: no key is refused, at no depth.
		return opened(w.structure(t)), true
	case receivers + "prometheusreceiver.PromConfig":
		// Read as YAML by Prometheus itself, which knows other tags.
		return newWalk(yaml).schema(reflect.TypeFor[config.Config]()), true
	case receivers + "prometheusreceiver/internal/targetallocator.PromHTTPSDConfig",
		receivers + "prometheusreceiver/internal/targetallocator.PromHTTPClientConfig":
		return newWalk(yaml).structure(t), true
	case receivers + "prometheusreceiver/internal/targetallocator.PromTLSConfig":
		return newWalk(yaml).structure(t), true
	case processors + "transformprocessor/internal/common.ContextStatements",
		processors + "filterprocessor/internal/condition.ContextConditions":
		// A bare statement in place of a group of them.
		return oneOf("string", w.structure(t)), true
	case "github.com/prometheus/prometheus/config.ScrapeConfig":
		described := newWalk(yaml).structure(t)
		addDiscoveries(described)
		return described, true
	case "go.opentelemetry.io/contrib/otelconf/v0.3.0.OTLP", "go.opentelemetry.io/contrib/otelconf/v0.3.0.OTLPMetric":
		// The collector falls back to version 0.2.0 of this format, whose headers are a map.
		described := w.structure(t)
		if keys, ok := described.(map[string]any)["fields"].(map[string]any); ok {
			keys["headers"] = oneOf(keys["headers"], mapOf("string"))
		}
		return described, true
	case "github.com/prometheus/prometheus/model/relabel.Regexp",
		"github.com/prometheus/common/config.URL":
		return "scalar", true
	case "github.com/prometheus/prometheus/model/labels.Labels":
		return mapOf("scalar"), true
	case "go.opentelemetry.io/collector/config/configopaque.MapList":
		return oneOf(mapOf("string"), list(fields(map[string]any{"name": "string", "value": "string"}))), true
	}
	return nil, false
}

// opened lets every struct of the schema take other keys too.
func opened(schema any) any {
	object, ok := schema.(map[string]any)
	if !ok {
		return schema
	}
	if keys, ok := object["fields"].(map[string]any); ok {
		object["open"] = true
		for _, below := range keys {
			opened(below)
		}
	}
	opened(object["map"])
	opened(object["list"])
	return object
}

// addDiscoveries puts in the keys that Prometheus builds at run time, one per mechanism.
// Those that this binary leaves out (see its build tags) are in other distributions.
func addDiscoveries(scrape any) {
	keys := scrape.(map[string]any)["fields"].(map[string]any)
	for _, mechanism := range []string{
		"aws", "azure", "consul", "digitalocean", "dns", "docker", "dockerswarm", "ec2", "ecs",
		"eureka", "file", "gce", "hetzner", "http", "ionos", "kubernetes", "kuma", "lightsail",
		"linode", "marathon", "nerve", "nomad", "openstack", "ovhcloud", "puppetdb", "scaleway",
		"serverset", "stackit", "triton", "uyuni", "vultr",
	} {
		keys[mechanism+"_sd_configs"] = list("any")
	}
	keys["static_configs"] = list(fields(map[string]any{
		"targets": list("scalar"),
		"labels":  mapOf("scalar"),
	}))
}

// candidates are the words of the collector's closed vocabularies that read themselves.
var candidates = []string{
	"basic", "normal", "detailed", "none",
	"gzip", "zstd", "snappy", "zlib", "deflate", "lz4", "x-snappy-framed", "",
	"debug", "info", "warn", "error", "dpanic", "panic", "fatal",
	"metric", "trace", "log", "datapoint", "span", "spanevent", "resource", "scope", "profile",
	"ignore", "silent", "propagate",
	"bytes", "items", "requests",
	"tcp", "udp", "unix",
	"insert", "update", "upsert", "delete", "hash", "extract", "convert",
	"PrometheusProto", "OpenMetricsText0.0.1", "OpenMetricsText1.0.0", "PrometheusText0.0.4", "PrometheusText1.0.0",
}

// words tries a type that reads itself from text: one that refuses nonsense is an enumeration of
// the candidates it takes.
func words(t reflect.Type) any {
	takes := func(text string) bool {
		return reflect.New(t).Interface().(encoding.TextUnmarshaler).UnmarshalText([]byte(text)) == nil
	}
	if takes("nonsense") {
		return "string"
	}
	taken := []string{}
	for _, candidate := range candidates {
		if takes(candidate) {
			taken = append(taken, candidate)
		}
	}
	if len(taken) == 0 {
		return "string"
	}
	return map[string]any{"enum": taken, "of": t.String()}
}

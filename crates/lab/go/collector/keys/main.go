// Command keys prints, as one JSON object per line, what the compiled factories say of
// themselves: type, deprecated alias, signals with their stability, the connectors' joins, and
// the tree of configuration keys with their types, by reflection over CreateDefaultConfig.
// Class "service" is the `service` section; class "type" are the named structs on the way, under
// the names by which other components' config.schema.yaml refer to them.
package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"reflect"
	"slices"
	"strings"
	"unicode"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/confmap/xconfmap"
	"go.opentelemetry.io/collector/service/pipelines"

	"hyperspace/lab/collector/components"
)

type described struct {
	Class string `json:"class"`
	Type  string `json:"type"`
	Alias string `json:"alias,omitempty"`
	// Signal to stability; for a connector "from->to" to stability.
	Signals map[string]string `json:"signals,omitempty"`
	// What Validate says of the default configuration: the keys that have to be set.
	Incomplete string `json:"incomplete,omitempty"`
	Keys       any    `json:"keys"`
}

// met is the walk over all components, which collects the structs that they share.
var met = newWalk(mapstructure)

var signals = []string{"Traces", "Metrics", "Logs", "Profiles"}

func describe(class string, factory component.Factory) described {
	config := factory.CreateDefaultConfig()
	one := described{Class: class, Type: factory.Type().String(), Signals: map[string]string{}}
	if aliased, ok := factory.(interface{ DeprecatedAlias() component.Type }); ok {
		one.Alias = aliased.DeprecatedAlias().String()
	}
	for _, from := range signals {
		note(one.Signals, factory, from+"Stability", strings.ToLower(from))
		for _, to := range signals {
			note(one.Signals, factory, from+"To"+to+"Stability", strings.ToLower(from)+"->"+strings.ToLower(to))
		}
	}
	if err := xconfmap.Validate(config); err != nil {
		one.Incomplete = err.Error()
	}
	one.Keys = met.schema(reflect.TypeOf(config))
	return one
}

// note asks the factory for a stability by the name of its method: profiles live in interfaces
// of experimental modules, which this way need not be named.
func note(into map[string]string, factory component.Factory, method, key string) {
	asked := reflect.ValueOf(factory).MethodByName(method)
	if !asked.IsValid() {
		return
	}
	level, ok := asked.Call(nil)[0].Interface().(component.StabilityLevel)
	if ok && level != component.StabilityLevelUndefined {
		into[key] = strings.ToLower(level.String())
	}
}

func describeAll[F component.Factory](class string, factories map[component.Type]F) []described {
	all := []described{}
	for _, kind := range slices.SortedFunc(maps.Keys(factories), func(a, b component.Type) int {
		return strings.Compare(a.String(), b.String())
	}) {
		factory := factories[kind]
		// The map holds a factory under its deprecated alias too.
		if factory.Type() == kind {
			all = append(all, describe(class, factory))
		}
	}
	return all
}

// shared lists the structs that were met, sorted by name.
func shared() []described {
	all := []described{}
	for t, keys := range met.met {
		if keys == any("scalar") || keys == any("any") {
			continue
		}
		all = append(all, described{Class: "type", Type: t.PkgPath() + "." + snake(t.Name()), Keys: keys})
	}
	slices.SortFunc(all, func(a, b described) int { return strings.Compare(a.Type, b.Type) })
	return all
}

// snake turns ClientConfig into client_config and TCPAddrConfig into tcp_addr_config.
func snake(name string) string {
	runes := []rune(name)
	var out strings.Builder
	for i, r := range runes {
		follows := i > 0 && (unicode.IsLower(runes[i-1]) || i+1 < len(runes) && unicode.IsLower(runes[i+1]))
		if unicode.IsUpper(r) && follows {
			out.WriteByte('_')
		}
		out.WriteRune(unicode.ToLower(r))
	}
	return out.String()
}

func run() error {
	factories, err := components.Factories()
	if err != nil {
		return err
	}
	all := slices.Concat(
		describeAll("connector", factories.Connectors),
		describeAll("exporter", factories.Exporters),
		describeAll("extension", factories.Extensions),
		describeAll("processor", factories.Processors),
		describeAll("receiver", factories.Receivers),
		[]described{{Class: "service", Type: "service", Keys: fields(map[string]any{
			"extensions": list("string"),
			"pipelines":  mapOf(met.schema(reflect.TypeFor[pipelines.PipelineConfig]())),
			"telemetry":  met.schema(reflect.TypeOf(factories.Telemetry.CreateDefaultConfig())),
		})}},
		shared(),
	)
	lines := json.NewEncoder(os.Stdout)
	lines.SetEscapeHTML(false)
	for _, one := range all {
		if err := lines.Encode(one); err != nil {
			return err
		}
	}
	return nil
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// Command collector is the judge of collector configurations: the real OpenTelemetry Collector
// with the components of package components, and the env, file and yaml providers of the
// published distributions. `collector validate --config file:PATH` gives its verdict.
package main

import (
	"os"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/confmap/provider/envprovider"
	"go.opentelemetry.io/collector/confmap/provider/fileprovider"
	"go.opentelemetry.io/collector/confmap/provider/yamlprovider"
	"go.opentelemetry.io/collector/otelcol"

	"hyperspace/lab/collector/components"
)

func main() {
	command := otelcol.NewCommand(otelcol.CollectorSettings{
		BuildInfo: component.BuildInfo{
			Command:     "collector",
			Description: "OpenTelemetry Collector for the lab",
			Version:     components.Version,
		},
		Factories: components.Factories,
		ConfigProviderSettings: otelcol.ConfigProviderSettings{
			ResolverSettings: confmap.ResolverSettings{
				ProviderFactories: []confmap.ProviderFactory{
					envprovider.NewFactory(),
					fileprovider.NewFactory(),
					yamlprovider.NewFactory(),
				},
				// So do the published distributions: ${NAME} means ${env:NAME}.
				DefaultScheme: "env",
			},
		},
	})
	if command.Execute() != nil {
		os.Exit(1) // cobra has printed the error
	}
}

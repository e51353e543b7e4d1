// Prometheus, which the stack scrapes and asks with.
module hyperspace/lab/prometheus

go 1.24.0

require github.com/prometheus/prometheus v0.307.3

// A main module's excludes are not inherited; these are prometheus v0.307.3's own.
exclude github.com/linode/linodego v1.0.0

// Exclude grpc v1.30.0 because of breaking changes. See #7621.
exclude (
	github.com/grpc-ecosystem/grpc-gateway v1.14.7
	google.golang.org/api v0.30.0
)

// The version that the release replaces: HotROD before the canary's.
module hyperspace/lab/hotrod-old

go 1.23.7

require github.com/jaegertracing/jaeger v1.71.0

// A main module's replaces are not inherited; these are jaeger v1.71.0's own.
replace github.com/Shopify/sarama => github.com/Shopify/sarama v1.33.0

replace github.com/ebitengine/purego => github.com/ebitengine/purego v0.8.4

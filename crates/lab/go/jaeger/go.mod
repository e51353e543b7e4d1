// Where the collector sends the traces: Jaeger, all in one.
module hyperspace/lab/jaeger

go 1.22.7

require github.com/jaegertracing/jaeger v1.65.0

// A main module's replaces are not inherited; this one is jaeger v1.65.0's own.
replace github.com/Shopify/sarama => github.com/Shopify/sarama v1.33.0

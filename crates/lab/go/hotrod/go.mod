// The workload: HotROD, the rides that the canary carries.
module hyperspace/lab/hotrod

go 1.24.6

require github.com/jaegertracing/jaeger v1.76.0

// A main module's replaces are not inherited; this one is jaeger v1.76.0's own.
replace github.com/Shopify/sarama => github.com/Shopify/sarama v1.33.0

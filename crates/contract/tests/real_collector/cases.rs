//! Configurations whose series are compared: what the connector, the exporter and the sender can do to names and labels.

/// A configuration, as flow mappings.
pub(crate) struct Case {
    pub(crate) name: &'static str,
    /// Span metrics connectors, by ID.
    pub(crate) connectors: &'static [(&'static str, &'static str)],
    /// Prometheus exporters, by ID; each takes from every connector.
    pub(crate) exporters: &'static [(&'static str, &'static str)],
    /// Resource attributes beside HotROD's and the canary's.
    pub(crate) resource: &'static [(&'static str, &'static str)],
    /// Whether the exporter drops every series (and says so in its log).
    pub(crate) dropped: bool,
}

const fn case(name: &'static str, connector: &'static [(&'static str, &'static str)]) -> Case {
    Case { name, connectors: connector, exporters: PLAIN, resource: &[], dropped: false }
}

const fn exporter(name: &'static str, exporters: &'static [(&'static str, &'static str)]) -> Case {
    Case { name, connectors: CANARY, exporters, resource: &[], dropped: false }
}

const PLAIN: &[(&str, &str)] = &[("prometheus", "{}")];
const CANARY: &[(&str, &str)] = &[(
    "spanmetrics",
    "{dimensions: [{name: hotrod.namespace}, {name: hotrod.pod.name}, {name: hotrod.pod.hash}, {name: http.route}]}",
)];

/// Attributes whose names are no label names.
const ODD: &[(&str, &str)] = &[
    ("9lives", "a"),
    ("_private", "b"),
    ("a--b..c", "c"),
    ("Ümlaut", "d"),
    ("x_y", "e"),
    ("under__score", "f"),
    ("trailing.", "g"),
];
const ODD_DIMENSIONS: &str = "{dimensions: [{name: 9lives}, {name: _private}, {name: a--b..c}, {name: Ümlaut}, \
     {name: x_y}, {name: under__score}, {name: trailing.}]}";

/// Every case.
pub(crate) const CASES: &[Case] = &[
    // the connector
    case("defaults", &[("spanmetrics", "{}")]),
    case("dimensions", CANARY),
    case("no namespace", &[("spanmetrics", "{namespace: ''}")]),
    case("another namespace", &[("spanmetrics", "{namespace: rides.hotrod}")]),
    case("an odd namespace", &[("spanmetrics", "{namespace: '__Rides--2/total.duration'}")]),
    case("a namespace that starts with a digit", &[("spanmetrics", "{namespace: 2rides}")]),
    case("a namespace with the unit in it", &[("spanmetrics", "{namespace: milliseconds.of}")]),
    case("seconds", &[("spanmetrics", "{histogram: {unit: s}}")]),
    case("milliseconds, written", &[("spanmetrics", "{histogram: {unit: ms}}")]),
    case("no histogram", &[("spanmetrics", "{histogram: {disable: true}}")]),
    case("own buckets", &[("spanmetrics", "{histogram: {explicit: {buckets: [10ms, 250ms, 1s, 2.5s, 1m]}}}")]),
    case("own buckets in seconds", &[("spanmetrics", "{histogram: {unit: s, explicit: {buckets: [5us, 10ms, 1s]}}}")]),
    case("explicit without buckets", &[("spanmetrics", "{histogram: {explicit: {}}}")]),
    case("explicit, empty", &[("spanmetrics", "{histogram: {explicit: {buckets: []}}}")]),
    case("explicit, null", &[("spanmetrics", "{histogram: {explicit: null}}")]),
    case("exponential", &[("spanmetrics", "{histogram: {exponential: {max_size: 160}}}")]),
    case("exponential, null", &[("spanmetrics", "{histogram: {exponential: null}}")]),
    case(
        "defaults for what is missing and for what is not",
        &[(
            "spanmetrics",
            "{dimensions: [{name: absent, default: unknown}, {name: gone}, {name: http.request.method, default: none}, \
             {name: hotrod.namespace, default: elsewhere}, {name: blank, default: ''}]}",
        )],
    ),
    case(
        "dimensions of calls and durations alone",
        &[(
            "spanmetrics",
            "{dimensions: [{name: hotrod.namespace}], calls_dimensions: [{name: http.route}, {name: only.calls, default: x}], \
             histogram: {dimensions: [{name: hotrod.pod.hash}, {name: only.durations, default: y}]}}",
        )],
    ),
    case("intrinsic dimensions left out", &[("spanmetrics", "{exclude_dimensions: [span.kind, status.code]}")]),
    case(
        "all intrinsic dimensions left out",
        &[(
            "spanmetrics",
            "{exclude_dimensions: [service.name, span.name, span.kind, status.code], dimensions: [{name: hotrod.pod.hash}]}",
        )],
    ),
    case(
        "a dimension cannot be left out",
        &[("spanmetrics", "{exclude_dimensions: [hotrod.pod.hash], dimensions: [{name: hotrod.pod.hash}]}")],
    ),
    case(
        "instrumentation scope",
        &[(
            "spanmetrics",
            "{include_instrumentation_scope: ['go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp']}",
        )],
    ),
    case(
        "events",
        &[("spanmetrics", "{events: {enabled: true, dimensions: [{name: exception.type}, {name: hotrod.pod.hash}]}}")],
    ),
    case("delta", &[("spanmetrics", "{aggregation_temporality: AGGREGATION_TEMPORALITY_DELTA}")]),
    case("resource attributes of the connector", &[("spanmetrics", "{add_resource_attributes: true}")]),
    case(
        "two connectors",
        &[
            ("spanmetrics", "{dimensions: [{name: hotrod.pod.hash}]}"),
            ("spanmetrics/riders", "{namespace: riders, histogram: {unit: s}, dimensions: [{name: hotrod.namespace}]}"),
        ],
    ),
    Case {
        name: "odd attributes",
        connectors: &[("spanmetrics", ODD_DIMENSIONS)],
        exporters: PLAIN,
        resource: ODD,
        dropped: false,
    },
    // the exporter
    exporter("exporter namespace", &[("prometheus", "{namespace: hotrod}")]),
    exporter("exporter namespace that is no name", &[("prometheus", "{namespace: my-team.x}")]),
    exporter("exporter namespace with a digit first", &[("prometheus", "{namespace: 7seas}")]),
    exporter("const labels", &[("prometheus", "{const_labels: {cluster: prod, stage: canary}}")]),
    exporter("without suffixes", &[("prometheus", "{add_metric_suffixes: false}")]),
    Case {
        name: "without suffixes, odd names",
        connectors: &[("spanmetrics", "{namespace: '.9--a__b..'}")],
        exporters: &[
            ("prometheus", "{add_metric_suffixes: false, namespace: '1-x__y-'}"),
            ("prometheus/plain", "{add_metric_suffixes: false}"),
        ],
        resource: &[],
        dropped: false,
    },
    exporter(
        "UnderscoreEscapingWithSuffixes",
        &[("prometheus", "{translation_strategy: UnderscoreEscapingWithSuffixes, add_metric_suffixes: false}")],
    ),
    exporter(
        "UnderscoreEscapingWithoutSuffixes",
        &[("prometheus", "{translation_strategy: UnderscoreEscapingWithoutSuffixes}")],
    ),
    exporter(
        "NoUTF8EscapingWithSuffixes",
        &[("prometheus", "{translation_strategy: NoUTF8EscapingWithSuffixes, namespace: a.b}")],
    ),
    exporter("NoTranslation", &[("prometheus", "{translation_strategy: NoTranslation, namespace: a-b}")]),
    Case {
        name: "NoUTF8EscapingWithSuffixes, the suffix in the name",
        connectors: &[("spanmetrics", "{namespace: rides_total}"), ("spanmetrics/x", "{namespace: ''}")],
        exporters: &[("prometheus", "{translation_strategy: NoUTF8EscapingWithSuffixes}")],
        resource: &[],
        dropped: false,
    },
    Case {
        name: "odd attributes, NoTranslation",
        connectors: &[("spanmetrics", ODD_DIMENSIONS)],
        exporters: &[("prometheus", "{translation_strategy: NoTranslation}")],
        resource: ODD,
        dropped: false,
    },
    exporter("resource attributes as labels", &[("prometheus", "{resource_to_telemetry_conversion: {enabled: true}}")]),
    exporter(
        "resource attributes as labels, service's left out",
        &[("prometheus", "{resource_to_telemetry_conversion: {enabled: true, exclude_service_attributes: true}}")],
    ),
    Case {
        name: "a left out dimension that comes back as a resource attribute",
        connectors: &[("spanmetrics", "{exclude_dimensions: [service.name]}")],
        exporters: &[("prometheus", "{resource_to_telemetry_conversion: {enabled: true}}")],
        resource: &[],
        dropped: false,
    },
    exporter("without scope info", &[("prometheus", "{without_scope_info: true}")]),
    exporter(
        "two exporters",
        &[
            ("prometheus", "{namespace: a}"),
            ("prometheus/b", "{namespace: b, add_metric_suffixes: false, const_labels: {side: b}}"),
        ],
    ),
    // the sender
    Case {
        name: "service namespace and instance",
        connectors: CANARY,
        exporters: PLAIN,
        resource: &[("service.namespace", "transport"), ("service.instance.id", "i-1")],
        dropped: false,
    },
    // what the exporter cannot serve
    Case {
        name: "a const label that a dimension has",
        connectors: CANARY,
        exporters: &[("prometheus", "{const_labels: {hotrod_pod_hash: x}}")],
        resource: &[],
        dropped: true,
    },
    Case {
        name: "two dimensions of one label",
        connectors: &[("spanmetrics", "{dimensions: [{name: hotrod.pod.hash}, {name: hotrod_pod_hash, default: x}]}")],
        exporters: PLAIN,
        resource: &[],
        dropped: true,
    },
    Case {
        name: "a label that Prometheus keeps for itself",
        connectors: &[("spanmetrics", "{dimensions: [{name: __kept, default: x}]}")],
        exporters: PLAIN,
        resource: &[],
        dropped: true,
    },
    Case {
        name: "a label of underscores",
        connectors: &[("spanmetrics", "{dimensions: [{name: '.-.', default: x}]}")],
        exporters: PLAIN,
        resource: &[],
        dropped: true,
    },
    Case {
        name: "a dimension called job",
        connectors: &[("spanmetrics", "{dimensions: [{name: job, default: x}]}")],
        exporters: PLAIN,
        resource: &[],
        dropped: true,
    },
];

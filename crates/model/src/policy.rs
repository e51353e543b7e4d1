//! The policy: thresholds, target image, gate kinds, described workloads, what lives outside the repository.

mod fault;

pub use fault::PolicyError;

use crate::source::SourceFile;
use crate::typed;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::sync::OnceLock;

/// The policy. `Policy::default()` is the mission's, for HotROD's rollout alone.
#[derive(Clone, Debug)]
pub struct Policy {
    /// What each described rollout must have.
    pub rollouts: Vec<Mission>,
    /// Workloads by image: what they emit.
    pub workloads: Vec<WorkloadDescription>,
    /// The Prometheus that gates read.
    pub prometheus: Prometheus,
    /// Namespaces that the repository does not deploy.
    pub elsewhere: Vec<Elsewhere>,
    /// Repository URLs that are one: as pushed to and as the cluster sees it.
    pub repositories: Vec<RepositoryPair>,
    /// Suppressions for formats without comments.
    pub allow: Vec<Allow>,
    /// Requests per second expected on a canary while its gates are measured; for the gates' power.
    pub expected_rate: f64,
}

/// What is asked of the rollout of one workload.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Mission {
    /// Image repository of the workload, without tag.
    pub image: String,
    /// The least tag that the rollout must ask for.
    pub target: String,
    /// Gate thresholds; a kind that is absent is not asked for.
    #[serde(default)]
    pub gates: Gates,
}

/// Thresholds of the three gates.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Gates {
    /// Requests per second that must reach the canary, at least.
    pub traffic_at_least: Option<f64>,
    /// Share of failed requests, below.
    pub error_rate_below: Option<f64>,
    /// Milliseconds that the quantile must stay below.
    pub latency_below_ms: Option<f64>,
    /// The quantile of the latency gate.
    pub latency_quantile: Option<f64>,
}

/// What a workload emits, found by its image.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct WorkloadDescription {
    /// Image repository, without registry and tag.
    pub image: String,
    /// Ports it listens on, by number: `http` or `grpc`.
    #[serde(default)]
    pub ports: BTreeMap<u16, String>,
    /// How it sends traces.
    pub otlp: Option<OtlpSender>,
    /// Metrics on its scrape endpoint.
    #[serde(default)]
    pub metrics: Vec<MetricDescription>,
    /// Prefixes of further metrics on its scrape endpoint (a language runtime's), labels not described.
    #[serde(default)]
    pub metric_prefixes: Vec<String>,
    /// Resource attributes that its spans carry whatever the environment says.
    #[serde(default)]
    pub resource_attributes: Vec<String>,
    /// Attributes on its spans.
    #[serde(default)]
    pub span_attributes: Vec<String>,
    /// Kinds of request, and what each leaves behind.
    #[serde(default)]
    pub requests: Vec<Request>,
}

/// How a workload finds its collector.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct OtlpSender {
    /// Environment variable with the endpoint.
    pub env: String,
    /// `http` or `grpc`.
    pub protocol: String,
}

/// A metric with its labels.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct MetricDescription {
    /// Name, for a histogram without its suffix.
    pub name: String,
    /// `counter`, `gauge` or `histogram`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Labels; an empty list of values means any.
    #[serde(default)]
    pub labels: BTreeMap<String, Vec<String>>,
}

/// A kind of request.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Request {
    /// HTTP path.
    pub path: String,
    /// Riders (users) send it: the gates are about these.
    #[serde(default)]
    pub entry: bool,
    /// Share of the riders' requests.
    #[serde(default)]
    pub share: f64,
    /// What one such request adds to the workload's own counters: metric, labels, times.
    #[serde(default)]
    pub counts: Vec<Count>,
    /// The spans of one such request, the entry span first.
    #[serde(default)]
    pub spans: Vec<Span>,
    /// The same when the request fails: `counts` and `spans` instead of the above.
    #[serde(default)]
    pub failing: Option<Failing>,
}

/// What a failing request leaves behind.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Failing {
    /// Counter increments.
    #[serde(default)]
    pub counts: Vec<Count>,
    /// Spans.
    #[serde(default)]
    pub spans: Vec<Span>,
}

/// An increment of a described counter.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Count {
    /// The metric's name as Prometheus holds it.
    pub metric: String,
    /// Its labels.
    pub labels: BTreeMap<String, String>,
    /// Increments per request.
    #[serde(default = "one")]
    pub times: f64,
}

/// A span that a request leaves behind.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Span {
    /// `service.name` of the resource.
    pub service: String,
    /// Span name.
    pub name: String,
    /// `server`, `client` or `internal`.
    pub kind: String,
    /// Milliseconds of a healthy one.
    pub ms: f64,
    /// Ended with status Error.
    #[serde(default)]
    pub error: bool,
    /// Spans per request.
    #[serde(default = "one")]
    pub times: f64,
}

/// The Prometheus that gates read.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Prometheus {
    /// Seconds between two scrapes.
    pub scrape_interval: f64,
    /// Labels that its job for annotated pods adds, beside every pod label: `namespace`, `pod`, `node`.
    pub pod_labels: Vec<String>,
    /// `honor_labels` of that job.
    pub honor_labels: bool,
    /// Prefixes of metrics that come from outside the repository (node exporter, kube-state-metrics, Prometheus itself).
    pub outside: Vec<String>,
}

/// Services of a namespace that the repository does not deploy.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Elsewhere {
    /// The namespace.
    pub namespace: String,
    /// Its Services.
    #[serde(default)]
    pub services: Vec<ElsewhereService>,
}

/// A Service of another namespace.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct ElsewhereService {
    /// Its name.
    pub name: String,
    /// Ports and what they speak: `http`, `grpc`, `otlp-grpc`, `otlp-http`.
    pub ports: BTreeMap<u16, String>,
    /// The signals that it takes, where it is a telemetry backend; empty for any.
    #[serde(default)]
    pub signals: Vec<String>,
}

/// One repository under two URLs.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct RepositoryPair {
    /// As people push to it.
    pub push: String,
    /// As the cluster pulls from it.
    pub cluster: String,
}

/// A suppression in the policy.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Allow {
    /// Rule name.
    pub rule: String,
    /// File, relative to the checked folder; `*` wildcards.
    #[serde(default)]
    pub file: Option<String>,
    /// Why.
    pub reason: String,
}

fn one() -> f64 {
    1.0
}

const MISSION: &str = include_str!("../data/mission.yaml");

/// A policy file: a section that is absent keeps what it was.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Sections {
    rollouts: Option<Vec<Mission>>,
    workloads: Option<Vec<WorkloadDescription>>,
    prometheus: Option<Prometheus>,
    elsewhere: Option<Vec<Elsewhere>>,
    repositories: Option<Vec<RepositoryPair>>,
    allow: Option<Vec<Allow>>,
    expected_rate: Option<f64>,
}

impl Sections {
    fn over(self, base: Policy) -> Policy {
        Policy {
            rollouts: self.rollouts.unwrap_or(base.rollouts),
            workloads: self.workloads.unwrap_or(base.workloads),
            prometheus: self.prometheus.unwrap_or(base.prometheus),
            elsewhere: self.elsewhere.unwrap_or(base.elsewhere),
            repositories: self.repositories.unwrap_or(base.repositories),
            allow: self.allow.unwrap_or(base.allow),
            expected_rate: self.expected_rate.unwrap_or(base.expected_rate),
        }
    }
}

impl Default for Policy {
    fn default() -> Policy {
        static MISSION_POLICY: OnceLock<Policy> = OnceLock::new();
        // The embedded policy is ours; a test holds it readable, and nothing is asked for where it were not.
        let read = || {
            let stream = yaml::parse(MISSION);
            let sections = stream.document(0).and_then(|root| typed::read::<Sections>(root).ok());
            sections.map_or_else(Policy::empty, |sections| sections.over(Policy::empty()))
        };
        MISSION_POLICY.get_or_init(read).clone()
    }
}

impl Policy {
    /// The mission's policy as a documented file, to start an own one from.
    pub fn mission_text() -> &'static str {
        MISSION
    }

    /// A policy that asks for nothing and describes nothing.
    pub fn empty() -> Policy {
        let prometheus =
            Prometheus { scrape_interval: 10.0, pod_labels: Vec::new(), honor_labels: true, outside: Vec::new() };
        Policy {
            rollouts: Vec::new(),
            workloads: Vec::new(),
            prometheus,
            elsewhere: Vec::new(),
            repositories: Vec::new(),
            allow: Vec::new(),
            expected_rate: 0.2,
        }
    }

    /// Reads a policy file. A section that the file does not have keeps the mission's value.
    ///
    /// # Errors
    /// What the reader says, with line and column, or a number that no policy can mean.
    pub fn parse(text: &str) -> Result<Policy, PolicyError> {
        let sections: Sections = serde_yaml::from_str(text)?;
        let policy = sections.over(Policy::default());
        fault::impossible(&policy).map_or(Ok(policy), Err)
    }

    /// The description of the workload with that image.
    pub fn description(&self, image: &str) -> Option<&WorkloadDescription> {
        self.workloads.iter().find(|w| same_image(&w.image, image))
    }

    /// What is asked of the rollout with that image.
    pub fn mission(&self, image: &str) -> Option<&Mission> {
        self.rollouts.iter().find(|m| same_image(&m.image, image))
    }

    /// Whether a file is the policy itself, which is no manifest.
    pub fn is_policy_file(file: &SourceFile) -> bool {
        matches!(file.path.rsplit('/').next(), Some("hyperspace.yaml" | "hyperspace.yml"))
    }
}

/// An image reference without tag and digest.
pub fn image_name(image: &str) -> &str {
    let name = image.split('@').next().unwrap_or(image);
    let slash = name.rfind('/').map_or(0, |i| i + 1);
    name[slash..].find(':').map_or(name, |colon| &name[..slash + colon])
}

/// An image reference's tag.
pub fn image_tag(image: &str) -> Option<&str> {
    let name = image.split('@').next().unwrap_or(image);
    name.get(image_name(name).len() + 1..)
}

/// Whether two references name one repository, whatever the registry in front: `docker.io/x/y` is `x/y`.
pub fn same_image(described: &str, image: &str) -> bool {
    let name = image_name(image);
    name == described || name.strip_suffix(described).is_some_and(|registry| registry.ends_with('/'))
}

/// Whether a tag is an older version; what is no version (`latest`, a branch) can't be compared.
pub fn older_tag(tag: &str, target: &str) -> bool {
    let numbers = |text: &str| -> Option<Vec<u64>> {
        let plain = text.strip_prefix('v').unwrap_or(text);
        plain.split(['-', '+']).next()?.split('.').map(|part| part.parse().ok()).collect()
    };
    match (numbers(tag), numbers(target)) {
        (Some(tag), Some(target)) => tag < target,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mission_is_readable() {
        let policy = Policy::parse(MISSION).unwrap();
        assert_eq!(policy.rollouts[0].target, "1.76.0");
        assert!(policy.description("docker.io/jaegertracing/example-hotrod:1.75.0").is_some());
        assert!(policy.description("example-hotrod:1.75.0").is_none());
    }

    #[test]
    fn faults_say_where_they_are() {
        let error = Policy::parse("rollouts: 7\n").unwrap_err();
        assert_eq!((error.message.as_str(), error.at), ("expected sequence start", Some((1, 11))));
        let error = Policy::parse("rollouts: []\nrolouts: []\n").unwrap_err();
        assert!(error.message.starts_with("unknown field `rolouts`"), "{error}");
        assert_eq!(error.at.map(|(line, _)| line), Some(2));
    }

    #[test]
    fn numbers_that_no_policy_can_mean_are_refused() {
        let gates = |gate: &str| format!("rollouts: [{{ image: a, target: '1', gates: {{ {gate} }} }}]\n");
        let cases = [
            ("expected-rate: -1\n".to_owned(), "expected-rate is -1: it must be more than 0"),
            ("expected-rate: .nan\n".to_owned(), "expected-rate is NaN: it must be more than 0"),
            (gates("error-rate-below: 5"), "error-rate-below of a is 5: it must be between 0 and 1"),
            (gates("latency-quantile: 95"), "latency-quantile of a is 95: it must be between 0 and 1"),
        ];
        for (text, says) in cases {
            assert_eq!(Policy::parse(&text).unwrap_err().to_string(), says);
        }
    }

    #[test]
    fn the_mission_reads_the_same_by_both_readers() {
        let sections: Sections = serde_yaml::from_str(MISSION).unwrap();
        let read = sections.over(Policy::empty());
        assert!(!read.rollouts.is_empty() && !read.workloads.is_empty() && !read.elsewhere.is_empty());
        assert_eq!(format!("{:#?}", Policy::default()), format!("{read:#?}"));
    }

    #[test]
    fn splits_images() {
        assert_eq!(image_name("host:5000/a/b:1@sha256:00"), "host:5000/a/b");
        assert_eq!(image_tag("host:5000/a/b:1"), Some("1"));
        assert_eq!(image_tag("host:5000/a/b"), None);
    }

    #[test]
    fn tags_compare_as_numbers() {
        for older in [("1.75.0", "1.76.0"), ("1.9", "1.76.0"), ("v1.75.0", "1.76.0")] {
            assert!(older_tag(older.0, older.1), "{older:?}");
        }
        for not in [("1.76.0", "1.76.0"), ("1.100.0", "1.76.0"), ("latest", "1.76.0")] {
            assert!(!older_tag(not.0, not.1), "{not:?}");
        }
    }
}

//! Hand-made reports.

use hyperspace_report::Sources;
use rules::{Finding, Fix, Judged, Location, Report, Reported, Safety, Severity};
use yaml::{Position, Route, Step};

pub(crate) const CONFIG: &str = "\
kind: ConfigMap
metadata:
  name: collector-config
data:
  collector-config.yaml: |
    # who sends to us
    receivers:

    exporters:
      debug: {}
    service:
      pipelines:
        traces:
          receivers: [otlp]
          exporters: [debug]
";

/// One file under every path.
pub(crate) struct Text(pub(crate) String);

impl Sources for Text {
    fn text(&self, _: &str) -> Option<&str> {
        Some(&self.0)
    }
}

pub(crate) fn at(rule: &'static str, span: [(usize, usize); 2], path: &[Step]) -> Reported {
    Reported {
        finding: Finding {
            rule,
            severity: Severity::Error,
            message: String::new(),
            consequence: String::new(),
            at: Location { file: 0, route: Route::root(0), within: None },
            related: Vec::new(),
            fix: None,
            caused_by: None,
        },
        file: "otel/config.yaml".to_owned(),
        path: path.to_vec(),
        start: Position { line: span[0].0, column: span[0].1 },
        end: Position { line: span[1].0, column: span[1].1 },
    }
}

pub(crate) fn keys(keys: &[&str]) -> Vec<Step> {
    keys.iter().map(|&key| Step::from(key)).collect()
}

/// A root with an echo, and a warning with an unsafe fix.
pub(crate) fn sample() -> Report {
    let mut root =
        at("collector/no-receiver", [(7, 5), (7, 15)], &keys(&["data", "collector-config.yaml", "receivers"]));
    root.finding.message = "no receiver is configured".to_owned();
    root.finding.consequence = "the collector exits at start: \"no receiver configuration specified\"".to_owned();
    root.finding.related.push((root.finding.at.clone(), "HotROD sends to port 4318".to_owned()));
    root.finding.fix = Some(Fix {
        title: "receive OTLP on 0.0.0.0:4317 and 0.0.0.0:4318".to_owned(),
        safety: Safety::Safe,
        edits: Vec::new(),
    });
    let mut path = keys(&["data", "collector-config.yaml", "service", "pipelines", "traces", "receivers"]);
    path.push(Step::Index(0));
    let mut echo = at("collector/undefined-component", [(14, 23), (14, 27)], &path);
    echo.finding.message = "pipeline traces receives from `otlp`, which nothing defines".to_owned();
    echo.finding.caused_by = Some(0);
    let mut warning = at("collector/memory-limit", [(11, 5), (11, 12)], &keys(&["data"]));
    warning.finding.severity = Severity::Warning;
    warning.finding.message = "no memory_limiter".to_owned();
    warning.finding.fix = Some(Fix { title: "add one at 80 %".to_owned(), safety: Safety::Unsafe, edits: Vec::new() });
    Report {
        findings: vec![root, echo, warning],
        judged: Judged {
            files: 8,
            collectors: 1,
            gates: 2,
            rollouts: 1,
            evidence: Vec::new(),
            notes: vec!["charts/x is a Helm chart: not read".to_owned()],
        },
    }
}

//! The plan of this repository's own manifests.

use super::*;
use collector::Backend;
use model::{Context, Repository, SourceFile};
use serde_json::json;

fn planned(change: impl Fn(&str, String) -> String, check: impl Fn(&Plan, &Contract<'_>)) {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../manifests");
    let files = files::read(&root).unwrap().files.into_iter().map(|file| {
        let text = change(&file.path, file.content.unwrap().to_string());
        SourceFile { path: file.path, content: Ok(text.into()) }
    });
    let files: Vec<SourceFile> = files.collect();
    let context = Context::default();
    let repository = Repository::read(&files, &context);
    let contract = Contract::derive(&repository, &context);
    let plan = Plan::of(&contract, rollout(&contract, None).unwrap()).unwrap();
    check(&plan, &contract);
}

fn same(_: &str, text: String) -> String {
    text
}

#[test]
fn the_collector_s_configuration_is_exact_and_only_addresses_are_laid_over_it() {
    planned(same, |plan, _| {
        let collector = plan.collector.as_ref().unwrap();
        assert!(collector.config.starts_with("receivers:\n  otlp:\n"), "{}", collector.config);
        assert!(collector.config.contains("# Series of pods that are gone leave with them."));
        let here = |index: usize| ("127.0.0.1".to_owned(), 50_000 + u16::try_from(index).unwrap());
        let backend = |backend: Backend| match backend {
            Backend::JaegerGrpc => ("127.0.0.1".to_owned(), 60_000),
            _ => (NOBODY.to_owned(), 1),
        };
        let over = collector.over(&here, &backend);
        assert_eq!(over["exporters"]["otlp"], json!({ "endpoint": "127.0.0.1:60000" }));
        assert_eq!(over["exporters"]["prometheus"].as_object().unwrap().len(), 1);
        let mut top: Vec<&String> = over.as_object().unwrap().keys().collect();
        // Whether they keep the order in which they came is for whoever else uses serde_json in a build.
        top.sort();
        assert_eq!(top, ["exporters", "extensions", "receivers", "service"]);
    });
}

#[test]
fn a_pod_has_what_the_kubelet_and_the_discovery_give_it() {
    planned(same, |plan, _| {
        let pod = plan.pod.identity("abc", 1);
        let env = plan.pod.environment(&pod, &|sends| sends.endpoint.with("127.0.0.1", sends.port));
        let value = |name: &str| env.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str()).unwrap();
        assert_eq!(value("OTEL_EXPORTER_OTLP_ENDPOINT"), "http://127.0.0.1:4318");
        let attributes =
            format!("hotrod.pod.name={},hotrod.namespace={},hotrod.pod.hash=abc", pod.name, plan.pod.namespace);
        assert_eq!(value("OTEL_RESOURCE_ATTRIBUTES"), attributes);
        assert_eq!(plan.pod.args, ["all"]);
        let labels = plan.pod.target_labels(&pod, &plan.prometheus.pod_labels, 8080);
        let names: Vec<&str> = labels.keys().map(String::as_str).collect();
        assert_eq!(names, ["app", "instance", "namespace", "node", "pod", "rollouts_pod_template_hash"]);
        assert_eq!(plan.pod.scrapes, [(8080, "/metrics".to_owned())]);
        assert_eq!(plan.riders.from.as_deref(), Some("Deployment/traffic-generator"));
        assert_eq!((plan.riders.paths.len(), plan.riders.pause), (5, Duration::from_millis(500)));
    });
}

#[test]
fn a_collector_that_listens_on_loopback_is_not_reached() {
    let deaf = |_: &str, text: String| text.replace("endpoint: 0.0.0.0:4318", "endpoint: localhost:4318");
    planned(deaf, |plan, _| assert_eq!(plan.pod.sends[0].port, None));
    planned(same, |plan, _| assert_eq!(plan.pod.sends[0].port, Some(4318)));
}

#[test]
fn each_canary_s_gates_ask_for_its_own_hash() {
    planned(same, |_, contract| {
        let hashes = Hashes { canary: "mine", stable: "other" };
        let all = metrics(contract, &contract.gates, &hashes, &BTreeMap::new()).unwrap();
        assert_eq!(all.len(), 3);
        assert!(all.iter().all(|m| m.query.contains("\"mine\"") && !m.query.contains("{{")), "{all:#?}");
    });
}

#[test]
fn an_argument_without_a_value_is_said() {
    let unset = |path: &str, text: String| match path.ends_with("analysis-template.yaml") {
        true => text.replace("    - name: canary-hash\n", "    - name: canary-hash\n    - name: team\n").replacen(
            "{{args.canary-hash}}",
            "{{args.team}}",
            1,
        ),
        false => text,
    };
    planned(unset, |_, contract| {
        let hashes = Hashes { canary: "mine", stable: "other" };
        let error = metrics(contract, &contract.gates, &hashes, &BTreeMap::new()).unwrap_err();
        assert!(error.to_string().ends_with("has arguments without a value: team"), "{error}");
        let given = BTreeMap::from([("team".to_owned(), "red".to_owned())]);
        assert!(metrics(contract, &contract.gates, &hashes, &given).unwrap()[0].query.contains("\"red\""));
    });
}

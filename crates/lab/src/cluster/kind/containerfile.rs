//! The console's Containerfile against the workspace, the manifests and the lab's own image: it cannot be built where there is
//! no Docker.

use crate::cluster::images::CONSOLE;
use serde_json::Value;
use std::fs;
use std::path::Path;

/// An instruction and what follows it.
type Instruction = (String, String);

fn of_the_repository(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path)).expect(path)
}

/// The stages, each with its instructions, `FROM` first.
fn stages() -> Vec<Vec<Instruction>> {
    let text = of_the_repository("web/Containerfile").replace("\\\n", " ");
    let mut stages: Vec<Vec<Instruction>> = Vec::new();
    for line in text.lines().filter(|line| !line.trim().is_empty() && !line.starts_with('#')) {
        let (name, rest) = line.split_once(' ').expect("an instruction");
        if name == "FROM" {
            stages.push(Vec::new());
        }
        let words = rest.split_whitespace().collect::<Vec<_>>().join(" ");
        stages.last_mut().expect("FROM comes first").push((name.to_owned(), words));
    }
    stages
}

fn all<'a>(stage: &'a [Instruction], name: &str) -> Vec<&'a str> {
    stage.iter().filter(|(instruction, _)| instruction == name).map(|(_, rest)| rest.as_str()).collect()
}

fn deployment() -> String {
    of_the_repository("manifests/console/deployment.yaml")
}

#[test]
fn bases_have_versions_and_the_last_stage_has_none_but_our_program() {
    let stages = stages();
    let (last, others) = stages.split_last().expect("stages");
    let rust = of_the_repository("Cargo.toml");
    let rust = rust.lines().find_map(|line| line.strip_prefix("rust-version = ")).expect("a version").trim_matches('"');
    let mut names = Vec::new();
    for stage in others {
        let (image, name) = stage[0].1.split_once(" AS ").expect("a named stage");
        let (image, tag) = image.split_once(':').expect("a tag");
        let version = tag.split('-').next().unwrap_or_default();
        assert!(version.split('.').count() == 3 && version.split('.').all(|part| part.parse::<u32>().is_ok()), "{tag}");
        assert!(image != "rust" || version.starts_with(&format!("{rust}.")), "{tag}");
        for copied in all(stage, "COPY").iter().filter_map(|copy| copy.strip_prefix("--from=")) {
            assert!(names.iter().any(|name| copied.starts_with(&format!("{name} "))), "{copied}");
        }
        assert!(all(stage, "ADD").is_empty() && all(stage, "ARG").is_empty(), "{stage:?}");
        names.push(name);
    }
    assert_eq!(last[0].1, "scratch");
    let copies = all(last, "COPY");
    assert!(copies.iter().all(|copy| copy.starts_with("--from=build ")) && copies.len() == 2, "{copies:?}");
    assert!(all(last, "RUN").is_empty());
}

#[test]
fn it_starts_as_the_labs_image_does_and_as_the_manifest_wants() {
    let stages = stages();
    let (last, others) = stages.split_last().expect("stages");
    let list = |name: &str| serde_json::from_str::<Value>(all(last, name)[0]).expect("the exec form");
    assert_eq!(list("ENTRYPOINT"), Value::from(CONSOLE.entrypoint.to_vec()));
    assert_eq!(list("CMD"), Value::from(CONSOLE.arguments.to_vec()));
    assert_eq!(all(last, "USER"), [format!("{0}:{0}", CONSOLE.user)]);
    let program = CONSOLE.entrypoint[0];
    assert!(all(last, "COPY").contains(&format!("--from=build {program} {program}").as_str()));
    let build = all(others.last().expect("a build"), "RUN").join("\n");
    for words in ["--locked --release", "--features cluster", "-unknown-linux-musl\"", "release/hyperspace"] {
        assert!(build.contains(words), "{words}: {build}");
    }

    let deployment = deployment();
    let (_, name) = CONSOLE.name.split_once('/').expect("a registry");
    let version = of_the_repository("Cargo.toml");
    let version = version.lines().find_map(|line| line.strip_prefix("version = ")).expect("a version");
    assert!(name.ends_with(&format!(":{}", version.trim_matches('"'))), "{name}: {version}");
    for line in [
        format!("image: {}\n", CONSOLE.name),
        format!("runAsUser: {}\n", CONSOLE.user),
        format!("containerPort: {}\n", all(last, "EXPOSE")[0]),
        format!("- {}\n", CONSOLE.arguments[0]),
    ] {
        assert!(deployment.contains(&line), "{line}");
    }
}

#[test]
fn the_pod_may_do_nothing_that_it_need_not() {
    let deployment = deployment();
    for line in [
        "runAsNonRoot: true\n",
        "readOnlyRootFilesystem: true\n",
        "allowPrivilegeEscalation: false\n",
        "drop: [ALL]\n",
        "type: RuntimeDefault\n",
        "path: /readyz\n",
        "path: /healthz\n",
    ] {
        assert!(deployment.contains(line), "{line}");
    }
    for word in ["hostPath", "hostNetwork", "privileged", "hostPort"] {
        assert!(!deployment.contains(word), "{word}");
    }
}

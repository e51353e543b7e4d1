//! Faults around the gates: a gate that is missing, PromQL that does not parse, arguments, templates, steps, the image.

use crate::dice::Dice;
use crate::judge::{Case, Mends};
use crate::mutator::{Mutator, mutator, on_files, on_template, with};
use crate::spec::KINDS;
use crate::state::{ROLLOUT, TEMPLATE};

pub(crate) const MUTATORS: &[Mutator] = &[
    mutator("missing: one gate", one_missing),
    mutator("missing: two gates", two_missing),
    mutator("missing: a gate in a template that nothing runs", not_run),
    mutator("syntax: a bracket", bracket),
    mutator("syntax: a range forgotten or misplaced", no_range),
    mutator("syntax: a matcher", broken_matcher),
    mutator("argument: undeclared", undeclared),
    mutator("argument: never given", never_given),
    mutator("argument: misspelled in the query", misspelled_argument),
    mutator("template: another name", unknown_template),
    mutator("template: another scope", other_scope),
    mutator("release: no analysis", no_analysis),
    mutator("release: analysis after full weight", late_analysis),
    mutator("release: an older image", older_image),
];

fn one_missing(dice: &mut Dice) -> Option<Case> {
    on_template(dice, &["gate/missing"], Mends::Clean, |t, dice| {
        let kind = dice.pick(&KINDS);
        t.gates.retain(|g| g.kind != kind);
        true
    })
}

fn two_missing(dice: &mut Dice) -> Option<Case> {
    on_template(dice, &["gate/missing"], Mends::Clean, |t, dice| {
        let kind = dice.pick(&KINDS);
        t.gates.retain(|g| g.kind == kind);
        true
    })
}

/// The gate exists, in a second template that the rollout does not name.
fn not_run(dice: &mut Dice) -> Option<Case> {
    let mut second = String::new();
    let mut case = on_template(dice, &["gate/missing"], Mends::Clean, |t, dice| {
        let kind = dice.pick(&KINDS);
        let mut other = t.clone();
        other.name = "hotrod-extra".to_owned();
        other.gates.retain(|g| g.kind == kind);
        t.gates.retain(|g| g.kind != kind);
        second = other.render();
        true
    })?;
    case.after.set("manifests/hotrod/extra.yaml", second);
    Some(case)
}

fn bracket(dice: &mut Dice) -> Option<Case> {
    on_template(dice, &["gate/query-syntax"], Mends::Perhaps, |t, dice| {
        let gate = with(t, dice, |_| true);
        let text = gate.query.text();
        let which = dice.pick(&[')', '(', '}', ']', '{', '"']);
        let places: Vec<usize> = text.match_indices(which).map(|(at, _)| at).collect();
        if places.is_empty() {
            return false;
        }
        let at = dice.pick(&places);
        let edited = format!("{}{}", &text[..at], &text[at + 1..]);
        let broken = gate::promql::parse(&edited).is_err();
        gate.raw = Some(edited);
        broken
    })
}

fn no_range(dice: &mut Dice) -> Option<Case> {
    on_template(dice, &["gate/query-syntax"], Mends::Perhaps, |t, dice| {
        let gate = with(t, dice, |_| true);
        let text = gate.query.text();
        let window = format!("[{}]", gate.query.window);
        gate.raw = Some(match dice.below(4) {
            0 => text.replacen(&window, "", 1),
            1 => text.replacen(&window, "[2 m]", 1),
            2 => text.replacen(&window, "[]", 1),
            _ => format!("{} {window}", text.replacen(&window, "", 1)),
        });
        true
    })
    // A range that is made up may be another one, and the bound of `increase` follows it.
    .map(Case::elsewhere)
}

fn broken_matcher(dice: &mut Dice) -> Option<Case> {
    on_template(dice, &["gate/query-syntax"], Mends::Perhaps, |t, dice| {
        let gate = with(t, dice, |_| true);
        let last = gate.query.matchers.len() - 1;
        let (label, rest) = gate.query.matchers[last].clone();
        gate.query.matchers[last] = match dice.below(5) {
            0 => (label.replace('_', "-"), rest.clone()),
            1 => (label, rest.replacen('=', ":", 1)),
            2 => (label, rest.replacen('=', "==", 1)),
            3 => (label, rest.replace(['"', '\''], "")),
            _ => (label, rest.replacen("=~", "~=", 1)),
        };
        gate::promql::parse(&gate.query.text()).is_err()
    })
}

fn undeclared(dice: &mut Dice) -> Option<Case> {
    on_template(dice, &["gate/unresolved-argument"], Mends::Perhaps, |t, dice| {
        let gone = dice.below(2);
        t.args.remove(gone);
        true
    })
}

fn never_given(dice: &mut Dice) -> Option<Case> {
    let case = on_template(dice, &["gate/unresolved-argument"], Mends::Perhaps, |_, _| true)?;
    let mut after = case.before.clone();
    match dice.below(4) {
        0 => after.swap(
            ROLLOUT,
            "              - name: namespace\n                valueFrom:\n                  fieldRef:\n                    fieldPath: metadata.namespace\n",
            "",
        ),
        1 => after.swap(
            ROLLOUT,
            "              - name: canary-hash\n                valueFrom:\n                  podTemplateHashValue: Latest\n",
            "",
        ),
        2 => after.swap(ROLLOUT, "- name: canary-hash\n                valueFrom:\n                  podTemplateHashValue: Latest\n", "- name: canary-hash\n"),
        _ => after.swap(ROLLOUT, "              - name: canary-hash\n", "              - name: canaryHash\n"),
    }
    Some(Case { after, ..case })
}

fn misspelled_argument(dice: &mut Dice) -> Option<Case> {
    on_template(dice, &["gate/unresolved-argument"], Mends::Perhaps, |t, dice| {
        let gate = with(t, dice, |_| true);
        let (from, to) = dice.pick(&[
            ("args.canary-hash", "args.canary_hash"),
            ("args.canary-hash", "args.canaryHash"),
            ("args.namespace", "args.namespce"),
            ("args.namespace", "args.ns"),
        ]);
        let text = gate.query.text();
        gate.raw = Some(text.replace(from, to));
        true
    })
}

fn unknown_template(dice: &mut Dice) -> Option<Case> {
    let name = dice.pick(&["hotrod-analyses", "hotrod", "success-rate", "hotrod_analysis"]);
    if dice.once_in(2) {
        return on_files(&["gate/unknown-template"], Mends::Perhaps, |s| {
            s.swap(ROLLOUT, "templateName: hotrod-analysis", &format!("templateName: {name}"));
        });
    }
    on_files(&["gate/unknown-template"], Mends::Perhaps, |s| {
        s.swap(TEMPLATE, "name: hotrod-analysis", &format!("name: {name}"));
    })
}

fn other_scope(dice: &mut Dice) -> Option<Case> {
    if dice.once_in(2) {
        return on_files(&["gate/unknown-template"], Mends::Perhaps, |s| {
            s.swap(
                ROLLOUT,
                "- templateName: hotrod-analysis\n",
                "- templateName: hotrod-analysis\n                clusterScope: true\n",
            );
        });
    }
    on_files(&["gate/unknown-template"], Mends::Perhaps, |s| {
        s.swap(TEMPLATE, "kind: AnalysisTemplate", "kind: ClusterAnalysisTemplate");
    })
}

const ANALYSIS: &str = "        - analysis:
            templates:
              - templateName: hotrod-analysis
            args:
              - name: namespace
                valueFrom:
                  fieldRef:
                    fieldPath: metadata.namespace
              - name: canary-hash
                valueFrom:
                  podTemplateHashValue: Latest
";

fn no_analysis(dice: &mut Dice) -> Option<Case> {
    let instead = dice.pick(&["", "        - pause: {duration: 60s}\n", "        - pause: {}\n"]);
    on_files(&["release/no-gate-in-steps"], Mends::Perhaps, |s| s.swap(ROLLOUT, ANALYSIS, instead))
}

fn late_analysis(dice: &mut Dice) -> Option<Case> {
    let first = dice.pick(&["        - setWeight: 50\n", "        - setWeight: 20\n        - pause: {duration: 30}\n"]);
    on_files(&["release/no-gate-in-steps"], Mends::Perhaps, |s| {
        s.swap(ROLLOUT, ANALYSIS, "");
        s.swap(ROLLOUT, "        - setWeight: 50\n", first);
        s.swap(ROLLOUT, "        - setWeight: 100\n", &format!("        - setWeight: 100\n{ANALYSIS}"));
    })
}

fn older_image(dice: &mut Dice) -> Option<Case> {
    let image = dice.pick(&[
        "jaegertracing/example-hotrod:1.75.0",
        "jaegertracing/example-hotrod:1.9.0",
        "docker.io/jaegertracing/example-hotrod:1.75.0",
        "\"jaegertracing/example-hotrod:v1.75.0\"",
        "jaegertracing/example-hotrod:1.60",
    ]);
    on_files(&["release/wrong-image"], Mends::Clean, |s| {
        s.swap(ROLLOUT, "jaegertracing/example-hotrod:1.76.0", image);
    })
}

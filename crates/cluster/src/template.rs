//! Whether a ReplicaSet's pod template is the rollout's.

use delivery::Template;
use serde_json::Value;

/// Written in many ways that mean the same (`0.5`, `500m`); the typed copy holds another one than the rollout.
const QUANTITIES: [&str; 3] = ["resources", "sizeLimit", "divisor"];

/// Whether the copy has everything that the rollout's template asks for. The copy has more: the apiserver's defaults, the
/// hash label, what the controller adds to a canary.
pub(crate) fn compare(wanted: &Value, copy: &Value) -> Template {
    match missing(wanted, copy, "template") {
        None => Template::Same,
        Some(at) => Template::Differs(at),
    }
}

fn missing(wanted: &Value, copy: &Value, at: &str) -> Option<String> {
    match (wanted, copy) {
        (Value::Object(wanted), _) => wanted.iter().find_map(|(key, value)| {
            let place = format!("{at}.{key}");
            match copy.get(key) {
                _ if QUANTITIES.contains(&key.as_str()) || is_empty(value) => None,
                Some(other) => missing(value, other, &place),
                None => Some(place),
            }
        }),
        (Value::Array(wanted), Value::Array(copy)) if wanted.len() <= copy.len() => {
            wanted.iter().zip(copy).enumerate().find_map(|(i, (w, c))| missing(w, c, &format!("{at}[{i}]")))
        }
        _ => (wanted != copy).then(|| at.to_owned()),
    }
}

/// What Go leaves out when it writes.
fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Bool(yes) => !yes,
        Value::String(text) => text.is_empty(),
        Value::Number(number) => number.as_f64() == Some(0.0),
        Value::Array(list) => list.is_empty(),
        Value::Object(map) => map.values().all(is_empty),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn defaults_and_quantities_make_no_difference() {
        let wanted = json!({"metadata": {"labels": {"app": "h"}, "creationTimestamp": null}, "spec": {"containers": [
            {"name": "h", "image": "h:2", "resources": {"limits": {"cpu": 0.5}}, "env": [{"name": "A", "value": "1"}]}]}});
        let copy = json!({"metadata": {"labels": {"app": "h", "rollouts-pod-template-hash": "x"}}, "spec": {
            "restartPolicy": "Always", "containers": [{"name": "h", "image": "h:2", "imagePullPolicy": "IfNotPresent",
            "resources": {"limits": {"cpu": "500m"}}, "env": [{"name": "A", "value": "1"}]}]}});
        assert_eq!(compare(&wanted, &copy), Template::Same);
    }

    #[test]
    fn another_image_or_variable_does() {
        let of = |image: &str, env: &str| json!({"spec": {"containers": [{"image": image, "env": [{"name": "A", "value": env}]}]}});
        assert_eq!(
            compare(&of("h:2", "1"), &of("h:1", "1")),
            Template::Differs("template.spec.containers[0].image".to_owned())
        );
        assert!(
            matches!(compare(&of("h:2", "1"), &of("h:2", "2")), Template::Differs(at) if at.ends_with("env[0].value"))
        );
        assert!(matches!(compare(&json!({"a": [1, 2]}), &json!({"a": [1]})), Template::Differs(_)));
    }
}

//! Values whose type, unit or word the component refuses.

use super::fatal;
use crate::collector::schema::{Judge, judged_components, of_service, strict};
use crate::collector::view::{View, role};
use crate::draft::Drafts;
use catalogue::Schema;
use model::Place;
use yaml::Node;

pub(super) fn check(view: &View<'_>, drafts: &mut Drafts) {
    for (component, schema) in judged_components(view) {
        // A component that is no mapping at all is the frame's business.
        let Some(node) = view.node(&component.at).filter(|n| n.is_mapping()) else { continue };
        let owner = format!("{} `{}`", role(component.class), component.id);
        let mut walk = Walk { file: component.at.file, owner: &owner, strict: strict(view), drafts };
        walk.value(node, schema, &[]);
    }
    if let Some((node, schema)) = view.node(&view.root.key("service").key("telemetry")).zip(of_service()) {
        let mut walk = Walk { file: view.root.file, owner: "`service.telemetry`", strict: strict(view), drafts };
        walk.value(node, schema, &[]);
    }
}

struct Walk<'a> {
    file: usize,
    owner: &'a str,
    /// Whether scalars of one type are refused for another.
    strict: bool,
    drafts: &'a mut Drafts,
}

impl Walk<'_> {
    fn value(&mut self, node: Node<'_>, schema: &Schema, path: &[&str]) {
        let scalar = matches!(schema, Schema::Bool | Schema::Int | Schema::Uint | Schema::Float | Schema::Str);
        let lenient = !self.strict && scalar && node.as_str().is_some();
        if let Some(why) = schema.refusal(node).filter(|_| !lenient) {
            let key = if path.is_empty() { String::new() } else { format!(", `{}`", path.join(".")) };
            let message = format!("{}{key}: {why}", self.owner);
            self.drafts.push(fatal(
                &Place::of(self.file, node),
                message,
                &format!("'{}' {why}", path.join(".")).replace('`', ""),
            ));
            return;
        }
        let below = |key| path.iter().copied().chain([key]).collect::<Vec<&str>>();
        match schema {
            Schema::Fields { .. } => {
                for (key, value) in node.entries() {
                    if let Some(inner) = schema.field(key) {
                        self.value(value, inner, &below(key));
                    }
                }
            }
            Schema::Map(inner) => node.entries().for_each(|(key, value)| self.value(value, inner, &below(key))),
            Schema::List(inner) => node.items().for_each(|value| self.value(value, inner, path)),
            Schema::OneOf(all) => {
                let mut fitting = all.iter().filter(|s| s.same_kind(node));
                if let (Some(only), None) = (fitting.next(), fitting.next()) {
                    self.value(node, only, path);
                }
            }
            _ => {}
        }
    }
}

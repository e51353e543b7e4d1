//! The three gates in parts, so that a mutator can take one part away, and rendered in many spellings that mean the same.

use crate::dice::Dice;
use std::fmt::Write as _;

/// What a gate judges.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Traffic,
    Errors,
    Latency,
}

pub(crate) const KINDS: [Kind; 3] = [Kind::Traffic, Kind::Errors, Kind::Latency];

/// A matcher: label, operator with the quoted value.
pub(crate) type Matcher = (String, String);

/// The parts of a query.
#[derive(Clone, Debug)]
pub(crate) struct Query {
    pub(crate) metric: String,
    pub(crate) matchers: Vec<Matcher>,
    /// What failed requests have beside.
    pub(crate) bad: Matcher,
    pub(crate) function: &'static str,
    pub(crate) window: String,
    /// `sum(%)`, `sum by (le) (%)`…; `%` stands for the rate.
    pub(crate) aggregate: String,
    /// With `{bad}`, `{good}` and `{all}` standing for aggregated rates.
    pub(crate) form: String,
    /// Matchers on lines of their own.
    pub(crate) tall: bool,
}

impl Query {
    pub(crate) fn spans(&self) -> bool {
        self.metric.starts_with("traces_")
    }

    fn selector(&self, more: Option<&Matcher>) -> String {
        let matchers = self.matchers.iter().chain(more).map(|(label, rest)| format!("{label}{rest}"));
        let matchers: Vec<String> = matchers.collect();
        if self.tall {
            format!("{}{{\n  {}\n}}", self.metric, matchers.join(",\n  "))
        } else {
            format!("{}{{{}}}", self.metric, matchers.join(", "))
        }
    }

    fn rate(&self, more: Option<&Matcher>) -> String {
        let rate = format!("{}({}[{}])", self.function, self.selector(more), self.window);
        self.aggregate.replace('%', &rate)
    }

    pub(crate) fn text(&self) -> String {
        let (label, rest) = &self.bad;
        let opposite = match rest.strip_prefix("=~").or_else(|| rest.strip_prefix('=')) {
            Some(value) => format!("!={value}"),
            None => rest.clone(),
        };
        let good = (label.clone(), opposite);
        self.form
            .replace("{bad}", &self.rate(Some(&self.bad)))
            .replace("{good}", &self.rate(Some(&good)))
            .replace("{all}", &self.rate(None))
    }

    /// Drops the matchers on these labels.
    pub(crate) fn without(&mut self, labels: &[&str]) {
        self.matchers.retain(|(label, _)| !labels.contains(&label.as_str()));
    }

    pub(crate) fn matcher(&mut self, label: &str) -> &mut Matcher {
        self.matchers.iter_mut().find(|(l, _)| l == label).unwrap()
    }

    pub(crate) fn has(&self, label: &str) -> bool {
        self.matchers.iter().any(|(l, _)| l == label)
    }
}

/// A gate of the template.
#[derive(Clone, Debug)]
pub(crate) struct Gate {
    pub(crate) kind: Kind,
    pub(crate) name: String,
    pub(crate) delay: String,
    pub(crate) interval: String,
    pub(crate) count: String,
    pub(crate) limit: String,
    pub(crate) success: Option<String>,
    pub(crate) failure: Option<String>,
    pub(crate) query: Query,
    /// Takes the place of what the parts give.
    pub(crate) raw: Option<String>,
    /// Further lines of the metric, `key: value`.
    pub(crate) more: Vec<String>,
}

impl Gate {
    /// The query's text.
    pub(crate) fn text(&self) -> String {
        self.raw.clone().unwrap_or_else(|| self.query.text())
    }
}

/// How the template's YAML is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Style {
    Literal,
    Stripped,
    Folded,
    Quoted,
    Json,
}

/// An analysis template.
#[derive(Clone, Debug)]
pub(crate) struct Template {
    pub(crate) cluster: bool,
    pub(crate) name: String,
    pub(crate) args: Vec<String>,
    pub(crate) gates: Vec<Gate>,
    /// Further lines of the spec.
    pub(crate) more: String,
    pub(crate) style: Style,
}

pub(crate) const ADDRESS: &str = "http://prometheus-server.prometheus.svc.cluster.local";

impl Template {
    pub(crate) fn gate(&mut self, kind: Kind) -> &mut Gate {
        self.gates.iter_mut().find(|g| g.kind == kind).unwrap()
    }

    pub(crate) fn render(&self) -> String {
        if self.style == Style::Json {
            return self.json();
        }
        let kind = if self.cluster { "ClusterAnalysisTemplate" } else { "AnalysisTemplate" };
        let mut out =
            format!("apiVersion: argoproj.io/v1alpha1\nkind: {kind}\nmetadata:\n  name: {}\nspec:\n", self.name);
        if !self.args.is_empty() {
            out.push_str("  args:\n");
        }
        for arg in &self.args {
            writeln!(out, "    - name: {arg}").unwrap();
        }
        out.push_str(&self.more);
        out.push_str("  metrics:\n");
        for gate in &self.gates {
            writeln!(out, "    # gate {}", gate.name).unwrap();
            writeln!(out, "    - name: {}", gate.name).unwrap();
            for (key, value) in gate.fields() {
                writeln!(out, "      {key}: {}", scalar(key, &value)).unwrap();
            }
            for line in &gate.more {
                writeln!(out, "      {line}").unwrap();
            }
            writeln!(out, "      provider:\n        prometheus:\n          address: {ADDRESS}").unwrap();
            writeln!(out, "          query: {}", self.query(&gate.text())).unwrap();
        }
        out
    }

    fn query(&self, text: &str) -> String {
        let indented = |indent: &str| text.lines().map(|l| format!("\n{indent}{l}")).collect::<String>();
        match self.style {
            Style::Literal => format!("|{}", indented("            ")),
            Style::Stripped => format!("|-{}", indented("              ")),
            Style::Folded => format!(">-\n            {}", text.split_whitespace().collect::<Vec<_>>().join(" ")),
            _ => json(&text.split_whitespace().collect::<Vec<_>>().join(" ")),
        }
    }

    fn json(&self) -> String {
        let kind = if self.cluster { "ClusterAnalysisTemplate" } else { "AnalysisTemplate" };
        let args: Vec<String> = self.args.iter().map(|a| format!("{{\"name\": {}}}", json(a))).collect();
        let metrics: Vec<String> = self.gates.iter().map(Gate::json).collect();
        format!(
            "{{\n  \"apiVersion\": \"argoproj.io/v1alpha1\",\n  \"kind\": \"{kind}\",\n  \"metadata\": {{\"name\": {}}},\n  \"spec\": {{\n    \"args\": [{}],\n    \"metrics\": [\n{}\n    ]\n  }}\n}}\n",
            json(&self.name),
            args.join(", "),
            metrics.join(",\n")
        )
    }
}

impl Gate {
    fn fields(&self) -> Vec<(&'static str, String)> {
        let mut fields = Vec::new();
        let mut add = |key, value: &str| {
            if !value.is_empty() {
                fields.push((key, value.to_owned()));
            }
        };
        add("initialDelay", &self.delay);
        add("interval", &self.interval);
        add("count", &self.count);
        add("failureLimit", &self.limit);
        add("successCondition", self.success.as_deref().unwrap_or_default());
        add("failureCondition", self.failure.as_deref().unwrap_or_default());
        fields
    }

    fn json(&self) -> String {
        let fields: Vec<String> = self
            .fields()
            .into_iter()
            .map(|(key, value)| {
                let plain = matches!(key, "count" | "failureLimit") && value.parse::<i64>().is_ok();
                format!("       \"{key}\": {}", if plain { value } else { json(value.trim_matches('"')) })
            })
            .collect();
        format!(
            "      {{\n       \"name\": {},\n{},\n       \"provider\": {{\"prometheus\": {{\"address\": {}, \"query\": {}}}}}\n      }}",
            json(&self.name),
            fields.join(",\n"),
            json(ADDRESS),
            json(&self.text())
        )
    }
}

/// A scalar as it may stand after a key; counts and durations as they are.
fn scalar(key: &str, value: &str) -> String {
    let condition = key.ends_with("Condition");
    // An empty one is written as such.
    let plain = value == "\"\""
        || !value.contains(" #") && !value.contains(": ") && !value.starts_with(['!', '{', '[', '"', '\'', '&', '*']);
    if condition && !plain { json(value) } else { value.to_owned() }
}

/// A JSON string, which is a double-quoted YAML scalar as well.
pub(crate) fn json(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// A condition that keeps the bound and is false on no data and on NaN.
pub(crate) fn guarded(dice: &mut Dice, op: &str, value: &str) -> String {
    let mirrored = match op {
        "<" => ">",
        "<=" => ">=",
        ">" => "<",
        _ => "<=",
    };
    let plain = format!("result[0] {op} {value}");
    let bound = if dice.once_in(3) { format!("{value} {mirrored} result[0]") } else { plain };
    match dice.below(9) {
        0 => format!("len(result) > 0 && !isNaN(result[0]) && {bound}"),
        1 => format!("len(result) > 0 && {bound}"),
        2 => format!("len(result) != 0 and not isNaN(result[0]) and {bound}"),
        3 => format!("not (len(result) == 0) && ({bound})"),
        4 => format!("len(result) > 0 ? {bound} : false"),
        5 => format!("any(result, # {op} {value})"),
        6 => format!("len(result) > 0 && all(result, {{# {op} {value}}})"),
        7 => format!("len(result) == 1 && !(isNaN(result[0]) || isInf(result[0])) && {bound}"),
        _ => format!("!(len(result) < 1) && {bound}"),
    }
}

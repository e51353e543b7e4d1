//! Where traces go, as the command line and OpenTelemetry's environment variables say it.

use crate::PATH;

/// What a person said about where the trace goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Told {
    /// Nothing.
    Nothing,
    /// That there is to be none.
    Off,
    /// There.
    To(Endpoint),
    /// Something that cannot be done, with the reason.
    Unusable(String),
}

/// An OTLP/HTTP receiver.
#[derive(Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// The whole URL that is posted to.
    pub url: String,
    /// Headers that it wants; they may hold credentials.
    pub headers: Vec<(String, String)>,
}

impl std::fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Endpoint").field("url", &self.url).finish_non_exhaustive()
    }
}

/// Reads an `--otlp` URL, else the variables that OpenTelemetry's specification names.
#[must_use]
pub fn endpoint(url: Option<&str>, variable: impl Fn(&str) -> Option<String>) -> Told {
    let variable = |name: &str| variable(name).map(|value| value.trim().to_owned()).filter(|value| !value.is_empty());
    let either = |names: [&str; 2]| names.iter().find_map(|name| variable(name));
    if url.is_none()
        && (variable("OTEL_SDK_DISABLED").is_some_and(|value| value.eq_ignore_ascii_case("true"))
            || variable("OTEL_TRACES_EXPORTER").as_deref() == Some("none"))
    {
        return Told::Off;
    }
    let named = url
        .map(below)
        .or_else(|| variable("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"))
        .or_else(|| variable("OTEL_EXPORTER_OTLP_ENDPOINT").map(|url| below(&url)));
    let Some(named) = named else { return Told::Nothing };
    if !["http://", "https://"].iter().any(|scheme| named.starts_with(scheme)) {
        return Told::Unusable("an OTLP endpoint is a URL that begins with http:// or https://".to_owned());
    }
    if url.is_none()
        && either(["OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL"]).as_deref() == Some("grpc")
    {
        return Told::Unusable("OTLP is spoken over HTTP, and the environment asks for grpc".to_owned());
    }
    let headers = either(["OTEL_EXPORTER_OTLP_TRACES_HEADERS", "OTEL_EXPORTER_OTLP_HEADERS"]).unwrap_or_default();
    let headers = headers.split(',').filter_map(|pair| pair.split_once('='));
    let headers = headers.map(|(key, value)| (key.trim().to_owned(), value.trim().to_owned())).collect();
    Told::To(Endpoint { url: named, headers })
}

/// A receiver's address with the path for traces.
fn below(url: &str) -> String {
    let url = url.trim().trim_end_matches('/');
    if url.ends_with(PATH) { url.to_owned() } else { format!("{url}{PATH}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `--otlp`, variables, what comes of it.
    type Case<'a> = (Option<&'a str>, &'a [(&'a str, &'a str)], &'a str);

    const CASES: &[Case<'_>] = &[
        (None, &[], "Nothing"),
        (None, &[("OTEL_EXPORTER_OTLP_ENDPOINT", "")], "Nothing"),
        (Some("http://a:4318"), &[], "http://a:4318/v1/traces"),
        (Some("http://a:4318/v1/traces"), &[], "http://a:4318/v1/traces"),
        (Some("https://a/otlp/"), &[("OTEL_EXPORTER_OTLP_ENDPOINT", "http://b")], "https://a/otlp/v1/traces"),
        (None, &[("OTEL_EXPORTER_OTLP_ENDPOINT", "http://b:4318/")], "http://b:4318/v1/traces"),
        (
            None,
            &[("OTEL_EXPORTER_OTLP_ENDPOINT", "http://b"), ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://c/in")],
            "http://c/in",
        ),
        (None, &[("OTEL_EXPORTER_OTLP_ENDPOINT", "http://b"), ("OTEL_SDK_DISABLED", "TRUE")], "Off"),
        (None, &[("OTEL_EXPORTER_OTLP_ENDPOINT", "http://b"), ("OTEL_TRACES_EXPORTER", "none")], "Off"),
        (Some("http://a"), &[("OTEL_SDK_DISABLED", "true")], "http://a/v1/traces"),
        (Some("a:4318"), &[], "an OTLP endpoint is a URL that begins with http:// or https://"),
        (
            None,
            &[("OTEL_EXPORTER_OTLP_ENDPOINT", "http://b:4317"), ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc")],
            "OTLP is spoken over HTTP, and the environment asks for grpc",
        ),
        (
            None,
            &[("OTEL_EXPORTER_OTLP_ENDPOINT", "http://b"), ("OTEL_EXPORTER_OTLP_HEADERS", "api-key = s3cret,x=y=z")],
            "http://b/v1/traces api-key: s3cret, x: y=z",
        ),
    ];

    #[test]
    fn the_nearest_word_counts() {
        for (url, variables, expected) in CASES {
            let variable = |name: &str| variables.iter().find(|(key, _)| *key == name).map(|(_, v)| (*v).to_owned());
            let told = endpoint(*url, variable);
            let text = match &told {
                Told::To(to) => {
                    let headers: Vec<_> = to.headers.iter().map(|(key, value)| format!("{key}: {value}")).collect();
                    [to.url.clone(), headers.join(", ")].join(" ").trim().to_owned()
                }
                Told::Unusable(why) => why.clone(),
                other => format!("{other:?}"),
            };
            assert_eq!(&text, expected, "{url:?} {variables:?}");
            assert!(!format!("{told:?}").contains("s3cret"));
        }
    }
}

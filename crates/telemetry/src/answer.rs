//! What Prometheus' API answers.

use crate::QueryError;
use crate::prometheus::WHO;
use crate::server::Body;
use gate::condition::Measured;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;

/// One value with its labels.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
    /// Labels; the metric's name is `__name__`.
    pub labels: BTreeMap<String, String>,
    /// The value.
    pub value: f64,
}

/// The result of an instant query.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// An instant vector, in Prometheus' order.
    Vector(Vec<Sample>),
    /// A scalar.
    Scalar(f64),
    /// Another type; the provider refuses it.
    Other(String),
}

impl Answer {
    /// What the provider makes of it (metricproviders/prometheus/prometheus.go: `processResponse`); `None` for types that it
    /// refuses.
    #[must_use]
    pub fn measured(&self) -> Option<Measured> {
        match self {
            Answer::Vector(samples) => Some(Measured::Vector(samples.iter().map(|s| s.value).collect())),
            Answer::Scalar(value) => Some(Measured::Scalar(*value)),
            Answer::Other(_) => None,
        }
    }
}

/// One series of a range query's result.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// Labels.
    pub labels: BTreeMap<String, String>,
    /// Seconds since 1970 and the value; a time without one is left out.
    pub values: Vec<(f64, f64)>,
}

#[derive(Deserialize)]
struct MatrixItem {
    metric: BTreeMap<String, String>,
    #[serde(default)]
    values: Vec<(f64, String)>,
}

#[derive(Deserialize)]
struct Envelope<T> {
    status: String,
    #[serde(default = "none")]
    data: Option<T>,
    #[serde(default, rename = "errorType")]
    error_type: String,
    #[serde(default)]
    error: String,
}

fn none<T>() -> Option<T> {
    None
}

#[derive(Deserialize)]
struct Data {
    #[serde(rename = "resultType")]
    kind: String,
    result: serde_json::Value,
}

#[derive(Deserialize)]
struct VectorItem {
    metric: BTreeMap<String, String>,
    /// Absent for a native histogram, which has no single value.
    #[serde(default)]
    value: Option<(f64, String)>,
}

fn unreadable(what: impl ToString) -> QueryError {
    QueryError::Unreadable { who: WHO, what: what.to_string() }
}

/// What the API hands over, whatever it was asked.
pub(crate) fn data<T: DeserializeOwned>(body: &Body) -> Result<T, QueryError> {
    let envelope: Envelope<T> = match serde_json::from_slice(&body.bytes) {
        Ok(envelope) => envelope,
        Err(_) if body.status != 200 => {
            let message = "it is no Prometheus, or not up yet".to_owned();
            return Err(QueryError::Refused { who: WHO, kind: format!("HTTP {}", body.status), message });
        }
        Err(error) => return Err(unreadable(error)),
    };
    if envelope.status != "success" {
        return Err(QueryError::Refused { who: WHO, kind: envelope.error_type, message: envelope.error });
    }
    envelope.data.ok_or_else(|| unreadable("no data"))
}

/// Reads the answer to an instant query.
pub(crate) fn read(body: &Body) -> Result<Answer, QueryError> {
    let data: Data = data(body)?;
    match data.kind.as_str() {
        "vector" => {
            let items: Vec<VectorItem> = serde_json::from_value(data.result).map_err(unreadable)?;
            let samples = items.into_iter().map(|item| {
                let (_, text) = item.value.ok_or_else(|| unreadable("a native histogram"))?;
                Ok(Sample { labels: item.metric, value: number(&text)? })
            });
            Ok(Answer::Vector(samples.collect::<Result<_, _>>()?))
        }
        "scalar" => {
            let (_, text): (f64, String) = serde_json::from_value(data.result).map_err(unreadable)?;
            Ok(Answer::Scalar(number(&text)?))
        }
        other => Ok(Answer::Other(other.to_owned())),
    }
}

/// Reads the answer to a range query.
pub(crate) fn range(body: &Body) -> Result<Vec<Line>, QueryError> {
    let data: Data = data(body)?;
    if data.kind != "matrix" {
        return Err(unreadable(format!("a {} where a matrix was asked for", data.kind)));
    }
    let items: Vec<MatrixItem> = serde_json::from_value(data.result).map_err(unreadable)?;
    let lines = items.into_iter().map(|item| {
        let values = item.values.into_iter().map(|(at, text)| Ok((at, number(&text)?)));
        Ok(Line { labels: item.metric, values: values.collect::<Result<_, QueryError>>()? })
    });
    lines.collect()
}

/// `NaN`, `+Inf`, `-Inf` and everything that Go formats.
fn number(text: &str) -> Result<f64, QueryError> {
    text.parse().map_err(|_| unreadable(format!("`{text}` is no number")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn measured(body: &str) -> Option<Measured> {
        read(&came(200, body)).expect("an answer").measured()
    }

    fn came(status: u16, body: &str) -> Body {
        Body { status, bytes: body.as_bytes().to_vec() }
    }

    #[test]
    fn values_come_without_their_labels() {
        let vector = r#"{"status":"success","data":{"resultType":"vector","result":[
            {"metric":{"a":"b"},"value":[1.5,"0.25"]},{"metric":{},"value":[1.5,"+Inf"]}]}}"#;
        assert_eq!(measured(vector), Some(Measured::Vector(vec![0.25, f64::INFINITY])));
        let empty = r#"{"status":"success","data":{"resultType":"vector","result":[]}}"#;
        assert_eq!(measured(empty), Some(Measured::Vector(Vec::new())));
        let nan = r#"{"status":"success","data":{"resultType":"vector","result":[{"metric":{},"value":[1,"NaN"]}]}}"#;
        assert!(matches!(measured(nan), Some(Measured::Vector(v)) if v.len() == 1 && v[0].is_nan()));
        let scalar = r#"{"status":"success","data":{"resultType":"scalar","result":[1,"3"]}}"#;
        assert_eq!(measured(scalar), Some(Measured::Scalar(3.0)));
        let text = r#"{"status":"success","data":{"resultType":"string","result":[1,"x"]}}"#;
        assert_eq!(measured(text), None);
    }

    #[test]
    fn a_refusal_is_no_answer() {
        let body = r#"{"status":"error","errorType":"bad_data","error":"1:5: parse error"}"#;
        let error = read(&came(400, body)).expect_err("a refusal");
        assert_eq!(error.to_string(), "Prometheus says bad_data: 1:5: parse error");
        assert!(matches!(read(&came(200, "<html>")), Err(QueryError::Unreadable { .. })));
        let starting = read(&came(503, "Service Unavailable")).expect_err("not up yet");
        assert!(starting.may_pass() && !error.may_pass(), "{starting}");
    }
}

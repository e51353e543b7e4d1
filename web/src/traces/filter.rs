//! What a table of traces shows: all of it stands in the address.

use super::words;
use crate::live::{address, encode};
use crate::upstream::Period;
use delivery::Name;
use std::collections::HashMap;

/// What is shown, in which order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Filter {
    /// `canary`, `stable` or a pod hash.
    pub(crate) version: Option<String>,
    pub(crate) service: Option<String>,
    /// As it was typed.
    pub(crate) min: Option<String>,
    /// Failed ones alone, or the others.
    pub(crate) error: Option<bool>,
    pub(crate) sort: Sort,
    pub(crate) time: Time,
    /// Those of an analysis run: its canary's in its time.
    pub(crate) run: Option<String>,
    /// From 0.
    pub(crate) page: usize,
}

/// The order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) enum Sort {
    /// Failed first, then the slowest.
    #[default]
    Worst,
    Slowest,
    Newest,
    Errors,
    Spans,
}

/// How far back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) enum Time {
    Quarter,
    #[default]
    Hour,
    SixHours,
    Day,
    Week,
}

impl Sort {
    pub(crate) const ALL: [Sort; 5] = [Sort::Worst, Sort::Slowest, Sort::Newest, Sort::Errors, Sort::Spans];

    pub(crate) fn key(self) -> &'static str {
        match self {
            Sort::Worst => "worst",
            Sort::Slowest => "slowest",
            Sort::Newest => "newest",
            Sort::Errors => "errors",
            Sort::Spans => "spans",
        }
    }

    pub(crate) fn label(self) -> &'static str {
        match self {
            Sort::Worst => "failed, then slowest, first",
            Sort::Slowest => "slowest first",
            Sort::Newest => "newest first",
            Sort::Errors => "most failed spans first",
            Sort::Spans => "most spans first",
        }
    }
}

impl Time {
    pub(crate) const ALL: [Time; 5] = [Time::Quarter, Time::Hour, Time::SixHours, Time::Day, Time::Week];

    pub(crate) fn key(self) -> &'static str {
        match self {
            Time::Quarter => "15m",
            Time::Hour => "1h",
            Time::SixHours => "6h",
            Time::Day => "24h",
            Time::Week => "7d",
        }
    }

    pub(crate) fn label(self) -> &'static str {
        match self {
            Time::Quarter => "the last 15 minutes",
            Time::Hour => "the last hour",
            Time::SixHours => "the last 6 hours",
            Time::Day => "the last 24 hours",
            Time::Week => "the last 7 days",
        }
    }

    pub(crate) fn period(self) -> Period {
        let minutes = match self {
            Time::Quarter => 15,
            Time::Hour => 60,
            Time::SixHours => 360,
            Time::Day => 1440,
            Time::Week => 10_080,
        };
        Period::Last(minutes * 60_000_000)
    }
}

impl Filter {
    pub(crate) fn parse(query: &HashMap<String, String>) -> Filter {
        let text = |key: &str| query.get(key).map(|text| text.trim()).filter(|text| !text.is_empty());
        let error = text("error").and_then(|text| match text {
            "true" | "1" | "yes" => Some(true),
            "false" | "0" | "no" => Some(false),
            _ => None,
        });
        Filter {
            version: text("version").map(str::to_owned),
            service: text("service").map(str::to_owned),
            min: text("min-duration").map(str::to_owned),
            error,
            sort: Sort::ALL.into_iter().find(|sort| text("sort") == Some(sort.key())).unwrap_or_default(),
            time: Time::ALL.into_iter().find(|time| text("time") == Some(time.key())).unwrap_or_default(),
            run: text("run").map(str::to_owned),
            page: text("page").and_then(|page| page.parse::<usize>().ok()).unwrap_or(1).clamp(1, 1_000_000) - 1,
        }
    }

    /// The shortest that is shown, in microseconds; or what is no duration.
    pub(crate) fn least(&self) -> Result<i64, &str> {
        let Some(text) = &self.min else { return Ok(0) };
        words::micros(text).ok_or(text)
    }

    /// Where it is shown.
    pub(crate) fn address(&self, name: &Name) -> String {
        let mut all: Vec<(&str, String)> = Vec::new();
        let mut add = |key, value: &Option<String>| all.extend(value.as_ref().map(|value| (key, encode(value))));
        add("version", &self.version);
        add("service", &self.service);
        add("min-duration", &self.min);
        add("error", &self.error.map(|error| error.to_string()));
        add("run", &self.run);
        add("time", &(self.time != Time::default()).then(|| self.time.key().to_owned()));
        add("sort", &(self.sort != Sort::default()).then(|| self.sort.key().to_owned()));
        add("page", &(self.page > 0).then(|| (self.page + 1).to_string()));
        let query: Vec<String> = all.into_iter().map(|(key, value)| format!("{key}={value}")).collect();
        let mark = if query.is_empty() { "" } else { "?" };
        format!("{}/traces{mark}{}", address(name), query.join("&"))
    }

    /// The same but for what is changed, from its first page.
    pub(crate) fn but(&self, change: impl FnOnce(&mut Filter)) -> Filter {
        let mut other = Filter { page: 0, ..self.clone() };
        change(&mut other);
        other
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_says_all_of_it_and_nothing_else() {
        let address = "/rollouts/a/b/traces?version=canary&service=front%20end%26x&min-duration=200ms&error=true&run=r\
                       &time=6h&sort=newest&page=3";
        let query = address.split_once('?').expect("a query").1.split('&').map(|pair| {
            let (key, value) = pair.split_once('=').expect("a pair");
            (key.to_owned(), percent_encoding::percent_decode_str(value).decode_utf8_lossy().into_owned())
        });
        let filter = Filter::parse(&query.collect());
        assert_eq!(filter.service.as_deref(), Some("front end&x"));
        assert_eq!(
            (filter.error, filter.sort, filter.time, filter.page),
            (Some(true), Sort::Newest, Time::SixHours, 2)
        );
        assert_eq!(filter.least(), Ok(200_000));
        assert_eq!(filter.address(&Name::new("a", "b")), address);
        assert_eq!(Filter::default().address(&Name::new("a", "b")), "/rollouts/a/b/traces");
    }

    #[test]
    fn what_nobody_means_is_left_out() {
        let pairs = [
            ("error", "maybe"),
            ("sort", "x"),
            ("time", "1y"),
            ("page", "-1"),
            ("service", " "),
            ("min-duration", "x"),
        ];
        let query = pairs.map(|(key, value)| (key.to_owned(), value.to_owned())).into_iter().collect();
        let filter = Filter::parse(&query);
        assert_eq!(filter, Filter { min: Some("x".to_owned()), ..Filter::default() });
        assert_eq!(filter.least(), Err("x"), "which the page tells");
    }
}

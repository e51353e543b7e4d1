//! Which distribution and version an image is.

use std::fmt;

/// A version of the collector.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version(pub u16, pub u16, pub u16);

impl Version {
    /// Reads `0.142.0`, `v0.142.0`, `0.142` and tags with something behind (`0.142.0-amd64`).
    pub fn parse(text: &str) -> Option<Version> {
        let text = text.strip_prefix('v').unwrap_or(text);
        let plain = text.split(['-', '+', '_']).next()?;
        let mut parts = plain.split('.').map(str::parse::<u16>);
        let (major, minor) = (parts.next()?.ok()?, parts.next()?.ok()?);
        let patch = match parts.next() {
            Some(patch) => patch.ok()?,
            None => 0,
        };
        parts.next().is_none().then_some(Version(major, minor, patch))
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.0, self.1, self.2)
    }
}

/// A distribution of the collector.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Distribution {
    /// `opentelemetry-collector-contrib`.
    Contrib,
    /// `opentelemetry-collector`.
    Core,
    /// `opentelemetry-collector-k8s`.
    K8s,
    /// Somebody's own: what it holds is not known.
    Other,
}

impl Distribution {
    /// The distribution and version of an image; the version is `None` without a tag that says one.
    pub fn from_image(image: &str) -> (Distribution, Option<Version>) {
        let name = image.split('@').next().unwrap_or(image);
        let last = name.rsplit('/').next().unwrap_or(name);
        let (last, tag) = last.split_once(':').unwrap_or((last, ""));
        let distribution = match last {
            "opentelemetry-collector-contrib" => Distribution::Contrib,
            "opentelemetry-collector" => Distribution::Core,
            "opentelemetry-collector-k8s" => Distribution::K8s,
            _ => Distribution::Other,
        };
        (distribution, Version::parse(tag))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_images() {
        let read = Distribution::from_image;
        let v = Some(Version(0, 142, 0));
        assert_eq!(read("otel/opentelemetry-collector-contrib:0.142.0"), (Distribution::Contrib, v));
        assert_eq!(read("ghcr.io/a/b/opentelemetry-collector-k8s:0.142.0@sha256:00"), (Distribution::K8s, v));
        assert_eq!(read("otel/opentelemetry-collector:latest"), (Distribution::Core, None));
        assert_eq!(read("quay.io/me/otelcol:1.2.3"), (Distribution::Other, Some(Version(1, 2, 3))));
    }
}

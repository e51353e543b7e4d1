//! The riders: what the traffic generator asks for, and how often.

use contract::Contract;
use contract::endpoint;
use std::time::Duration;

/// Requests in turn, each after a pause.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Riders {
    /// Paths with their queries.
    pub paths: Vec<String>,
    /// Between the end of one request and the start of the next.
    pub pause: Duration,
    /// Where that was read; `None` for the usual ones.
    pub from: Option<String>,
}

/// The adventure's own riders: one look at the front page to four rides, half a second apart.
const USUAL: [&str; 5] =
    ["/", "/dispatch?customer=123", "/dispatch?customer=392", "/dispatch?customer=567", "/dispatch?customer=731"];

impl Riders {
    /// Reads them from the script of the workload that asks a Service in front of the rollout's pods.
    pub(super) fn of(contract: &Contract<'_>, workload: usize) -> Riders {
        let repository = contract.repository;
        let entries: Vec<String> = repository
            .workloads
            .get(workload)
            .and_then(|w| contract.description_of(w))
            .map(|d| d.requests.iter().filter(|r| r.entry).map(|r| r.path.clone()).collect())
            .unwrap_or_default();
        let services = contract.links.services(workload).iter().filter_map(|s| repository.services.get(*s));
        let names: Vec<&str> = services.map(|s| s.name.as_str()).collect();
        let scripts = repository.workloads.iter().enumerate().filter(|(index, _)| *index != workload);
        for (_, generator) in scripts {
            let texts = generator.containers.iter().flat_map(|c| c.args.iter().map(|a| a.value.as_str()));
            let script: String = texts.collect::<Vec<_>>().join("\n");
            let asks = |name: &&str| script.contains(&format!("//{name}.")) || script.contains(&format!("//{name}:"));
            if names.iter().any(asks)
                && let Some(mut riders) = Riders::like(&script, &entries)
            {
                riders.from = Some(format!("{}/{}", generator.kind, generator.name));
                return riders;
            }
        }
        Riders::usual()
    }

    /// The share of requests that are rides: all but looks at the front page.
    #[must_use]
    pub fn rides(&self) -> f64 {
        let rides = self.paths.iter().filter(|path| *path != "/").count();
        rides as f64 / self.paths.len().max(1) as f64
    }

    /// The adventure's.
    #[must_use]
    pub fn usual() -> Riders {
        Riders { paths: USUAL.map(str::to_owned).to_vec(), pause: Duration::from_millis(500), from: None }
    }

    /// Paths and pause of a shell script: words that are one of the entry points, and the shortest `sleep`.
    fn like(script: &str, entries: &[String]) -> Option<Riders> {
        let apart = |c: char| c.is_whitespace() || matches!(c, '\'' | '"' | '`' | ';' | '(' | ')' | '|');
        let words: Vec<&str> = script.split(apart).filter(|w| !w.is_empty()).collect();
        let entry = |word: &&str| {
            let word = word.find("=/").map_or(*word, |at| &word[at + 1..]);
            let address = word.contains("://").then(|| endpoint::parse(word)).flatten();
            let path = address.map_or_else(|| word.to_owned(), |a| a.path);
            entries.iter().any(|e| path.split('?').next() == Some(e)).then_some(path)
        };
        let mut paths: Vec<String> = Vec::new();
        for path in words.iter().filter_map(entry) {
            if !paths.contains(&path) {
                paths.push(path);
            }
        }
        let after_sleep = words.windows(2).filter(|pair| pair.first() == Some(&"sleep")).filter_map(|pair| pair.get(1));
        let pauses = after_sleep.filter_map(|text| text.parse::<f64>().ok()).filter(|s| *s > 0.0 && s.is_finite());
        let pause = pauses.min_by(f64::total_cmp)?;
        (!paths.is_empty()).then(|| Riders { paths, pause: Duration::from_secs_f64(pause), from: None })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_s_requests_are_read() {
        let entries = ["/".to_owned(), "/dispatch".to_owned()];
        let script = r#"
            sleep 10
            case $((turn % 2)) in
              0) path=/ ;;
              1) path='/dispatch?customer=123' ;;
            esac
            curl -o /dev/null "http://hotrod:8080/dispatch?customer=9" "$base$path"
            sleep 0.5 &"#;
        let riders = Riders::like(script, &entries).expect("riders");
        assert_eq!(riders.paths, ["/", "/dispatch?customer=123", "/dispatch?customer=9"]);
        assert_eq!(riders.pause, Duration::from_millis(500));
        assert!((riders.rides() - 2.0 / 3.0).abs() < 1e-9);
        assert_eq!(Riders::like("sleep infinity", &entries), None);
    }
}

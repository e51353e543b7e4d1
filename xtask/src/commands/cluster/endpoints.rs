//! Prometheus and Jaeger, as the arguments name them.

use crate::args::EndpointArgs;
use crate::error::CommandError;
use telemetry::{Jaeger, Prometheus, QueryError};

impl EndpointArgs {
    /// Clients of both; asks nobody yet.
    pub(crate) fn open(&self) -> Result<(Prometheus, Jaeger), CommandError> {
        let wrong = |option: &str, error: &QueryError| {
            CommandError::user(error.to_string()).hint(format!("{option} wants a URL such as http://localhost:9090"))
        };
        let prometheus = Prometheus::new(&self.prometheus).map_err(|error| wrong("--prometheus", &error))?;
        let jaeger = Jaeger::new(&self.jaeger).map_err(|error| wrong("--jaeger", &error))?;
        Ok((prometheus, jaeger))
    }
}

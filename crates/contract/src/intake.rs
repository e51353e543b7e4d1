//! Where a collector takes OTLP over HTTP from callers of the cluster.

use crate::endpoint::Host;
use crate::{Contract, Speaks};
use catalogue::Signal;

/// A Service's port behind which a collector takes traces by OTLP over HTTP.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Intake {
    /// The Service's namespace.
    pub namespace: String,
    /// Its name.
    pub service: String,
    /// Its port.
    pub port: u16,
}

impl Contract<'_> {
    /// The intake beside which the workloads' own traces arrive; else that of any collector with a pipeline for traces.
    pub fn intake(&self) -> Option<Intake> {
        let mut collectors: Vec<usize> = self.senders.iter().filter_map(|sender| sender.collector).collect();
        collectors.extend(0..self.repository.collectors.len());
        collectors.into_iter().find_map(|index| self.intake_of(index))
    }

    fn intake_of(&self, index: usize) -> Option<Intake> {
        let collector = self.repository.collectors.get(index)?;
        let ports: Vec<u16> = self
            .listeners
            .get(index)?
            .iter()
            .filter(|listener| listener.speaks == Speaks::OtlpHttp && listener.used && listener.host != Host::Loopback)
            .filter(|listener| {
                let mut traces =
                    collector.config.pipelines.iter().filter(|pipeline| pipeline.signal == Some(Signal::Traces));
                traces.any(|pipeline| pipeline.receivers.iter().any(|receiver| receiver.value == listener.id))
            })
            .map(|listener| listener.port)
            .collect();
        let workload = collector.workload?;
        let pod = self.repository.workloads.get(workload)?;
        let services =
            self.links.services(workload).iter().filter_map(|service| self.repository.services.get(*service));
        services.filter_map(|service| Some((service, service.namespace.clone()?))).find_map(|(service, namespace)| {
            let leads = |port: &&model::ServicePort| {
                pod.port_number(&port.target).is_some_and(|number| ports.contains(&number))
            };
            let port = service.ports.iter().find(leads)?.port;
            Some(Intake { namespace, service: service.name.clone(), port })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::{Context, Policy, Repository, SourceFile};

    const CONFIG: &str = "\
apiVersion: v1
kind: ConfigMap
metadata: {name: config, namespace: otel}
data:
  config.yaml: |
    receivers: {otlp: {protocols: {grpc: {endpoint: 0.0.0.0:4317}, http: {endpoint: 0.0.0.0:4318}}}}
    exporters: {debug: {}}
    service: {pipelines: {traces: {receivers: [otlp], exporters: [debug]}}}
";
    const POD: &str = "\
apiVersion: apps/v1
kind: Deployment
metadata: {name: collector, namespace: otel}
spec:
  selector: {matchLabels: {app: collector}}
  template:
    metadata: {labels: {app: collector}}
    spec:
      containers:
        - name: collector
          image: otel/opentelemetry-collector-contrib:0.142.0
          args: [--config=/conf/config.yaml]
          ports: [{name: otlp-http, containerPort: 4318}]
          volumeMounts: [{name: config, mountPath: /conf}]
      volumes: [{name: config, configMap: {name: config}}]
";
    const SERVICE: &str = "\
apiVersion: v1
kind: Service
metadata: {name: gateway, namespace: otel}
spec:
  selector: {app: collector}
  ports: [{name: grpc, port: 4317}, {name: http, port: 80, targetPort: otlp-http}]
";

    fn intake(config: &str, service: &str) -> Option<Intake> {
        let files = [("config.yaml", config), ("pod.yaml", POD), ("service.yaml", service)];
        let files = files.map(|(path, text)| SourceFile { path: path.to_owned(), content: Ok(text.into()) });
        let context = Context::of(Policy::default());
        let repository = Repository::read(&files, &context);
        Contract::derive(&repository, &context).intake()
    }

    #[test]
    fn a_service_leads_to_the_port_that_speaks_it() {
        let found = Intake { namespace: "otel".to_owned(), service: "gateway".to_owned(), port: 80 };
        assert_eq!(intake(CONFIG, SERVICE), Some(found));
        // Nobody outside of the pod is heard; nothing but gRPC is; the port leads elsewhere; no traces; no Service.
        for (config, service) in [
            (CONFIG.replace("0.0.0.0:4318", "localhost:4318"), SERVICE.to_owned()),
            (CONFIG.replace(", http: {endpoint: 0.0.0.0:4318}", ""), SERVICE.to_owned()),
            (CONFIG.to_owned(), SERVICE.replace("otlp-http", "4319")),
            (CONFIG.replace("traces:", "logs:"), SERVICE.to_owned()),
            (CONFIG.to_owned(), SERVICE.replace("app: collector", "app: other")),
        ] {
            assert_eq!(intake(&config, &service), None, "{config}{service}");
        }
    }
}

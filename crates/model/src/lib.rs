//! Typed views of a GitOps repository. Every value keeps its place. No IO.

mod analysis;
mod application;
mod collector;
mod compose;
mod config_map;
mod directories;
pub mod duration;
mod file;
mod kustomize;
mod link;
mod namespaces;
mod object;
mod place;
mod policy;
mod repository;
mod rollout;
mod service;
mod source;
mod typed;
pub mod url;
mod workload;

pub use analysis::{Metric, Provider, Template, TemplateArg, TemplateRef, dry_run_covers};
pub use application::{AppSource, Application, Generator, destination, glob};
pub use collector::{
    Collector, Component, Config, Pipeline, SECTIONS, Source, is_collector_image, section, signal, type_of,
};
pub use config_map::ConfigMap;
pub use directories::Directories;
pub use file::{File, Role};
pub use kustomize::{ImageChange, Kustomization, folder_of};
pub use link::compatible;
pub use object::Object;
pub use place::{Pairs, Place, Text, pair};
pub use policy::{
    Allow, Count, Elsewhere, ElsewhereService, Failing, Gates, MetricDescription, Mission, OtlpSender, Policy,
    PolicyError, Prometheus, RepositoryPair, Request, Span, WorkloadDescription, image_name, image_tag, older_tag,
    same_image,
};
pub use repository::Repository;
pub use rollout::{Analysis, ArgValue, Rollout, RolloutArg, Step, StepKind};
pub use service::{Service, ServicePort, service_host};
pub use source::{Context, GitFacts, PushTarget, SourceFile, Unreadable};
pub use workload::{Container, Env, Mount, Port, PortRef, Probe, Volume, Workload, field_label};

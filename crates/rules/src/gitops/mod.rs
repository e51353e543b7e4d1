//! Rules about what Argo CD deploys.

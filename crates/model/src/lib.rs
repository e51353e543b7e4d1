//! Typed views of a GitOps repository, and the contract that joins them.

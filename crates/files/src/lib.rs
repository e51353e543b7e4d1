//! Reads a folder's manifests and replaces files whole or not at all.

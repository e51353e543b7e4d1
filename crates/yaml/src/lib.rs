//! Lossless YAML: streams with exact positions, YAML inside scalars, routes and format-preserving patches.

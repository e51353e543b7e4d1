//! Reports for people and machines: source excerpts, JSON, SARIF, GitHub annotations.

//! Joins the typed views: who listens where, which series exist, and what a gate reads under a scenario.

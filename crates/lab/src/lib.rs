//! The real programs on one machine: Go modules that build the judges.

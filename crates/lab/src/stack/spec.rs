//! What to run.

use std::path::PathBuf;

/// A program with its arguments, its whole environment, and how to tell that it serves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spec {
    /// Its name in messages, and its log file's.
    pub name: String,
    /// The binary.
    pub binary: PathBuf,
    /// Arguments.
    pub args: Vec<String>,
    /// The environment; nothing is inherited.
    pub env: Vec<(String, String)>,
    /// How to tell that it serves.
    pub ready: Ready,
}

/// How a program tells that it serves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ready {
    /// 200 from this path of 127.0.0.1.
    Answers {
        /// The port.
        port: u16,
        /// The path.
        path: String,
    },
    /// Something listens on each of these ports of 127.0.0.1. No request is sent: HotROD counts them.
    Listens(Vec<u16>),
    /// Its log has this text.
    Says(String),
}

//! `hyperspace`: the same command line, installed.

fn main() -> std::process::ExitCode {
    hyperspace_cli::run()
}

//! `cargo xtask`: the command line in this workspace.

fn main() -> std::process::ExitCode {
    hyperspace_cli::run()
}

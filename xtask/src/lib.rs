//! The command line: parse arguments, read what comes from outside, call the pure crates, print, map to exit codes.
//!
//! One file a command below `commands`, each `cmd_x(ui, args) -> Result<Exit, CommandError>`. Only [`ui`] prints.

mod args;
mod commands;
mod error;
mod exit;
mod facts;
mod ignored;
mod input;
mod markdown;
mod policy;
mod scenario;
#[cfg(feature = "cluster")]
mod tracing;
#[cfg(not(feature = "cluster"))]
#[path = "tracing_absent.rs"]
mod tracing;
mod ui;

use args::Command;
use error::CommandError;
use exit::Exit;
use std::process::ExitCode;
use ui::Ui;

/// Runs the program with the process's arguments.
pub fn run() -> ExitCode {
    let program = ui::program_name();
    let cli = match args::parse(&program, std::env::args_os()) {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version go to standard output with 0, usage errors to standard error with 2.
            let code = if error.use_stderr() { Exit::CouldNotRun } else { Exit::Done };
            // Nobody is left to tell when printing fails.
            let _ = error.print();
            return code.into();
        }
    };
    let ui = Ui::new(program, cli.color, cli.quiet);
    match dispatch(&ui, cli.command) {
        Ok(exit) => exit.into(),
        Err(error) => {
            ui.error(&error);
            Exit::CouldNotRun.into()
        }
    }
}

fn dispatch(ui: &Ui, command: Command) -> Result<Exit, CommandError> {
    match command {
        Command::Check(args) => commands::check::cmd_check(ui, &args),
        Command::Fix(args) => commands::fix::cmd_fix(ui, &args),
        Command::FixAndPush(args) => commands::fix_and_push::cmd_fix_and_push(ui, &args),
        Command::Explain(args) => commands::explain::cmd_explain(ui, &args),
        Command::Rules(args) => commands::rules::cmd_rules(ui, &args),
        Command::Gates(args) => commands::gates::cmd_gates(ui, &args),
        Command::Practice(args) => commands::practice::cmd_practice(ui, &args),
        Command::Demo(args) => commands::demo::cmd_demo(ui, &args),
        #[cfg(not(feature = "console"))]
        Command::Console(_) => commands::whole::hand_over(ui),
        #[cfg(feature = "console")]
        Command::Console(args) => commands::console::cmd_console(ui, &args),
        Command::Rehearse(args) => commands::rehearse::cmd_rehearse(ui, &args),
        Command::Prove(args) => commands::prove::cmd_prove(ui, &args),
        #[cfg(feature = "cluster")]
        Command::Status(args) => commands::cluster::cmd_status(ui, &args),
        #[cfg(feature = "cluster")]
        Command::Watch(args) => commands::cluster::cmd_watch(ui, &args),
        #[cfg(feature = "cluster")]
        Command::Refresh(args) => commands::cluster::cmd_refresh(ui, &args),
        #[cfg(feature = "cluster")]
        Command::Retry(args) => commands::cluster::cmd_retry(ui, &args),
        #[cfg(feature = "cluster")]
        Command::Abort(args) => commands::cluster::cmd_abort(ui, &args),
        #[cfg(feature = "cluster")]
        Command::Report(args) => commands::cluster::cmd_report(ui, &args),
        #[cfg(feature = "cluster")]
        Command::SmokeTest(args) => commands::cluster::cmd_smoke_test(ui, &args),
        #[cfg(not(feature = "cluster"))]
        Command::Report(_)
        | Command::SmokeTest(_)
        | Command::Status(_)
        | Command::Watch(_)
        | Command::Refresh(_)
        | Command::Retry(_)
        | Command::Abort(_) => commands::whole::hand_over(ui),
        Command::Lab(args) => commands::lab::cmd_lab(ui, &args),
        Command::Bench(args) => commands::bench::cmd_bench(ui, &args),
        Command::Policy(args) => commands::policy::cmd_policy(ui, &args),
        Command::Completions(args) => commands::completions::cmd_completions(ui, &args),
    }
}

//! `demo`: the whole way, from a broken repository to a pushed fix, in a scratch folder.

use crate::args::{AccessArgs, DemoArgs, EndpointArgs, FixAndPushArgs, ListFormat, Target};
use crate::commands::fix_and_push;
use crate::error::{CommandError, Doing};
use crate::exit::Exit;
use crate::scenario;
use crate::tracing::Tracer;
use crate::ui::Ui;
use std::path::{Path, PathBuf};
use std::time::Instant;

/// Runs `demo`: the code path of `fix-and-push` on a clone of a local bare remote. The folder is kept.
pub(crate) fn cmd_demo(ui: &Ui, args: &DemoArgs) -> Result<Exit, CommandError> {
    #[cfg(not(feature = "console"))]
    if args.open {
        return crate::commands::whole::hand_over(ui);
    }
    let started = Instant::now();
    let folder = scratch(args.keep.as_deref())?;
    let (clone, remote) = (folder.join("fleet"), folder.join("remote.git"));
    std::fs::create_dir_all(&clone).doing(format!("create {}", clone.display()))?;
    scenario::write(&clone)?;
    let repository = scenario::commit(&clone)?;
    scenario::publish(&repository, &remote)?;
    ui.line(&format!("A broken release, in {}", clone.display()))?;
    ui.line(&format!("Its remote is {}", remote.display()))?;

    let push = FixAndPushArgs {
        target: Target { path: clone.clone(), policy: None },
        branch: None,
        remote: None,
        message: None,
        dry_run: false,
        no_push: false,
        allow_dirty: false,
        retarget: false,
        unsafe_fixes: false,
        undo: false,
        no_cluster: true,
        access: AccessArgs { context: None, kubeconfig: None, argocd: String::new() },
        endpoints: EndpointArgs { prometheus: String::new(), jaeger: String::new() },
        no_smoke_test: true,
        retry: false,
        otlp: None,
        timeout: 0,
        format: ListFormat::Human,
        rehearse: false,
    };
    let trace = Tracer::begin("demo");
    let plan = fix_and_push::plan(fix_and_push::repository(&clone)?, &push, None, &trace)?;
    ui.heading("1. What is wrong")?;
    ui.out(&report::human(&plan.before.0, &plan.before.1, &ui.look()))?;
    ui.heading("2. What mends it")?;
    ui.out(&report::diff(&plan.fixed.changed, ui.look().colour))?;
    ui.heading("3. Commit and push")?;
    ui.out(&fix_and_push::told(&plan))?;
    let mut exit = Exit::Done;
    if plan.has_work() {
        exit = fix_and_push::deliver(ui, &plan, &trace)?.0;
    }
    ui.heading("4. What is left")?;
    ui.out(&report::human(&plan.fixed.report, &plan.fixed.repository, &ui.look()))?;
    ui.heading(&format!("Done in {:.1} s. What to try next", started.elapsed().as_secs_f32()))?;
    next(ui, &clone)?;
    if exit == Exit::Done {
        exit = Exit::of(&plan.fixed.report);
    }
    #[cfg(feature = "console")]
    if args.open {
        // Thousands of freed strings are not worth a wait; the plan ends with the process.
        std::mem::forget(plan);
        return crate::commands::console::serve(ui, &Target { path: clone, policy: None }, 0);
    }
    Ok(exit)
}

fn next(ui: &Ui, clone: &Path) -> Result<(), CommandError> {
    let (me, clone) = (&ui.program, clone.display());
    ui.next(&[
        (format!("git -C {clone} show"), "the pushed commit"),
        (format!("{me} gates {clone}"), "what each gate reads, and what it misses"),
        (format!("{me} explain gate/missing"), "all about a rule"),
        (format!("{me} practice orbit"), "mend such a start yourself, with hints"),
        (format!("{me} check DIR"), "your own repository"),
    ])
}

/// A folder of its own: nothing that is there already is touched.
fn scratch(keep: Option<&Path>) -> Result<PathBuf, CommandError> {
    match keep {
        Some(folder) if !scenario::is_free(folder)? => {
            Err(CommandError::user(format!("{} is not empty", folder.display())))
        }
        Some(folder) => {
            std::fs::create_dir_all(folder).doing(format!("create {}", folder.display()))?;
            folder.canonicalize().doing(format!("find {}", folder.display()))
        }
        None => {
            let made = tempfile::Builder::new().prefix("hyperspace-demo-").tempdir();
            Ok(made.doing("create a scratch folder")?.keep())
        }
    }
}

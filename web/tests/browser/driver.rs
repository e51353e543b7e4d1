//! chromedriver, for as long as the tests run, and one browser at a time.

use crate::tab::Tab;
use futures_util::FutureExt as _;
use lab::free_ports;
use lab::stack::{Ready, Running, Spec, Stack};
use std::panic::{AssertUnwindSafe, resume_unwind};
use std::path::PathBuf;
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::Duration;
use thirtyfour::ChromiumLikeCapabilities as _;
use thirtyfour::common::log::LoggingPrefsLogLevel;
use thirtyfour::{DesiredCapabilities, WebDriver};

/// What a browser has on every machine: no window system, the same colours, letters without hints of the screen.
const SWITCHES: [&str; 9] = [
    "--headless=new",
    // Only our own pages are opened, and root has no sandbox.
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--force-color-profile=srgb",
    "--font-render-hinting=none",
    "--hide-scrollbars",
    "--lang=en-GB",
];

struct Driver {
    address: String,
    chromium: String,
    // Both end with this process.
    _stack: Stack,
    _running: Vec<Running>,
}

/// Started by whoever asks first; `None`, loudly, where there is none.
fn driver() -> Option<&'static Driver> {
    static DRIVER: OnceLock<Option<Driver>> = OnceLock::new();
    let start = || match (found("chromium"), found("chromedriver")) {
        (Some(chromium), Some(chromedriver)) => Some(Driver::start(&chromium, chromedriver)),
        _ => {
            let missing = "chromium and chromedriver (Debian: chromium, chromium-driver) are not both on the PATH";
            assert!(std::env::var_os("CI").is_none_or(|ci| ci.is_empty()), "{missing}");
            eprintln!("SKIPPED: {missing}");
            None
        }
    };
    DRIVER.get_or_init(start).as_ref()
}

fn found(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(program)).find(|file| file.is_file())
}

impl Driver {
    fn start(chromium: &std::path::Path, chromedriver: PathBuf) -> Driver {
        // Kept: the watchdog removes it with the processes.
        let folder = tempfile::Builder::new().prefix("browser").tempdir().expect("a folder").keep();
        let stack = Stack::new(&folder, &folder).expect("a stack");
        let [port] = free_ports().expect("a port");
        let home = folder.display().to_string();
        let path = std::env::var("PATH").expect("it was found there");
        let running = stack
            .start_all(
                vec![Spec {
                    name: "chromedriver".to_owned(),
                    binary: chromedriver,
                    args: vec![format!("--port={port}")],
                    // The person's own profile is left alone.
                    env: [("PATH", path), ("HOME", home.clone()), ("TMPDIR", home)]
                        .map(|(name, value)| (name.to_owned(), value))
                        .to_vec(),
                    ready: Ready::Listens(vec![port]),
                }],
                Duration::from_secs(30),
            )
            .expect("chromedriver");
        Driver {
            address: format!("http://127.0.0.1:{port}"),
            chromium: chromium.display().to_string(),
            _stack: stack,
            _running: running,
        }
    }

    async fn tab(&self) -> Tab {
        let mut wanted = DesiredCapabilities::chrome();
        wanted.set_binary(&self.chromium).expect("a path");
        SWITCHES.iter().for_each(|switch| wanted.add_arg(switch).expect("a switch"));
        wanted.set_browser_log_level(LoggingPrefsLogLevel::All).expect("a level");
        Tab::new(WebDriver::new(&self.address, wanted).await.expect("a browser")).await
    }
}

/// Runs a test in a browser of its own. Browsers wait for each other: two at once are slower than one after the other, and a
/// slow one is what a test would take for a broken page.
pub(crate) fn browse(test: impl AsyncFnOnce(&Tab)) {
    let Some(driver) = driver() else { return };
    static TURN: Mutex<()> = Mutex::new(());
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
    runtime.expect("a runtime").block_on(async {
        let tab = driver.tab().await;
        let outcome = AssertUnwindSafe(test(&tab)).catch_unwind().await;
        tab.quit().await;
        if let Err(panic) = outcome {
            resume_unwind(panic);
        }
    });
}

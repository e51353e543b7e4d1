//! One browser with one page, as a reader has it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use thirtyfour::{Key, WebDriver};

/// A busy machine takes its time.
const PATIENCE: Duration = Duration::from_secs(60);

/// Runs before anything of a page: what its policy forbids and what fails in it is kept for [`Tab::faults`].
const WATCH: &str = "
    window.faults = [];
    addEventListener('securitypolicyviolation', e => faults.push(`policy: ${e.violatedDirective} ${e.blockedURI}`));
    addEventListener('error', e => faults.push(`error: ${e.message ?? e.target?.src ?? e.target?.href}`), true);
    addEventListener('unhandledrejection', e => faults.push(`rejection: ${e.reason}`));
    for (const name of ['alert', 'confirm', 'prompt', 'print']) window[name] = () => faults.push(`dialog: ${name}`);
";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scheme {
    Light,
    Dark,
}

/// Widths in CSS pixels.
pub(crate) const DESK: u32 = 1280;
pub(crate) const PHONE: u32 = 390;

pub(crate) struct Tab {
    driver: WebDriver,
}

impl Tab {
    pub(crate) async fn new(driver: WebDriver) -> Tab {
        driver
            .update_timeouts(thirtyfour::TimeoutConfiguration::new(Some(PATIENCE), Some(PATIENCE), None))
            .await
            .unwrap();
        let tab = Tab { driver };
        tab.cdp("Page.addScriptToEvaluateOnNewDocument", json!({"source": WATCH})).await;
        tab.width(DESK).await;
        tab.scheme(Scheme::Light).await;
        tab
    }

    pub(crate) async fn quit(self) {
        self.driver.quit().await.unwrap();
    }

    pub(crate) async fn cdp(&self, command: &str, parameters: Value) -> Value {
        let answer = self.driver.cdp().send_raw(command, parameters).await;
        answer.unwrap_or_else(|error| panic!("{command}: {error}"))
    }

    /// As the settings of the reader's system would have it.
    pub(crate) async fn scheme(&self, scheme: Scheme) {
        let value = if scheme == Scheme::Dark { "dark" } else { "light" };
        let features = json!([
            {"name": "prefers-color-scheme", "value": value},
            {"name": "prefers-reduced-motion", "value": "reduce"},
        ]);
        self.cdp("Emulation.setEmulatedMedia", json!({"features": features})).await;
    }

    pub(crate) async fn width(&self, width: u32) {
        let height = if width == PHONE { 844 } else { 900 };
        let screen = json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width == PHONE});
        self.cdp("Emulation.setDeviceMetricsOverride", screen).await;
    }

    pub(crate) async fn scripts(&self, run: bool) {
        self.cdp("Emulation.setScriptExecutionDisabled", json!({"value": !run})).await;
    }

    pub(crate) async fn open(&self, address: &str) {
        self.driver.goto(address).await.unwrap_or_else(|error| panic!("{address}: {error}"));
    }

    /// The address without the host.
    pub(crate) async fn path(&self) -> String {
        let url = self.driver.current_url().await.unwrap();
        url.query().map_or_else(|| url.path().to_owned(), |query| format!("{}?{query}", url.path()))
    }

    /// What a script's `return` gives.
    pub(crate) async fn js(&self, script: &str) -> Value {
        self.js_of(script, vec![]).await
    }

    pub(crate) async fn js_of(&self, script: &str, arguments: Vec<Value>) -> Value {
        let answer = self.driver.execute(script, arguments).await;
        answer.unwrap_or_else(|error| panic!("{script:.200}: {error}")).json().clone()
    }

    /// What a script hands to its last argument, a function.
    pub(crate) async fn js_later(&self, script: &str, arguments: Vec<Value>) -> Value {
        let answer = self.driver.execute_async(script, arguments).await;
        answer.unwrap_or_else(|error| panic!("{script:.200}: {error}")).json().clone()
    }

    pub(crate) async fn text_of(&self, css: &str) -> String {
        let text =
            self.js_of("return document.querySelector(arguments[0])?.textContent.trim()", vec![css.into()]).await;
        text.as_str().unwrap_or_else(|| panic!("there is no {css}")).to_owned()
    }

    /// Waits until an expression is true.
    pub(crate) async fn until(&self, expression: &str) {
        let end = Instant::now() + PATIENCE;
        while self.js(&format!("return Boolean({expression})")).await != true {
            assert!(Instant::now() < end, "never so: {expression}; the page says: {}", self.text_of("body").await);
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    pub(crate) async fn press(&self, key: Key) {
        self.driver.action_chain().send_keys(key).perform().await.unwrap();
    }

    pub(crate) async fn keys(&self, text: &str) {
        self.driver.action_chain().send_keys(text).perform().await.unwrap();
    }

    /// What went wrong in the page since it was opened, and what the browser complained about since the last call.
    pub(crate) async fn faults(&self) -> Vec<String> {
        let mut faults: Vec<String> = serde_json::from_value(self.js("return window.faults ?? []").await).unwrap();
        let log = self.driver.browser_log().await.unwrap();
        faults.extend(log.into_iter().filter(|entry| entry.level == "SEVERE").map(|entry| entry.message));
        faults
    }

    /// All of the page as it is laid out now, as PNG.
    pub(crate) async fn whole(&self) -> Vec<u8> {
        let shot = self.cdp("Page.captureScreenshot", json!({"captureBeyondViewport": true})).await;
        STANDARD.decode(shot["data"].as_str().unwrap()).unwrap()
    }

    /// The top of the page, this many pixels, as PNG.
    pub(crate) async fn picture(&self, width: u32, height: u32) -> Vec<u8> {
        let screen = json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": false});
        self.cdp("Emulation.setDeviceMetricsOverride", screen).await;
        self.driver.screenshot_as_png().await.unwrap()
    }
}

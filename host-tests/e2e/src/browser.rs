//! A real browser: Chromium without a window, driven by WebDriver. It knows a deployment by the name that its users know it by,
//! and tells all that it asked for and all that it complained of.

mod log;
mod start;
mod vendor;

use anyhow::{Context, Result, bail};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use fantoccini::Client;
pub use fantoccini::Locator;
use log::Log;
pub use log::{Complaint, End, Request};
use promward_harness::process::Process;
use serde_json::{Value, json};
pub use start::Options;
use std::fs;
use std::future::Future;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};
use tempfile::TempDir;
use tokio::runtime::Runtime;
use tokio::time::timeout;

/// How long the browser may take for one thing, and how often it is asked whether that has come.
const PATIENCE: Duration = Duration::from_secs(60);
const GLANCE: Duration = Duration::from_millis(20);

/// A browser with one tab and a profile of its own. It ends with this value.
pub struct Browser {
    client: Client,
    runtime: Runtime,
    log: Log,
    /// `USER:PASSWORD@`, once somebody has logged in: what is taken out of all that the browser tells.
    login: Option<String>,
    driver: Process,
    chromium: Process,
    _profile: TempDir,
}

impl Browser {
    /// Opens a page, and waits until it has loaded.
    ///
    /// # Errors
    ///
    /// When the browser doesn't get there; a page that says no is a page.
    pub fn open(&mut self, url: &str) -> Result<()> {
        self.settle()?;
        self.wait(url, self.client.goto(url))
    }

    /// Opens a page as somebody who is asked for a user and a password and types them. The browser sends them along from
    /// then on, as it does until it is closed. Neither may have characters that mean something in a URL.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open), and when the URL has no scheme.
    pub fn log_in(&mut self, url: &str, user: &str, password: &str) -> Result<()> {
        let (scheme, rest) = url.split_once("://").context("a URL begins with its scheme")?;
        let login = format!("{user}:{password}@");
        let with_login = format!("{scheme}://{login}{rest}");
        self.login = Some(login);
        self.open(&with_login)
    }

    /// Loads the page again.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open).
    pub fn reload(&mut self) -> Result<()> {
        self.settle()?;
        self.wait("loading it again", self.client.refresh())
    }

    /// Goes back to the page before.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open).
    pub fn back(&mut self) -> Result<()> {
        self.settle()?;
        self.wait("going back", self.client.back())
    }

    /// The URL of the page.
    ///
    /// # Errors
    ///
    /// When the browser doesn't tell.
    pub fn address(&self) -> Result<String> {
        let url = self.wait("the address", self.client.current_url())?;
        Ok(url.as_str().replace(self.login.as_deref().unwrap_or_default(), ""))
    }

    /// What one reads on the page.
    ///
    /// # Errors
    ///
    /// When the browser doesn't tell.
    pub fn text(&self) -> Result<String> {
        let text = self.run("return document.body.innerText", vec![])?;
        Ok(text.as_str().unwrap_or_default().to_owned())
    }

    /// The page as it is now, as HTML.
    ///
    /// # Errors
    ///
    /// When the browser doesn't tell.
    pub fn source(&self) -> Result<String> {
        self.wait("the source", self.client.source())
    }

    /// Waits until something is on the page.
    ///
    /// # Errors
    ///
    /// When it isn't there within a minute; the message has what is there.
    pub fn wait_for(&self, what: Locator<'_>) -> Result<()> {
        let element = self.client.wait().at_most(PATIENCE).every(GLANCE).for_element(what);
        match self.wait("an element", element) {
            Ok(_) => Ok(()),
            Err(error) => bail!("{what:?} is not on this page ({error:#}): {}", self.text()?),
        }
    }

    /// Clicks on something as soon as it is on the page.
    ///
    /// # Errors
    ///
    /// As [`wait_for`](Self::wait_for), and when it is behind something else.
    pub fn click(&mut self, what: Locator<'_>) -> Result<()> {
        self.wait_for(what)?;
        let click = async { self.client.find(what).await?.click().await };
        self.wait(&format!("a click on {what:?}"), click)
    }

    /// Types into a field as soon as it is on the page, in place of what is in it.
    ///
    /// # Errors
    ///
    /// As [`wait_for`](Self::wait_for), and when it can't be typed into.
    pub fn type_into(&mut self, field: Locator<'_>, text: &str) -> Result<()> {
        self.wait_for(field)?;
        let typing = async {
            let field = self.client.find(field).await?;
            field.clear().await?;
            field.send_keys(text).await
        };
        self.wait(&format!("typing into {field:?}"), typing)
    }

    /// Chooses the option with this value from a list.
    ///
    /// # Errors
    ///
    /// As [`wait_for`](Self::wait_for), and when the list has no such option.
    pub fn choose(&mut self, list: Locator<'_>, value: &str) -> Result<()> {
        self.wait_for(list)?;
        let choice = async { self.client.find(list).await?.select_by_value(value).await };
        self.wait(&format!("the choice of {value}"), choice)
    }

    /// Runs a script on the page, which returns something. It finds what it is given in `arguments`.
    ///
    /// # Errors
    ///
    /// When it fails.
    pub fn run(&self, script: &str, given: Vec<Value>) -> Result<Value> {
        self.wait("a script", self.client.execute(script, given))
    }

    /// Writes a picture of what is to be seen of the page, as PNG.
    ///
    /// # Errors
    ///
    /// When there is none, or the file can't be written.
    pub fn picture(&self, path: &Path) -> Result<()> {
        let picture = self.wait("a picture", self.client.screenshot())?;
        fs::write(path, picture).with_context(|| format!("cannot write {}", path.display()))
    }

    /// How many pixels of an element are painted in a colour (red, green and blue), or nearly so.
    ///
    /// # Errors
    ///
    /// When there is no picture of it.
    pub fn painted(&self, what: Locator<'_>, colour: [u8; 3]) -> Result<u64> {
        let picture = async { self.client.find(what).await?.screenshot().await };
        let picture = STANDARD.encode(self.wait(&format!("a picture of {what:?}"), picture)?);
        // The browser can read pictures, so nobody else has to.
        let count = self.client.execute_async(COUNT_PIXELS, vec![json!(picture), json!(colour)]);
        self.wait("counting pixels", count)?.as_u64().context("no count of pixels")
    }

    /// Waits until every request that the page has made is over.
    ///
    /// # Errors
    ///
    /// When one isn't within a minute.
    pub fn settle(&mut self) -> Result<()> {
        let start = Instant::now();
        loop {
            self.read_log()?;
            let Some(open) = self.log.open() else { return Ok(()) };
            if start.elapsed() > PATIENCE {
                bail!("{} is not over after {PATIENCE:?}", open.url);
            }
            thread::sleep(GLANCE);
        }
    }

    /// The process group of Chromium.
    #[must_use]
    pub fn group(&self) -> u32 {
        self.chromium.id()
    }

    /// All that the browser has asked for, up to the last time that it [settled](Self::settle).
    #[must_use]
    pub fn requests(&self) -> &[Request] {
        self.log.requests()
    }

    /// All that its console has shown, up to then.
    #[must_use]
    pub fn complaints(&self) -> &[Complaint] {
        self.log.complaints()
    }

    fn read_log(&mut self) -> Result<()> {
        for (kind, take) in
            [("performance", Log::take_event as fn(&mut Log, &Value)), ("browser", Log::take_line)]
        {
            let entries = self.vendor("se/log", json!({ "type": kind }))?;
            let login = self.login.as_deref().unwrap_or_default();
            for entry in entries.as_array().into_iter().flatten() {
                take(&mut self.log, &without(entry, login));
            }
        }
        for id in self.log.unread() {
            let command = json!({ "cmd": "Network.getResponseBody", "params": { "requestId": id } });
            // A page that has been left takes with it what nobody has read; a test that needs it sees that it's missing.
            if let Ok(answer) = self.vendor("goog/cdp/execute", command) {
                self.log.read(&id, &answer);
            }
        }
        Ok(())
    }

    /// A command of ChromeDriver's own.
    fn vendor(&self, path: &'static str, body: Value) -> Result<Value> {
        self.wait(path, self.client.issue_cmd(vendor::Command { path, body }))
    }

    fn wait<T, E>(&self, what: &str, doing: impl Future<Output = Result<T, E>>) -> Result<T>
    where
        E: std::error::Error + Send + Sync + 'static,
    {
        let done = self.runtime.block_on(async { timeout(PATIENCE, doing).await });
        let done = done.with_context(|| format!("{what} took more than {PATIENCE:?} ({})", self.driver))?;
        done.with_context(|| format!("the browser fails at {what}"))
    }
}

/// Gives the number of pixels of a picture (PNG in base64) that are of a colour.
const COUNT_PIXELS: &str = "
    const [picture, [red, green, blue], done] = arguments;
    const bytes = Uint8Array.from(atob(picture), (letter) => letter.charCodeAt(0));
    createImageBitmap(new Blob([bytes], { type: 'image/png' })).then((image) => {
        const context = new OffscreenCanvas(image.width, image.height).getContext('2d');
        context.drawImage(image, 0, 0);
        const { data } = context.getImageData(0, 0, image.width, image.height);
        const near = (at, value) => Math.abs(data[at] - value) < 16;
        let count = 0;
        for (let at = 0; at < data.length; at += 4) {
            if (near(at, red) && near(at + 1, green) && near(at + 2, blue)) count += 1;
        }
        done(count);
    });
";

/// A log entry without the login in its URLs.
fn without(entry: &Value, login: &str) -> Value {
    if login.is_empty() {
        return entry.clone();
    }
    match entry {
        Value::String(text) => Value::String(text.replace(login, "")),
        Value::Array(items) => items.iter().map(|item| without(item, login)).collect(),
        Value::Object(fields) => {
            fields.iter().map(|(name, value)| (name.clone(), without(value, login))).collect()
        }
        _ => entry.clone(),
    }
}

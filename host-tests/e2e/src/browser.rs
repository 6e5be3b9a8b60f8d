//! Drives a real browser: Chromium without a window, by WebDriver. The browser reaches a deployment by the name that
//! users type, and reports every request that it sends and every line on its console.

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

/// The longest time that one action of the browser may take, and the pause between two looks at whether it is done.
const PATIENCE: Duration = Duration::from_secs(60);
const GLANCE: Duration = Duration::from_millis(20);

/// A browser with one tab and a profile of its own. It is closed when this value is dropped.
pub struct Browser {
    client: Client,
    runtime: Runtime,
    log: Log,
    /// The text `USER:PASSWORD@` after a login. It is removed from everything that the browser reports.
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
    /// Fails if no page loads. A page with an error status is a page.
    pub fn open(&mut self, url: &str) -> Result<()> {
        self.settle()?;
        self.wait(url, self.client.goto(url))
    }

    /// Opens a page as a person who is asked for a user and a password and types them. The browser then sends them with
    /// every request until it is closed. Neither may contain characters with a meaning in a URL.
    ///
    /// # Errors
    ///
    /// Fails as [`open`](Self::open) does, and if the URL has no scheme.
    pub fn log_in(&mut self, url: &str, user: &str, password: &str) -> Result<()> {
        let (scheme, rest) = url.split_once("://").context("a URL begins with its scheme")?;
        let login = format!("{user}:{password}@");
        let with_login = format!("{scheme}://{login}{rest}");
        self.login = Some(login);
        self.open(&with_login)
    }

    pub fn reload(&mut self) -> Result<()> {
        self.settle()?;
        self.wait("loading it again", self.client.refresh())
    }

    pub fn back(&mut self) -> Result<()> {
        self.settle()?;
        self.wait("going back", self.client.back())
    }

    /// Returns the URL of the page, without the login.
    pub fn address(&self) -> Result<String> {
        let url = self.wait("the address", self.client.current_url())?;
        Ok(url.as_str().replace(self.login.as_deref().unwrap_or_default(), ""))
    }

    /// Returns the text that a person reads on the page.
    pub fn text(&self) -> Result<String> {
        let text = self.run("return document.body.innerText", vec![])?;
        Ok(text.as_str().unwrap_or_default().to_owned())
    }

    /// Returns the current page as HTML.
    pub fn source(&self) -> Result<String> {
        self.wait("the source", self.client.source())
    }

    /// Waits until an element is on the page.
    ///
    /// # Errors
    ///
    /// Fails if it isn't there within a minute. The message has the text of the page.
    pub fn wait_for(&self, what: Locator<'_>) -> Result<()> {
        let element = self.client.wait().at_most(PATIENCE).every(GLANCE).for_element(what);
        match self.wait("an element", element) {
            Ok(_) => Ok(()),
            Err(error) => bail!("{what:?} is not on this page ({error:#}): {}", self.text()?),
        }
    }

    /// Clicks on an element as soon as it is on the page.
    ///
    /// # Errors
    ///
    /// Fails as [`wait_for`](Self::wait_for) does, and if the element is behind another.
    pub fn click(&mut self, what: Locator<'_>) -> Result<()> {
        self.wait_for(what)?;
        let click = async { self.client.find(what).await?.click().await };
        self.wait(&format!("a click on {what:?}"), click)
    }

    /// Types into a field as soon as it is on the page, and replaces the text in it.
    ///
    /// # Errors
    ///
    /// Fails as [`wait_for`](Self::wait_for) does, and if the field can't be typed into.
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
    /// Fails as [`wait_for`](Self::wait_for) does, and if the list has no such option.
    pub fn choose(&mut self, list: Locator<'_>, value: &str) -> Result<()> {
        self.wait_for(list)?;
        let choice = async { self.client.find(list).await?.select_by_value(value).await };
        self.wait(&format!("the choice of {value}"), choice)
    }

    /// Forgets cookies of the site that is shown, as a browser does when they have expired.
    pub fn forget(&self, cookies: &[&str]) -> Result<()> {
        cookies
            .iter()
            .try_for_each(|name| self.wait(&format!("forgetting {name}"), self.client.delete_cookie(name)))
    }

    /// Runs a script on the page and returns its result. The script finds `given` in `arguments`.
    pub fn run(&self, script: &str, given: Vec<Value>) -> Result<Value> {
        self.wait("a script", self.client.execute(script, given))
    }

    /// Writes a picture of the visible part of the page, as PNG.
    pub fn picture(&self, path: &Path) -> Result<()> {
        let picture = self.wait("a picture", self.client.screenshot())?;
        fs::write(path, picture).with_context(|| format!("cannot write {}", path.display()))
    }

    /// Counts the pixels of an element that have a colour (red, green and blue), or nearly that colour.
    pub fn painted(&self, what: Locator<'_>, colour: [u8; 3]) -> Result<u64> {
        let picture = async { self.client.find(what).await?.screenshot().await };
        let picture = STANDARD.encode(self.wait(&format!("a picture of {what:?}"), picture)?);
        // The browser itself reads the picture, so that the tests need no code for it.
        let count = self.client.execute_async(COUNT_PIXELS, vec![json!(picture), json!(colour)]);
        self.wait("counting pixels", count)?.as_u64().context("no count of pixels")
    }

    /// Waits until every request of the page has ended.
    ///
    /// # Errors
    ///
    /// Fails if one hasn't ended after a minute.
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

    /// Returns the id of Chromium's process group.
    #[must_use]
    pub fn group(&self) -> u32 {
        self.chromium.id()
    }

    /// Returns all requests of the browser up to the last call of [`settle`](Self::settle).
    #[must_use]
    pub fn requests(&self) -> &[Request] {
        self.log.requests()
    }

    /// Returns all lines of its console up to the last call of [`settle`](Self::settle).
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
            // The body is lost if the page was left before anybody read it. A test that needs the body fails then.
            if let Ok(answer) = self.vendor("goog/cdp/execute", command) {
                self.log.read(&id, &answer);
            }
        }
        Ok(())
    }

    /// Runs a command that only ChromeDriver knows.
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

/// Counts the pixels of a picture (PNG in base64) that have a colour.
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

/// Returns a log entry without the login in its URLs.
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

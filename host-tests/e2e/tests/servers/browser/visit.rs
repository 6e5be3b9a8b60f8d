//! A visit of one user: a browser of its own, the user's actions, and the checks of everything that the browser did.

use super::complaints;
use super::set_up::{self, PASSWORD};
use promward_e2e::browser::{self, Browser, End, Locator, Request};
use promward_e2e::deployment::{Deployment, Host};
use std::fs;

/// The page that the guide's reader opens.
pub(crate) const HOME: &str = "https://example.com/prometheus/";

/// The icon that a browser requests by itself when a page names none. It is the only request outside the prefix.
const ICON: &str = "https://example.com/favicon.ico";

const QUERY: Locator<'_> = Locator::Css("textarea[name=expr]");
pub(crate) const GRAPH_TAB: Locator<'_> = Locator::Css("a[href='#graph0']");
const GRAPH: Locator<'_> = Locator::Css(".graph > svg");

const EXECUTE: Locator<'_> = Locator::Css("input.execute_btn");

/// The list of all metrics, and the first of them once the server has returned them.
const METRICS: Locator<'_> = Locator::Css("select[name=insert_metric]");
pub(crate) const METRIC: Locator<'_> = Locator::Css("select[name=insert_metric] option:nth-child(2)");

/// The pixels in the colour of a line that a graph must have. A line from side to side has more.
const DRAWN: u64 = 500;

pub(crate) struct Visit {
    pub(crate) browser: Browser,
    name: String,
    user: &'static str,
    /// The requests that are to be refused, by the beginning of the URL, with their statuses.
    refused: Vec<(String, u16)>,
    _deployment: Deployment,
}

impl Visit {
    /// Begins a visit before a login, or returns `None` if a program is missing.
    pub(crate) fn begin(host: Host, user: &'static str) -> Option<Self> {
        let deployment = set_up::deployment(host, set_up::prometheus()?);
        let certificate = fs::read_to_string(deployment.directory().join("example.com.crt")).unwrap();
        let options =
            browser::Options::default().deployment("example.com", deployment.https(), &certificate).unwrap();
        let browser = Browser::start(&options).unwrap();
        let host = if host == Host::Envoy { "envoy" } else { "embedded" };
        Some(Self {
            browser,
            name: format!("{host}-{user}"),
            user,
            refused: Vec::new(),
            _deployment: deployment,
        })
    }

    /// Checks that the server asks for a password. The browser shows that as an error page, because nobody can type
    /// there.
    pub(crate) fn is_asked(&mut self) {
        self.refused.push((HOME.to_owned(), 401));
        self.browser.open(HOME).unwrap();
        self.browser.settle().unwrap();
        let asked = self.browser.requests().last().unwrap();
        assert_eq!((asked.url.as_str(), asked.status), (HOME, Some(401)));
        assert_eq!(asked.headers["www-authenticate"].split(' ').next(), Some("Basic"));
    }

    /// Logs in, and waits for the page with the query field.
    pub(crate) fn logs_in(&mut self) {
        self.refused.retain(|(_, status)| *status != 401);
        self.browser.log_in(HOME, self.user, PASSWORD).unwrap();
        self.browser.wait_for(METRIC).unwrap();
        assert_eq!(self.browser.address().unwrap(), format!("{HOME}classic/graph"));
        self.picture("logged-in");
    }

    /// Queries a metric that is chosen from the list of all.
    pub(crate) fn asks_for(&mut self, metric: &str) {
        self.browser.choose(METRICS, metric).unwrap();
        self.browser.click(EXECUTE).unwrap();
    }

    /// Types a query that is no metric's name, so that the page completes nothing, and runs it.
    pub(crate) fn asks(&mut self, query: &str) {
        self.browser.type_into(QUERY, query).unwrap();
        self.browser.click(EXECUTE).unwrap();
    }

    /// Checks that there is a graph with these lines, which are named below it, for this query.
    pub(crate) fn sees_graph(&mut self, query: &str, lines: &[&str]) {
        let last = format!(".legend .line:nth-child({}) .label", lines.len());
        self.browser.wait_for(Locator::Css(&last)).unwrap();
        let script = "return [document.querySelector('textarea[name=expr]').value,
            ...Array.from(document.querySelectorAll('.legend .label'), (label) => label.innerText)]";
        let mut shown: Vec<String> =
            serde_json::from_value(self.browser.run(script, vec![]).unwrap()).unwrap();
        shown[1..].sort();
        assert_eq!(shown[0], query);
        assert_eq!(shown[1..], *lines);

        let script = "return Array.from(document.querySelectorAll('.graph > svg path.path'),
            (line) => getComputedStyle(line).stroke.match(/[0-9]+/g).map(Number))";
        let colours: Vec<[u8; 3]> =
            serde_json::from_value(self.browser.run(script, vec![]).unwrap()).unwrap();
        assert_eq!(colours.len(), lines.len(), "a line of its own for each");
        for colour in colours {
            let pixels = self.browser.painted(GRAPH, colour).unwrap();
            assert!(pixels > DRAWN, "the line of colour {colour:?} has {pixels} pixels");
        }
    }

    /// Opens a page below the prefix that this user may not see, and reads the reason.
    pub(crate) fn is_refused(&mut self, path: &str, class: &str) {
        self.expects(path, 403);
        self.browser.open(&format!("{HOME}{path}")).unwrap();
        self.reads_refusal(class);
    }

    /// Checks that the page says, in a sentence or in the API's JSON, that this user may not see this class.
    pub(crate) fn reads_refusal(&self, class: &str) {
        let words = format!("class \"{class}\" to user:{}", self.user);
        let text = self.browser.text().unwrap().replace('\\', "");
        assert!(text.contains(&words), "{words}: {text}");
    }

    /// Expects an answer with this status below the prefix.
    pub(crate) fn expects(&mut self, path: &str, status: u16) {
        self.refused.push((format!("{HOME}{path}"), status));
    }

    pub(crate) fn picture(&self, step: &str) {
        let pictures = promward_module::target_directory().unwrap().join("screenshots");
        fs::create_dir_all(&pictures).unwrap();
        self.browser.picture(&pictures.join(format!("{}-{step}.png", self.name))).unwrap();
    }

    /// Ends the visit, and checks everything that the browser did: it requested nothing outside the prefix, each answer
    /// arrived with the security headers, and the console shows only what was refused on purpose.
    pub(crate) fn ends(mut self) -> Vec<Request> {
        self.browser.settle().unwrap();
        for request in self.browser.requests() {
            self.assert_inside(request);
        }
        for complaint in self.browser.complaints() {
            let of_refusal = self.refused.iter().any(|(url, status)| {
                complaint.text.starts_with(url) && complaint.text.ends_with(&complaints::failed(*status))
            });
            let of_icon = complaint.text == format!("{ICON}{}", complaints::failed(404));
            let of_login = complaint.text == complaints::ASKED;
            let known = of_refusal || of_icon || of_login || complaints::is_debians(complaint);
            assert!(known, "on the console of {}: {complaint:?}", self.name);
        }
        self.browser.requests().to_vec()
    }

    fn assert_inside(&self, request: &Request) {
        if request.url.starts_with("data:") {
            return;
        }
        if request.url == ICON {
            assert_eq!((request.kind.as_str(), request.status), ("Other", Some(404)));
            return;
        }
        assert!(request.url.starts_with(HOME), "outside the prefix: {request:?}");
        let is_login = request.url == HOME && request.status == Some(401);
        let refused = self.refused.iter().find(|(url, _)| request.url.starts_with(url));
        let status = request.status.unwrap_or_else(|| panic!("no answer: {request:?}"));
        match refused {
            _ if is_login => {}
            Some((_, expected)) => assert_eq!(status, *expected, "{}", request.url),
            None => assert!(status < 400, "{status}: {}", request.url),
        }
        let whole = matches!(request.end, Some(End::Whole | End::Redirected));
        assert!(whole || is_login, "{request:?}");
        let policy = request.headers.get("content-security-policy").map(String::as_str).unwrap_or_default();
        assert!(policy.starts_with("default-src 'self';"), "{}: {policy:?}", request.url);
    }
}

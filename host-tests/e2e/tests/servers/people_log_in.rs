//! People who log in at a real OpenID Connect provider, in a real browser: what they see, and what becomes of their sessions.

use crate::servers::browser::complaints::{failed, is_debians};
use crate::servers::browser::set_up::{GAUGE, prometheus};
use promward_e2e::browser::{self, Browser, End, Locator};
use promward_e2e::deployment::{Deployment, Host, Options};
use promward_harness::identity_provider::{self, IdentityProvider};
use promward_harness::process::Stream;
use promward_harness::tools::{self, Program};
use promward_harness::upstream::{Reply, Upstream};
use serde_json::json;
use std::fs;
use std::net::SocketAddr;
use tempfile::TempDir;

const PAGE: &str = "https://example.com/prometheus/classic/graph?g0.expr=shop_orders&g0.tab=1";
const LOGOUT: &str = "https://example.com/oauth2/logout";

const NAME: Locator<'_> = Locator::Css("input[name=name]");
const PASSWORD: Locator<'_> = Locator::Css("input[name=password]");
const BUTTON: Locator<'_> = Locator::Css("button");

/// The cookies of a session that expire with its token.
const EXPIRED: [&str; 3] = ["IdToken", "OauthHMAC", "OauthExpires"];

/// A question as the page asks it. Returns the status and the body.
const ASK: &str = "return fetch('/prometheus/api/v1/query?query=shop_orders')
    .then((answer) => answer.text().then((text) => [answer.status, text]))";

struct Site {
    browser: Browser,
    provider: IdentityProvider,
    _deployment: Deployment,
    _directory: TempDir,
}

impl Site {
    /// Starts a provider, Envoy in front of a server, and a browser, or returns `None` if a program is missing.
    fn start(upstream: SocketAddr) -> Option<Self> {
        for program in [Program::Envoy, Program::Chromium, Program::Chromedriver] {
            tools::need(program)?;
        }
        identity_provider::need()?;
        let directory = tempfile::tempdir().unwrap();
        let provider = IdentityProvider::start(identity_provider::Options {
            script: promward_module::workspace().unwrap().join("examples/openid-connect/provider.mjs"),
            directory: directory.path().to_owned(),
            sites: vec!["https://example.com".to_owned()],
            lifetime: 300,
        });
        let provider = provider.unwrap();
        let by_team = json!({ "by": { "group:corp/team-a": ["alpha"], "group:corp/team-b": ["omega"] } });
        let configuration = json!({
            "mounts": [
                { "prefix": "/prometheus", "cluster": "prometheus" },
                { "prefix": "/app", "api": "opaque", "cluster": "prometheus" },
            ],
            "callers": {
                "jwt": { "corp": {
                    "payload": "jwt", "issuer": provider.issuer(), "audience": "promward", "groups": ["groups"],
                } },
                "logout": "/oauth2/logout",
            },
            "access": [
                {
                    "who": ["group:corp/team-a", "group:corp/team-b"],
                    "may": ["read", "ui"],
                    "only": { "tenant": by_team },
                },
                { "who": ["authenticated"], "may": ["unknown"], "at": ["/app"], "unrestricted": true },
            ],
        });
        let mut options = Options::configured(upstream, &configuration.to_string());
        options.provider = Some(provider.of_envoy().unwrap());
        let deployment = Deployment::start(Host::Envoy, &options).unwrap();
        let certificate = fs::read_to_string(deployment.directory().join("example.com.crt")).unwrap();
        let at = provider.address();
        let options =
            browser::Options::default().deployment("example.com", deployment.https(), &certificate).and_then(
                |options| options.trusted(&format!("localhost:{}", at.port()), at, &provider.certificate()?),
            );
        let browser = Browser::start(&options.unwrap()).unwrap();
        Some(Self { browser, provider, _deployment: deployment, _directory: directory })
    }

    /// Opens a page, and logs in at the provider, to which that leads.
    fn log_in(&mut self, page: &str, name: &str) {
        self.browser.open(page).unwrap();
        self.browser.type_into(NAME, name).unwrap();
        self.browser.type_into(PASSWORD, &format!("{name}-for-trying")).unwrap();
        self.browser.click(BUTTON).unwrap();
    }

    fn sees(&self, tenant: &str, other: &str) {
        let cell = format!("//td[contains(., '{tenant}')]");
        self.browser.wait_for(Locator::XPath(&cell)).unwrap();
        let address = self.browser.address().unwrap();
        let is_page = address.starts_with("https://example.com/prometheus/classic/graph?");
        assert!(is_page && address.contains("g0.expr=shop_orders"), "{address}");
        assert!(!self.browser.source().unwrap().contains(other), "{tenant} sees {other}");
    }

    /// Asks as the page does, and returns the status and the body.
    fn ask(&self) -> (u64, String) {
        let answer = self.browser.run(ASK, vec![]).unwrap();
        (answer[0].as_u64().unwrap(), answer[1].as_str().unwrap().to_owned())
    }

    fn assert_session_has_ended(&self) {
        let (status, body) = self.ask();
        assert_eq!(status, 401, "{body}");
        assert!(
            body.contains("\"errorType\":\"unauthorized\"") && body.contains("your session has ended"),
            "{body}"
        );
    }

    /// Returns how often the provider has given a token for this.
    fn granted(&self, grant: &str) -> usize {
        let wanted = format!("grant.success {grant}");
        self.provider.process().lines(Stream::Output).iter().filter(|line| **line == wanted).count()
    }

    /// Checks the console: nothing is on it but answers with these statuses, and above all nothing of other sites (CORS).
    fn assert_quiet(&mut self, statuses: &[u16]) {
        self.browser.settle().unwrap();
        for complaint in self.browser.complaints() {
            let of_icon = complaint.text.contains("/favicon.ico");
            let expected = statuses.iter().any(|status| complaint.text.ends_with(&failed(*status)));
            assert!(of_icon || expected || is_debians(complaint), "{complaint:?}");
        }
        for request in self.browser.requests() {
            assert!(!matches!(&request.end, Some(End::Failed(_))), "{request:?}");
        }
    }
}

#[test]
fn they_land_on_the_page_that_they_wanted_and_see_what_is_their_groups() {
    let Some(prometheus) = prometheus() else { return };
    for (name, own, other) in [("alice", "alpha", "omega"), ("bob", "omega", "alpha")] {
        let Some(mut site) = Site::start(prometheus.address()) else { return };
        site.log_in(PAGE, name);
        site.sees(own, other);
        assert_eq!(site.granted("authorization_code"), 1);
        let (status, body) = site.ask();
        assert!(
            status == 200 && body.contains(GAUGE) && body.contains(own) && !body.contains(other),
            "{body}"
        );
        site.assert_quiet(&[]);
    }
}

#[test]
fn somebody_without_a_group_is_told_so_and_can_come_as_somebody_else() {
    let Some(prometheus) = prometheus() else { return };
    let Some(mut site) = Site::start(prometheus.address()) else { return };
    site.log_in(PAGE, "dave");
    let link = Locator::LinkText("log out");
    site.browser.wait_for(link).unwrap();
    let page = site.browser.text().unwrap();
    assert!(page.starts_with("Not allowed\n") && page.contains("signed in as jwt:corp/dave"), "{page}");
    site.browser.click(link).unwrap();
    site.browser.click(BUTTON).unwrap();
    site.browser.wait_for(NAME).unwrap();
    site.log_in(PAGE, "alice");
    site.sees("alpha", "omega");
    site.assert_quiet(&[403]);
}

#[test]
fn a_session_goes_on_when_its_token_has_expired_and_a_page_is_told_when_it_has_ended() {
    let Some(prometheus) = prometheus() else { return };
    let Some(mut site) = Site::start(prometheus.address()) else { return };
    site.log_in(PAGE, "alice");
    site.sees("alpha", "omega");
    site.browser.forget(&EXPIRED).unwrap();
    assert_eq!((site.ask().0, site.granted("refresh_token")), (200, 1));
    assert_eq!((site.ask().0, site.granted("refresh_token")), (200, 1), "the new one is kept");

    site.browser.forget(&EXPIRED).unwrap();
    site.browser.forget(&["RefreshToken"]).unwrap();
    site.assert_session_has_ended();
    // The provider still knows who it is.
    site.browser.reload().unwrap();
    site.sees("alpha", "omega");
    assert_eq!(site.granted("authorization_code"), 2);
    site.assert_quiet(&[401]);
}

#[test]
fn a_logout_ends_the_session_at_the_provider_too() {
    let Some(prometheus) = prometheus() else { return };
    let Some(mut site) = Site::start(prometheus.address()) else { return };
    site.log_in(PAGE, "alice");
    site.sees("alpha", "omega");
    site.browser.open(LOGOUT).unwrap();
    site.browser.click(BUTTON).unwrap();
    // "/" here, and from there the way to a new login.
    site.browser.wait_for(NAME).unwrap();
    site.browser.open(PAGE).unwrap();
    site.browser.wait_for(NAME).unwrap();
    site.assert_quiet(&[]);
}

#[test]
fn a_page_is_told_when_the_provider_has_ended_the_session() {
    let Some(prometheus) = prometheus() else { return };
    let Some(mut site) = Site::start(prometheus.address()) else { return };
    site.log_in(PAGE, "alice");
    site.sees("alpha", "omega");
    let end = format!("{}/session/end", site.provider.issuer());
    site.browser.open(&end).unwrap();
    site.browser.click(BUTTON).unwrap();
    site.browser.wait_for(Locator::XPath("//h1[. = 'Logged out']")).unwrap();
    // The token is good until it expires.
    site.browser.open(PAGE).unwrap();
    site.sees("alpha", "omega");
    site.browser.forget(&EXPIRED).unwrap();
    site.assert_session_has_ended();
    site.assert_quiet(&[401]);
}

#[test]
fn an_application_gets_its_own_cookies_and_none_of_the_session() {
    let page = "<!doctype html><title>app</title><p id=app>app</p>";
    let upstream = Upstream::start(move |_| {
        Reply::text(page).header("content-type", "text/html").header("set-cookie", "own=1; Path=/app/")
    });
    let upstream = upstream.unwrap();
    let Some(mut site) = Site::start(upstream.address()) else { return };
    site.log_in("https://example.com/app/", "dave");
    site.browser.wait_for(Locator::Css("#app")).unwrap();
    site.browser.reload().unwrap();
    site.browser.settle().unwrap();
    let requests = upstream.requests();
    let cookies: Vec<_> = requests
        .iter()
        .filter(|request| request.target == "/")
        .map(|request| request.header("cookie"))
        .collect();
    assert_eq!(cookies, [None, Some("own=1".to_owned())]);
    for request in &requests {
        assert!(request.header("authorization").is_none(), "{request:?}");
    }
}

//! promtool, Prometheus' own tool, of both releases. The newer one reads the login and the authority from a file. The
//! older one takes the login from the URL, and the rest from environment variables.

use crate::servers::clients::set_up::{
    Given, OF_A, OF_B, PASSWORD, READER, WRITER, deployment, now, password, prometheus, token,
};
use promward_e2e::deployment::{Deployment, Host};
use promward_e2e::on_both_hosts;
use promward_harness::prometheus::Release;
use promward_harness::tools::{self, Tool};
use promward_harness::tunnel::Tunnel;
use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};

on_both_hosts! {
    the_newer_one_asks_and_is_answered,
    the_older_one_asks_and_is_answered,
}

const URL: &str = "https://example.com/prometheus";

/// The commands. `URL` stands for the server, `START` and `END` for a minute that has samples.
const QUERIES: [&[&str]; 4] = [
    &["query", "instant", "URL", "stock{tenant!=\"c\"}"],
    &["query", "range", "--start=START", "--end=END", "--step=30s", "URL", "stock{tenant!=\"c\"}"],
    &["query", "series", "--match=stock{tenant!=\"c\"}", "URL"],
    &["query", "labels", "--match=stock{tenant!=\"c\"}", "URL", "tenant"],
];

/// The exit status of a tool, and its output.
struct Said {
    code: Option<i32>,
    output: String,
    errors: String,
}

/// A way to call a tool.
struct Calling<'a> {
    tool: &'a Tool,
    /// The server, with a login if the tool reads no file.
    url: String,
    /// The file, if the tool reads one.
    file: Option<PathBuf>,
    /// The environment variables of the tool that reads no file.
    variables: Vec<(&'static str, String)>,
}

impl Calling<'_> {
    fn run(&self, arguments: &[&str]) -> Said {
        let (start, end) = ((now() - 90).to_string(), (now() - 30).to_string());
        let mut command = self.tool.command();
        for argument in arguments {
            let argument = argument.replace("URL", &self.url).replace("START", &start).replace("END", &end);
            command.arg(argument);
        }
        if let Some(file) = &self.file {
            command.arg("--http.config.file").arg(file);
        }
        let output = command.envs(self.variables.clone()).output().unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Said { code: output.status.code(), output: text(&output.stdout), errors: text(&output.stderr) }
    }

    /// Runs all commands, and checks that the answers are about these tenants and no others.
    fn reads(&self, tenants: &[&str]) {
        for arguments in QUERIES {
            let said = self.run(arguments);
            assert_eq!(said.code, Some(0), "{arguments:?}: {}", said.errors);
            for tenant in ["a", "b"] {
                let mark =
                    if arguments[1] == "labels" { format!("{tenant}\n") } else { format!("\"{tenant}\"") };
                let is_there = said.output.contains(&mark);
                assert_eq!(is_there, tenants.contains(&tenant), "{arguments:?}, {tenant}: {}", said.output);
            }
        }
    }

    /// Runs all commands, and checks that the tool fails and says why.
    fn is_refused(&self, why: &str) {
        for arguments in QUERIES {
            let said = self.run(arguments);
            assert_eq!((said.code, said.output.as_str()), (Some(1), ""), "{arguments:?}");
            assert!(said.errors.contains(why), "{arguments:?}: {}", said.errors);
        }
    }
}

fn the_newer_one_asks_and_is_answered(host: Host) {
    let Some(tool) = tools::need(Release::Three.promtool()) else { return };
    let Some(first) = prometheus(None) else { return };
    let deployment = deployment(host, first.address());
    let (given, tunnel) = (Given::by(&deployment), Tunnel::to(deployment.https()).unwrap());
    let calling = |name: &str, authority: &Path, caller: Value| {
        let mut file = caller;
        file["tls_config"] = Given::tls(authority, None);
        file["proxy_url"] = json!(tunnel.url());
        let path = deployment.directory().join(format!("{name}.yaml"));
        fs::write(&path, file.to_string()).unwrap();
        Calling { tool: &tool, url: URL.to_owned(), file: Some(path), variables: Vec::new() }
    };
    let ca = given.authority.as_path();
    calling("reader", ca, password(READER, PASSWORD)).reads(&["a", "b"]);
    calling("of-a", ca, token(OF_A)).reads(&["a"]);
    calling("of-b", ca, password(OF_B, PASSWORD)).reads(&["b"]);
    let writer = calling("writer", ca, token(WRITER));
    writer.is_refused("no access rule allows the class");
    let wrong = calling("wrong", ca, password(READER, "battery staple"));
    wrong.is_refused("wrong user or password");
    let mistrusting = calling("mistrusting", &given.other_authority, password(READER, PASSWORD));
    mistrusting.is_refused("x509: certificate signed by unknown authority");

    // Anybody may send the probes, but not to a server that only pretends to be the deployment.
    for probe in ["healthy", "ready"] {
        for calling in [&writer, &calling("nobody", ca, json!({}))] {
            let said = calling.run(&["check", probe, "--url=URL"]);
            assert!(said.code == Some(0) && said.errors.contains("SUCCESS"), "{}", said.errors);
        }
        let said = mistrusting.run(&["check", probe, "--url=URL"]);
        assert!(said.code == Some(1) && said.errors.contains("x509"), "{}", said.errors);
    }
}

fn the_older_one_asks_and_is_answered(host: Host) {
    let Some(tool) = tools::need(Release::Usual.promtool()) else { return };
    let Some(first) = prometheus(None) else { return };
    let deployment: Deployment = deployment(host, first.address());
    let (given, tunnel) = (Given::by(&deployment), Tunnel::to(deployment.https()).unwrap());
    let calling = |login: &str, authority: &Path| {
        let variables = vec![
            ("HTTPS_PROXY", tunnel.url()),
            ("SSL_CERT_FILE", authority.display().to_string()),
            ("SSL_CERT_DIR", String::new()),
        ];
        Calling { tool: &tool, url: URL.replace("//", &format!("//{login}")), file: None, variables }
    };
    let ca = given.authority.as_path();
    let login = |user: &str, password: &str| format!("{user}:{}@", password.replace(' ', "%20"));
    calling(&login(READER, PASSWORD), ca).reads(&["a", "b"]);
    calling(&login(OF_B, PASSWORD), ca).reads(&["b"]);
    calling(&login(READER, "battery staple"), ca).is_refused("wrong user or password");
    calling("", ca).is_refused("log in");
    let mistrusting = calling(&login(READER, PASSWORD), &given.other_authority);
    mistrusting.is_refused("x509: certificate signed by unknown authority");
}

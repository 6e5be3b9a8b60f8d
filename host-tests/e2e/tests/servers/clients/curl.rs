//! curl as documents tell people to call it: HTTP/1.1 and HTTP/2, with and without trust, with every way to log in.

use crate::servers::clients::set_up::{Given, OF_A, OF_B, PASSWORD, READER, WRITER, deployment, prometheus};
use promward_e2e::deployment::Host;
use promward_e2e::on_both_hosts;
use promward_harness::tools::{self, Program};

on_both_hosts! {
    curl_gets_what_its_caller_may_see_and_no_more,
}

/// The line that curl prints after the answer: status, version of HTTP, and the number of redirects that it followed.
const TOLD: &str = "\n%{http_code} %{http_version} %{num_redirects}";

/// The exit codes of curl for a certificate that it doesn't trust, and for an answer that `--fail` makes a failure.
const MISTRUSTED: i32 = 60;
const FAILED: i32 = 22;

/// The words of a command, curl's exit code, the beginning of the line after the answer, and a text in its output. `…`
/// is the deployment, and words in capitals stand for a login, a token or a file of the test.
type Row = (&'static str, i32, &'static str, &'static str);

#[rustfmt::skip]
const ROWS: &[Row] = &[
    // The versions of HTTP and of TLS, and trust.
    ("--cacert CA --http1.1 …/-/healthy",                                  0, "200 1.1 0", "Healthy"),
    ("--cacert CA --http2 …/-/healthy",                                    0, "200 2 0", "Healthy"),
    ("--cacert CA --tls-max 1.2 …/-/healthy",                              0, "200 2 ", "Healthy"),
    ("--cacert CA --tlsv1.3 …/-/healthy",                                  0, "200 2 ", "Healthy"),
    ("-k …/-/ready",                                                       0, "200 2 ", "Ready"),
    ("…/-/healthy",                                                        MISTRUSTED, "000 0 ", ""),
    ("--cacert OTHER …/-/healthy",                                         MISTRUSTED, "000 0 ", ""),
    // Queries by GET and by POST, as each caller.
    ("--cacert CA --user READER -G --data-urlencode query=sum(stock) …/api/v1/query", 0, "200 2 ", "\"10\""),
    ("--cacert CA --user READER --http1.1 -G --data-urlencode query=sum(stock) …/api/v1/query", 0, "200 1.1 ", "\"10\""),
    ("--cacert CA --user READER --data-urlencode query=sum(stock) …/api/v1/query", 0, "200 2 ", "\"10\""),
    ("--cacert CA --user READER --http1.1 --data-urlencode query=sum(stock) …/api/v1/query", 0, "200 1.1 ", "\"10\""),
    ("--cacert CA --oauth2-bearer TOKEN -G --data-urlencode query=sum(stock) …/api/v1/query", 0, "200 2 ", "\"6\""),
    ("--cacert CA --oauth2-bearer TOKEN --data-urlencode query=sum(stock) …/api/v1/query", 0, "200 2 ", "\"6\""),
    ("--cacert CA --user OF_B --http1.1 --data-urlencode query=sum(stock) …/api/v1/query", 0, "200 1.1 ", "\"3\""),
    // Forms that curl announces, and sends in pieces.
    ("--cacert CA --user OF_B --http1.1 -H Expect:100-continue --data-urlencode query=sum(stock) …/api/v1/query", 0, "200 1.1 ", "\"3\""),
    ("--cacert CA --user OF_B --http1.1 -H Transfer-Encoding:chunked --data-urlencode query=sum(stock) …/api/v1/query", 0, "200 1.1 ", "\"3\""),
    // A refusal that comes before the form is read is tested by HTTP/1.1: by HTTP/2, curl 7.88 often loses such an
    // answer, and ends with 92.
    ("--cacert CA --user OF_B --http1.1 --form query=sum(stock) …/api/v1/query",     0, "415 1.1 ", "urlencoded"),
    ("--cacert CA --oauth2-bearer WRITER --http1.1 --data query=up …/api/v1/query", 0, "403 1.1 ", "to token:writer here"),
    // A selector in a URL. curl's own meaning of brackets has to be off.
    ("--cacert CA --oauth2-bearer TOKEN --globoff …/federate?match[]=stock", 0, "200 2 ", "tenant=\"a\""),
    // Ways to log in that are wrong or unusual.
    ("--cacert CA --anyauth --user READER -G --data-urlencode query=sum(stock) …/api/v1/query", 0, "200 2 ", "\"10\""),
    ("--cacert CA --digest --user READER …/api/v1/labels",                 0, "401 2 ", "log in"),
    ("--cacert CA --user WRONG …/api/v1/labels",                           0, "401 2 ", "wrong user or password"),
    ("--cacert CA …/api/v1/labels",                                        0, "401 2 ", "log in"),
    ("--cacert CA --oauth2-bearer WRITER …/api/v1/labels",                 0, "403 2 ", "to token:writer here"),
    ("--cacert CA --oauth2-bearer WRITER --fail …/api/v1/labels",          FAILED, "403 2 ", ""),
    // A login by certificate.
    ("--cacert CA --cert CERTIFICATE --key KEY …/metrics",                 0, "200 2 ", "\nprometheus_build_info{"),
    ("--cacert CA --cert CERTIFICATE --key KEY --http1.1 …/metrics",       0, "200 1.1 ", "\nprometheus_build_info{"),
    ("--cacert CA --cert CERTIFICATE --key KEY …/api/v1/labels",           0, "403 2 ", "certificate:scraper"),
    // Compressed by Prometheus. An answer that the filter reads isn't compressed, whatever the client accepts.
    ("--cacert CA --cert CERTIFICATE --key KEY --compressed -i …/metrics", 0, "200 2 ", "content-encoding: gzip"),
    ("--cacert CA --cert CERTIFICATE --key KEY --compressed …/metrics",    0, "200 2 ", "\nprometheus_build_info{"),
    ("--cacert CA --oauth2-bearer TOKEN --compressed …/api/v1/alerts",     0, "200 2 ", "{\"status\":\"success\""),
    // Redirects: the prefix without its slash, and Prometheus' own to its page.
    ("--cacert CA --user READER …",                                        0, "301 2 0", ""),
    ("--cacert CA --user READER -L …",                                     0, "200 2 2", "<title>Prometheus"),
    // HEAD, and methods that aren't known.
    ("--cacert CA -I …/-/healthy",                                         0, "200 2 ", "x-content-type-options: nosniff"),
    ("--cacert CA --http1.1 -I …/-/healthy",                               0, "200 1.1 ", "x-content-type-options: nosniff"),
    ("--cacert CA --user READER -I …/api/v1/query",                        0, "405 2 ", "allow: GET, POST"),
    ("--cacert CA --user READER -i -X DELETE …/api/v1/series",             0, "405 2 ", "allow: GET, POST"),
];

fn curl_gets_what_its_caller_may_see_and_no_more(host: Host) {
    let Some(curl) = tools::need(Program::Curl) else { return };
    let Some(first) = prometheus(None) else { return };
    let deployment = deployment(host, first.address());
    let given = Given::by(&deployment);
    let port = deployment.https().port();
    let url = format!("https://example.com:{port}/prometheus");
    let login = |user: &str, password: &str| format!("{user}:{password}");
    let word = |word: &str| match word {
        "CA" => given.authority.display().to_string(),
        "OTHER" => given.other_authority.display().to_string(),
        "CERTIFICATE" => given.scraper.certificate.display().to_string(),
        "KEY" => given.scraper.key.display().to_string(),
        "READER" => login(READER, PASSWORD),
        "OF_B" => login(OF_B, PASSWORD),
        "WRONG" => login(READER, "battery staple"),
        "TOKEN" => OF_A.to_owned(),
        "WRITER" => WRITER.to_owned(),
        other => other.replace('…', &url),
    };
    let mut wrong = Vec::new();
    for (words, code, told, contained) in ROWS {
        let mut command = curl.command();
        // This ignores the settings of the user who runs the test, and has to come first.
        command.args(["--disable", "--silent", "--write-out", TOLD, "--max-time", "60"]);
        command.args(["--resolve", &format!("example.com:{port}:127.0.0.1")]);
        let output = command.args(words.split(' ').map(word)).output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout);
        let (answer, tells) = text.rsplit_once('\n').unwrap();
        let is_right = output.status.code() == Some(*code)
            && tells.starts_with(told)
            && answer.to_lowercase().contains(&contained.to_lowercase());
        if !is_right {
            wrong.push(format!(
                "{words}: {}, {tells}: {}",
                output.status,
                answer.get(..900).unwrap_or(answer)
            ));
        }
        assert!(!words.contains("TOKEN") || !answer.contains("tenant=\"b\""), "{words}: {answer}");
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

//! `promward hash` prints lines for users, and refuses passwords that can never log in.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use promward::caller::logins::StreamId;
use promward::caller::source::Source;
use promward::config;
use promward::decision::{Decision, Facts, Request};
use promward::gateway::worker_state::{Resources, WorkerState};
use promward::shared_data::{SharedData, Unreachable, Written};
use promward::target::body::Body;
use promward::target::headers::Headers;
use promward::target::origin::UrlScheme;
use promward_cli::line::Section;
use std::io::{Read, Write};
use std::process::{Command, Output, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

const PASSWORD: &str = "correct horse";

/// Runs the command with these bytes as its standard input.
pub(crate) fn hash(arguments: &[&str], input: &[u8]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_promward"));
    command.arg("hash").args(arguments);
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // A command that refuses its arguments doesn't read its input.
    let _ = child.stdin.take().unwrap().write_all(input);
    child.wait_with_output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[test]
fn standard_output_is_one_line_for_users_whose_hash_is_of_the_password() {
    for (arguments, input, name, cost) in [
        (&["alice", "--cost", "4"][..], "correct horse\nand more\n", "\"alice\"", "04"),
        (&["--cost", "5", "x \"y\""], "correct horse\r\n", r#""x \"y\"""#, "05"),
        (&["--", "alice"], "correct horse", "\"alice\"", "10"),
    ] {
        let output = hash(arguments, input.as_bytes());
        assert!(output.status.success(), "{arguments:?}");
        let printed = text(&output.stdout);
        let hash = printed.strip_prefix(&format!("{name}: \"")).and_then(|rest| rest.strip_suffix("\"\n"));
        let hash = hash.unwrap_or_else(|| panic!("{arguments:?}: {printed}"));
        assert!(hash.starts_with(&format!("$2b${cost}$")), "{hash}");
        assert!(bcrypt::verify(PASSWORD, hash).unwrap(), "{hash}");
        let said = text(&output.stderr);
        assert_eq!(said.contains("quick to guess"), cost != "10", "{said}");
        assert!(!said.contains(PASSWORD) && !said.contains(hash), "{said}");
    }
}

#[test]
fn without_a_name_standard_output_is_the_hash() {
    let printed = text(&hash(&["--cost", "4"], b"correct horse\n").stdout);
    assert!(bcrypt::verify(PASSWORD, printed.strip_suffix('\n').unwrap()).unwrap(), "{printed}");
}

#[test]
fn a_password_that_the_filter_takes_from_nobody_is_refused() {
    let longest = "x".repeat(72);
    for (password, error) in [
        ("", "the password is empty: anybody could log in with it"),
        ("\n", "the password is empty: anybody could log in with it"),
        (&format!("{longest}y"), "a password has at most 72 bytes"),
        (&format!("{longest}y\n"), "a password has at most 72 bytes"),
        (&"ü".repeat(37), "a password has at most 72 bytes"),
        ("a\0b", "a password has no control characters"),
        ("a\tb\n", "a password has no control characters"),
        ("a\rb\n", "a password has no control characters"),
    ] {
        let output = hash(&["alice"], password.as_bytes());
        assert_eq!(output.status.code(), Some(1), "{password:?}");
        assert_eq!(text(&output.stderr), format!("promward: {error}\n"), "{password:?}");
        assert!(output.stdout.is_empty(), "{password:?}");
    }
}

/// A host without shared data, which only rates need.
struct NoSharedData;

impl SharedData for NoSharedData {
    fn get(&self, _: &str) -> Result<Option<(Vec<u8>, u32)>, Unreachable> {
        Err(Unreachable)
    }

    fn set(&self, _: &str, _: &[u8], _: u32) -> Result<Written, Unreachable> {
        Err(Unreachable)
    }
}

/// Returns `true` if the filter begins to check this password, and `false` if it refuses it unchecked.
fn is_checked(user: &str, password: &[u8]) -> bool {
    let configuration = format!(
        r#"{{ "mounts": [{{ "prefix": "/" }}],
              "callers": {{ "users": {{ "{user}": "$2b$04$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW" }} }},
              "access": [{{ "who": ["authenticated"], "may": ["ui"] }}] }}"#
    );
    let gateway = config::load(configuration.as_bytes()).unwrap();
    let mut state = WorkerState::new([[1; 32], [2; 32], [3; 32]], gateway.tables(), &NoSharedData).unwrap();
    let credentials = STANDARD.encode([user.as_bytes(), b":", password].concat());
    let authorization = format!("Basic {credentials}");
    let headers = Headers::from_iter([
        (":method", "GET"),
        (":path", "/graph"),
        (":authority", "example.com"),
        ("authorization", &authorization),
    ]);
    let facts = Facts {
        source: Source::parse(b"192.0.2.1:1234"),
        now: Some(promward::time::instant::Instant(0)),
        ..Facts::default()
    };
    let (body, scheme) = (Body::None, UrlScheme::Https);
    let request = Request { stream: StreamId(1), headers: &headers, body, scheme, facts: &facts };
    let mut resources = Resources { state: &mut state, shared: &NoSharedData };
    matches!(gateway.decide(&request, &mut resources).0, Decision::Wait)
}

#[test]
fn it_takes_and_refuses_passwords_as_the_filter_does() {
    let mut seen = Vec::new();
    for password in
        [&b"x"[..], &[b'x'; 72], &[b'x'; 73], b"a\x01b", b"a\x7fb", "ü".as_bytes(), b"\xff", b" a ", b"a:b"]
    {
        let is_checked = is_checked("alice", password);
        let output = hash(&["alice", "--cost", "4"], password);
        assert_eq!(output.status.success(), is_checked, "{password:?}: {}", text(&output.stderr));
        seen.push(is_checked);
    }
    assert!(seen.contains(&true) && seen.contains(&false), "{seen:?}");
}

#[test]
fn wrong_arguments_are_told_before_the_password_is_asked_for() {
    for (arguments, said) in [
        (&["a:b"][..], "a name is 1 to 200 bytes without control characters and without \":\""),
        (&[""], "a name is 1 to 200 bytes"),
        (&["alice", "--cost", "3"], "3 is not in 4..=12"),
        (&["alice", "--cost", "13"], "13 is not in 4..=12"),
        (&["alice", "bob"], "unexpected argument 'bob'"),
    ] {
        let output = hash(arguments, b"");
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(text(&output.stderr).contains(said), "{arguments:?}: {}", text(&output.stderr));
    }
}

#[test]
fn a_line_that_the_filter_refuses_is_not_offered() {
    let error = Section::Users.line("alice", "secret").unwrap_err();
    assert!(error.starts_with("callers.users.alice: this is not a bcrypt hash"), "{error}");
    let error = Section::Tokens.line("a", "sha256:").unwrap_err();
    assert!(error.starts_with("callers.tokens.a: this must be sha256:"), "{error}");
}

/// A command that runs on a terminal of its own.
struct Terminal {
    child: std::process::Child,
    shown: Arc<Mutex<String>>,
}

const LONG: Duration = Duration::from_secs(120);

impl Terminal {
    fn start(arguments: &str) -> Self {
        let mut command = Command::new("script");
        let typed = format!("tty && exec {} {arguments}", env!("CARGO_BIN_EXE_promward"));
        command.args(["--quiet", "--return", "--command", &typed, "/dev/null"]);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let shown = Arc::new(Mutex::new(String::new()));
        let (mut output, text) = (child.stdout.take().unwrap(), Arc::clone(&shown));
        thread::spawn(move || {
            let mut piece = [0; 1024];
            while let Ok(length @ 1..) = output.read(&mut piece) {
                text.lock().unwrap().push_str(&String::from_utf8_lossy(&piece[..length]));
            }
        });
        Self { child, shown }
    }

    fn shown(&self) -> String {
        self.shown.lock().unwrap().clone()
    }

    fn wait_until(&self, is_so: impl Fn(&str) -> bool) {
        let start = Instant::now();
        while !is_so(&self.shown()) {
            assert!(start.elapsed() < LONG, "{}", self.shown());
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// Returns `true` if the terminal shows what is typed.
    fn echoes(shown: &str) -> bool {
        let terminal = shown.lines().next().unwrap_or_default();
        let output = Command::new("stty").args(["-F", terminal, "-a"]).output().unwrap();
        !text(&output.stdout).split_whitespace().any(|setting| setting == "-echo")
    }

    /// Types a line once this prompt is shown.
    fn answer(&mut self, prompt: &str, line: &str) {
        self.wait_until(|shown| shown.ends_with(prompt) && !Self::echoes(shown));
        writeln!(self.child.stdin.as_mut().unwrap(), "{line}").unwrap();
    }

    /// Returns the text on the terminal, and the exit code.
    fn end(mut self) -> (String, Option<i32>) {
        let start = Instant::now();
        let status = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status;
            }
            assert!(start.elapsed() < LONG, "{}", self.shown());
            thread::sleep(Duration::from_millis(20));
        };
        (self.shown(), status.code())
    }
}

#[test]
fn a_terminal_is_asked_twice_and_shows_no_password() {
    for (again, code, said) in
        [(PASSWORD, 0, "\"alice\": \"$2b$04$"), ("correct house", 1, "the two passwords differ")]
    {
        let mut terminal = Terminal::start("hash alice --cost 4");
        terminal.answer("Password: ", PASSWORD);
        terminal.answer("Once more: ", again);
        terminal.wait_until(|shown| shown.contains(said));
        let (shown, status) = terminal.end();
        assert_eq!(status, Some(code), "{shown}");
        assert!(!shown.contains("correct"), "{shown}");
    }
}

#[test]
fn a_terminal_is_not_asked_again_for_a_password_that_is_refused() {
    let mut terminal = Terminal::start("hash alice --cost 4");
    terminal.answer("Password: ", "");
    terminal.wait_until(|shown| shown.contains("the password is empty"));
    let (shown, status) = terminal.end();
    assert_eq!(status, Some(1), "{shown}");
    assert!(!shown.contains("Once more"), "{shown}");
}

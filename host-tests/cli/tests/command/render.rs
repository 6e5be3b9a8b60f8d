//! `promward render` prints the shipped files with what a user chooses, and real Envoy accepts them.

use promward_cli::explain;
use promward_cli::policy::Policy;
use promward_harness::certificates::Authority;
use promward_harness::envoy::variants::Variant;
use promward_harness::envoy::{CERTIFICATE, CONFIGURATION, ECDS};
use promward_harness::jwt::Issuer;
use promward_harness::tools::{self, Program};
use std::ffi::OsStr;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use tempfile::TempDir;

/// An example whose callers need a listener that validates chains.
const CERTIFICATES: &str = "examples/client-certificates/promward.json";

fn example(path: &str) -> PathBuf {
    promward_module::workspace().unwrap().join(path)
}

fn command<T: AsRef<OsStr>>(arguments: &[T]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_promward"));
    command.arg("render").args(arguments);
    command
}

fn run<T: AsRef<OsStr>>(arguments: &[T]) -> (i32, String, String) {
    texts(command(arguments).output().unwrap())
}

fn texts(output: Output) -> (i32, String, String) {
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

/// Returns the output of the command, which has to succeed, with no more than a note on standard error.
fn rendered<T: AsRef<OsStr>>(arguments: &[T]) -> String {
    let (code, printed, complaint) = run(arguments);
    assert!(code == 0 && complaint.lines().all(|line| line.starts_with("note: ")), "{code}: {complaint}");
    printed
}

/// Returns the exit code and the output of `promward check` for a file.
fn checked(file: &Path) -> (i32, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_promward")).arg("check").arg(file).output().unwrap();
    let (code, printed, complaint) = texts(output);
    (code, printed + &complaint)
}

#[test]
fn without_options_each_file_is_the_shipped_one_byte_for_byte() {
    assert_eq!(rendered::<&str>(&[]), CONFIGURATION);
    assert_eq!(rendered(&["--ecds"]), ECDS);
    assert_eq!(rendered(&["--sds"]), CERTIFICATE);
}

#[test]
fn another_directory_comes_with_the_command_for_the_file_that_names_the_certificate() {
    let (_, _, note) = run(&["--directory", "/srv/promward"]);
    let command = note.split_once("cargo promward ").unwrap().1.trim_end();
    assert_eq!(command, "render --sds --directory /srv/promward --output /srv/promward/sds/certificate.yaml");
    assert!(rendered(&["--sds", "--directory", "/srv/promward"]).contains("/srv/promward/certificates/"));
    for quiet in [&["--directory", "/etc/promward/"][..], &["--sds", "--directory", "/srv/promward"]] {
        assert_eq!(run(quiet).2, "", "{quiet:?}");
    }
}

#[test]
fn a_configuration_stands_in_both_files_as_it_was_written() {
    let file = example("examples/tenants/promward.json");
    let configuration = fs::read_to_string(&file).unwrap();
    for arguments in [vec![file.as_os_str()], vec!["--ecds".as_ref(), file.as_os_str()]] {
        let text = rendered(&arguments);
        let depth = text.lines().find(|line| line.ends_with("value: |")).unwrap().find('v').unwrap() + 2;
        let margin = " ".repeat(depth);
        let inside = text.lines().filter_map(|line| line.strip_prefix(&margin)).collect::<Vec<_>>();
        assert!(inside.join("\n").contains(configuration.trim()), "{text}");
    }
}

#[test]
fn each_further_server_is_a_cluster_like_that_of_prometheus() {
    let clusters = |arguments: &[&str]| {
        let file: serde_norway::Value = serde_norway::from_str(&rendered(arguments)).unwrap();
        file["static_resources"]["clusters"].as_sequence().unwrap().clone()
    };
    let further = clusters(&["--cluster", "alertmanager=am:9093", "--cluster", "grafana=localhost:3000"]);
    let [prometheus, alertmanager, grafana] = further.as_slice() else { panic!("{further:?}") };
    assert_eq!(clusters(&[]).as_slice(), std::slice::from_ref(prometheus));
    for (cluster, name, address) in
        [(alertmanager, "alertmanager", "address: am\n"), (grafana, "grafana", "address: localhost\n")]
    {
        let text = serde_norway::to_string(cluster).unwrap();
        assert!(text.contains(address), "{text}");
        assert_eq!(text.matches(&format!("name: {name}\n")).count(), 2, "{text}");
        assert_eq!(
            cluster["per_connection_buffer_limit_bytes"],
            prometheus["per_connection_buffer_limit_bytes"]
        );
    }
}

#[test]
fn a_configuration_may_come_from_standard_input() {
    let file = example("examples/tenants/promward.json");
    let mut child =
        command(&["-"]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(&fs::read(&file).unwrap()).unwrap();
    assert_eq!(texts(child.wait_with_output().unwrap()), (0, rendered(&[&file]), String::new()));
}

#[test]
fn what_the_filter_refuses_is_refused_in_the_words_of_the_check() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("promward.json");
    for text in [
        "{}",
        r#"{ "mounts": [{ "prefix": "/" }], "access": [{ "who": ["anyone"], "may": ["evrything"] }] }"#,
    ] {
        fs::write(&file, text).unwrap();
        for option in ["--ecds", "--jwt"] {
            let (code, printed, complaint) = run(&[option.as_ref(), file.as_os_str()]);
            assert_eq!((code, printed.as_str()), (1, ""));
            assert_eq!((1, complaint), checked(&file));
        }
    }
}

#[test]
fn names_in_certificates_are_refused_where_the_file_asks_for_none() {
    let file = example(CERTIFICATES);
    let (code, printed, complaint) = run(&[&file]);
    assert_eq!((code, printed.as_str()), (1, ""));
    assert!(complaint.contains("refused: callers.certificates_validated_by_listener: nobody"), "{complaint}");
    assert!(complaint.ends_with("\n--client-certificates adds what is missing\n"), "{complaint}");
    rendered(&["--client-certificates".as_ref(), file.as_os_str()]);
    rendered(&["--ecds".as_ref(), file.as_os_str()]);
}

#[test]
fn what_is_no_configuration_is_told_and_nothing_is_printed() {
    let directory = tempfile::tempdir().unwrap();
    let [envoys, text] = ["envoy.yaml", "notes.yaml"].map(|name| directory.path().join(name));
    fs::write(&envoys, CONFIGURATION).unwrap();
    fs::write(&text, "a: [").unwrap();
    for (file, why) in [
        (envoys.as_path(), "this is an Envoy file: give the JSON that is in it"),
        (text.as_path(), "this is neither JSON nor YAML"),
        (Path::new("/nowhere/promward.json"), "cannot be read: "),
    ] {
        let (code, printed, complaint) = run(&[file]);
        assert_eq!((code, printed.as_str()), (2, ""));
        assert!(complaint.starts_with(&format!("{}: {why}", file.display())), "{complaint}");
    }
    let configuration = example("examples/tenants/promward.json");
    let (code, _, complaint) = run(&["--watched".as_ref(), configuration.as_os_str()]);
    assert_eq!(code, 2);
    assert!(complaint.contains("cargo promward render --ecds"), "{complaint}");
    for wrong in [
        &["--upstream", "prometheus"][..],
        &["--envoy-version", "new"],
        &["--ecds", "--sds"],
        &["--jwt", "--openid-connect"],
        &["--cluster", "localhost:3000"],
        &["--cluster", "prometheus=localhost:3000"],
    ] {
        assert_eq!(run(wrong).0, 2, "{wrong:?}");
    }
}

#[test]
fn the_digest_of_a_rendered_file_is_that_of_the_text_with_one_newline() {
    let directory = tempfile::tempdir().unwrap();
    let [file, rendered_file] = ["promward.json", "envoy.yaml"].map(|name| directory.path().join(name));
    let digest = |file: &Path| checked(file).1.lines().last().unwrap().to_owned();
    let text =
        r#"{ "mounts": [{ "prefix": "/" }], "access": [{ "who": ["anyone"], "may": ["everything"] }] }"#;
    fs::write(&file, format!("\n {text} \n\n")).unwrap();
    rendered(&[file.as_os_str(), "--output".as_ref(), rendered_file.as_os_str()]);
    let of_rendered = digest(&rendered_file);
    assert!(of_rendered.starts_with("  digest: sha256:"), "{of_rendered}");
    assert_ne!(digest(&file), of_rendered);
    fs::write(&file, format!("{text}\n")).unwrap();
    assert_eq!(digest(&file), of_rendered);
}

#[test]
fn characters_that_yaml_reads_in_more_than_one_way_are_escaped() {
    let directory = tempfile::tempdir().unwrap();
    let [file, rendered_file] = ["promward.json", "envoy.yaml"].map(|name| directory.path().join(name));
    let name = "a\u{2028}b\u{2029}c\u{feff}d\u{fffe}e\u{ffff}f";
    let digest = "0".repeat(64);
    let configuration = format!(
        r#"{{ "mounts": [{{ "prefix": "/" }}], "callers": {{ "tokens": {{ "{name}": "sha256:{digest}" }} }},"#
    ) + "\r"
        + &format!(r#""access": [{{ "who": ["token:{name}"], "may": ["everything"] }}] }}"#);
    fs::write(&file, configuration).unwrap();
    let matrix = |file: &Path| explain::matrix(&Policy::of_file(file, None).unwrap());
    for option in ["--ecds", "--jwt"] {
        let output = ["--output".as_ref(), rendered_file.as_os_str()];
        rendered(&[&[option.as_ref(), file.as_os_str()][..], &output].concat());
        let text = fs::read_to_string(&rendered_file).unwrap();
        assert!(text.contains(r#""a\u2028b\u2029c\ufeffd\ufffee\uffff"#), "{text}");
        assert!(
            text.chars().all(|c| c == '\n' || c == '\u{2026}' || c.is_ascii_graphic() || c == ' '),
            "{text}"
        );
        assert_eq!(matrix(&rendered_file), matrix(&file));
    }
}

#[test]
fn arguments_that_no_envoy_can_serve_are_refused() {
    for (wrong, why) in [
        (&["--https-port", "80"][..], "--https-port and --http-port are both 80"),
        (&["--https-port", "9901"], "--https-port and --admin-port are both 9901"),
        (&["--http-port", "9901"], "--http-port and --admin-port are both 9901"),
        (&["--domain", ""], "write a host name, such as prometheus.example.org"),
        (&["--domain", "*"], "* is every name, and by any other name only health is served: name each"),
        (&["--domain", "example.com/prometheus"], "write a host name, such as prometheus.example.org"),
    ] {
        let (code, printed, complaint) = run(wrong);
        assert_eq!((code, printed.as_str()), (2, ""), "{wrong:?}");
        assert!(complaint.contains(why), "{wrong:?}: {complaint}");
    }
    let swapped = rendered(&["--https-port", "80", "--http-port", "443", "--domain", "0X1F"]);
    assert!(swapped.contains(r#"domains: ["0X1F"]"#), "{swapped}");
}

#[test]
fn what_is_written_goes_where_a_link_leads_and_through_no_name_that_others_know() {
    use std::os::unix::fs::symlink;
    let directory = tempfile::tempdir().unwrap();
    let [file, link, other, trap] =
        ["envoy.yaml", "link.yaml", "other", "envoy.new"].map(|name| directory.path().join(name));
    for (path, text) in [(&file, "old"), (&other, "precious")] {
        fs::write(path, text).unwrap();
    }
    symlink(&other, &trap).unwrap();
    symlink(&file, &link).unwrap();
    assert_eq!(rendered(&["--output".as_ref(), link.as_os_str()]), "");
    assert_eq!(fs::read_to_string(&file).unwrap(), CONFIGURATION);
    assert_eq!(fs::read_to_string(&other).unwrap(), "precious");
    assert!(link.is_symlink() && trap.is_symlink());
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 4);
}

#[test]
fn a_new_file_may_be_read_by_those_who_may_read_any_new_file() {
    use std::os::unix::fs::PermissionsExt;
    let directory = tempfile::tempdir().unwrap();
    let [file, any] = ["envoy.yaml", "any"].map(|name| directory.path().join(name));
    fs::write(&any, "").unwrap();
    assert_eq!(rendered(&["--output".as_ref(), file.as_os_str()]), "");
    let mode = |path: &Path| path.metadata().unwrap().permissions().mode();
    assert_eq!(mode(&file), mode(&any));
}

#[test]
fn what_is_written_replaces_the_file_and_keeps_who_may_read_it() {
    use std::os::unix::fs::PermissionsExt;
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("envoy.yaml");
    fs::write(&file, "old").unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
    let old = fs::File::open(&file).unwrap();
    assert_eq!(rendered(&["--output".as_ref(), file.as_os_str()]), "");
    assert_eq!(fs::read_to_string(&file).unwrap(), CONFIGURATION);
    assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o640);
    assert_eq!(
        old.metadata().unwrap().len(),
        3,
        "the file is another one, so that a watched directory tells of it"
    );
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
    let (code, _, complaint) = run(&["--output", "/nowhere/envoy.yaml"]);
    assert_eq!(code, 1);
    assert!(complaint.contains("cannot write /nowhere/envoy.yaml"), "{complaint}");
}

#[test]
fn envoy_accepts_what_is_rendered_with_each_variant_and_with_all() {
    let Some(envoy) = tools::need(Program::Envoy) else { return };
    let directory = at_hand();
    let sds = directory.path().join("sds/certificate.yaml");
    let ecds = directory.path().join("ecds/promward.yaml");
    let common = ["--directory".as_ref(), directory.path().as_os_str()];
    rendered(&[&common[..], &["--sds".as_ref(), "--output".as_ref(), sds.as_os_str()]].concat());
    let configuration = example(CERTIFICATES);
    let of_ecds = ["--ecds".as_ref(), configuration.as_os_str(), "--output".as_ref(), ecds.as_os_str()];
    rendered(&[&common[..], &of_ecds].concat());
    let flags = Variant::ALL.map(|variant| format!("--{}", variant.name()));
    let [certificates, jwt, openid_connect, rate_limit, remote_write, watched, websockets] =
        flags.each_ref().map(OsStr::new);
    let ports = ["--https-port", "8443", "--http-port", "8080", "--listen", "127.0.0.1"].map(OsStr::new);
    let names =
        ["--domain", "a.example", "--domain", "localhost", "--upstream", "[::1]:9090"].map(OsStr::new);
    let servers =
        ["--cluster", "alertmanager=localhost:9093", "--cluster", "grafana=[::1]:3000"].map(OsStr::new);
    let version = envoy.version.to_string();
    for chosen in [
        &[][..],
        &[example("examples/tenants/promward.json").as_os_str()],
        &[certificates, configuration.as_os_str()],
        &[jwt, example("examples/jwt/promward.json").as_os_str()],
        &[watched],
        &[certificates, jwt, configuration.as_os_str()],
        &[rate_limit, example("examples/many-gateways/promward.json").as_os_str()],
        &[openid_connect, example("examples/openid-connect/promward.json").as_os_str()],
        &[remote_write],
        &[certificates, jwt, rate_limit, remote_write, watched, websockets],
        &[certificates, openid_connect, rate_limit, watched, websockets],
        &[websockets, example("examples/tenants/promward.json").as_os_str()],
        &[&ports[..], &names].concat(),
        &[&servers[..], &[websockets, example("examples/one-site/promward.json").as_os_str()]].concat(),
    ] {
        let file = directory.path().join("envoy.yaml");
        let output = ["--output".as_ref(), file.as_os_str(), "--envoy-version".as_ref(), version.as_ref()];
        rendered(&[&common[..], chosen, &output].concat());
        let validated =
            envoy.command().args(["--mode", "validate", "--config-path"]).arg(&file).output().unwrap();
        let said = String::from_utf8_lossy(&validated.stderr).into_owned();
        assert!(validated.status.success(), "{chosen:?}: {said}");
        assert!(!said.contains("[warning]"), "{chosen:?}: {said}");
    }
}

/// Makes a directory with all files that the rendered ones name.
fn at_hand() -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    for name in ["sds", "ecds", "certificates", "login"] {
        fs::create_dir(directory.path().join(name)).unwrap();
    }
    for name in ["client-secret", "session-key"] {
        fs::write(directory.path().join("login").join(name), "for this test").unwrap();
    }
    fs::copy(promward_module::build().unwrap(), directory.path().join("promward.wasm")).unwrap();
    fs::write(directory.path().join("jwks.json"), Issuer::new().unwrap().jwks()).unwrap();
    let certificates = directory.path().join("certificates");
    let authority = Authority::new("render").unwrap();
    authority.server().unwrap().write(&certificates, "example.com").unwrap();
    authority.write(&certificates.join("clients-ca.crt")).unwrap();
    directory
}

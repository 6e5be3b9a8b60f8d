//! The one renderer of the shipped Envoy files: for tests, the demo, the examples, and users of `promward render`.

use super::shipped::Shipped;
use super::variants::{self, Variant};
use super::{CERTIFICATE, ECDS};
use crate::tools::Version;
use anyhow::Result;
use serde_json::json;
use std::net::{IpAddr, Ipv4Addr};

/// The first Envoy whose admin can be told which paths it has.
pub const ALLOWS_PATHS: Version = Version::new(1, 37, 0);

/// The directory of the shipped files.
pub const DIRECTORY: &str = "/etc/promward";

/// The directory of certificates below it.
const CERTIFICATES: &str = "/etc/promward/certificates";

/// The path of the module below it.
const MODULE: &str = "/etc/promward/promward.wasm";

/// Words that YAML may read as something other than text.
const RESERVED: [&str; 9] = ["true", "false", "null", "yes", "no", "on", "off", "y", "n"];

/// The options that the Envoy files are rendered with. With the defaults they are rendered as they ship, byte for byte.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileOptions {
    /// The fragments to add.
    pub variants: Vec<Variant>,
    /// The filter's configuration (JSON), in place of the shipped one.
    pub configuration: Option<String>,
    /// The host names that are served.
    pub domains: Vec<String>,
    /// The address of the two listeners.
    pub listen: IpAddr,
    /// The port of https, which serves.
    pub https_port: u16,
    /// The port of http, which only redirects.
    pub http_port: u16,
    /// The port of Envoy's admin, on 127.0.0.1.
    pub admin_port: u16,
    /// The name or address of the server behind.
    pub upstream_host: String,
    /// The port of the server behind.
    pub upstream_port: u16,
    /// Further servers, each a cluster like that of the server behind.
    pub clusters: Vec<Cluster>,
    /// The directory of all files, except those of the next two fields.
    pub directory: String,
    /// The directory of the certificates, if it isn't `certificates` there.
    pub certificates: Option<String>,
    /// The path of the module, if it isn't `promward.wasm` there.
    pub module: Option<String>,
    /// The oldest version of Envoy that has to understand the files.
    pub envoy: Version,
}

/// A server, as mounts name it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cluster {
    /// The name of the cluster.
    pub name: String,
    /// The server's name or address.
    pub host: String,
    pub port: u16,
}

impl Default for FileOptions {
    fn default() -> Self {
        Self {
            variants: Vec::new(),
            configuration: None,
            domains: vec!["example.com".to_owned()],
            listen: IpAddr::V4(Ipv4Addr::UNSPECIFIED),
            https_port: 443,
            http_port: 80,
            admin_port: 9901,
            upstream_host: "127.0.0.1".to_owned(),
            upstream_port: 9090,
            clusters: Vec::new(),
            directory: DIRECTORY.to_owned(),
            certificates: None,
            module: None,
            envoy: ALLOWS_PATHS,
        }
    }
}

impl FileOptions {
    /// Renders the file that Envoy starts with.
    ///
    /// # Errors
    ///
    /// Returns an error if the shipped file lacks a text that is to be replaced.
    pub fn envoy(&self) -> Result<String> {
        let mut file = Shipped::new("envoy.yaml", &variants::render(&self.variants)?);
        if self.envoy < ALLOWS_PATHS {
            file.remove_list("  allow_paths:")?;
        }
        let port = |port: u16| format!("port_value: {port} }}");
        file.replace("address: 0.0.0.0,", &format!("address: {},", scalar(&self.listen.to_string())))?;
        let upstream = format!("address: {}, {}", scalar(&self.upstream_host), port(self.upstream_port));
        // A chosen port may equal a shipped one, so each is replaced together with the text around it.
        for (label, old, new) in [
            ("- name: https\n", 443, self.https_port),
            ("- name: http\n", 80, self.http_port),
            ("admin:\n", 9901, self.admin_port),
        ] {
            file.replace_after(label, &port(old), &port(new))?;
        }
        file.replace_after(
            "cluster_name: prometheus\n",
            "address: 127.0.0.1, port_value: 9090 }",
            &upstream,
        )?;
        for cluster in self.clusters.iter().rev() {
            let address = format!("address: {}, {}", scalar(&cluster.host), port(cluster.port));
            file.copy_item("  clusters:\n", "  - name: prometheus\n", |item| {
                item.replace("name: prometheus\n", &format!("name: {}\n", scalar(&cluster.name)))
                    .replace(&upstream, &address)
            })?;
        }
        if self.https_port != 443 {
            // A redirect names the port only if it isn't the default one.
            file.replace(
                "https_redirect: true, ",
                &format!("https_redirect: true, port_redirect: {}, ", self.https_port),
            )?;
        }
        let domains: Vec<_> = self.domains.iter().map(|domain| scalar(domain)).collect();
        file.replace("domains: [example.com]", &format!("domains: [{}]", domains.join(", ")))?;
        self.replace_paths(&mut file);
        if !self.variants.contains(&Variant::Watched) {
            self.configure(&mut file)?;
        }
        file.finish(&[])
    }

    /// Renders `ecds/promward.yaml`, the file of a watched filter.
    ///
    /// # Errors
    ///
    /// Returns an error where [`FileOptions::envoy`] does.
    pub fn ecds(&self) -> Result<String> {
        let mut file = Shipped::new("ecds/promward.yaml", ECDS);
        self.replace_paths(&mut file);
        self.configure(&mut file)?;
        file.finish(&[])
    }

    /// Renders `sds/certificate.yaml`, which names the server's certificate.
    ///
    /// # Errors
    ///
    /// Returns an error where [`FileOptions::envoy`] does.
    pub fn sds(&self) -> Result<String> {
        let mut file = Shipped::new("sds/certificate.yaml", CERTIFICATE);
        self.replace_paths(&mut file);
        file.finish(&[])
    }

    fn replace_paths(&self, file: &mut Shipped) {
        file.replace_paths(DIRECTORY, |path| {
            let below = |directory: &str, rest: &str| scalar(&format!("{directory}{rest}"));
            match (&self.module, &self.certificates, path.strip_prefix(CERTIFICATES)) {
                (Some(module), _, _) if path == MODULE => scalar(module),
                (_, Some(certificates), Some(rest)) => below(certificates, rest),
                _ => below(&self.directory, path.strip_prefix(DIRECTORY).unwrap_or(path)),
            }
        });
    }

    fn configure(&self, file: &mut Shipped) -> Result<()> {
        match &self.configuration {
            Some(configuration) => set_configuration(file, configuration),
            None => Ok(()),
        }
    }
}

/// Replaces the filter's configuration in the file.
pub(super) fn set_configuration(file: &mut Shipped, configuration: &str) -> Result<()> {
    // The first line determines the indentation of a block scalar, so it must not begin with a space.
    file.replace_block("value: |", &escaped(configuration.trim()))
}

/// Writes a text of JSON, without another meaning, in characters that all readers of YAML take for the same. Except for
/// the carriage return, which becomes a newline, the others stand only in strings.
fn escaped(json: &str) -> String {
    let mut text = String::with_capacity(json.len());
    for character in json.replace("\r\n", "\n").replace('\r', "\n").chars() {
        match character {
            '\u{7f}'..='\u{9f}' | '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}' => {
                text.push_str(&format!("\\u{:04x}", u32::from(character)));
            }
            other => text.push(other),
        }
    }
    text
}

/// Formats a text as a YAML scalar inside of a list or mapping: plain if possible, else in quotes.
fn scalar(text: &str) -> String {
    let is_safe = |byte: u8| byte.is_ascii_alphanumeric() || b"/._-".contains(&byte);
    let starts_safely = text.bytes().next().is_some_and(|byte| byte.is_ascii_alphanumeric() || byte == b'/');
    let is_number = || {
        let has_letters = text.bytes().any(|byte| byte.is_ascii_alphabetic() || byte == b'/');
        let has_a_prefix = ["0x", "0X", "0o", "0O"].iter().any(|prefix| text.starts_with(prefix));
        text.parse::<Ipv4Addr>().is_err() && (!has_letters || has_a_prefix || text.parse::<f64>().is_ok())
    };
    let is_plain = starts_safely
        && text.bytes().all(is_safe)
        && !RESERVED.iter().any(|word| text.eq_ignore_ascii_case(word))
        && !is_number();
    if is_plain { text.to_owned() } else { escaped(&json!(text).to_string()) }
}

#[cfg(test)]
mod tests {
    use super::{FileOptions, escaped, scalar};
    use crate::envoy::variants::Variant;
    use crate::envoy::{CERTIFICATE, CONFIGURATION, ECDS};
    use crate::tools::Version;

    #[test]
    fn by_default_each_file_is_the_shipped_one_byte_for_byte() {
        let options = FileOptions::default();
        assert_eq!(options.envoy().unwrap(), CONFIGURATION);
        assert_eq!(options.ecds().unwrap(), ECDS);
        assert_eq!(options.sds().unwrap(), CERTIFICATE);
    }

    #[test]
    fn the_watched_file_has_the_filter_that_the_shipped_file_has() {
        let (_, filter) = CONFIGURATION.split_once("          - name: promward\n").unwrap();
        let (filter, _) = filter.split_once("          - name: envoy.filters.http.buffer\n").unwrap();
        let filter: String =
            filter.lines().map(|line| format!("{}\n", &line["          ".len()..])).collect();
        let (_, watched) = ECDS.split_once("  name: promward\n").unwrap();
        assert_eq!(watched, filter);
    }

    #[test]
    fn variants_combine_in_any_order_and_keep_every_other_line() {
        let lines = |variants: &[Variant]| {
            let text = FileOptions { variants: variants.to_vec(), ..Default::default() }.envoy().unwrap();
            text.lines().map(str::to_owned).collect::<Vec<_>>()
        };
        for (left_out, replacing) in [
            (
                Variant::Jwt,
                &[Variant::OpenIdConnect, Variant::RemoteWrite, Variant::Watched, Variant::WebSockets][..],
            ),
            (Variant::OpenIdConnect, &[Variant::RemoteWrite, Variant::Watched, Variant::WebSockets]),
        ] {
            let mut variants = Variant::ALL.to_vec();
            variants.retain(|variant| *variant != left_out);
            let all = lines(&variants);
            let reversed: Vec<_> = variants.iter().rev().copied().collect();
            assert_eq!(lines(&reversed), all);
            for variant in variants {
                let inserted = |line: &&str| !line.is_empty() && !line.starts_with('#') && *line != "---";
                for line in variant.fragment().lines().filter(inserted) {
                    assert!(all.iter().any(|rendered| rendered.trim() == line.trim()), "{variant:?}: {line}");
                }
            }
            let mut rendered = all.iter();
            // These stand in place of other lines.
            let replaced = lines(replacing);
            assert!(
                replaced.iter().all(|line| rendered.any(|rendered| rendered == line)),
                "nothing else changes"
            );
        }
        assert!(FileOptions { variants: Variant::ALL.to_vec(), ..Default::default() }.envoy().is_err());
    }

    #[test]
    fn ports_that_other_places_have_by_default_are_told_apart() {
        let options = FileOptions {
            https_port: 9901,
            http_port: 443,
            admin_port: 80,
            upstream_port: 80,
            ..Default::default()
        };
        let text = options.envoy().unwrap();
        let ports = text.split("port_value: ").skip(1).map(|rest| rest.split(' ').next().unwrap());
        assert_eq!(ports.collect::<Vec<_>>(), ["80", "9901", "443", "80"]);
    }

    #[test]
    fn what_a_user_chooses_stands_in_the_file() {
        let options = FileOptions {
            variants: vec![Variant::ClientCertificates, Variant::Jwt],
            configuration: Some("  {\n\n  \"mounts\": []\n}\n".to_owned()),
            domains: vec!["prometheus.example.org".to_owned(), "localhost".to_owned()],
            listen: "::".parse().unwrap(),
            https_port: 8443,
            upstream_host: "prometheus.internal".to_owned(),
            directory: "/srv/with a space".to_owned(),
            certificates: Some("/certificates".to_owned()),
            module: Some("/modules/promward.wasm".to_owned()),
            envoy: Version::new(1, 36, 0),
            ..Default::default()
        };
        let text = options.envoy().unwrap();
        for line in [
            "address: { socket_address: { address: \"::\", port_value: 8443 } }",
            "domains: [prometheus.example.org, localhost]",
            "redirect: { https_redirect: true, port_redirect: 8443, response_code: PERMANENT_REDIRECT }",
            "- endpoint: { address: { socket_address: { address: prometheus.internal, port_value: 9090 } } }",
            "sds_config: { path_config_source: { path: \"/srv/with a space/sds/certificate.yaml\" } }",
            "local_jwks: { filename: \"/srv/with a space/jwks.json\" }",
            "trusted_ca: { filename: /certificates/clients-ca.crt }",
            "code: { local: { filename: /modules/promward.wasm } }",
        ] {
            assert!(text.lines().any(|found| found.trim() == line), "{line}: {text}");
        }
        assert!(text.contains(
            "value: |\n                    {\n\n                      \"mounts\": []\n                    }\n"
        ));
        assert!(!text.contains("allow_paths") && !text.contains("/etc/promward"), "{text}");
        assert!(options.sds().unwrap().contains("watched_directory: { path: /certificates }"));
    }

    #[test]
    fn characters_that_yaml_reads_in_more_than_one_way_are_escaped() {
        let text = "[\r\n\r\"\u{7f}\u{80}\u{85}\u{9f}\u{2028}\u{2029}\u{feff}\u{fffe}\u{ffff}\"]";
        let expected = r#""\u007f\u0080\u0085\u009f\u2028\u2029\ufeff\ufffe\uffff""#;
        assert_eq!(escaped(text), format!("[\n\n{expected}]"));
        assert_eq!(scalar("/\u{85}"), r#""/\u0085""#);
        let others = "\t\n \u{a0}é\u{2027}\u{202a}\u{fffd}\u{10ffff}";
        assert_eq!(escaped(others), others);
    }

    #[test]
    fn a_text_stands_in_quotes_where_yaml_would_take_it_for_something_else() {
        for plain in ["/etc/promward/sds", "127.0.0.1", "example.com", "localhost", "3com.example"] {
            assert_eq!(scalar(plain), plain);
        }
        for quoted in [
            "::1",
            "/a b",
            "/a,b",
            "",
            "12",
            "1.5",
            "1e3",
            "0x1f",
            "0X1F",
            "No",
            "-a",
            "*.example.com",
            "/a}",
        ] {
            assert_eq!(scalar(quoted), format!("{quoted:?}"));
        }
    }
}

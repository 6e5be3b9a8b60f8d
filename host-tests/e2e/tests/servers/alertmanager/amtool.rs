//! `amtool`, Alertmanager's own tool, of both releases, as a restricted caller.

use super::{A, RELEASES, guarded, server};
use promward_e2e::deployment::Host;
use promward_e2e::on_both_hosts;
use promward_harness::alertmanager::equals;
use promward_harness::tools;
use promward_harness::tunnel::Tunnel;
use serde_json::json;
use std::fs;
use std::process::Output;

on_both_hosts! {
    alerts_and_silences_are_asked_for_and_a_silence_is_made_changed_and_ended,
}

fn alerts_and_silences_are_asked_for_and_a_silence_is_made_changed_and_ended(host: Host) {
    for release in RELEASES {
        let Some(tool) = tools::need(release.amtool()) else { return };
        let Some(server) = server(release) else { return };
        let alert = |name: &str, tenant: &str| json!({ "alertname": name, "tenant": tenant });
        server.alert(&[alert("mine", "a"), alert("theirs", "b")]).unwrap();
        let of_b = server.silence(&json!([equals("tenant", "b")])).unwrap();
        let deployment = guarded(host, server.address());
        let tunnel = Tunnel::to(deployment.https()).unwrap();
        let authority = deployment.directory().join("authority.pem");
        fs::write(&authority, deployment.authority().pem()).unwrap();
        let file = deployment.directory().join("amtool.yaml");
        let http = json!({
            "authorization": { "credentials": A },
            "tls_config": { "ca_file": authority },
            "proxy_url": tunnel.url(),
        });
        fs::write(&file, http.to_string()).unwrap();
        let run = |arguments: &[&str]| -> (bool, String) {
            let mut command = tool.command();
            command.arg("--alertmanager.url=https://example.com/am").arg("--http.config.file").arg(&file);
            // The configuration of the machine's user must not matter.
            let Output { status, stdout, stderr } =
                command.env("HOME", deployment.directory()).args(arguments).output().unwrap();
            (status.success(), String::from_utf8([stdout, stderr].concat()).unwrap())
        };
        let works = |arguments: &[&str]| {
            let (works, said) = run(arguments);
            assert!(works, "{release:?} {arguments:?}: {said}");
            said
        };
        let alerts = works(&["alert", "query"]);
        assert!(alerts.contains("mine") && !alerts.contains("theirs"), "{release:?}: {alerts}");
        let none = works(&["alert", "query", "tenant=b"]);
        assert!(!none.contains("theirs"), "{release:?}: {none}");
        let made = works(&["silence", "add", "--author=x", "--comment=y", "--duration=1h", "alertname=mine"]);
        let id = made.trim();
        assert_eq!(server.silence_with(id).unwrap()["createdBy"], "token:a", "{release:?}");
        let silences = works(&["silence", "query"]);
        assert!(silences.contains(id) && !silences.contains(&of_b), "{release:?}: {silences}");
        works(&["silence", "update", "--comment=z", "--duration=2h", id]);
        assert_eq!(server.silence_with(id).unwrap()["comment"], "z", "{release:?}");
        let (ended, said) = run(&["silence", "expire", &of_b]);
        assert!(!ended, "{release:?}: {said}");
        works(&["silence", "expire", id]);
        let state = |id: &str| server.silence_with(id).unwrap()["status"]["state"].clone();
        assert_eq!((state(id), state(&of_b)), (json!("expired"), json!("active")), "{release:?}");
    }
}

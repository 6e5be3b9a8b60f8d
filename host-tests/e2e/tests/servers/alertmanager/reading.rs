//! Alerts, their groups and silences, as restricted callers read them.

use super::{A, ADMIN, BOTH, RELEASES, all, caller, guarded, server};
use promward_e2e::deployment::Host;
use promward_e2e::on_every_host;
use promward_harness::alertmanager::equals;
use serde_json::{Value, json};

on_every_host! {
    everybody_sees_their_own_alerts_and_silences,
    what_can_not_be_restricted_is_refused,
}

fn everybody_sees_their_own_alerts_and_silences(host: Host) {
    for release in RELEASES {
        let Some(server) = server(release) else { return };
        let alerts = [
            json!({ "alertname": "one", "tenant": "a", "env": "prod", "name": "1" }),
            json!({ "alertname": "one", "tenant": "b", "env": "prod", "name": "2" }),
            json!({ "alertname": "two", "tenant": "b", "env": "dev", "name": "3" }),
            json!({ "alertname": "two", "tenant": "a", "env": "dev", "name": "4" }),
            json!({ "alertname": "three", "name": "5" }),
            json!({ "alertname": "three", "tenant": "a|b", "env": "prod", "name": "6" }),
        ];
        server.alert(&alerts).unwrap();
        let silence = |matchers: Value| server.silence(&matchers).unwrap();
        let of_a = silence(json!([equals("tenant", "a"), equals("name", "x")]));
        let of_a_prod = silence(json!([equals("tenant", "a"), equals("env", "prod"), equals("name", "x")]));
        let of_b_prod = silence(json!([equals("env", "prod"), equals("tenant", "b"), equals("name", "x")]));
        let by_regex = json!({ "name": "tenant", "value": "a|b", "isRegex": true, "isEqual": true });
        let of_two = silence(json!([by_regex, equals("name", "x")]));
        let of_all = silence(json!([equals("name", "x")]));

        let deployment = guarded(host, server.address());
        let [a, both, admin] = [A, BOTH, ADMIN].map(|token| caller(&deployment, token));
        let name = |alert: &Value| alert["labels"]["name"].clone();
        let names = |client, query: &str| {
            let target = format!("/am/api/v2/alerts?{query}");
            all(client, &target, |alert| &alert["labels"]["name"])
        };
        assert_eq!(names(&a, ""), ["1", "4"], "{release:?}");
        assert_eq!(names(&both, ""), ["1", "2"], "{release:?}");
        assert_eq!(names(&admin, ""), ["1", "2", "3", "4", "5", "6"], "{release:?}");
        assert_eq!(names(&a, "filter=tenant=%22b%22"), [""; 0], "{release:?}");
        assert_eq!(names(&a, "filter=tenant=~%22.*%22&filter=env!=%22dev%22"), ["1"], "{release:?}");

        let groups = |client: &_| {
            let mut shown: Vec<_> = Vec::new();
            let answer = promward_harness::client::Client::get(client, "/am/api/v2/alerts/groups").unwrap();
            for group in answer.json().unwrap().as_array().unwrap() {
                let alerts = group["alerts"].as_array().unwrap();
                assert!(!alerts.is_empty(), "{release:?}: {group}");
                shown.extend(alerts.iter().map(|alert| name(alert).as_str().unwrap().to_owned()));
            }
            shown.sort();
            shown
        };
        assert_eq!(groups(&a), ["1", "4"], "{release:?}");
        assert_eq!(groups(&both), ["1", "2"], "{release:?}");
        assert_eq!(groups(&admin).len(), 6, "{release:?}");

        let ids = |client, query: &str| {
            let target = format!("/am/api/v2/silences?{query}");
            all(client, &target, |silence| &silence["id"])
        };
        let sorted = |ids: &[&String]| {
            let mut ids: Vec<_> = ids.iter().map(ToString::to_string).collect();
            ids.sort();
            ids
        };
        assert_eq!(ids(&a, ""), sorted(&[&of_a, &of_a_prod]), "{release:?}");
        assert_eq!(ids(&both, ""), sorted(&[&of_a_prod, &of_b_prod]), "{release:?}");
        assert_eq!(ids(&admin, "").len(), 5, "{release:?}");
        assert_eq!(ids(&a, "filter=env=%22prod%22"), sorted(&[&of_a_prod]), "{release:?}");
        for others in [&of_two, &of_all] {
            assert!(!ids(&a, "").contains(others) && !ids(&both, "").contains(others), "{release:?}");
        }
        // The server's own errors come through.
        let wrong = a.get("/am/api/v2/alerts?filter=%7B").unwrap();
        assert_eq!(wrong.status, 400, "{release:?}: {}", wrong.text());
    }
}

fn what_can_not_be_restricted_is_refused(host: Host) {
    let Some(server) = server(RELEASES[0]) else { return };
    let deployment = guarded(host, server.address());
    let (a, admin) = (caller(&deployment, A), caller(&deployment, ADMIN));
    for (target, open) in [
        ("/am/api/v2/receivers", 200),
        ("/am/api/v2/status", 200),
        ("/am/metrics", 200),
        ("/am/debug/pprof/cmdline", 200),
        ("/am/api/v1/alerts", 200),
        ("/am/api/v2/new", 404),
    ] {
        assert_eq!(a.get(target).unwrap().status, 403, "{target}");
        assert_eq!(admin.get(target).unwrap().status, open, "{target}");
    }
    for target in ["/am/", "/am/-/healthy", "/am/-/ready"] {
        assert_eq!(a.get(target).unwrap().status, 200, "{target}");
    }
}

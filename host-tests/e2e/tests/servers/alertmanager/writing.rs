//! Silences that restricted callers make, change and end.

use super::{A, ADMIN, BOTH, RELEASES, caller, delete, guarded, post, server};
use promward_e2e::deployment::Host;
use promward_e2e::on_both_hosts;
use promward_harness::alertmanager::{equals, silence};
use serde_json::{Value, json};

on_both_hosts! {
    a_new_silence_gets_what_it_must_have_and_its_creator,
    a_silence_is_read_changed_and_ended_by_whose_it_is,
}

const SILENCES: &str = "/am/api/v2/silences";

fn a_new_silence_gets_what_it_must_have_and_its_creator(host: Host) {
    for release in RELEASES {
        let Some(server) = server(release) else { return };
        let deployment = guarded(host, server.address());
        let [a, both, admin] = [A, BOTH, ADMIN].map(|token| caller(&deployment, token));
        let made = |client, matchers: Value| {
            let answer = post(client, SILENCES, &silence(&matchers));
            assert_eq!(answer.status, 200, "{release:?}: {}", answer.text());
            server.silence_with(answer.json().unwrap()["silenceID"].as_str().unwrap()).unwrap()
        };
        let of_a = made(&a, json!([equals("name", "x")]));
        assert_eq!(of_a["matchers"], json!([equals("name", "x"), equals("tenant", "a")]), "{release:?}");
        assert_eq!(of_a["createdBy"], "token:a", "{release:?}");
        assert_eq!(of_a["comment"], "made by a test", "{release:?}");
        let of_both = made(&both, json!([equals("tenant", "b")]));
        assert_eq!(of_both["matchers"], json!([equals("tenant", "b"), equals("env", "prod")]), "{release:?}");
        // Nobody looks at the silences of those who aren't restricted.
        let of_admin = made(&admin, json!([equals("name", "x")]));
        assert_eq!(of_admin["createdBy"], "the test", "{release:?}");

        for (client, matchers, says) in [
            (&a, json!([equals("tenant", "b")]), "\"tenant\\\\\\\""),
            (&both, json!([equals("name", "x")]), "\"tenant\\\\\\\""),
            (&both, json!([equals("tenant", "a"), equals("env", "dev")]), "\"env\\\\\\\""),
            (&both, json!([equals("tenant", "c"), equals("env", "prod")]), "\"tenant\\\\\\\""),
        ] {
            let answer = post(client, SILENCES, &silence(&matchers));
            let says = says.replace(['\\', '"'], "");
            assert_eq!(answer.status, 400, "{release:?}: {matchers}");
            let text = answer.text();
            assert!(text.contains(&says) && text.contains("equality matcher"), "{release:?}: {text}");
        }
        let mut hidden = silence(&json!([equals("tenant", "a")]));
        hidden["Matchers"] = json!([equals("tenant", "b")]);
        assert_eq!(post(&a, SILENCES, &hidden).status, 400, "{release:?}");
    }
}

fn a_silence_is_read_changed_and_ended_by_whose_it_is(host: Host) {
    for release in RELEASES {
        let Some(server) = server(release) else { return };
        let deployment = guarded(host, server.address());
        let [a, both, admin] = [A, BOTH, ADMIN].map(|token| caller(&deployment, token));
        let own = json!([equals("tenant", "a"), equals("name", "x")]);
        let of_a = server.silence(&own).unwrap();
        let of_b = server.silence(&json!([equals("tenant", "b"), equals("env", "prod")])).unwrap();
        let by_regex = json!({ "name": "tenant", "value": "a|b", "isRegex": true, "isEqual": true });
        let of_two = server.silence(&json!([by_regex])).unwrap();
        let nobodys = "6a1b5b0e-0a3c-4f53-9a55-1f2a86f27cd0".to_owned();
        let path = |id: &str| format!("/am/api/v2/silence/{id}");
        let state = |id: &str| server.silence_with(id).unwrap()["status"]["state"].clone();

        for (client, id, expected) in [
            (&a, &of_a, 200),
            (&a, &of_b, 404),
            (&a, &of_two, 404),
            (&a, &nobodys, 404),
            (&both, &of_a, 404),
            (&both, &of_b, 200),
            (&both, &of_two, 404),
            (&admin, &of_two, 200),
        ] {
            let answer = client.get(&path(id)).unwrap();
            assert_eq!(answer.status, expected, "{release:?}: {}", answer.text());
            assert_eq!(
                expected == 200,
                answer.text().contains(id.as_str()),
                "{release:?}: {}",
                answer.text()
            );
        }
        assert_eq!(a.get(&path("x")).unwrap().status, 404, "{release:?}");

        // A change of somebody else's would end it.
        let change = |client, id: &str, matchers: &Value, comment: &str| {
            let mut changed = silence(matchers);
            (changed["id"], changed["comment"]) = (json!(id), json!(comment));
            changed["startsAt"] = server.silence_with(&of_a).unwrap()["startsAt"].clone();
            post(client, SILENCES, &changed)
        };
        for id in [&of_b, &of_two, &nobodys] {
            assert_eq!(change(&a, id, &own, "taken").status, 404, "{release:?}");
            assert_eq!(delete(&a, id).status, 404, "{release:?}");
        }
        assert_eq!((state(&of_b), state(&of_two)), (json!("active"), json!("active")), "{release:?}");
        let answer = change(&a, &of_a, &own, "changed");
        assert_eq!(answer.status, 200, "{release:?}: {}", answer.text());
        assert_eq!(answer.json().unwrap()["silenceID"], json!(of_a), "{release:?}");
        let changed = server.silence_with(&of_a).unwrap();
        assert_eq!(
            (&changed["comment"], &changed["createdBy"]),
            (&json!("changed"), &json!("token:a")),
            "{release:?}"
        );
        assert_eq!(
            change(&a, &of_a, &json!([equals("tenant", "b")]), "given away").status,
            400,
            "{release:?}"
        );

        // With other matchers the server ends it, and makes another one: what an id stands for never changes.
        let other = json!([equals("tenant", "a"), equals("name", "y")]);
        let answer = change(&a, &of_a, &other, "another");
        assert_eq!(answer.status, 200, "{release:?}: {}", answer.text());
        let another = answer.json().unwrap()["silenceID"].as_str().unwrap().to_owned();
        assert_ne!(another, of_a, "{release:?}");
        assert_eq!(state(&of_a), "expired", "{release:?}");
        assert_eq!(
            server.silence_with(&of_a).unwrap()["matchers"].as_array().unwrap().len(),
            2,
            "{release:?}"
        );

        assert_eq!(delete(&a, &another).status, 200, "{release:?}");
        assert_eq!(state(&another), "expired", "{release:?}");
        assert_eq!(delete(&both, &of_b).status, 200, "{release:?}");
        assert_eq!(delete(&admin, &of_two).status, 200, "{release:?}");
        assert_eq!((state(&of_b), state(&of_two)), (json!("expired"), json!("expired")), "{release:?}");
    }
}

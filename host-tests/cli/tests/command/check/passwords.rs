//! `promward check` explains hashes and limits of passwords as a rate of logins.

use crate::check::checked;
use serde_json::{Value, json};

/// Returns a bcrypt hash of this cost, whose salt differs from others in one character.
fn hash(cost: u32, salt: char) -> String {
    format!("$2y${cost:02}${}.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW", salt.to_string().repeat(21))
}

/// Returns the lines about these users with these limits.
fn said(users: &Value, limits: &Value) -> String {
    let mut configuration = json!({
        "mounts": [{ "prefix": "/" }],
        "callers": { "users": users },
        "access": [{ "who": ["authenticated"], "may": ["ui"] }],
    });
    if !limits.is_null() {
        configuration["callers"]["passwords"] = limits.clone();
    }
    checked("promward.json", &configuration.to_string())
        .lines()
        .skip_while(|line| !line.starts_with("  logins by password: "))
        .take_while(|line| !line.starts_with("  digest: "))
        .map(|line| format!("{line}\n"))
        .collect()
}

const OF_COST_10: &str =
    "  logins by password: 3.8/s in each worker (cost 10: 65 slices a check, one every 4 ms)
    3.8/s may begin, 15 at once, and from one source 57.6/m, 3 at once; right ones don't count
    61 may wait, 16 s at most, and 3 from one source
";

#[test]
fn the_cost_of_the_hashes_is_told_as_a_rate_of_logins() {
    let users = json!({ "alice": hash(10, 'A'), "bob": hash(10, 'B') });
    assert_eq!(said(&users, &Value::Null), OF_COST_10);
}

#[test]
fn limits_are_told_as_they_are_given() {
    let limits = json!({ "checks": "2/s", "burst": 8, "waiting": 5, "waiting_per_source": 1 });
    assert_eq!(
        said(&json!({ "alice": hash(10, 'A') }), &limits),
        "  logins by password: 3.8/s in each worker (cost 10: 65 slices a check, one every 4 ms)
    2/s may begin, 8 at once, and from one source 30/m, 2 at once; right ones don't count
    5 may wait, 2 s at most, and 1 from one source
"
    );
}

#[test]
fn a_limit_that_lets_begin_more_than_can_be_run_is_warned_of() {
    let users = json!({ "alice": hash(10, 'A') });
    let warning =
        "  warning: more checks may begin than can be run: those beyond 3.8/s wait, until too many do\n";
    for (checks, is_too_many) in [("3/s", false), ("4/s", true)] {
        let said = said(&users, &json!({ "checks": checks }));
        assert_eq!(said.contains(warning), is_too_many, "{said}");
    }
}

#[test]
fn where_hashes_differ_it_is_said_that_the_dearest_user_decides() {
    let warning = |name: &str, costs: &str| {
        format!(
            "  warning: every user's failing check takes as long as that of user:{name} ({costs}), so that it tells \
             nobody who exists: give all of them hashes of one cost, and as many\n"
        )
    };
    for (alice, bob, expected) in [
        (json!(hash(11, 'A')), json!(hash(10, 'B')), warning("alice", "cost 11")),
        (json!(hash(10, 'A')), json!([hash(10, 'B'), hash(11, 'C')]), warning("bob", "costs 10 and 11")),
        (json!([hash(10, 'A'), hash(11, 'B')]), json!([hash(11, 'C'), hash(10, 'D')]), String::new()),
    ] {
        let said = said(&json!({ "alice": alice, "bob": bob }), &Value::Null);
        let told: String = said.lines().skip(3).map(|line| format!("{line}\n")).collect();
        assert_eq!(told, expected, "{said}");
    }
}

#[test]
fn hashes_that_are_quick_to_guess_are_warned_of_by_their_users() {
    let warned = |users: &Value| {
        let said = said(users, &Value::Null);
        let begin = "  warning: a hash below cost 10 is guessed quickly by anybody who gets it: cargo promward hash makes a new one for ";
        said.lines().find_map(|line| line.strip_prefix(begin).map(str::to_owned))
    };
    assert_eq!(warned(&json!({ "alice": hash(10, 'A'), "bob": hash(12, 'B') })), None);
    let mixed =
        json!({ "alice": hash(9, 'A'), "bob": hash(10, 'B'), "carol": [hash(10, 'C'), hash(4, 'D')] });
    assert_eq!(warned(&mixed).as_deref(), Some("user:alice, user:carol"));
    let letters = "ABCDEFGHIJ".chars().map(|letter| (letter.to_string(), json!(hash(5, letter))));
    let many = Value::Object(letters.collect());
    assert_eq!(warned(&many).as_deref(), Some("user:A, user:B, user:C, user:D, user:E and 5 more"));
}

/// Returns the first line that is printed about a configuration with these users.
fn line(users: &Value) -> String {
    let configuration = json!({
        "mounts": [{ "prefix": "/" }],
        "callers": { "users": users },
        "access": [{ "who": ["authenticated"], "may": ["ui"] }],
    });
    checked("promward.json", &configuration.to_string()).lines().next().unwrap().to_owned()
}

#[test]
fn a_hash_of_the_empty_password_is_refused() {
    let empty = |cost| bcrypt::hash("", cost).unwrap();
    let said = |path: &str, user: &str| {
        format!(
            "promward.json: refused: callers.users.{path}: this is a hash of the empty password, with which anybody is \
             user:{user}: make another one, as cargo promward hash {user} does"
        )
    };
    assert_eq!(line(&json!({ "alice": empty(10) })), said("alice", "alice"));
    let known = "$2a$05$CCCCCCCCCCCCCCCCCCCCC.7uG0VCzI2bS7j6ymqJi9CdcdxiRTWNy";
    assert_eq!(line(&json!({ "alice": hash(4, 'A'), "bob": [hash(4, 'B'), known] })), said("bob[1]", "bob"));
    let mut many: serde_json::Map<_, _> =
        (0..50).map(|user| (user.to_string(), json!(hash(4, 'A')))).collect();
    assert_eq!(line(&many.clone().into()), "promward.json: valid");
    many.insert("49".to_owned(), json!(empty(4)));
    assert_eq!(line(&many.into()), said("49", "49"));
}

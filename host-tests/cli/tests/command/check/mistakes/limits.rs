//! Mistakes in limits on rates and queries.

use super::Mistake;

pub(super) const MISTAKES: &[Mistake] = &[
    // Rates.
    (
        r#"["health", "ui"]"#,
        r#"["ui"], "limits": {}"#,
        "access[0].limits: this limits nothing: give a rate, like \"rate\": \"20/s\", or one of concurrent, samples, range, lookback, oldest, points, timeout, work, operators, selectors, calls, depth and repetitions",
    ),
    (
        r#"["health", "ui"]"#,
        r#"["ui"], "limits": { "burst": 3 }"#,
        "access[0].limits: a burst needs a rate, like \"rate\": \"20/s\"",
    ),
    (
        r#"["health", "ui"]"#,
        r#"["ui"], "limits": { "rate": "20" }"#,
        "access[0].limits.rate: \"20\" is not a rate: write a whole number, 1 to 1000000, and /s, /m or /h, like 20/s or 5k/s",
    ),
    (
        r#"["health", "ui"]"#,
        r#"["ui"], "limits": { "rate": "20/s", "burst": 0 }"#,
        "access[0].limits.burst: this must be a whole number, 1 to 1000000",
    ),
    (
        r#"["health", "ui"]"#,
        r#"["ui"], "limits": { "concurrent": 0 }"#,
        "access[0].limits.concurrent: this must be a whole number, 1 to 1000",
    ),
    (
        r#"["health", "ui"]"#,
        r#"["ui"], "limits": { "concurrent": "4" }"#,
        "access[0].limits.concurrent: this must be a whole number, 1 to 1000",
    ),
    (
        r#"["health", "ui"]"#,
        r#"["ui"], "limits": { "rate": "20/s", "wait": "2s" }"#,
        "access[0].limits: a wait needs a number of requests at once, like \"concurrent\": 4",
    ),
    (
        r#"["health", "ui"]"#,
        r#"["ui"], "limits": { "concurrent": 4, "wait": "0s" }"#,
        "access[0].limits.wait: this allows nothing: leave the field out, or allow more",
    ),
    (
        r#"["health", "ui"]"#,
        r#"["ui"], "limits": { "concurrent": 4, "wait": "1m1s" }"#,
        "access[0].limits.wait: this is too long for those who wait: allow at most 1m",
    ),
    (
        r#"["health", "ui"]"#,
        r#"["ui"], "limits": { "concurrent": 4, "wait": 2 }"#,
        "access[0].limits.wait: this is a number, where a text is needed",
    ),
    (
        r#"["health", "ui"]"#,
        r#"["ui"], "limits": { "rates": "20/s" }"#,
        "access[0].limits.rates: there is no such field; the fields here are rate, burst, concurrent, wait, samples, range, lookback, oldest, points, timeout, work, operators, selectors, calls, depth, repetitions",
    ),
    (
        r#"["health", "ui"]"#,
        r#"["write"], "limits": { "samples": "100K/s" }"#,
        "access[0].limits.samples: \"100K/s\" is not a rate: write a whole number, 1 to 1000000, and /s, /m or /h, like 20/s or 5k/s",
    ),
    (
        r#"["health", "ui"]"#,
        r#"["write"], "write": "label""#,
        "access[0].write: this is about the labels of \"only\", and the rule has none: leave one of the two out, or add the other",
    ),
    (
        r#"["health", "ui"]"#,
        r#"["write"], "only": { "tenant": ["a", "b"] }, "write": "label""#,
        "access[0].write: \"label\" adds a label that may have one value only, and no label of \"only\" is one: say \"refuse\"",
    ),
    (
        r#"["health", "ui"]"#,
        r#"["write"], "only": { "tenant": ["a"] }, "write": "drop""#,
        "access[0].write: \"drop\" is none of refuse, label",
    ),
    // Guards.
    (
        r#"["health", "ui"]"#,
        r#"["ui"], "limits": { "burst": 3, "range": "31d" }"#,
        "access[0].limits: a burst needs a rate, like \"rate\": \"20/s\"",
    ),
    (
        r#"["health", "ui"]"#,
        r#"["ui"], "limits": { "range": "31 d" }"#,
        "access[0].limits.range: \"31 d\" is not a duration: write whole numbers with the units y w d h m s ms, in this order, like 7d or 1h30m",
    ),
    (
        r#"["health", "ui"]"#,
        r#"["ui"], "limits": { "lookback": "0s" }"#,
        "access[0].limits.lookback: this allows nothing: leave the field out, or allow more",
    ),
    (
        r#"["health", "ui"]"#,
        r#"["ui"], "limits": { "oldest": 90 }"#,
        "access[0].limits.oldest: this is a number, where a text is needed",
    ),
    (
        r#"["health", "ui"]"#,
        r#"["ui"], "limits": { "timeout": "" }"#,
        "access[0].limits.timeout: \"\" is not a duration: write whole numbers with the units y w d h m s ms, in this order, like 7d or 1h30m",
    ),
    (
        r#"["health", "ui"]"#,
        r#"["ui"], "limits": { "points": 0 }"#,
        "access[0].limits.points: this must be a whole number, 1 to 1000000000",
    ),
    (
        r#"["health", "ui"]"#,
        r#"["ui"], "limits": { "operators": 0 }"#,
        "access[0].limits.operators: this must be a whole number, 1 to 10000",
    ),
    (
        r#"["health", "ui"]"#,
        r#"["ui"], "limits": { "selectors": 10001 }"#,
        "access[0].limits.selectors: this must be a whole number, 1 to 10000",
    ),
    (
        r#"["health", "ui"]"#,
        r#"["ui"], "limits": { "calls": "100" }"#,
        "access[0].limits.calls: this must be a whole number, 1 to 10000",
    ),
    (
        r#"["health", "ui"]"#,
        r#"["ui"], "limits": { "depth": 65 }"#,
        "access[0].limits.depth: this must be a whole number, 1 to 64",
    ),
    (
        r#"["health", "ui"]"#,
        r#"["ui"], "limits": { "work": "500k" }"#,
        "access[0].limits.work: this must be a whole number, 1 to 1000000000",
    ),
    (
        r#"["health", "ui"]"#,
        r#"["ui"], "limits": { "repetitions": -1 }"#,
        "access[0].limits.repetitions: this must be a whole number, 1 to 10000",
    ),
    (
        r#"["health", "ui"]"#,
        r#"["health"], "limits": { "operators": 10 }"#,
        "access[0].may: guards are about queries and series, and this gives neither: leave them out, or give query or series",
    ),
    (
        r#"["health", "ui"]"#,
        r#"["consoles", "unknown"], "limits": { "timeout": "30s" }"#,
        "access[0].may: guards leave nothing of this: a limited caller gets none of these classes",
    ),
    (
        r#"["health", "ui"]"#,
        r#"["remote_read"], "only": { "tenant": ["a"] }, "limits": { "points": 11000 }"#,
        "access[0].may: guards leave nothing of this: remote_read needs \"range\" or \"oldest\" among them",
    ),
    (
        r#"["health", "ui"]"#,
        r#"["health", "federate"], "limits": { "range": "1d" }"#,
        "access[0].may: guards are about queries and series, and this gives neither: leave them out, or give query or series",
    ),
    (
        r#"[{ "who": ["anyone"], "may": ["health", "ui"] }]"#,
        r#"[{ "who": ["anyone"], "may": ["series"], "limits": { "range": "1d" } }, { "who": ["user:viewer"], "may": ["query"] }]"#,
        "access[1].who[0]: this can never decide anything: access[0].limits guards their queries, and access[1].limits doesn't: it gives them no class that guards are about, unless the rule says \"unrestricted\": true",
    ),
];

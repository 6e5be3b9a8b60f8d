//! Loads any bytes as a configuration, which may be JSON or a `google.protobuf.Struct`: the reader ends, and an error is one
//! bounded line.

#![no_main]

use libfuzzer_sys::fuzz_target;
use promward::config;

fuzz_target!(|configuration: &[u8]| {
    // What begins with this byte and is no JSON is read as a `Struct`.
    for bytes in [configuration, &[b"\x0a", configuration].concat()] {
        if let Err(error) = config::load(bytes) {
            let line = error.to_string();
            assert!(line.chars().count() < 600 && !line.chars().any(char::is_control), "{line}");
        }
    }
});

//! Reads a target a second time: a canonical path stays as it is, and nothing in it can be read in another way.

#![no_main]

use libfuzzer_sys::fuzz_target;
use promward::target::Target;
use promward::target::path::CanonicalPath;

fuzz_target!(|raw: &[u8]| {
    let Ok(target) = Target::parse(raw) else { return };
    let path = target.path.as_str();
    let again = CanonicalPath::parse(path.as_bytes()).map(|path| path.as_str().to_owned());
    assert_eq!(again.as_deref(), Ok(path));
    assert!(path.starts_with('/') && !path.contains("//"));
    assert!(path.bytes().all(|byte| (0x21..=0x7e).contains(&byte) && !b"\\#?;".contains(&byte)));
    assert!(path.split('/').all(|segment| segment != "." && segment != ".."));
});

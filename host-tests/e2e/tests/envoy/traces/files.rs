//! The files of the recorded traces. A trace that is equal in both modes is `NAME.txt`; otherwise each mode has its own,
//! `NAME.default.txt` and `NAME.stop_iteration.txt`.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard};

use super::scenarios::scenarios;
use super::script::Mode;

/// Held while files are read or written: the tests of the two modes run at the same time and record the same traces.
static FILES: Mutex<()> = Mutex::new(());

/// Returns the recorded trace of a scenario in a mode, or nothing where there is none.
pub(crate) fn read(name: &str, mode: Mode) -> String {
    let _held = hold();
    recorded(name, mode).unwrap_or_default()
}

/// Records the trace of a scenario in one mode, and leaves that of the other mode as it is.
pub(crate) fn record(name: &str, mode: Mode, trace: &str) {
    let _held = hold();
    let trace = format!("{trace}\n");
    let other = mode.other();
    let in_other = recorded(name, other);
    remove(&file(name, None));
    if in_other.as_ref() == Some(&trace) {
        remove(&file(name, Some(mode)));
        remove(&file(name, Some(other)));
        fs::write(file(name, None), trace).unwrap();
        return;
    }
    fs::write(file(name, Some(mode)), trace).unwrap();
    if let Some(in_other) = in_other {
        fs::write(file(name, Some(other)), in_other).unwrap();
    }
}

#[test]
fn every_trace_is_stored_once_and_no_file_is_left_over() {
    let wrong = misplaced();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn misplaced() -> Vec<String> {
    let _held = hold();
    let mut wrong = Vec::new();
    let entries = fs::read_dir(directory()).unwrap().map(|entry| entry.unwrap().path());
    // The directories are other hosts'.
    let mut files: BTreeSet<PathBuf> = entries.filter(|entry| entry.is_file()).collect();
    for scenario in scenarios() {
        let name = scenario.name;
        let is_shared = files.remove(&file(name, None));
        let own = Mode::ALL.map(|mode| files.remove(&file(name, Some(mode))));
        match (is_shared, own) {
            (true, [false, false]) => {}
            (false, [true, true]) => {
                let [one, other] = Mode::ALL.map(|mode| recorded(name, mode));
                if one == other {
                    wrong.push(format!("{name}: the two modes are equal, and have a file each"));
                }
            }
            _ => wrong.push(format!("{name}: neither one file for both modes nor one for each")),
        }
    }
    wrong.extend(files.iter().map(|file| format!("{}: no scenario has this trace", file.display())));
    wrong
}

/// Returns the traces of another host, each with the name of its scenario. They are recorded by hand.
pub(crate) fn of_host(host: &str) -> Vec<(String, String)> {
    let entries = fs::read_dir(directory().join(host)).unwrap();
    let trace = |path: PathBuf| {
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        (name, fs::read_to_string(path).unwrap())
    };
    let mut traces: Vec<_> = entries.map(|entry| trace(entry.unwrap().path())).collect();
    traces.sort();
    traces
}

fn hold() -> MutexGuard<'static, ()> {
    FILES.lock().unwrap()
}

fn recorded(name: &str, mode: Mode) -> Option<String> {
    [None, Some(mode)].into_iter().find_map(|mode| fs::read_to_string(file(name, mode)).ok())
}

/// Returns the file of a mode's own trace, or of the one for both modes.
fn file(name: &str, mode: Option<Mode>) -> PathBuf {
    directory().join(match mode {
        Some(mode) => format!("{name}.{}.txt", mode.name()),
        None => format!("{name}.txt"),
    })
}

fn directory() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("traces")
}

fn remove(file: &PathBuf) {
    if file.exists() {
        fs::remove_file(file).unwrap();
    }
}

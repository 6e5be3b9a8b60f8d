//! A cache of compiled modules in files, so that each module is compiled once for all processes and not by every test.
//! The files are in `compiled/` below the target directory, named after the module and the engine.

use super::error::from_wasmtime;
use anyhow::{Context, Result};
use sha2::{Digest, Sha256};
use std::fs::{self, DirEntry, File};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{self, Read};
use std::path::Path;
use std::time::SystemTime;
use wasmtime::{Engine, Module};

/// The name of the directory, below the target directory.
const DIRECTORY: &str = "compiled";

/// The number of files to keep, the most recently used ones. A test run uses about six modules, of a few MB each.
const KEPT: usize = 16;

/// The length of the digest at the beginning of a file, in bytes.
const DIGEST: usize = 32;

/// Returns the module, compiled by this engine, from its file if there is one. Processes that need the same module at the
/// same time wait for the first of them to compile it. Where the directory can't be used, each compiles it for itself.
///
/// # Errors
///
/// Returns an error if the bytes are not a module.
pub(super) fn module(engine: &Engine, bytes: &[u8]) -> Result<Module> {
    match promward_module::target_directory() {
        Ok(target) => module_in(&target.join(DIRECTORY), engine, bytes),
        Err(_) => compile(engine, bytes),
    }
}

fn module_in(directory: &Path, engine: &Engine, bytes: &[u8]) -> Result<Module> {
    let path = directory.join(name(engine, bytes));
    let Ok(_lock) = lock(&path) else { return compile(engine, bytes) };
    if let Some(module) = read(engine, &path) {
        return Ok(module);
    }
    let module = compile(engine, bytes)?;
    // A failure only makes the next process compile it again.
    if write(&module, &path).is_ok() {
        tidy(directory);
    }
    Ok(module)
}

fn compile(engine: &Engine, bytes: &[u8]) -> Result<Module> {
    Module::new(engine, bytes).map_err(from_wasmtime).context("compiling the module")
}

/// Makes the directory of a module's file, and locks the file for as long as the returned one lives.
fn lock(path: &Path) -> io::Result<File> {
    if let Some(directory) = path.parent() {
        fs::create_dir_all(directory)?;
    }
    let lock = File::create(path.with_extension("lock"))?;
    lock.lock()?;
    Ok(lock)
}

/// Writes a module's file beside its place and renames it. It begins with the digest of what follows.
fn write(module: &Module, path: &Path) -> Result<()> {
    let compiled = module.serialize().map_err(from_wasmtime)?;
    let beside = path.with_extension("new");
    fs::write(&beside, [Sha256::digest(&compiled).as_slice(), &compiled].concat())?;
    fs::rename(&beside, path)?;
    Ok(())
}

/// Returns the name of a module's file: a hash of the module, and of the engine with its settings.
fn name(engine: &Engine, bytes: &[u8]) -> String {
    let mut hasher = DefaultHasher::new();
    engine.precompile_compatibility_hash().hash(&mut hasher);
    let module: String = Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{module}-{:016x}.cwasm", hasher.finish())
}

/// Reads a module's file, and marks it as used. A file that can't be read, is damaged, or is another engine's, counts as
/// none.
fn read(engine: &Engine, path: &Path) -> Option<Module> {
    let mut file = File::open(path).ok()?;
    // A failure only makes `tidy` remove the file sooner.
    let _ = file.set_modified(SystemTime::now());
    let (mut digest, mut compiled) = ([0; DIGEST], Vec::new());
    file.read_exact(&mut digest).ok()?;
    file.read_to_end(&mut compiled).ok()?;
    if Sha256::digest(&compiled).as_slice() != digest {
        return None;
    }
    // SAFETY: these bytes are what `Module::serialize` wrote, by their digest, below a directory whose programs this
    // process runs anyway; and wasmtime refuses a file of another version or of other settings.
    #[allow(unsafe_code, reason = "there is no safe way to read a compiled module")]
    unsafe { Module::deserialize(engine, &compiled) }.ok()
}

/// Removes all files but the most recently used ones, and ignores those that can't be removed.
fn tidy(directory: &Path) {
    let used = |entry: &DirEntry| entry.metadata().and_then(|metadata| metadata.modified()).ok();
    let mut files: Vec<_> = fs::read_dir(directory)
        .into_iter()
        .flatten()
        .filter_map(Result::ok)
        .filter(|entry| entry.path().extension().is_some_and(|extension| extension == "cwasm"))
        .collect();
    files.sort_by_key(|entry| std::cmp::Reverse(used(entry)));
    for old in files.iter().skip(KEPT) {
        let _ = fs::remove_file(old.path());
        let _ = fs::remove_file(old.path().with_extension("lock"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns a module that exports one function of that name, which does nothing.
    fn exporting(name: u8) -> Vec<u8> {
        let types = [1, 4, 1, 0x60, 0, 0];
        let functions = [3, 2, 1, 0];
        let exports = [7, 5, 1, 1, name, 0, 0];
        let code = [10, 4, 1, 2, 0, 0x0b];
        [&b"\0asm\x01\0\0\0"[..], &types, &functions, &exports, &code].concat()
    }

    #[test]
    fn a_module_that_was_compiled_is_read_from_its_file() {
        let directory = tempfile::tempdir().unwrap();
        let engine = Engine::default();
        assert!(module_in(directory.path(), &engine, &exporting(b'a')).unwrap().get_export("a").is_some());
        let other = Module::new(&engine, exporting(b'b')).unwrap();
        write(&other, &directory.path().join(name(&engine, &exporting(b'a')))).unwrap();
        assert!(module_in(directory.path(), &engine, &exporting(b'a')).unwrap().get_export("b").is_some());
    }

    #[test]
    fn a_file_that_is_no_compiled_module_is_replaced() {
        let directory = tempfile::tempdir().unwrap();
        let engine = Engine::default();
        let file = directory.path().join(name(&engine, &exporting(b'a')));
        for damaged in [&b""[..], b"half a file", &[0; 100]] {
            fs::write(&file, damaged).unwrap();
            assert!(
                module_in(directory.path(), &engine, &exporting(b'a')).unwrap().get_export("a").is_some()
            );
            assert!(read(&engine, &file).is_some());
        }
    }

    #[test]
    fn a_file_with_one_wrong_byte_anywhere_is_no_compiled_module() {
        let directory = tempfile::tempdir().unwrap();
        let engine = Engine::default();
        let file = directory.path().join(name(&engine, &exporting(b'a')));
        module_in(directory.path(), &engine, &exporting(b'a')).unwrap();
        let whole = fs::read(&file).unwrap();
        for place in (0..whole.len()).step_by(997) {
            let mut damaged = whole.clone();
            damaged[place] ^= 0x40;
            fs::write(&file, &damaged).unwrap();
            assert!(read(&engine, &file).is_none(), "{place}");
        }
        fs::write(&file, &whole[..whole.len() - 1]).unwrap();
        assert!(read(&engine, &file).is_none());
    }

    #[test]
    fn without_a_directory_to_write_in_a_module_is_compiled_all_the_same() {
        let directory = tempfile::tempdir().unwrap();
        let engine = Engine::default();
        let file = directory.path().join("file");
        fs::write(&file, "").unwrap();
        let taken = name(&engine, &exporting(b'a'));
        fs::create_dir(directory.path().join(taken).with_extension("lock")).unwrap();
        for place in [&file, directory.path()] {
            assert!(module_in(place, &engine, &exporting(b'a')).unwrap().get_export("a").is_some());
            module_in(place, &engine, b"no module").unwrap_err();
        }
    }

    #[test]
    fn the_least_recently_used_files_go() {
        let directory = tempfile::tempdir().unwrap();
        let engine = Engine::default();
        for number in 0..20 {
            module_in(directory.path(), &engine, &exporting(b'a' + number)).unwrap();
        }
        let files = fs::read_dir(directory.path()).unwrap().map(|entry| entry.unwrap().path());
        assert_eq!(files.filter(|path| path.extension().is_some_and(|is| is == "cwasm")).count(), KEPT);
    }
}

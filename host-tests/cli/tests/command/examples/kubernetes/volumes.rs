//! The volumes of the pod, on this machine: with the files that the README's commands render, written and swapped as the kubelet
//! does. It writes a new directory, and renames the link `..data` to it.

use super::{container, object, pod_spec, text};
use promward_harness::certificates::Authority;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use tempfile::TempDir;

/// The directory of all volumes of the container.
const MOUNTED: &str = "/etc/promward";

/// Files of a volume, by their names.
pub(super) type Files = BTreeMap<String, Vec<u8>>;

pub(super) struct Volumes {
    /// The copy of the example in which the README's commands are run.
    site: TempDir,
    /// The root of the container's files.
    root: TempDir,
    swaps: AtomicU32,
}

impl Volumes {
    /// Makes a copy of the example, with the module.
    pub(super) fn new() -> Self {
        let [site, root] = [(); 2].map(|()| tempfile::tempdir().unwrap());
        fs::create_dir(site.path().join("rendered")).unwrap();
        fs::write(site.path().join("promward.json"), text("promward.json")).unwrap();
        fs::copy(promward_module::build().unwrap(), site.path().join("rendered/promward.wasm")).unwrap();
        Self { site, root, swaps: AtomicU32::new(0) }
    }

    /// Runs `promward render` in the copy of the example, with the container's directories below the root.
    pub(super) fn render(&self, arguments: &[String]) {
        let arguments = arguments.iter().map(|argument| self.in_root(argument));
        let mut command = Command::new(env!("CARGO_BIN_EXE_promward"));
        command.arg("render").args(arguments).args(["--directory", &self.in_root(MOUNTED)]);
        let output = command.current_dir(self.site.path()).output().unwrap();
        assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    }

    /// Returns an argument with a path of the container as one of this machine.
    pub(super) fn in_root(&self, argument: &str) -> String {
        match argument.starts_with(MOUNTED) {
            true => format!("{}{argument}", self.root.path().display()),
            false => argument.to_owned(),
        }
    }

    /// Writes every volume of the container.
    pub(super) fn mount_all(&self, authority: &Authority) {
        for mount in container(&pod_spec()["containers"], "envoy")["volumeMounts"].as_array().unwrap() {
            let volume = container(&pod_spec()["volumes"], mount["name"].as_str().unwrap());
            let files = match volume["configMap"]["name"].as_str() {
                Some(name) => self.config_map(name),
                None => secret(&volume["secret"], authority),
            };
            self.swap(mount["mountPath"].as_str().unwrap(), &files);
        }
    }

    /// Returns the files of a ConfigMap, as the generator of the kustomization makes it.
    pub(super) fn config_map(&self, name: &str) -> Files {
        let kustomization = object("kustomization.yaml", "Kustomization");
        let generated = container(&kustomization["configMapGenerator"], name);
        let files = generated["files"].as_array().unwrap().iter().map(|file| {
            let path = PathBuf::from(file.as_str().unwrap());
            let key = path.file_name().unwrap().to_string_lossy().into_owned();
            (key, fs::read(self.site.path().join(&path)).unwrap())
        });
        let files: Files = files.collect();
        assert!(
            files.values().map(Vec::len).sum::<usize>() < 1024 * 1024 * 3 / 4,
            "{name} is too large for a ConfigMap"
        );
        files
    }

    /// Puts other files into a mounted directory, as the kubelet does.
    pub(super) fn swap(&self, directory: &str, files: &Files) {
        let directory = PathBuf::from(self.in_root(directory));
        fs::create_dir_all(&directory).unwrap();
        let name = format!("..2026_01_31_{}", self.swaps.fetch_add(1, Ordering::SeqCst));
        let new = directory.join(&name);
        fs::create_dir(&new).unwrap();
        for (file, content) in files {
            fs::write(new.join(file), content).unwrap();
        }
        let data = directory.join("..data");
        let old = fs::read_link(&data).ok();
        let beside = directory.join("..data_tmp");
        symlink(&name, &beside).unwrap();
        fs::rename(&beside, &data).unwrap();
        for file in files.keys().filter(|file| !directory.join(file).exists()) {
            symlink(Path::new("..data").join(file), directory.join(file)).unwrap();
        }
        if let Some(old) = old {
            fs::remove_dir_all(directory.join(old)).unwrap();
        }
    }

    /// Returns the output of another command, which reads this text and is run in the copy of the example.
    pub(super) fn said(&self, arguments: &[&str], text: &str) -> String {
        let mut command = Command::new(env!("CARGO_BIN_EXE_promward"));
        command.args(arguments).current_dir(self.site.path());
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        let said = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success(), "{arguments:?}: {said}");
        said
    }

    /// Writes a file into the copy of the example.
    pub(super) fn write(&self, file: &str, text: &str) {
        fs::write(self.site.path().join(file), text).unwrap();
    }

    /// Changes the rules in the copy of the example.
    pub(super) fn change_rules(&self, old: &str, new: &str) {
        let path = self.site.path().join("promward.json");
        let rules = fs::read_to_string(&path).unwrap();
        assert!(rules.contains(old), "{rules}");
        fs::write(path, rules.replace(old, new)).unwrap();
    }
}

/// Returns the files of the volume with the certificate.
pub(super) fn secret(volume: &Value, authority: &Authority) -> Files {
    let directory = tempfile::tempdir().unwrap();
    authority.server().unwrap().write(directory.path(), "tls").unwrap();
    let items = volume["items"].as_array().unwrap().iter();
    let file = |item: &Value| {
        let [key, path] = ["key", "path"].map(|field| item[field].as_str().unwrap().to_owned());
        (path, fs::read(directory.path().join(key)).unwrap())
    };
    items.map(file).collect()
}

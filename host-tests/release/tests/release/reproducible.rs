//! Two checkouts of one commit, at different paths and with nothing built in one of them, release the same bytes.

use crate::set_up::{release, released};
use promward_release::Checkout;
use std::fs;
use std::process::Command;

#[test]
fn another_clone_of_the_commit_releases_the_same_bytes() {
    let Some(ours) = released() else { return };
    if ours.checkout.is_changed {
        eprintln!("skipped: files differ from the last commit, so that no clone has them");
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let clone = directory.path().join("another-clone");
    let git = Command::new("git").args(["clone", "--quiet"]).arg(&ours.checkout.root).arg(&clone).status();
    assert!(git.unwrap().success());
    let theirs = release(Checkout::around(&clone).unwrap(), directory.path().join("files"));
    assert_eq!(ours.checkout.commit, theirs.checkout.commit);
    assert_eq!(ours.files(), theirs.files());
    for file in ours.files() {
        let [one, other] = [ours, &theirs].map(|released| fs::read(released.directory.join(&file)).unwrap());
        assert!(one == other, "{} differs", file.display());
    }
}

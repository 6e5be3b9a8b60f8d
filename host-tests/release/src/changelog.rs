//! The part of the change log that is about one version.

use anyhow::{Context, Result};

/// Returns the part of this version: its heading, and everything up to the next version.
///
/// # Errors
///
/// Returns an error if there is none.
pub(crate) fn part(changelog: &str, version: &str) -> Result<String> {
    let heading = format!("## [{version}]");
    let mut lines = changelog.lines().skip_while(|line| !line.starts_with(&heading));
    let first = lines.next().with_context(|| {
        format!("CHANGELOG.md has no part {heading:?}: write one, or correct the version in Cargo.toml")
    })?;
    let rest = lines.take_while(|line| !line.starts_with("## "));
    let part: Vec<&str> = [first].into_iter().chain(rest).collect();
    Ok(format!("{}\n", part.join("\n").trim_end()))
}

#[cfg(test)]
mod tests {
    use super::part;

    const LOG: &str = "# Log\n\n## [0.2.0] - today\n\n### Added\n\n- b\n\n## [0.1.0] - before\n\n- a\n";

    #[test]
    fn a_version_has_its_own_part_of_the_log() {
        assert_eq!(part(LOG, "0.2.0").unwrap(), "## [0.2.0] - today\n\n### Added\n\n- b\n");
        assert_eq!(part(LOG, "0.1.0").unwrap(), "## [0.1.0] - before\n\n- a\n");
    }

    #[test]
    fn a_version_that_the_log_does_not_have_is_not_released() {
        let error = part(LOG, "0.3.0").unwrap_err().to_string();
        assert!(error.contains("## [0.3.0]"), "{error}");
    }
}

//! Archives with nothing of the machine in them: the same content gives the same bytes.

use anyhow::{Context, Result};
use flate2::{Compression, GzBuilder};
use std::collections::BTreeMap;
use std::io::Write;
use tar::{Builder, EntryType, Header};

/// Returns a tar of the files by their paths, in order. All of them belong to root, may be read by everybody, and have this
/// time (in seconds since 1970).
pub(crate) fn tar(files: &BTreeMap<String, Vec<u8>>, time: u64) -> Result<Vec<u8>> {
    let mut tar = Builder::new(Vec::new());
    for (path, content) in files {
        let mut header = Header::new_ustar();
        header.set_entry_type(EntryType::Regular);
        header.set_mode(0o644);
        header.set_uid(0);
        header.set_gid(0);
        header.set_mtime(time);
        header.set_size(content.len().try_into()?);
        tar.append_data(&mut header, path, content.as_slice())
            .with_context(|| format!("cannot pack {path}"))?;
    }
    Ok(tar.into_inner()?)
}

/// Compresses bytes, without a name or a time.
pub(crate) fn gzip(bytes: &[u8]) -> Result<Vec<u8>> {
    let mut gzip = GzBuilder::new().write(Vec::new(), Compression::best());
    gzip.write_all(bytes)?;
    Ok(gzip.finish()?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::read::GzDecoder;
    use tar::Archive;

    #[test]
    fn an_archive_has_its_files_in_order_and_nothing_of_the_machine() {
        let files = [("b", "2"), ("a/c", "1")].map(|(path, content)| (path.to_owned(), content.into()));
        let packed = gzip(&tar(&files.into(), 1_700_000_000).unwrap()).unwrap();
        // Bytes 4 to 7 of gzip are its time.
        assert_eq!(packed.get(4..8), Some(&[0; 4][..]));
        let mut archive = Archive::new(GzDecoder::new(packed.as_slice()));
        let mut paths = Vec::new();
        for entry in archive.entries().unwrap() {
            let entry = entry.unwrap();
            let header = entry.header();
            assert_eq!((header.uid().unwrap(), header.gid().unwrap()), (0, 0));
            assert_eq!((header.mtime().unwrap(), header.mode().unwrap()), (1_700_000_000, 0o644));
            paths.push(entry.path().unwrap().display().to_string());
        }
        assert_eq!(paths, ["a/c", "b"]);
    }
}

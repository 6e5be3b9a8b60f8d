//! Decodes bytes as a block of snappy's, and encodes them: the library says the same.

#![no_main]

use libfuzzer_sys::fuzz_target;
use promward::wire::snappy::{Decoder, Encoder, Progress};

const MOST: usize = 1 << 20;

fuzz_target!(|bytes: &[u8]| {
    let length = snap::raw::decompress_len(bytes).ok().filter(|length| *length <= MOST);
    let theirs = length.and_then(|_| snap::raw::Decoder::new().decompress_vec(bytes).ok());
    assert_eq!(decoded(bytes), theirs);
    let mut encoder = Encoder::new(bytes.len());
    while encoder.run(bytes) == Progress::More {}
    let block = encoder.take_block();
    assert_eq!(snap::raw::Decoder::new().decompress_vec(&block).ok().as_deref(), Some(bytes));
});

fn decoded(block: &[u8]) -> Option<Vec<u8>> {
    let mut decoder = Decoder::new(block, MOST).ok()?;
    while decoder.run(block, 64).ok()? == Progress::More {}
    Some(decoder.output().to_vec())
}

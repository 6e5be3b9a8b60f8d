//! Snappy and protobuf beside well-known libraries: what one of them writes the other reads.

use promward::wire::protobuf::{Field, Malformed, Reader, Value, write_bytes, write_varint};
use promward::wire::snappy::{Decoder, Encoder, Progress, SnappyError, announced};
use proptest::prelude::*;

const MOST: usize = 1 << 20;

fn decoded(block: &[u8], budget: usize) -> Result<Vec<u8>, SnappyError> {
    let mut decoder = Decoder::new(block, MOST)?;
    while decoder.run(block, budget)? == Progress::More {}
    Ok(decoder.output().to_vec())
}

fn encoded(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = Encoder::new(bytes.len());
    while encoder.run(bytes) == Progress::More {}
    encoder.take_block()
}

fn library(block: &[u8]) -> Option<Vec<u8>> {
    let length = snap::raw::decompress_len(block).ok()?;
    if length > MOST { None } else { snap::raw::Decoder::new().decompress_vec(block).ok() }
}

/// Returns bytes that repeat themselves, as messages do.
fn repetitive() -> impl Strategy<Value = Vec<u8>> {
    let words = ["__name__", "tenant", "a", "\0\u{1}\u{2}\u{3}", "http_requests_total"];
    let word = prop::sample::select(words.to_vec());
    (prop::collection::vec(word, 0..3_000), prop::collection::vec(any::<u8>(), 0..300))
        .prop_map(|(words, rest)| [words.concat().into_bytes(), rest].concat())
}

proptest! {
    #[test]
    fn a_block_of_either_is_read_by_both(bytes in repetitive(), budget in 1_usize..5_000) {
        let theirs = snap::raw::Encoder::new().compress_vec(&bytes).unwrap();
        prop_assert_eq!(decoded(&theirs, budget), Ok(bytes.clone()));
        let ours = encoded(&bytes);
        prop_assert_eq!(library(&ours), Some(bytes.clone()));
        prop_assert_eq!(decoded(&ours, budget), Ok(bytes));
    }

    #[test]
    fn a_block_that_is_damaged_is_read_as_the_library_reads_it(
        bytes in repetitive(), at in any::<prop::sample::Index>(), byte: u8,
    ) {
        let mut block = snap::raw::Encoder::new().compress_vec(&bytes).unwrap();
        let at = at.index(block.len());
        block[at] = byte;
        prop_assert_eq!(decoded(&block, 999).ok(), library(&block));
    }

    #[test]
    fn any_bytes_are_read_as_the_library_reads_them(block in prop::collection::vec(any::<u8>(), 0..64)) {
        prop_assert_eq!(decoded(&block, 7).ok(), library(&block));
    }

    #[test]
    fn numbers_are_written_as_the_library_writes_them(number: u64) {
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        write_varint(&mut ours, number);
        prost::encoding::encode_varint(number, &mut theirs);
        prop_assert_eq!(&ours, &theirs);
        let mut field = vec![8];
        field.extend(ours);
        let read = Reader::new(&field).field();
        prop_assert_eq!(read, Ok(Some(Field { number: 1, value: Value::Varint(number) })));
    }
}

#[test]
fn what_is_long_is_encoded_piece_by_piece() {
    let bytes: Vec<u8> = (0_u32..200_000).flat_map(|number| (number / 3).to_le_bytes()).collect();
    let ours = encoded(&bytes);
    assert_eq!(library(&ours), Some(bytes.clone()));
    assert!(ours.len() < bytes.len(), "{} {}", ours.len(), bytes.len());
    let tenants = "tenant=a,".repeat(50_000);
    assert!(encoded(tenants.as_bytes()).len() < tenants.len() / 15);
}

#[test]
fn a_length_is_that_which_the_block_says() {
    for (block, length) in [
        (&[0][..], Ok(0)),
        (&[0x80, 0x01], Ok(128)),
        (&[0xff, 0xff, 0xff, 0xff, 0x0f], Ok(0xffff_ffff)),
        (&[0xff, 0xff, 0xff, 0xff, 0x1f], Err(SnappyError::Corrupt)),
        (&[0xff, 0xff, 0xff, 0xff, 0xff, 0x01], Err(SnappyError::Corrupt)),
        (&[0x80], Err(SnappyError::Corrupt)),
        (&[], Err(SnappyError::Corrupt)),
    ] {
        assert_eq!(announced(block), length, "{block:?}");
    }
    assert_eq!(decoded(&[0x80, 0x80, 0x80, 0x01], 1), Err(SnappyError::TooLong));
}

#[test]
fn fields_are_read_in_only_one_way() {
    let mut text = Vec::new();
    write_bytes(&mut text, 2, b"ab");
    assert_eq!(Reader::new(&text).field(), Ok(Some(Field { number: 2, value: Value::Bytes(b"ab") })));
    for wrong in [
        &[0x08][..],
        &[0x08, 0x80],
        &[0x08, 0x80, 0x00],
        &[0x08, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02],
        &[0x08, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01],
        &[0x00, 0x00],
        &[0x0b],
        &[0x0e, 0],
        &[0x0a, 3, 1, 2],
        &[0x09, 1, 2, 3, 4, 5, 6, 7],
        &[0x0d, 1, 2, 3],
        &[0x88, 0x80, 0x80, 0x80, 0x80, 0x01, 0],
    ] {
        assert_eq!(Reader::new(wrong).field(), Err(Malformed), "{wrong:?}");
    }
    let mut packed = Reader::new(&[1, 0xff, 0xff, 0xff, 0xff, 0x0f, 0x80, 0x80, 0x80, 0x80, 0x10]);
    assert_eq!([packed.packed(), packed.packed()], [Ok(Some(1)), Ok(Some(u32::MAX))]);
    assert_eq!(packed.packed(), Err(Malformed));
}

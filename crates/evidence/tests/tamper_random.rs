//! Random damage: a flipped bit is named, or the files are the same to the last byte; and no
//! bytes whatever make the verifier panic.

mod kit;

use std::sync::LazyLock;

use kit::{Files, Kit, check, sample, unzip};
use proptest::prelude::*;
use proptest::sample::Index;

use evidence::package::ReportWanted;
use evidence::verify::Anchors;

struct Fixture {
    anchors: Anchors,
    bytes: Vec<u8>,
    files: Files,
}

static FIXTURE: LazyLock<Fixture> = LazyLock::new(|| {
    let kit = Kit::new();
    let bytes = kit.sound_zip(sample::answer(4, ReportWanted::None));
    Fixture { anchors: kit.anchors(), files: unzip(&bytes), bytes }
});

/// Reads a damaged zip with the other library; none when it cannot.
fn other_reading(bytes: &[u8]) -> Option<Files> {
    std::panic::catch_unwind(|| unzip(bytes)).ok()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, ..ProptestConfig::default() })]

    #[test]
    fn a_flipped_bit_is_named_or_changes_no_file(at in any::<Index>(), bit in 0..8u8) {
        let fixture = &*FIXTURE;
        let mut bytes = fixture.bytes.clone();
        let at = at.index(bytes.len());
        bytes[at] ^= 1 << bit;
        let report = check(&bytes, &fixture.anchors);
        if report.exit_code() == 0 {
            // Deflate has several spellings of one text, and fill bits: nothing but these.
            let files = other_reading(&bytes);
            prop_assert!(files.as_ref() == Some(&fixture.files), "byte {at}, bit {bit}: {report}");
        }
    }

    #[test]
    fn a_piece_cut_out_or_put_in_is_named(
        at in any::<Index>(),
        length in 1..200usize,
        filler in prop::option::of(any::<u8>()),
    ) {
        let fixture = &*FIXTURE;
        let mut bytes = fixture.bytes.clone();
        let at = at.index(bytes.len());
        match filler {
            Some(byte) => {
                bytes.splice(at..at, std::iter::repeat_n(byte, length));
            }
            None => {
                bytes.drain(at..(at + length).min(fixture.bytes.len()));
            }
        }
        let report = check(&bytes, &fixture.anchors);
        prop_assert!(matches!(report.exit_code(), 1 | 2), "{report}");
    }

    #[test]
    fn any_bytes_are_judged_without_panic(bytes in prop::collection::vec(any::<u8>(), 0..2_000)) {
        let _ = check(&bytes, &FIXTURE.anchors);
    }

    #[test]
    fn any_file_within_a_package_is_judged_without_panic(
        which in any::<Index>(),
        content in prop::collection::vec(any::<u8>(), 0..400),
        at in any::<Index>(),
    ) {
        let fixture = &*FIXTURE;
        let mut files = fixture.files.clone();
        let path = files.keys().nth(which.index(files.len())).expect("a file").clone();
        let old = &files[&path];
        let at = at.index(old.len().max(1)).min(old.len());
        let new = [&old[..at], &content].concat();
        let same = *old == new;
        files.insert(path, new);
        let report = check(&kit::zipped(&files), &fixture.anchors);
        prop_assert_eq!(report.exit_code() == 0, same, "{}", report);
    }
}

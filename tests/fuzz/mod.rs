//! The corpus of the fuzz targets, replayed: what once broke a decoder, or may, is tried by every `cargo test`.

#[path = "src/lib.rs"]
mod targets;

mod seeds;

use std::fs;
use std::path::PathBuf;

use targets::TARGETS;

fn corpus(target: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz/corpus").join(target)
}

/// How often each input is tried with something changed.
const MUTATIONS: u64 = 200;

/// The input with a few bytes turned, cut, doubled or put in; the same each time.
fn mutated(data: &[u8], round: u64) -> Vec<u8> {
    let mut state = (round + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mut random = |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state >> 33).unwrap() % below.max(1)
    };
    let mut data = data.to_vec();
    for _ in 0..=random(4) {
        let at = random(data.len());
        match random(5) {
            0 if !data.is_empty() => data[at] = u8::try_from(random(256)).unwrap(),
            1 if !data.is_empty() => data[at] ^= 1 << random(8),
            2 => data.truncate(at),
            3 => data.insert(at.min(data.len()), [0, 0xff, 0x7f, b'{', b'"', 1, 2][random(7)]),
            _ => data.extend_from_within(at.min(data.len())..),
        }
        data.truncate(64 * 1024);
    }
    data
}

fn replay(target: &str) {
    let (_, run) = TARGETS.iter().find(|(name, _)| *name == target).unwrap();
    // What goes over the disk, and what grows by a thousand, is too slow for many.
    let rounds = match target {
        "store" | "table" => 2,
        "compressed" => MUTATIONS / 20,
        _ => MUTATIONS,
    };
    let mut count = 0;
    for entry in fs::read_dir(corpus(target)).unwrap() {
        let path = entry.unwrap().path();
        let data = fs::read(&path).unwrap();
        // The name of the file is what to look for when this panics.
        eprintln!("{}", path.display());
        run(&data);
        for round in 0..rounds {
            run(&mutated(&data, round));
        }
        count += 1;
    }
    assert!(count > 0, "{target} has no corpus");
}

macro_rules! replays {
    ($($target:ident),*) => {
        $(
            #[test]
            fn $target() {
                replay(stringify!($target));
            }
        )*

        #[test]
        fn every_target_is_replayed_and_can_be_run() {
            let names: Vec<_> = TARGETS.iter().map(|(name, _)| *name).collect();
            assert_eq!(names, [$(stringify!($target)),*]);
            let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz");
            let manifest = fs::read_to_string(root.join("Cargo.toml")).unwrap();
            for name in names {
                assert!(root.join(format!("fuzz_targets/{name}.rs")).exists(), "{name}");
                assert!(manifest.contains(&format!("name = \"{name}\"")), "{name}");
            }
        }
    };
}

replays!(
    frame,
    header,
    typed_header,
    fastjson,
    registration,
    message,
    properties,
    batch,
    compressed,
    ids,
    java_properties,
    store,
    table
);

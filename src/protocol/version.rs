//! Versions on the wire: ordinals of Java's `MQVersion.Version`, two a release from 3.1.0 on (the snapshot
//! first).

/// The releases before 3.1.0, whose list is irregular; the ordinal is the place.
const OLDEST: [&str; 16] = [
    "V3_0_0_SNAPSHOT",
    "V3_0_0_ALPHA1",
    "V3_0_0_BETA1",
    "V3_0_0_BETA2",
    "V3_0_0_BETA3",
    "V3_0_0_BETA4",
    "V3_0_0_BETA5",
    "V3_0_0_BETA6_SNAPSHOT",
    "V3_0_0_BETA6",
    "V3_0_0_BETA7_SNAPSHOT",
    "V3_0_0_BETA7",
    "V3_0_0_BETA8_SNAPSHOT",
    "V3_0_0_BETA8",
    "V3_0_0_BETA9_SNAPSHOT",
    "V3_0_0_BETA9",
    "V3_0_0_FINAL",
];

/// From which ordinal on releases run `major.minor.first_patch` upward, `patches` a minor.
const RUNS: [(i32, i32, i32, i32, i32); 4] = [
    // (first ordinal, major, minor, first patch, patches per minor)
    (16, 3, 0, 1, 15),
    (46, 3, 1, 0, 10),
    (86, 3, 3, 1, 9),
    (212, 4, 0, 0, 10),
];

/// The name that Java gives an ordinal, as in `V5_5_0` (Java: `MQVersion.getVersionDesc`).
pub fn name(ordinal: i32) -> String {
    if let Some(name) = usize::try_from(ordinal).ok().and_then(|i| OLDEST.get(i)) {
        return (*name).to_owned();
    }
    let Some((first, major, minor, first_patch, patches)) =
        RUNS.iter().rev().find(|(first, ..)| ordinal >= *first).copied()
    else {
        // Java throws on a negative one.
        return OLDEST[0].to_owned();
    };
    let release = (ordinal - first) / 2;
    let minors = minor + release / patches;
    let (major, minor) = if first == 212 { (major + minors / 10, minors % 10) } else { (major, minors) };
    if major > 5 {
        return "HIGHER_VERSION".to_owned();
    }
    let snapshot = if (ordinal - first) % 2 == 0 { "_SNAPSHOT" } else { "" };
    format!("V{major}_{minor}_{}{snapshot}", first_patch + release % patches)
}

#[cfg(test)]
mod tests {
    use super::name;

    #[test]
    fn ordinals_have_javas_names() {
        let table = [
            (0, "V3_0_0_SNAPSHOT"),
            (15, "V3_0_0_FINAL"),
            (16, "V3_0_1_SNAPSHOT"),
            (45, "V3_0_15"),
            (46, "V3_1_0_SNAPSHOT"),
            (85, "V3_2_9"),
            (86, "V3_3_1_SNAPSHOT"),
            (211, "V3_9_9"),
            (212, "V4_0_0_SNAPSHOT"),
            (401, "V4_9_4"),
            (479, "V5_3_3"),
            (512, "V5_5_0_SNAPSHOT"),
            (513, "V5_5_0"),
            (611, "V5_9_9"),
            (612, "HIGHER_VERSION"),
            (i32::MAX, "HIGHER_VERSION"),
            (-1, "V3_0_0_SNAPSHOT"),
        ];
        for (ordinal, expected) in table {
            assert_eq!(name(ordinal), expected, "{ordinal}");
        }
    }
}

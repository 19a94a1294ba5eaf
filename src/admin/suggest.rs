//! "Did you mean".

/// At most this many names are offered.
const MOST: usize = 3;

/// The names nearest to what was typed, nearest first; none when nothing is near.
pub fn nearest<'a>(typed: &str, names: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    let typed: Vec<char> = typed.to_lowercase().chars().collect();
    // A third of the letters may be wrong, two in short words.
    let limit = (typed.len() / 3).max(2);
    let mut found: Vec<(usize, usize, &str)> = names
        .into_iter()
        .filter_map(|name| {
            let candidate: Vec<char> = name.to_lowercase().chars().collect();
            let distance = distance(&typed, &candidate);
            let extends = typed.len() >= 3 && candidate.starts_with(&typed);
            // A whole beginning is nearer than any typing error of more than one letter.
            let rank = if extends { distance.min(1) } else { distance };
            (rank <= limit && rank < candidate.len())
                .then(|| (rank, candidate.len().abs_diff(typed.len()), name))
        })
        .collect();
    found.sort_unstable();
    found.dedup_by(|a, b| a.2 == b.2);
    found.into_iter().take(MOST).map(|(_, _, name)| name).collect()
}

/// Insertions, deletions, replacements and swaps of neighbours between two words (optimal string alignment).
fn distance(a: &[char], b: &[char]) -> usize {
    let mut before = vec![0; b.len() + 1];
    let mut above: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut row = vec![i; b.len() + 1];
        for j in 1..=b.len() {
            let replaced = above[j - 1] + usize::from(a[i - 1] != b[j - 1]);
            row[j] = replaced.min(above[j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                row[j] = row[j].min(before[j - 2] + 1);
            }
        }
        before = std::mem::replace(&mut above, row);
    }
    above[b.len()]
}

/// The sentence that offers `names`, if there are any.
pub fn did_you_mean(names: &[&str]) -> Option<String> {
    match names {
        [] => None,
        [one] => Some(format!("did you mean {one}?")),
        [first @ .., last] => Some(format!("did you mean {} or {last}?", first.join(", "))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMES: [&str; 13] = [
        "clusterList",
        "topicList",
        "topicRoute",
        "topicStatus",
        "topicClusterList",
        "updateTopic",
        "updateTopicList",
        "deleteTopic",
        "consumerProgress",
        "consumerConnection",
        "queryMsgById",
        "queryMsgByKey",
        "produce",
    ];

    #[test]
    fn the_right_name_is_first() {
        let table = [
            ("clusterLst", "clusterList"),
            ("clusterlsit", "clusterList"),
            ("topiclst", "topicList"),
            ("topicRuote", "topicRoute"),
            ("topcRoute", "topicRoute"),
            ("topicstat", "topicStatus"),
            ("updatetopc", "updateTopic"),
            ("updateTopics", "updateTopic"),
            ("deltTopic", "deleteTopic"),
            ("consumerprogess", "consumerProgress"),
            ("queryMsgByld", "queryMsgById"),
            ("queryMsgByKye", "queryMsgByKey"),
            ("porduce", "produce"),
            ("prod", "produce"),
            ("consumerConn", "consumerConnection"),
        ];
        for (typed, want) in table {
            assert_eq!(nearest(typed, NAMES).first(), Some(&want), "{typed}: {:?}", nearest(typed, NAMES));
        }
    }

    #[test]
    fn nothing_near_is_nothing_offered_and_never_more_than_three() {
        assert!(nearest("xyzzy", NAMES).is_empty());
        assert!(nearest("", NAMES).is_empty());
        assert!(nearest("topic", NAMES).len() <= MOST);
    }

    #[test]
    fn counts_a_swap_once() {
        let chars = |s: &str| s.chars().collect::<Vec<_>>();
        assert_eq!(distance(&chars("ab"), &chars("ba")), 1);
        assert_eq!(distance(&chars("kitten"), &chars("sitting")), 3);
        assert_eq!(distance(&chars(""), &chars("abc")), 3);
    }

    #[test]
    fn the_sentence_fits_the_number() {
        assert_eq!(did_you_mean(&[]), None);
        assert_eq!(did_you_mean(&["a"]).as_deref(), Some("did you mean a?"));
        assert_eq!(did_you_mean(&["a", "b", "c"]).as_deref(), Some("did you mean a, b or c?"));
    }
}

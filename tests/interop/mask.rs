//! What may differ between two runs, made equal: addresses, times, ids, rates, the order of a hash map.

/// How two outputs are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compare {
    /// Line by line.
    Lines,
    /// The same lines, in any order: rows come out of a hash map.
    AnyOrder,
    /// In any order, and every number counts as equal: counters of a living broker.
    Names,
    /// The first line: the rows come and go with the traffic of the last minute.
    Head,
}

/// The lines of `text` with all that may differ replaced, ready to be compared.
pub fn masked(text: &str, compare: Compare) -> Vec<String> {
    let count = if compare == Compare::Head { 1 } else { usize::MAX };
    let mut lines: Vec<String> = text.lines().take(count).map(|line| mask_line(line, compare)).collect();
    if compare != Compare::Lines {
        lines.sort();
    }
    lines
}

fn mask_line(line: &str, compare: Compare) -> String {
    let line = sort_maps(line);
    let mut out = String::new();
    let mut masked = false;
    for token in tokens(&line) {
        let mask = mask_token(token);
        masked |= mask.is_some();
        // Milliseconds: `08:55:45,019`.
        if out.ends_with("TIME,") && token.parse::<u16>().is_ok() {
            out.truncate(out.len() - 1);
        } else {
            out.push_str(mask.unwrap_or(token));
        }
    }
    if compare == Compare::Names {
        let mut words: Vec<_> = out.split_whitespace().map(without_numbers).collect();
        // Rates over one, two or three minutes, as far as the broker has been running for so long.
        words.dedup();
        return words.join(" ");
    }
    // A value of another width moves the blanks after it.
    if masked { out.split_whitespace().collect::<Vec<_>>().join(" ") } else { out }
}

fn without_numbers(word: &str) -> String {
    let mut out = String::new();
    for c in word.chars() {
        if !c.is_ascii_digit() {
            out.push(c);
        } else if !out.ends_with('9') {
            out.push('9');
        }
    }
    out.replace("9.9", "9")
}

/// Splits into runs of characters that belong to one value, and the separators between them.
fn tokens(line: &str) -> Vec<&str> {
    let mut all = Vec::new();
    let mut start = 0;
    let mut inside = None;
    for (at, c) in line.char_indices() {
        let value = c.is_alphanumeric() || matches!(c, '.' | ':' | '-' | '_');
        if inside.is_some_and(|was| was != value) {
            all.push(&line[start..at]);
            start = at;
        }
        inside = Some(value);
    }
    all.push(&line[start..]);
    all
}

fn mask_token(token: &str) -> Option<&'static str> {
    // Of a number in JSON: `"epoch":1795542081787`.
    let token = token.strip_prefix(':').unwrap_or(token);
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let hex = |text: &str| text.bytes().all(|b| b.is_ascii_digit() || (b'A'..=b'F').contains(&b));
    if let Some((host, port)) = token.rsplit_once(':')
        && digits(port)
        && host.split('.').count() == 4
        && host.split('.').all(digits)
    {
        return Some("ADDRESS");
    }
    if matches!(token.len(), 32 | 56) && hex(token) {
        return Some("ID");
    }
    if token.len() == 13 && digits(token) && token.starts_with('1') {
        return Some("MILLIS");
    }
    let mut parts = token.split(['-', ':']);
    if token.len() >= 8 && token.contains(['-', ':']) && parts.all(digits) {
        return Some("TIME");
    }
    let decimal = token.split_once('.').is_some_and(|(whole, rest)| digits(whole) && digits(rest));
    decimal.then_some("NUMBER")
}

/// Sorts the entries of each `{a=b, c=d}` in the line.
fn sort_maps(line: &str) -> String {
    let mut out = String::new();
    let mut rest = line;
    while let Some(open) = rest.find('{') {
        let Some(close) = rest[open..].find('}') else { break };
        let (before, map) = rest[..open + close].split_at(open + 1);
        out.push_str(before);
        if map.contains('{') {
            out.push_str(map);
        } else {
            let mut entries: Vec<_> = map.split(", ").collect();
            entries.sort_unstable();
            out.push_str(&entries.join(", "));
        }
        rest = &rest[open + close..];
    }
    out + rest
}

/// A readable difference (`-` only wanted, `+` only got), or `None` if there is none.
pub fn difference(wanted: &[String], got: &[String]) -> Option<String> {
    if wanted == got {
        return None;
    }
    // Longest common subsequence; outputs are a few hundred lines.
    let mut common = vec![vec![0_usize; got.len() + 1]; wanted.len() + 1];
    for i in (0..wanted.len()).rev() {
        for j in (0..got.len()).rev() {
            common[i][j] = if wanted[i] == got[j] {
                common[i + 1][j + 1] + 1
            } else {
                common[i + 1][j].max(common[i][j + 1])
            };
        }
    }
    let (mut i, mut j) = (0, 0);
    let mut out = String::new();
    while i < wanted.len() || j < got.len() {
        if i < wanted.len() && j < got.len() && wanted[i] == got[j] {
            (i, j) = (i + 1, j + 1);
        } else if i < wanted.len() && (j == got.len() || common[i + 1][j] >= common[i][j + 1]) {
            out.push_str(&format!("    - {}\n", wanted[i]));
            i += 1;
        } else {
            out.push_str(&format!("    + {}\n", got[j]));
            j += 1;
        }
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_volatile_is_masked() {
        for (line, wanted) in [
            ("broker-a   127.0.0.1:10911   V5_5_0", "broker-a ADDRESS V5_5_0"),
            ("at 2026-11-24 08:55:45,019", "at TIME TIME"),
            ("0.40(0,0ms)   1795509217978", "NUMBER(0,0ms) MILLIS"),
            ("id FD0000000000000000000000000000025EC230946E09785AE0F80000 x", "id ID x"),
            ("{b=2, a=1} and {c}", "{a=1, b=2} and {c}"),
            ("#Topic      #Group", "#Topic      #Group"),
            ("broker-a   3    12", "broker-a   3    12"),
        ] {
            assert_eq!(masked(line, Compare::Lines), [wanted], "{line}");
        }
        assert_eq!(masked("x  3.25 [1~10]:7\na 4", Compare::Names), ["a 9", "x NUMBER [9~9]:9"]);
    }

    #[test]
    fn a_difference_is_shown_by_line() {
        let lines = |text: &str| masked(text, Compare::Lines);
        assert_eq!(difference(&lines("a\nb"), &lines("a\nb")), None);
        assert_eq!(
            difference(&lines("a\nb\nc"), &lines("a\nd\nc\ne")).as_deref(),
            Some("    - b\n    + d\n    + e\n")
        );
    }
}

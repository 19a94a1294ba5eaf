//! Changes of settings in a file that a person wrote.

use std::collections::BTreeMap;

/// The text of a properties file with some values changed: their lines are replaced or put at the end; all
/// others stay, with comments and order.
pub fn edit(text: &str, changes: &BTreeMap<String, String>) -> String {
    let mut left = changes.clone();
    let mut out = String::new();
    let mut lines = text.lines();
    while let Some(first) = lines.next() {
        let mut logical = vec![first];
        if !is_comment(first) {
            while continues(logical[logical.len() - 1]) {
                let Some(more) = lines.next() else { break };
                logical.push(more);
            }
        }
        match changes.get_key_value(key_of(first)) {
            None => logical.iter().for_each(|line| push_line(&mut out, line)),
            // A key that stands there twice is written once, where it stood first.
            Some((key, value)) => {
                if left.remove(key).is_some() {
                    push_line(&mut out, &line(key, value));
                }
            }
        }
    }
    for (key, value) in &left {
        push_line(&mut out, &line(key, value));
    }
    out
}

fn push_line(out: &mut String, line: &str) {
    out.push_str(line);
    out.push('\n');
}

fn line(key: &str, value: &str) -> String {
    let escaped = value.replace('\\', "\\\\").replace('\n', "\\n").replace('\r', "\\r");
    // White space in front of a value would be lost.
    let guard = if escaped.starts_with([' ', '\t']) { "\\" } else { "" };
    format!("{key}={guard}{escaped}")
}

fn is_comment(line: &str) -> bool {
    let line = line.trim_start();
    line.is_empty() || line.starts_with(['#', '!'])
}

/// The key of a line; empty for a comment. Keys of settings have no escapes.
fn key_of(line: &str) -> &str {
    if is_comment(line) {
        return "";
    }
    let line = line.trim_start();
    line.find(['=', ':', ' ', '\t']).map_or(line, |end| &line[..end])
}

/// Whether a line goes on in the next one: it ends in an odd number of backslashes.
fn continues(line: &str) -> bool {
    line.bytes().rev().take_while(|byte| *byte == b'\\').count() % 2 == 1
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::parse_properties;

    fn changes(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect()
    }

    #[test]
    fn only_the_lines_of_changed_settings_change() {
        let before = "# mine\nlistenPort = 10911\n  a: x \\\n  y\n\nb=1\nb=2\n#b=3";
        let table = [
            (changes(&[]), "# mine\nlistenPort = 10911\n  a: x \\\n  y\n\nb=1\nb=2\n#b=3\n"),
            (changes(&[("a", "z")]), "# mine\nlistenPort = 10911\na=z\n\nb=1\nb=2\n#b=3\n"),
            (
                changes(&[("b", "9"), ("c", "")]),
                "# mine\nlistenPort = 10911\n  a: x \\\n  y\n\nb=9\n#b=3\nc=\n",
            ),
        ];
        for (changes, expected) in table {
            assert_eq!(edit(before, &changes), expected);
        }
    }

    #[test]
    fn what_is_written_is_what_is_read() {
        for value in ["", " x", "C:\\store\\", "a=b:c#", "line\nbreak", "日本"] {
            let text = edit("k=old", &changes(&[("k", value)]));
            let read = parse_properties(&text).unwrap();
            assert_eq!((read.len(), read[0].value.as_str()), (1, value), "{text:?}");
        }
    }
}

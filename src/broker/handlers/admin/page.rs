//! Tables that are too long for one answer are asked for page by page.

use std::collections::BTreeMap;

use crate::protocol::fastjson;
use crate::protocol::topic::DataVersion;

/// Which part of a table is asked for.
#[derive(Debug, Clone, Copy, Default)]
pub struct Page<'a> {
    /// The place of its first entry.
    pub from: Option<i32>,
    /// How many at most.
    pub most: Option<i32>,
    /// The version of the table that the pages before had, as JSON.
    pub version: Option<&'a str>,
}

impl Page<'_> {
    /// The page of a table, sorted by name. Without any of the fields it is everything. Where the table has
    /// changed since the pages before, it is the first page again (Java: `subTopicConfigTable`).
    pub fn of<T>(
        &self,
        table: BTreeMap<String, T>,
        current: &DataVersion,
        longest: usize,
    ) -> BTreeMap<String, T> {
        if self.from.is_none() && self.most.is_none() && self.version.is_none() {
            return table;
        }
        let same = || {
            let known = self.version.filter(|version| !version.trim().is_empty());
            known.and_then(|json| fastjson::from_slice(json.as_bytes()).ok()).as_ref() == Some(current)
        };
        let from = self.from.and_then(|from| usize::try_from(from).ok()).unwrap_or(0);
        let from = if from != 0 && !same() { 0 } else { from };
        let most = self.most.map_or(usize::MAX, |most| usize::try_from(most).unwrap_or(0)).min(longest);
        table.into_iter().skip(from).take(most).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages() {
        let version = DataVersion { counter: 3, state_version: 0, timestamp: 7 };
        let same = r#"{"counter":3,"stateVersion":0,"timestamp":7}"#;
        let other = r#"{"counter":2,"stateVersion":0,"timestamp":7}"#;
        // from, most, version -> names
        let table = [
            (None, None, None, "abcde"),
            (Some(0), Some(2), Some(""), "ab"),
            (Some(2), Some(2), Some(same), "cd"),
            (Some(4), Some(2), Some(same), "e"),
            (Some(5), Some(2), Some(same), ""),
            (Some(2), Some(2), Some(other), "ab"),
            (Some(2), Some(2), None, "ab"),
            (Some(0), None, None, "abcd"),
            (Some(-1), Some(-1), Some("x"), ""),
            (None, None, Some("x"), "abcd"),
        ];
        for (from, most, asked, expected) in table {
            let all: BTreeMap<String, ()> = "abcde".chars().map(|c| (c.to_string(), ())).collect();
            let page = Page { from, most, version: asked }.of(all, &version, 4);
            let names: String = page.into_keys().collect();
            assert_eq!(names, expected, "{from:?} {most:?} {asked:?}");
        }
    }
}

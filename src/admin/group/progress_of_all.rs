//! How far all groups are, a line each.

use crate::output::java_order::{hashed, string_hash};
use crate::output::{Cell, Failure, Render, Table, Text, Tone, counted, front, left};
use crate::protocol::version;
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::HashMap;
use std::fmt::{self, Write};

/// The progress of all groups, those farthest behind first.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct AllProgress {
    pub groups: Vec<GroupSummary>,
    pub failures: Vec<Failure>,
    /// The groups in the order in which the name server gave them.
    #[serde(skip)]
    order: Vec<String>,
}

/// A group in one line.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct GroupSummary {
    pub group: String,
    /// How many members are connected.
    pub members: usize,
    /// The oldest version among them, as a number and in words.
    pub version: Option<i32>,
    pub version_name: Option<String>,
    /// `CONSUME_PASSIVELY` is push, `CONSUME_ACTIVELY` is pull.
    pub consume_type: Option<String>,
    pub message_model: Option<String>,
    pub consume_tps: f64,
    pub lag_total: i64,
}

impl GroupSummary {
    /// `PUSH`, `PULL` or nothing, as mqadmin has it.
    fn kind(&self) -> &'static str {
        match (self.members, self.consume_type.as_deref()) {
            (0, _) => "",
            (_, Some("CONSUME_ACTIVELY")) => "PULL",
            _ => "PUSH",
        }
    }

    fn model(&self) -> &str {
        let shown = self.members > 0 && self.consume_type.as_deref() == Some("CONSUME_PASSIVELY");
        self.message_model.as_deref().filter(|_| shown).unwrap_or_default()
    }

    fn version_text(&self) -> String {
        match self.version {
            Some(version) if self.members > 0 => version::name(version),
            _ => "OFFLINE".to_owned(),
        }
    }
}

impl AllProgress {
    /// The groups in any order; `order` is that of the name server.
    pub fn new(mut groups: Vec<GroupSummary>, failures: Vec<Failure>, order: Vec<String>) -> Self {
        groups.sort_by(|a, b| (b.lag_total, &a.group).cmp(&(a.lag_total, &b.group)));
        AllProgress { groups, failures, order }
    }
}

impl Render for AllProgress {
    fn table(&self, _wide: bool) -> Table {
        let mut table = Table::new()
            .text("GROUP")
            .number("MEMBERS")
            .text("VERSION")
            .text("TYPE")
            .text("MODEL")
            .number("TPS")
            .number("LAG");
        for row in &self.groups {
            let online = row.members > 0;
            let tone = if online { Tone::Plain } else { Tone::Dim };
            table.row([
                Cell::new(&row.group),
                Cell::toned(row.members, tone),
                Cell::toned(row.version_text(), tone),
                Cell::new(row.kind()),
                Cell::new(row.model()),
                Cell::new(Text::decimal(row.consume_tps)),
                Cell::toned(row.lag_total, if row.lag_total > 0 { Tone::Warn } else { Tone::Plain }),
            ]);
        }
        table
    }

    fn classic(&self, w: &mut dyn Write) -> fmt::Result {
        let mut line = |cells: [&str; 7]| {
            let [group, count, version, kind, model, tps, diff] = cells;
            let (group, count, version) = (left(group, 64), left(count, 6), left(version, 24));
            writeln!(
                w,
                "{group}  {count}  {version} {}  {}  {}  {diff}",
                left(kind, 5),
                left(model, 14),
                left(tps, 7)
            )
        };
        line(["#Group", "#Count", "#Version", "#Type", "#Model", "#TPS", "#Diff Total"])?;
        // The groups come as their retry topics do, in a set of all topics.
        let rows: HashMap<&str, &GroupSummary> =
            self.groups.iter().map(|row| (row.group.as_str(), row)).collect();
        for name in &self.order {
            let Some(row) = rows.get(name.as_str()) else { continue };
            line([
                front(&row.group, 64),
                &row.members.to_string(),
                &row.version_text(),
                row.kind(),
                row.model(),
                &format!("{:.0}", row.consume_tps.trunc()),
                &row.lag_total.to_string(),
            ])?;
        }
        Ok(())
    }

    fn notes(&self) -> Vec<String> {
        let online = self.groups.iter().filter(|row| row.members > 0).count();
        let behind = self.groups.iter().filter(|row| row.lag_total > 0).count();
        vec![format!("{}, {online} online, {behind} behind", counted(self.groups.len(), "group"))]
    }

    fn failures(&self) -> &[Failure] {
        &self.failures
    }
}

/// Group names in the order in which mqadmin visits their retry topics among all topics.
pub fn as_mqadmin(topics: &[String], prefix: &str) -> Vec<String> {
    hashed(topics, |topic| string_hash(topic))
        .into_iter()
        .filter_map(|topic| topic.strip_prefix(prefix))
        .map(str::to_owned)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn summary(group: &str, members: usize, lag_total: i64) -> GroupSummary {
        GroupSummary {
            group: group.to_owned(),
            members,
            version: Some(513).filter(|_| members > 0),
            version_name: None,
            consume_type: Some("CONSUME_PASSIVELY".to_owned()),
            message_model: Some("BROADCASTING".to_owned()),
            consume_tps: 1.9,
            lag_total,
        }
    }

    #[test]
    fn the_layout_is_mqadmins() {
        let groups = vec![summary("group_broadcast", 1, 0), summary("crmwughmwh", 0, 200)];
        let order = vec!["crmwughmwh".to_owned(), "group_broadcast".to_owned()];
        let all = AllProgress::new(groups, vec![], order);
        let mut text = String::new();
        all.classic(&mut text).unwrap();
        let want = [
            "#Group                                                            #Count  #Version                 #Type  #Model          #TPS     #Diff Total",
            "crmwughmwh                                                        0       OFFLINE                                         1        200",
            "group_broadcast                                                   1       V5_5_0                   PUSH   BROADCASTING    1        0",
        ];
        assert_eq!(text.lines().collect::<Vec<_>>(), want);
        assert_eq!(all.notes(), ["2 groups, 1 online, 1 behind"]);
    }

    #[test]
    fn those_farthest_behind_come_first() {
        let groups = vec![summary("b", 0, 1), summary("a", 0, 1), summary("c", 0, 5)];
        let all = AllProgress::new(groups, vec![], vec![]);
        let names: Vec<&str> = all.groups.iter().map(|row| row.group.as_str()).collect();
        assert_eq!(names, ["c", "a", "b"]);
    }
}

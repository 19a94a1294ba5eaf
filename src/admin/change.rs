//! What a write changes on one broker: the difference between what is there and what is asked for.

use super::targets::Broker;
use crate::output::{Cell, Table, Tone};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

/// What happened, or in a dry run would happen, to one thing on one broker.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Action {
    Create,
    Update,
    /// It is as asked for already; it was written all the same.
    Unchanged,
    Delete,
}

impl Action {
    /// The word for a table: what was done, or what would be.
    pub fn word(self, dry_run: bool) -> &'static str {
        match (self, dry_run) {
            (Action::Create, false) => "created",
            (Action::Create, true) => "would be created",
            (Action::Update, false) => "updated",
            (Action::Update, true) => "would be updated",
            (Action::Unchanged, _) => "unchanged",
            (Action::Delete, false) => "deleted",
            (Action::Delete, true) => "would be deleted",
        }
    }
}

/// One field that differs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FieldChange {
    pub field: String,
    pub before: Value,
    pub after: Value,
}

/// The change on one broker.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Change {
    #[serde(flatten)]
    pub broker: Broker,
    pub action: Action,
    /// The fields that differ, for an update.
    pub fields: Vec<FieldChange>,
}

impl Change {
    /// Compares what is there, if it is, with what is asked for.
    pub fn between(broker: Broker, before: Option<&impl Serialize>, after: &impl Serialize) -> Self {
        let Some(before) = before else {
            return Change { broker, action: Action::Create, fields: Vec::new() };
        };
        let fields = differences(&as_value(before), &as_value(after));
        let action = if fields.is_empty() { Action::Unchanged } else { Action::Update };
        Change { broker, action, fields }
    }

    /// The differences in words: `perm 6 -> 4, order false -> true`.
    pub fn text(&self) -> String {
        let texts: Vec<String> = self
            .fields
            .iter()
            .map(|change| format!("{} {} -> {}", change.field, plain(&change.before), plain(&change.after)))
            .collect();
        texts.join(", ")
    }
}

fn as_value(value: &impl Serialize) -> Value {
    serde_json::to_value(value).unwrap_or(Value::Null)
}

/// The top-level fields of two objects that are not the same, in the order of the second.
fn differences(before: &Value, after: &Value) -> Vec<FieldChange> {
    let empty = serde_json::Map::new();
    let before = before.as_object().unwrap_or(&empty);
    let after = after.as_object().unwrap_or(&empty);
    let null = Value::Null;
    let names = after.keys().chain(before.keys().filter(|name| !after.contains_key(*name)));
    names
        .filter_map(|name| {
            let (old, new) = (before.get(name).unwrap_or(&null), after.get(name).unwrap_or(&null));
            (old != new).then(|| FieldChange { field: name.clone(), before: old.clone(), after: new.clone() })
        })
        .collect()
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => "none".to_owned(),
        other => other.to_string(),
    }
}

/// One line a broker: what was done, or in a dry run would be.
pub fn table_of(changes: &[Change], dry_run: bool) -> Table {
    let mut table = Table::new().text("BROKER").text("ADDRESS").text("RESULT").text("CHANGES");
    for change in changes {
        let tone = match change.action {
            Action::Unchanged => Tone::Dim,
            Action::Delete => Tone::Warn,
            Action::Create | Action::Update => Tone::Good,
        };
        table.row([
            Cell::new(&change.broker.broker_name),
            Cell::new(&change.broker.addr),
            Cell::toned(change.action.word(dry_run), tone),
            Cell::new(change.text()),
        ]);
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::admin::targets::at_addr;
    use crate::protocol::topic::TopicConfig;

    #[test]
    fn differences_are_told_field_by_field() {
        let before = TopicConfig::new("T", 8);
        let after = TopicConfig { perm: 4, order: true, ..before.clone() };
        let broker = at_addr(None, "a:1");
        let change = Change::between(broker.clone(), Some(&before), &after);
        assert_eq!(change.action, Action::Update);
        assert_eq!(change.text(), "order false -> true, perm 6 -> 4");
        assert_eq!(Change::between(broker.clone(), Some(&before), &before).action, Action::Unchanged);
        assert_eq!(Change::between(broker, None::<&TopicConfig>, &after).action, Action::Create);
    }

    #[test]
    fn what_is_on_one_side_only_is_none_on_the_other() {
        let changes = differences(&serde_json::json!({"a": 1}), &serde_json::json!({"b": "x"}));
        let texts: Vec<_> =
            changes.iter().map(|c| (c.field.as_str(), plain(&c.before), plain(&c.after))).collect();
        assert_eq!(texts, [("b", "none".into(), "x".into()), ("a", "1".into(), "none".to_owned())]);
    }
}

//! What a write changes on one name server.

use crate::admin::change::Action;
use crate::output::{Cell, Table, Tone};
use schemars::JsonSchema;
use serde::Serialize;

/// What happened, or in a dry run would happen, to one text or setting on one name server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct NamesrvChange {
    pub namesrv_addr: String,
    pub action: Action,
    /// What was there before.
    pub before: Option<String>,
    /// What is there now.
    pub after: Option<String>,
}

impl NamesrvChange {
    /// What it takes to get from one text to another.
    pub fn between(namesrv_addr: String, before: Option<String>, after: Option<String>) -> Self {
        let action = match (&before, &after) {
            (None, Some(_)) => Action::Create,
            (Some(_), None) => Action::Delete,
            _ if before == after => Action::Unchanged,
            _ => Action::Update,
        };
        NamesrvChange { namesrv_addr, action, before, after }
    }
}

/// One line a name server: what was done, or in a dry run would be.
pub fn table_of(changes: &[NamesrvChange], dry_run: bool) -> Table {
    let mut table = Table::new().text("NAME SERVER").text("RESULT").text("BEFORE").text("AFTER");
    for change in changes {
        let tone = match change.action {
            Action::Unchanged => Tone::Dim,
            Action::Delete => Tone::Warn,
            Action::Create | Action::Update => Tone::Good,
        };
        table.row([
            Cell::new(&change.namesrv_addr),
            Cell::toned(change.action.word(dry_run), tone),
            Cell::optional(change.before.as_ref()),
            Cell::optional(change.after.as_ref()),
        ]);
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_action_follows_from_before_and_after() {
        let table = [
            (None, Some("1"), Action::Create),
            (Some("1"), Some("2"), Action::Update),
            (Some("1"), Some("1"), Action::Unchanged),
            (Some("1"), None, Action::Delete),
            (None, None, Action::Unchanged),
        ];
        let own = |text: Option<&str>| text.map(str::to_owned);
        for (before, after, action) in table {
            let change = NamesrvChange::between("a:1".to_owned(), own(before), own(after));
            assert_eq!(change.action, action, "{before:?} {after:?}");
        }
    }
}

//! What the commands have in common that set a group's limit or take it away.

use crate::admin::change::{Action, Change, FieldChange, table_of};
use crate::admin::targets::{self, Broker};
use crate::admin::{CommandError, Context};
use crate::output::{Failure, Render, Table};
use crate::protocol::upkeep::GetColdDataFlowCtrInfo;
use crate::remoting::CallError;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;
use std::fmt::{self, Write};

/// The change on each broker, sorted by broker.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    pub group: String,
    pub dry_run: bool,
    pub changes: Vec<Change>,
    pub failures: Vec<Failure>,
    /// What mqadmin says of each broker, up to its address.
    #[serde(skip)]
    said: &'static str,
}

impl Output {
    /// Nothing yet; `said` is what mqadmin says of each broker.
    pub fn new(ctx: &Context, group: &str, said: &'static str) -> Self {
        let (changes, failures) = (Vec::new(), Vec::new());
        Output { group: group.to_owned(), dry_run: ctx.dry_run, changes, failures, said }
    }
}

impl Render for Output {
    fn table(&self, _wide: bool) -> Table {
        table_of(&self.changes, self.dry_run)
    }

    fn classic(&self, w: &mut dyn Write) -> fmt::Result {
        for change in targets::as_mqadmin(&self.changes, |change| &change.broker.addr) {
            match self.dry_run {
                true => writeln!(w, "{}, {}", change.action.word(true), change.broker.addr)?,
                false => writeln!(w, "{} success, {}", self.said, change.broker.addr)?,
            }
        }
        Ok(())
    }

    fn notes(&self) -> Vec<String> {
        self.dry_run.then(|| "nothing was changed (--dry-run)".to_owned()).into_iter().collect()
    }

    fn failures(&self) -> &[Failure] {
        &self.failures
    }
}

/// A group's limit on a broker, if it has one.
pub async fn limit_of(ctx: &Context, addr: &str, group: &str) -> Result<Option<i64>, CallError> {
    let info = ctx.ask::<GetColdDataFlowCtrInfo>(addr, (), ()).await?.body.0;
    Ok(info.config_table.get(group).copied())
}

/// The change of a limit.
pub fn change(broker: Broker, before: Option<i64>, after: Option<i64>) -> Change {
    let action = match (before, after) {
        (None, Some(_)) => Action::Create,
        (Some(_), None) => Action::Delete,
        (before, after) if before == after => Action::Unchanged,
        _ => Action::Update,
    };
    let fields = match action {
        Action::Unchanged => Vec::new(),
        _ => vec![FieldChange {
            field: "limit".to_owned(),
            before: Value::from(before),
            after: Value::from(after),
        }],
    };
    Change { broker, action, fields }
}

/// The error where no broker did what it was asked to, although it said so.
pub fn none_took(message: String, failures: &[Failure]) -> CommandError {
    let mut error = CommandError::unmet(message);
    error.causes = failures.iter().map(ToString::to_string).collect();
    error
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_says_what_was_and_what_is() {
        let broker = || targets::at_addr(None, "a:1");
        for (before, after, action, text) in [
            (None, Some(5), Action::Create, "limit none -> 5"),
            (Some(5), Some(6), Action::Update, "limit 5 -> 6"),
            (Some(5), Some(5), Action::Unchanged, ""),
            (Some(5), None, Action::Delete, "limit 5 -> none"),
            (None, None, Action::Unchanged, ""),
        ] {
            let change = change(broker(), before, after);
            assert_eq!((change.action, change.text().as_str()), (action, text), "{before:?} {after:?}");
        }
    }
}

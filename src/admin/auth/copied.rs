//! What a command shows that copies users or access rules from one broker to another.

use crate::admin::change::{Action, Change};
use crate::output::{Cell, Failure, Render, Table, Tone};
use schemars::JsonSchema;
use serde::Serialize;
use std::fmt::{self, Write};

/// What was copied, sorted by name. A password is never in it.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Copied {
    pub from: String,
    pub to: String,
    pub dry_run: bool,
    pub copied: Vec<Row>,
    pub failures: Vec<Failure>,
    /// `user` or `acl`.
    #[serde(skip)]
    pub what: &'static str,
}

/// One user, or the rules of one subject.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Row {
    pub name: String,
    /// What it changed at the target.
    #[serde(flatten)]
    pub change: Change,
}

impl Render for Copied {
    fn table(&self, _wide: bool) -> Table {
        let mut table = Table::new().text("NAME").text("RESULT").text("CHANGES");
        for Row { name, change } in &self.copied {
            let tone = if change.action == Action::Unchanged { Tone::Dim } else { Tone::Good };
            let word = Cell::toned(change.action.word(self.dry_run), tone);
            table.row([Cell::new(name), word, Cell::new(change.text())]);
        }
        table
    }

    fn classic(&self, w: &mut dyn Write) -> fmt::Result {
        let Copied { from, to, what, .. } = self;
        for Row { name, .. } in &self.copied {
            match self.dry_run {
                true => writeln!(w, "would copy {what} of {name} from {from} to {to}")?,
                false => writeln!(w, "copy {what} of {name} from {from} to {to} success.")?,
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::admin::targets::at_addr;

    #[test]
    fn the_text_is_mqadmins() {
        let change = Change { broker: at_addr(None, "b:2"), action: Action::Create, fields: vec![] };
        let copied = Copied {
            from: "a:1".into(),
            to: "b:2".into(),
            dry_run: false,
            copied: vec![Row { name: "alice".into(), change }],
            failures: vec![],
            what: "user",
        };
        let mut text = String::new();
        copied.classic(&mut text).unwrap();
        assert_eq!(text, "copy user of alice from a:1 to b:2 success.\n");
    }
}

//! What a command that writes users or access rules shows.

use crate::admin::change::{Change, table_of};
use crate::admin::targets;
use crate::output::{Failure, Render, Table};
use schemars::JsonSchema;
use serde::Serialize;
use std::fmt::{self, Write};

/// The change on each broker, sorted by broker. A password is never in it.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Written {
    /// The user, or the subject of the rules.
    pub name: String,
    pub dry_run: bool,
    pub changes: Vec<Change>,
    pub failures: Vec<Failure>,
    /// mqadmin's words for it, as in `create user to`.
    #[serde(skip)]
    pub doing: &'static str,
}

impl Render for Written {
    fn table(&self, _wide: bool) -> Table {
        table_of(&self.changes, self.dry_run)
    }

    fn classic(&self, w: &mut dyn Write) -> fmt::Result {
        for change in targets::as_mqadmin(&self.changes, |change| &change.broker.addr) {
            match self.dry_run {
                true => writeln!(w, "would {} {}", self.doing, change.broker.addr)?,
                false => writeln!(w, "{} {} success.", self.doing, change.broker.addr)?,
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
    use crate::admin::change::Action;
    use crate::admin::targets::at_addr;

    #[test]
    fn the_text_is_mqadmins() {
        let change =
            |addr: &str| Change { broker: at_addr(None, addr), action: Action::Create, fields: vec![] };
        let mut written = Written {
            name: "alice".into(),
            dry_run: false,
            changes: vec![change("127.0.0.1:20711")],
            failures: vec![],
            doing: "create user to",
        };
        let classic = |written: &Written| {
            let mut text = String::new();
            written.classic(&mut text).unwrap();
            text
        };
        assert_eq!(classic(&written), "create user to 127.0.0.1:20711 success.\n");
        written.dry_run = true;
        assert_eq!(classic(&written), "would create user to 127.0.0.1:20711\n");
    }
}

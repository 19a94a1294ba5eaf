//! How the settings of a server are shown.

use crate::output::{Cell, Render, Table};
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt::{self, Write};

/// The settings, where they were asked for; otherwise nothing, after the server has ended.
#[derive(Debug, Default, Serialize, JsonSchema)]
#[serde(transparent)]
pub struct Output {
    pub settings: Option<BTreeMap<String, String>>,
}

impl Output {
    pub(super) fn of(settings: BTreeMap<String, String>) -> Self {
        Output { settings: Some(settings) }
    }
}

impl Render for Output {
    fn table(&self, _wide: bool) -> Table {
        let mut table = Table::new().text("KEY").text("VALUE");
        for (key, value) in self.settings.iter().flatten() {
            table.row([Cell::new(key), Cell::new(value)]);
        }
        table
    }

    fn classic(&self, w: &mut dyn Write) -> fmt::Result {
        self.settings.iter().flatten().try_for_each(|(key, value)| writeln!(w, "{key}={value}"))
    }

    fn is_silent(&self) -> bool {
        self.settings.is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_shown_as_a_file_of_them() {
        let output = Output::of(BTreeMap::from([("b".into(), "2".into()), ("a".into(), String::new())]));
        let mut text = String::new();
        output.classic(&mut text).unwrap();
        assert_eq!(text, "a=\nb=2\n");
        assert!(Output::default().is_silent());
    }
}

//! `updateControllerConfig`: changes one setting of running controllers, and looks whether it took.

use super::leader::addresses;
use crate::admin::broker::get_broker_config::pairs;
use crate::admin::change::Action;
use crate::admin::targets::{at_addr, unknown};
use crate::admin::{CommandError, Context};
use crate::output::{Cell, Failure, Render, Table, Tone};
use crate::protocol::controller::{GetControllerConfig, UpdateControllerConfig};
use crate::remoting::CallError;
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt::{self, Write};

/// Change one setting of running controllers
///
/// The setting is read before and after, so that a name or a value that a controller drops in silence is told.
#[derive(Debug, Clone, clap::Args)]
#[command(after_long_help = "Examples:\n  \
        rmq updateControllerConfig -a 127.0.0.1:9878 -k enableElectUncleanMaster -v true\n  \
        rmq updateControllerConfig -a '10.0.0.1:9878;10.0.0.2:9878' -k scanInactiveMasterInterval -v 3000 --dry-run")]
pub struct Args {
    /// The controllers, separated by ';' or ','
    #[arg(short = 'a', long = "controllerAddress", value_name = "HOST:PORT")]
    pub controllers: String,
    /// The name of the setting
    #[arg(short = 'k', long = "key", value_name = "KEY")]
    pub key: String,
    /// Its new value
    #[arg(short = 'v', long = "value", value_name = "VALUE", allow_hyphen_values = true)]
    pub value: String,
}

/// The change on each controller, in the order in which they were given.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    pub key: String,
    pub value: String,
    pub dry_run: bool,
    pub controllers: Vec<Row>,
    pub failures: Vec<Failure>,
    /// All that were asked.
    #[serde(skip)]
    asked: Vec<String>,
}

/// The change on a controller.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Row {
    pub addr: String,
    pub action: Action,
    pub before: String,
    pub after: String,
}

impl Render for Output {
    fn table(&self, _wide: bool) -> Table {
        let mut table = Table::new().text("CONTROLLER").text("RESULT").text("CHANGES");
        for row in &self.controllers {
            let unchanged = row.action == Action::Unchanged;
            let change = if unchanged {
                String::new()
            } else {
                format!("{} {} -> {}", self.key, row.before, row.after)
            };
            let tone = if unchanged { Tone::Dim } else { Tone::Good };
            table.row([
                Cell::new(&row.addr),
                Cell::toned(row.action.word(self.dry_run), tone),
                Cell::new(change),
            ]);
        }
        table
    }

    fn classic(&self, w: &mut dyn Write) -> fmt::Result {
        let result = if self.dry_run { "would be updated" } else { "success" };
        let asked = self.asked.join(", ");
        writeln!(w, "update controller config {result}![{asked}]\n{} : {}", self.key, self.value)
    }

    fn notes(&self) -> Vec<String> {
        self.dry_run.then(|| "nothing was changed (--dry-run)".to_owned()).into_iter().collect()
    }

    fn failures(&self) -> &[Failure] {
        &self.failures
    }
}

async fn config(ctx: &Context, addr: &str) -> Result<BTreeMap<String, String>, CallError> {
    let answer = ctx.ask::<GetControllerConfig>(addr, (), ()).await?;
    Ok(pairs(&answer.body).into_iter().collect())
}

/// What became of a controller: the value before and after, or the names that it knows.
enum Written {
    Done(String, String),
    Unknown(Vec<String>),
}

async fn write(ctx: &Context, addr: &str, key: &str, value: &str) -> Result<Written, CallError> {
    let mut config_before = config(ctx, addr).await?;
    let Some(before) = config_before.remove(key) else {
        return Ok(Written::Unknown(config_before.into_keys().collect()));
    };
    if ctx.dry_run {
        return Ok(Written::Done(before, value.to_owned()));
    }
    ctx.ask::<UpdateControllerConfig>(addr, (), format!("{key}={value}\n")).await?;
    let after = config(ctx, addr).await?.remove(key).unwrap_or_default();
    Ok(Written::Done(before, after))
}

/// Reads the setting of every controller, writes it, and reads it again; side by side.
///
/// # Errors
/// An unknown setting; all controllers failed, or kept what they had.
pub async fn run(ctx: &Context, args: Args) -> Result<Output, CommandError> {
    let Args { controllers, key, value } = args;
    let asked = addresses(&controllers)?;
    let targets = asked.iter().map(|addr| at_addr(None, addr)).collect();
    let (name, text) = (key.as_str(), value.as_str());
    let answers = ctx
        .ask_each(&format!("set {key}"), targets, |controller| async move {
            write(ctx, &controller.addr, name, text).await
        })
        .await?;
    let mut rows = Vec::new();
    let mut failures = answers.failures;
    for (controller, written) in answers.given {
        let addr = controller.addr;
        match written {
            Written::Unknown(known) => {
                return Err(unknown("setting", &key, known.iter().map(String::as_str))
                    .hint("rmq getControllerConfig shows the settings"));
            }
            Written::Done(before, after) if after.trim().eq_ignore_ascii_case(value.trim()) => {
                let action = if before == after { Action::Unchanged } else { Action::Update };
                rows.push(Row { addr, action, before, after });
            }
            Written::Done(_, now) => failures.push(Failure {
                target: addr,
                addr: None,
                code: None,
                message: format!("it did not take {key}={value}, the value is still '{now}'"),
            }),
        }
    }
    if rows.is_empty() {
        let mut error = CommandError::unmet(format!("{key} is not set to '{value}' on any controller"));
        error.causes = failures.iter().map(ToString::to_string).collect();
        return Err(error.hint("a controller drops a value that is not of the setting's type"));
    }
    Ok(Output { key, value, dry_run: ctx.dry_run, controllers: rows, failures, asked })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_is_mqadmins() {
        let output = Output {
            key: "notifyBrokerRoleChanged".into(),
            value: "true".into(),
            dry_run: false,
            controllers: vec![],
            failures: vec![],
            asked: vec!["127.0.0.1:19878".into(), "127.0.0.1:19879".into()],
        };
        let mut text = String::new();
        output.classic(&mut text).unwrap();
        assert_eq!(
            text,
            "update controller config success![127.0.0.1:19878, 127.0.0.1:19879]\nnotifyBrokerRoleChanged : true\n"
        );
    }
}

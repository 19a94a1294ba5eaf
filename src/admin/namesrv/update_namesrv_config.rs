//! `updateNamesrvConfig`: changes one setting of running name servers, and looks whether it took.

use super::change::{NamesrvChange, table_of};
use super::each::{Answers, ask_each};
use super::get_namesrv_config::settings;
use crate::admin::change::Action;
use crate::admin::targets::unknown;
use crate::admin::{CommandError, Context, ErrorKind};
use crate::output::{Failure, Render, Table};
use crate::protocol::route::UpdateNamesrvConfig;
use crate::remoting::CallError;
use schemars::JsonSchema;
use serde::Serialize;
use std::fmt::{self, Write};

/// Change one setting of running name servers
///
/// It goes to every name server given, which keeps it in its file of settings. The value is read back: a name server
/// drops what is not of the setting's type without a word.
#[derive(Debug, Clone, clap::Args)]
#[command(
    after_long_help = "Examples:\n  rmq updateNamesrvConfig -n 127.0.0.1:9876 -k orderMessageEnable -v true\n  \
        rmq updateNamesrvConfig -k scanNotActiveBrokerInterval -v 3000 --dry-run"
)]
pub struct Args {
    /// The setting
    #[arg(short = 'k', long = "key", value_name = "KEY")]
    pub key: String,
    /// Its new value
    #[arg(short = 'v', long = "value", value_name = "VALUE", allow_hyphen_values = true)]
    pub value: String,
}

/// What was changed, in the order of the name servers.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    pub key: String,
    pub value: String,
    pub dry_run: bool,
    pub changes: Vec<NamesrvChange>,
    pub failures: Vec<Failure>,
}

impl Render for Output {
    fn table(&self, _wide: bool) -> Table {
        table_of(&self.changes, self.dry_run)
    }

    fn classic(&self, w: &mut dyn Write) -> fmt::Result {
        let addrs: Vec<&str> = self.changes.iter().map(|change| change.namesrv_addr.as_str()).collect();
        let addrs = addrs.join(", ");
        match self.dry_run {
            true => writeln!(w, "name server config would be updated![{addrs}]")?,
            false => writeln!(w, "update name server config success![{addrs}]")?,
        }
        writeln!(w, "{} : {}", self.key, self.value)
    }

    fn notes(&self) -> Vec<String> {
        self.dry_run.then(|| "nothing was changed (--dry-run)".to_owned()).into_iter().collect()
    }

    fn failures(&self) -> &[Failure] {
        &self.failures
    }
}

/// What one name server made of the new value.
enum Written {
    Done(NamesrvChange),
    /// It has this value still.
    Dropped(String, String),
}

/// Writes to every name server side by side, and reads back.
///
/// # Errors
/// A setting that the name servers do not have; that none took it.
pub async fn run(ctx: &Context, args: Args) -> Result<Output, CommandError> {
    let (key, value) = (&args.key, &args.value);
    let doing = format!("set {key}");
    let present = ask_each(ctx, &doing, |addr| async move { settings(ctx, &addr).await }).await?;
    let names = || present.given.iter().flat_map(|(_, pairs)| pairs.iter().map(|(name, _)| name.as_str()));
    if !names().any(|name| name == key) {
        return Err(unknown("setting", key, names()).hint("rmq getNamesrvConfig shows the settings"));
    }
    let answers: Answers<Written> =
        ask_each(ctx, &doing, |addr| async move { write(ctx, addr, key, value).await }).await?;
    let mut output = Output {
        key: key.clone(),
        value: value.clone(),
        dry_run: ctx.dry_run,
        changes: Vec::new(),
        failures: answers.failures,
    };
    for (_, written) in answers.given {
        match written {
            Written::Done(change) => output.changes.push(change),
            Written::Dropped(addr, now) => output.failures.push(Failure {
                target: format!("name server {addr}"),
                addr: Some(addr),
                code: None,
                message: format!("it did not take {key}={value}, the value is still '{now}'"),
            }),
        }
    }
    if output.changes.is_empty() {
        return Err(none_took(&output));
    }
    Ok(output)
}

async fn write(ctx: &Context, addr: String, key: &str, value: &str) -> Result<Written, CallError> {
    let before = one(ctx, &addr, key).await?;
    if ctx.dry_run {
        return Ok(Written::Done(NamesrvChange::between(addr, before, Some(value.to_owned()))));
    }
    ctx.ask::<UpdateNamesrvConfig>(&addr, (), format!("{key}={value}\n")).await?;
    let after = one(ctx, &addr, key).await?;
    if !after.as_deref().is_some_and(|now| is_same(now, value)) {
        return Ok(Written::Dropped(addr, after.unwrap_or_default()));
    }
    let mut change = NamesrvChange::between(addr, before, after);
    if change.before.as_deref().is_some_and(|before| is_same(before, value)) {
        change.action = Action::Unchanged;
    }
    Ok(Written::Done(change))
}

async fn one(ctx: &Context, addr: &str, key: &str) -> Result<Option<String>, CallError> {
    let pairs = settings(ctx, addr).await?;
    Ok(pairs.into_iter().find(|(name, _)| name == key).map(|(_, value)| value))
}

/// Whether two values mean the same to Java, which writes `TRUE` as `true` and `5` as `5`.
fn is_same(a: &str, b: &str) -> bool {
    a.trim().eq_ignore_ascii_case(b.trim())
}

fn none_took(output: &Output) -> CommandError {
    let mut error = CommandError::new(
        ErrorKind::Refused,
        format!("{} is not set to '{}' on any name server", output.key, output.value),
    );
    error.causes = output.failures.iter().map(ToString::to_string).collect();
    error.hint("a name server drops a value that is not of the setting's type")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_is_mqadmins() {
        let changes =
            vec![NamesrvChange::between("127.0.0.1:19876".to_owned(), None, Some("true".to_owned()))];
        let output = Output {
            key: "returnOrderTopicConfigToBroker".to_owned(),
            value: "true".to_owned(),
            dry_run: false,
            changes,
            failures: vec![],
        };
        let mut text = String::new();
        output.classic(&mut text).unwrap();
        assert_eq!(
            text,
            "update name server config success![127.0.0.1:19876]\nreturnOrderTopicConfigToBroker : true\n"
        );
    }
}

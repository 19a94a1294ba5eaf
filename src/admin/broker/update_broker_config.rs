//! `updateBrokerConfig`: changes one setting of running brokers, and looks whether it took.

use super::get_broker_config::pairs;
use crate::admin::change::{Action, Change, FieldChange, table_of};
use crate::admin::targets::{self, Broker, Roles};
use crate::admin::{CommandError, Context, ErrorKind};
use crate::output::{Failure, Render, Table, counted};
use crate::protocol::broker::{GetBrokerConfig, UpdateBrokerConfig};
use crate::remoting::CallError;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt::{self, Write};

/// Change one setting of running brokers
///
/// The setting is read before and after, so that a name or a value that a broker drops in silence is told. For a
/// whole cluster it asks first; --yes answers yes.
#[derive(Debug, Clone, clap::Args)]
#[command(
    group(clap::ArgGroup::new("where").args(["broker_addr", "cluster_name"]).required(true)),
    after_long_help = "Examples:\n  rmq updateBrokerConfig -b 127.0.0.1:10911 -k fileReservedTime -v 48\n  \
        rmq updateBrokerConfig -c DefaultCluster -k brokerPermission -v 4 --dry-run"
)]
pub struct Args {
    /// On this broker
    #[arg(short = 'b', long = "brokerAddr", value_name = "HOST:PORT")]
    pub broker_addr: Option<String>,
    /// On every master of this cluster
    #[arg(short = 'c', long = "clusterName", alias = "cluster", value_name = "CLUSTER")]
    pub cluster_name: Option<String>,
    /// With a cluster: on the slaves as well
    #[arg(short = 'a', long = "updateAllBroker", value_name = "BOOL", num_args = 0..=1, default_value = "false",
          default_missing_value = "true", action = clap::ArgAction::Set)]
    pub update_all_broker: bool,
    /// The name of the setting
    #[arg(short = 'k', long = "key", value_name = "KEY")]
    pub key: String,
    /// Its new value
    #[arg(short = 'v', long = "value", value_name = "VALUE", allow_hyphen_values = true)]
    pub value: String,
}

/// The change on each broker, sorted by broker.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    pub key: String,
    pub value: String,
    pub dry_run: bool,
    pub changes: Vec<Change>,
    pub failures: Vec<Failure>,
}

impl Render for Output {
    fn table(&self, _wide: bool) -> Table {
        table_of(&self.changes, self.dry_run)
    }

    fn classic(&self, w: &mut dyn Write) -> fmt::Result {
        for change in targets::as_mqadmin(&self.changes, |change| &change.broker.addr) {
            match self.dry_run {
                true => writeln!(w, "broker config would be updated, {}", change.broker.addr)?,
                false => writeln!(w, "update broker config success, {}", change.broker.addr)?,
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

/// What became of one broker.
enum Written {
    Done(Change),
    /// The broker said yes and kept what it had.
    Ignored(Broker, String),
}

/// Reads the setting, writes it, and reads it again.
///
/// # Errors
/// An unknown cluster or setting; no confirmation; all brokers failed.
pub async fn run(ctx: &Context, args: Args) -> Result<Output, CommandError> {
    let brokers = brokers(ctx, &args).await?;
    let present = ctx
        .ask_each("read the settings", brokers, |broker| async move { config(ctx, &broker.addr).await })
        .await?;
    if let Some((_, known)) = present.given.iter().find(|(_, config)| !config.contains_key(&args.key)) {
        return Err(targets::unknown("setting", &args.key, known.keys().map(String::as_str))
            .hint("rmq getBrokerConfig shows the settings"));
    }
    if let Some(cluster) = &args.cluster_name {
        ctx.confirm(&format!(
            "Set {} to {} on {} of cluster {cluster}?",
            args.key,
            args.value,
            counted(present.given.len(), "broker")
        ))?;
    }
    let before: BTreeMap<String, String> = present
        .given
        .iter()
        .map(|(broker, config)| (broker.addr.clone(), config.get(&args.key).cloned().unwrap_or_default()))
        .collect();
    let brokers = present.given.into_iter().map(|(broker, _)| broker).collect();
    let (args_ref, before_ref) = (&args, &before);
    let written = ctx
        .ask_each(&format!("set {}", args.key), brokers, |broker| {
            let old = before_ref.get(&broker.addr).cloned().unwrap_or_default();
            write(ctx, broker, args_ref, old)
        })
        .await?;
    let mut output = Output {
        key: args.key,
        value: args.value,
        dry_run: ctx.dry_run,
        changes: Vec::new(),
        failures: present.failures,
    };
    output.failures.extend(written.failures);
    for (_, written) in written.given {
        match written {
            Written::Done(change) => output.changes.push(change),
            Written::Ignored(broker, now) => output.failures.push(ignored(&broker, &output, &now)),
        }
    }
    if output.changes.is_empty() {
        return Err(none_took(&output));
    }
    Ok(output)
}

async fn brokers(ctx: &Context, args: &Args) -> Result<Vec<Broker>, CommandError> {
    match (&args.broker_addr, &args.cluster_name) {
        (Some(addr), _) => Ok(vec![targets::at_addr(None, addr)]),
        (None, cluster) => {
            let roles = if args.update_all_broker { Roles::MastersAndSlaves } else { Roles::Masters };
            targets::in_cluster(&ctx.cluster_info().await?, cluster.as_deref().unwrap_or_default(), roles)
        }
    }
}

async fn config(ctx: &Context, addr: &str) -> Result<BTreeMap<String, String>, CallError> {
    let answer = ctx.ask::<GetBrokerConfig>(addr, (), ()).await?;
    Ok(pairs(&answer.body).into_iter().collect())
}

async fn write(ctx: &Context, broker: Broker, args: &Args, old: String) -> Result<Written, CallError> {
    let same = is_same(&old, &args.value);
    let mut now = args.value.clone();
    if !ctx.dry_run {
        let text = format!("{}={}\n", args.key, args.value);
        ctx.ask::<UpdateBrokerConfig>(&broker.addr, (), text).await?;
        now = config(ctx, &broker.addr).await?.remove(&args.key).unwrap_or_default();
        if !is_same(&now, &args.value) {
            return Ok(Written::Ignored(broker, now));
        }
    }
    if same {
        return Ok(Written::Done(Change { broker, action: Action::Unchanged, fields: Vec::new() }));
    }
    let fields =
        vec![FieldChange { field: args.key.clone(), before: Value::from(old), after: Value::from(now) }];
    let action = Action::Update;
    Ok(Written::Done(Change { broker, action, fields }))
}

/// Whether a broker may write the one for the other: `TRUE` and `true`, `5` and `5.0`.
fn is_same(a: &str, b: &str) -> bool {
    let number = |text: &str| text.trim().parse::<f64>().ok();
    a.trim().eq_ignore_ascii_case(b.trim()) || number(a).is_some_and(|value| Some(value) == number(b))
}

fn ignored(broker: &Broker, output: &Output, now: &str) -> Failure {
    let target = if broker.broker_name.is_empty() { &broker.addr } else { &broker.broker_name };
    Failure {
        target: target.clone(),
        addr: Some(broker.addr.clone()),
        code: None,
        message: format!("it did not take {}={}, the value is still '{now}'", output.key, output.value),
    }
}

fn none_took(output: &Output) -> CommandError {
    let mut error = CommandError::new(
        ErrorKind::Refused,
        format!("{} is not set to '{}' on any broker", output.key, output.value),
    );
    error.causes = output.failures.iter().map(ToString::to_string).collect();
    error.hint("a broker drops a value that is not of the setting's type")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_that_mean_the_same_are_the_same() {
        for (a, b, same) in [
            ("true", "TRUE", true),
            ("5", "5.0", true),
            ("72", "abc", false),
            ("", "", true),
            ("a", "b", false),
        ] {
            assert_eq!(is_same(a, b), same, "{a} {b}");
        }
    }

    #[test]
    fn the_text_is_mqadmins() {
        let change = |addr: &str| Change {
            broker: targets::at_addr(None, addr),
            action: Action::Update,
            fields: vec![],
        };
        let output = Output {
            key: "slaveReadEnable".to_owned(),
            value: "true".to_owned(),
            dry_run: false,
            changes: vec![change("127.0.0.1:20111"), change("127.0.0.1:20211")],
            failures: vec![],
        };
        let mut text = String::new();
        output.classic(&mut text).unwrap();
        assert_eq!(
            text,
            "update broker config success, 127.0.0.1:20211\nupdate broker config success, 127.0.0.1:20111\n"
        );
    }
}

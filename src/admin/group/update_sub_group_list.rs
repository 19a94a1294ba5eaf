//! `updateSubGroupList`: creates or overwrites many groups from a file.

use super::config;
use crate::admin::change::{Change, table_of};
use crate::admin::targets::{self, Broker, Roles};
use crate::admin::{CommandError, Context};
use crate::output::{Cell, Failure, Render, Table, counted};
use crate::protocol::body::Json;
use crate::protocol::fastjson;
use crate::protocol::group::{
    SubscriptionGroupConfig, SubscriptionGroupList, UpdateAndCreateSubscriptionGroupList,
};
use crate::remoting::CallError;
use schemars::JsonSchema;
use serde::Serialize;
use std::fmt::{self, Write};
use std::path::{Path, PathBuf};

/// Create consumer groups, or write them anew, from a file
///
/// The file is a JSON list of groups: [{"groupName":"orders","retryMaxTimes":5}, ...]. What a group leaves out has the
/// default of brokers, which lets it consume in broadcast mode and from the first offset; updateSubGroup has other
/// defaults. --dry-run shows what would change.
#[derive(Debug, Clone, clap::Args)]
#[command(
    group(clap::ArgGroup::new("where").args(["broker_addr", "cluster_name"]).required(true)),
    after_long_help = "Examples:\n  rmq updateSubGroupList -c DefaultCluster -f groups.json --dry-run\n  \
        rmq updateSubGroupList -b 127.0.0.1:10911 -f groups.json"
)]
pub struct Args {
    /// Write them to this broker
    #[arg(short = 'b', long = "brokerAddr", value_name = "HOST:PORT")]
    pub broker_addr: Option<String>,
    /// Write them to every master of this cluster
    #[arg(short = 'c', long = "clusterName", alias = "cluster", value_name = "CLUSTER")]
    pub cluster_name: Option<String>,
    /// The file with the groups
    #[arg(short = 'f', long = "filename", value_name = "FILE")]
    pub filename: PathBuf,
}

/// What was written, sorted by broker, groups in the order of the file.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    pub dry_run: bool,
    pub groups: Vec<Row>,
    pub failures: Vec<Failure>,
    /// The brokers that took the list, and whether they are those of a cluster: what mqadmin prints.
    #[serde(skip)]
    took: (Vec<String>, bool),
}

/// One group on one broker.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Row {
    pub group: String,
    #[serde(flatten)]
    pub change: Change,
}

impl Render for Output {
    fn table(&self, _wide: bool) -> Table {
        let mut table =
            Table::new().text("GROUP").text("BROKER").text("ADDRESS").text("RESULT").text("CHANGES");
        for row in &self.groups {
            let of_broker = table_of(std::slice::from_ref(&row.change), self.dry_run);
            let cells = of_broker.rows().first().cloned().unwrap_or_default();
            table.row([Cell::new(&row.group)].into_iter().chain(cells));
        }
        table
    }

    fn classic(&self, w: &mut dyn Write) -> fmt::Result {
        let (addrs, of_cluster) = &self.took;
        let what = if *of_cluster { "batch of subscription group config" } else { "batch of group config" };
        for addr in targets::as_mqadmin(addrs, |addr| addr) {
            match self.dry_run {
                true => writeln!(w, "{what} would be submitted to {addr}")?,
                false => writeln!(w, "submit {what} to {addr} success, please check the result later.")?,
            }
        }
        Ok(())
    }

    fn notes(&self) -> Vec<String> {
        self.dry_run.then(|| "nothing was written (--dry-run)".to_owned()).into_iter().collect()
    }

    fn failures(&self) -> &[Failure] {
        &self.failures
    }
}

/// Writes the groups to the broker, or to every master of the cluster side by side.
///
/// # Errors
/// A file that cannot be read or is no list of groups; an unknown cluster; all brokers failed.
pub async fn run(ctx: &Context, args: Args) -> Result<Output, CommandError> {
    let groups = read(&args.filename)?;
    let of_cluster = args.broker_addr.is_none();
    let brokers =
        ctx.brokers_at(args.broker_addr.as_deref(), args.cluster_name.as_deref(), Roles::Masters).await?;
    let verb = if ctx.dry_run { "look at" } else { "write" };
    let groups = &groups;
    let doing = format!("{verb} {}", counted(groups.len(), "group"));
    let answers = ctx.ask_each(&doing, brokers, |broker| write(ctx, broker, groups)).await?;
    let took = answers.given.iter().map(|(broker, _)| broker.addr.clone()).collect();
    Ok(Output {
        dry_run: ctx.dry_run,
        groups: answers.given.into_iter().flat_map(|(_, rows)| rows).collect(),
        failures: answers.failures,
        took: (took, of_cluster),
    })
}

/// Reads what the broker has, and writes the groups unless it is a dry run.
async fn write(
    ctx: &Context,
    broker: Broker,
    groups: &[SubscriptionGroupConfig],
) -> Result<Vec<Row>, CallError> {
    let before = config::all(ctx, &broker.addr).await?;
    let rows = groups
        .iter()
        .map(|group| {
            let before = before.get(&group.group_name);
            let change = Change::between(broker.clone(), before, &config::after(before, group));
            Row { group: group.group_name.clone(), change }
        })
        .collect();
    if !ctx.dry_run {
        let body = Json(SubscriptionGroupList { group_config_list: groups.to_vec() });
        ctx.ask::<UpdateAndCreateSubscriptionGroupList>(&broker.addr, (), body).await?;
    }
    Ok(rows)
}

/// The groups of the file.
fn read(path: &Path) -> Result<Vec<SubscriptionGroupConfig>, CommandError> {
    let bytes = std::fs::read(path).map_err(|error| CommandError::unreadable(path, &error))?;
    parse(&bytes).map_err(|why| {
        CommandError::usage(format!("{} is not a list of groups", path.display()))
            .cause(why)
            .hint("for example [{\"groupName\":\"orders\",\"retryMaxTimes\":5},{\"groupName\":\"audit\"}]")
    })
}

fn parse(bytes: &[u8]) -> Result<Vec<SubscriptionGroupConfig>, String> {
    let groups: Vec<SubscriptionGroupConfig> =
        fastjson::from_slice(bytes).map_err(|error| error.to_string())?;
    if groups.is_empty() {
        return Err("there is no group in it".to_owned());
    }
    for (at, group) in groups.iter().enumerate() {
        let name = &group.group_name;
        if name.trim().is_empty() {
            return Err(format!("group {} has no groupName", at + 1));
        }
        if groups[..at].iter().any(|before| before.group_name == *name) {
            return Err(format!("group {name} is in it twice"));
        }
    }
    Ok(groups)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_of_mqadmins_is_read_with_the_defaults_of_brokers() {
        let json = br#"[{"groupName":"g1","consumeEnable":true,"retryMaxTimes":3},{groupName:"g2"}]"#;
        let groups = parse(json).unwrap();
        assert_eq!((groups[0].group_name.as_str(), groups[0].retry_max_times), ("g1", 3));
        assert!(groups[1].consume_broadcast_enable && groups[1].consume_from_min_enable);
    }

    #[test]
    fn what_is_no_list_of_groups_is_told() {
        let table = [
            ("[]", "there is no group in it"),
            ("", "EOF"),
            (r#"{"groupName":"g"}"#, "invalid type"),
            (r#"[{"retryMaxTimes":3}]"#, "group 1 has no groupName"),
            (r#"[{"groupName":"g"},{"groupName":"g"}]"#, "group g is in it twice"),
        ];
        for (json, want) in table {
            let why = parse(json.as_bytes()).unwrap_err();
            assert!(why.contains(want), "{json}: {why}");
        }
    }

    #[test]
    fn the_text_is_mqadmins() {
        let mut output = Output {
            dry_run: false,
            groups: vec![],
            failures: vec![],
            took: (vec!["127.0.0.1:10911".to_owned()], true),
        };
        let classic = |output: &Output| {
            let mut text = String::new();
            output.classic(&mut text).unwrap();
            text
        };
        assert_eq!(
            classic(&output),
            "submit batch of subscription group config to 127.0.0.1:10911 success, please check the result later.\n"
        );
        output.took.1 = false;
        assert_eq!(
            classic(&output),
            "submit batch of group config to 127.0.0.1:10911 success, please check the result later.\n"
        );
    }
}

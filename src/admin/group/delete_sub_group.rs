//! `deleteSubGroup`: deletes a consumer group, if asked with its offsets, and from a whole cluster with its retry
//! topic and its dead letters.

use super::config::present;
use super::held_by_group::{self, Held, Scope};
use crate::admin::targets::{self, Broker, Roles};
use crate::admin::{CommandError, Context};
use crate::output::{Cell, Failure, Render, Table, Tone, counted};
use crate::protocol::group::{DeleteGroupHeader, DeleteSubscriptionGroup};
use crate::protocol::route::{DeleteTopicInNamesrv, TopicInClusterHeader};
use crate::protocol::topic::{DeleteTopicInBroker, TopicHeader};
use crate::remoting::CallError;
use clap::ArgAction::Set;
use schemars::JsonSchema;
use serde::Serialize;
use std::fmt::{self, Write};

/// Delete a consumer group
///
/// With -c its retry topic and its dead letters go too, with -r true its offsets; otherwise a group of that name goes
/// on from them. It says what is deleted and asks first; --yes answers yes.
#[derive(Debug, Clone, clap::Args)]
#[command(
    group(clap::ArgGroup::new("where").args(["broker_addr", "cluster_name"]).required(true).multiple(true)),
    after_long_help = "Examples:\n  rmq deleteSubGroup -c DefaultCluster -g old --dry-run\n  \
        rmq deleteSubGroup -c DefaultCluster -g old -r true --yes"
)]
pub struct Args {
    /// Delete it from this broker
    #[arg(short = 'b', long = "brokerAddr", value_name = "HOST:PORT")]
    pub broker_addr: Option<String>,
    /// Delete it from every master of this cluster, unless -b names a broker
    #[arg(short = 'c', long = "clusterName", alias = "cluster", value_name = "CLUSTER")]
    pub cluster_name: Option<String>,
    /// The consumer group
    #[arg(short = 'g', long = "groupName", alias = "consumerGroup", value_name = "GROUP")]
    pub group_name: String,
    /// Whether its offsets are deleted, too
    #[arg(short = 'r', long = "removeOffset", value_name = "BOOL", num_args = 0..=1, default_value = "false",
          default_missing_value = "true", action = Set)]
    pub remove_offset: bool,
}

/// What was deleted, sorted by broker.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    pub group: String,
    /// None where one broker was meant.
    pub cluster: Option<String>,
    pub dry_run: bool,
    pub brokers: Vec<Row>,
    /// The name servers that forgot the retry topic and that of the dead letters; none while a broker has one.
    pub name_servers: Vec<String>,
    pub failures: Vec<Failure>,
}

/// What was deleted on one broker.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Row {
    #[serde(flatten)]
    pub broker: Broker,
    #[serde(flatten)]
    pub held: Held,
    /// Whether the group is there again, with the broker's defaults. Brokers of 5.5.0 with
    /// `autoCreateSubscriptionGroup` make it anew while they delete it, unless its offsets go too; members do so, too.
    pub created_anew: bool,
}

impl Render for Output {
    fn table(&self, _wide: bool) -> Table {
        let mut table = Table::new()
            .text("BROKER")
            .text("ADDRESS")
            .text("GROUP")
            .number("OFFSETS OF TOPICS")
            .number("TO RETRY")
            .number("DEAD LETTERS");
        let done = if self.dry_run { "would be deleted" } else { "deleted" };
        for Row { broker, held, created_anew } in &self.brokers {
            let (word, tone) = match (created_anew, held.configured) {
                (true, _) => ("deleted, created anew", Tone::Bad),
                (false, true) => (done, Tone::Warn),
                (false, false) => ("was not there", Tone::Dim),
            };
            let dead = held.dead_letters.filter(|count| *count > 0);
            table.row([
                Cell::new(&broker.broker_name),
                Cell::new(&broker.addr),
                Cell::toned(word, tone),
                Cell::new(held.offsets_of.len()),
                Cell::optional(held.retry_messages),
                Cell::toned(
                    held.dead_letters.map_or_else(|| "-".to_owned(), |count| count.to_string()),
                    if dead.is_some() { Tone::Bad } else { Tone::Plain },
                ),
            ]);
        }
        table
    }

    fn classic(&self, w: &mut dyn Write) -> fmt::Result {
        for Row { broker, .. } in targets::as_mqadmin(&self.brokers, |row| &row.broker.addr) {
            let (group, addr) = (&self.group, &broker.addr);
            match (self.dry_run, &self.cluster) {
                (true, _) => {
                    writeln!(w, "subscription group [{group}] would be deleted from broker [{addr}]")?
                }
                (false, None) => {
                    writeln!(w, "delete subscription group [{group}] from broker [{addr}] success.")?;
                }
                (false, Some(cluster)) => writeln!(
                    w,
                    "delete subscription group [{group}] from broker [{addr}] in cluster [{cluster}] success."
                )?,
            }
        }
        Ok(())
    }

    fn notes(&self) -> Vec<String> {
        if self.dry_run {
            return vec!["nothing was deleted (--dry-run)".to_owned()];
        }
        match self.name_servers.as_slice() {
            [] => Vec::new(),
            some => vec![format!("the name servers forgot its topics: {}", some.join(", "))],
        }
    }

    fn failures(&self) -> &[Failure] {
        &self.failures
    }
}

/// Looks what the brokers have of the group, asks, deletes.
///
/// # Errors
/// An unknown cluster or group; no confirmation; all brokers failed.
pub async fn run(ctx: &Context, args: Args) -> Result<Output, CommandError> {
    let group = args.group_name;
    let cluster = args.cluster_name.filter(|_| args.broker_addr.is_none());
    let brokers = ctx.brokers_at(args.broker_addr.as_deref(), cluster.as_deref(), Roles::Masters).await?;
    let scope = Scope { offsets: args.remove_offset, topics: cluster.is_some() };
    let found = held_by_group::find(ctx, &group, brokers, scope).await?;
    if found.given.iter().all(|(_, held)| held.is_nothing()) {
        return Err(ctx.unknown_group(&group).await);
    }
    let total = found.given.iter().fold(Held::default(), |sum, (_, held)| sum.plus(held));
    let question = question(&group, found.given.len(), &total);
    if total.dead_letters.is_some_and(|count| count > 0) {
        ctx.confirm_by_name(&question, &group)?;
    } else {
        ctx.confirm(&question)?;
    }
    let mut output = Output {
        group,
        cluster,
        dry_run: ctx.dry_run,
        brokers: Vec::new(),
        name_servers: Vec::new(),
        failures: found.failures,
    };
    if ctx.dry_run {
        output.brokers =
            found.given.into_iter().map(|(broker, held)| Row { broker, held, created_anew: false }).collect();
        return Ok(output);
    }
    delete(ctx, found.given, scope, &mut output).await?;
    if scope.topics && output.failures.is_empty() {
        tell_name_servers(ctx, &mut output).await?;
    }
    Ok(output)
}

/// What is lost, in one sentence, and who would bring the group back.
fn question(group: &str, brokers: usize, total: &Held) -> String {
    let mut lost = Vec::new();
    if !total.offsets_of.is_empty() {
        lost.push(format!("its offsets on {}", counted(total.offsets_of.len(), "topic")));
    }
    for (count, what) in [(total.retry_messages, "message to retry"), (total.dead_letters, "dead letter")] {
        match (count, what) {
            (None | Some(0), _) => {}
            (Some(1), what) => lost.push(format!("1 {what}")),
            (Some(count), "dead letter") => lost.push(format!("{count} dead letters")),
            (Some(count), _) => lost.push(format!("{count} messages to retry")),
        }
    }
    let lost = if lost.is_empty() { String::new() } else { format!(" with {}", lost.join(", ")) };
    let online = match total.members {
        0 => String::new(),
        1 => " 1 member of it is connected, and may create it anew.".to_owned(),
        count => format!(" {count} members of it are connected, and may create it anew."),
    };
    format!("Delete group {group} from {}{lost}?{online}", counted(brokers, "broker"))
}

async fn delete(
    ctx: &Context,
    found: Vec<(Broker, Held)>,
    scope: Scope,
    output: &mut Output,
) -> Result<(), CommandError> {
    let (brokers, helds): (Vec<_>, Vec<_>) = found.into_iter().unzip();
    let order = brokers.clone();
    let (group, helds_ref) = (&output.group, &helds);
    let answers = ctx
        .ask_each(&format!("delete group {group}"), brokers, |broker| {
            let held = order.iter().position(|one| *one == broker).map(|at| helds_ref[at].clone());
            async move { on_broker(ctx, group, &broker, held.unwrap_or_default(), scope).await }
        })
        .await?;
    output.failures.extend(answers.failures);
    for (broker, (held, created_anew)) in answers.given {
        if created_anew {
            output.failures.push(anew(&broker, scope));
        }
        output.brokers.push(Row { broker, held, created_anew });
    }
    Ok(())
}

/// A broker that has the group again.
fn anew(broker: &Broker, scope: Scope) -> Failure {
    let name = if broker.broker_name.is_empty() { &broker.addr } else { &broker.broker_name };
    let advice =
        if scope.offsets { "do its members still run?" } else { "-r true deletes it with its offsets" };
    Failure {
        target: name.clone(),
        addr: Some(broker.addr.clone()),
        code: None,
        message: format!(
            "the group is there again with the broker's defaults (autoCreateSubscriptionGroup); {advice}"
        ),
    }
}

async fn on_broker(
    ctx: &Context,
    group: &str,
    broker: &Broker,
    held: Held,
    scope: Scope,
) -> Result<(Held, bool), CallError> {
    let header = DeleteGroupHeader { group_name: group.to_owned(), clean_offset: Some(scope.offsets) };
    ctx.ask::<DeleteSubscriptionGroup>(&broker.addr, header, ()).await?;
    for (topic, has) in held_by_group::topics(group).into_iter().zip([held.retry_messages, held.dead_letters])
    {
        if has.is_some() {
            ctx.ask::<DeleteTopicInBroker>(&broker.addr, TopicHeader { topic }, ()).await?;
        }
    }
    let created_anew = present(ctx, &broker.addr, group).await?.is_some();
    Ok((held, created_anew))
}

/// Has every name server forget the topics of the group in the cluster.
async fn tell_name_servers(ctx: &Context, output: &mut Output) -> Result<(), CommandError> {
    let (group, cluster) = (&output.group, &output.cluster);
    let results = ctx
        .fan_out(ctx.namesrv.addrs()?, |addr| async move {
            for topic in held_by_group::topics(group) {
                let header = TopicInClusterHeader { topic, cluster_name: cluster.clone() };
                if let Err(error) = ctx.ask::<DeleteTopicInNamesrv>(addr, header, ()).await {
                    return Err((addr, error));
                }
            }
            Ok(addr.clone())
        })
        .await;
    for result in results {
        match result {
            Ok(addr) => output.name_servers.push(addr),
            Err((addr, error)) => output.failures.push(Failure {
                target: format!("name server {addr}"),
                addr: Some(addr.clone()),
                code: error.code(),
                message: error.to_string(),
            }),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_question_says_what_is_lost() {
        let nothing = Held { configured: true, ..Held::default() };
        assert_eq!(question("g", 1, &nothing), "Delete group g from 1 broker?");
        let all = Held {
            configured: true,
            offsets_of: vec!["T".to_owned(), "U".to_owned()],
            retry_messages: Some(3),
            dead_letters: Some(1),
            members: 2,
        };
        assert_eq!(
            question("g", 2, &all),
            "Delete group g from 2 brokers with its offsets on 2 topics, 3 messages to retry, 1 dead letter? \
             2 members of it are connected, and may create it anew."
        );
    }

    #[test]
    fn the_text_is_mqadmins() {
        let row = Row {
            broker: targets::at_addr(None, "127.0.0.1:10911"),
            held: Held { configured: true, ..Held::default() },
            created_anew: false,
        };
        let mut output = Output {
            group: "batch_g2".to_owned(),
            cluster: Some("DefaultCluster".to_owned()),
            dry_run: false,
            brokers: vec![row],
            name_servers: vec![],
            failures: vec![],
        };
        let classic = |output: &Output| {
            let mut text = String::new();
            output.classic(&mut text).unwrap();
            text
        };
        assert_eq!(
            classic(&output),
            "delete subscription group [batch_g2] from broker [127.0.0.1:10911] in cluster [DefaultCluster] \
             success.\n"
        );
        output.cluster = None;
        assert_eq!(
            classic(&output),
            "delete subscription group [batch_g2] from broker [127.0.0.1:10911] success.\n"
        );
    }
}

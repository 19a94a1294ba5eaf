//! `updateOrderConf`: puts, shows or deletes the order of an ordered topic's queues over brokers.

use super::order_conf::NAMESPACE;
use crate::admin::change::Action;
use crate::admin::namesrv::{self, NamesrvChange};
use crate::admin::{CommandError, Context, failed};
use crate::output::{Cell, Failure, Render, Table};
use crate::protocol::code;
use crate::protocol::route::{GetKvConfig, KvKeyHeader};
use crate::remoting::CallError;
use schemars::JsonSchema;
use serde::Serialize;
use std::fmt::{self, Write};

/// Put, show or delete the order of a topic's queues over brokers
///
/// The name servers keep it, as broker-a:4;broker-b:4, and give it to clients with the route of the topic where they
/// have orderMessageEnable. Writes go to every name server given. Deleting asks first; --yes answers yes.
#[derive(Debug, Clone, clap::Args)]
#[command(after_long_help = "Examples:\n  rmq updateOrderConf -t Orders -m get\n  \
        rmq updateOrderConf -t Orders -m put -v \"broker-a:4;broker-b:4\" --dry-run")]
pub struct Args {
    /// The topic
    #[arg(short = 't', long = "topic", value_name = "TOPIC")]
    pub topic: String,
    /// What to do
    #[arg(short = 'm', long = "method", value_name = "METHOD")]
    pub method: Method,
    /// The order: BROKER:QUEUES, separated by semicolons
    #[arg(short = 'v', long = "orderConf", value_name = "ORDER", required_if_eq("method", "put"))]
    pub order_conf: Option<String>,
}

/// What to do with the order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema, clap::ValueEnum)]
#[serde(rename_all = "camelCase")]
pub enum Method {
    Put,
    Get,
    Delete,
}

/// The order, and what was done to it.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    pub topic: String,
    pub method: Method,
    /// The order as it was found or put; none where it was deleted.
    pub order_conf: Option<String>,
    pub dry_run: bool,
    /// What was changed, in the order of the name servers.
    pub changes: Vec<NamesrvChange>,
    pub failures: Vec<Failure>,
}

impl Render for Output {
    fn table(&self, _wide: bool) -> Table {
        if self.method != Method::Get {
            return namesrv::table_of(&self.changes, self.dry_run);
        }
        let mut table = Table::new().text("BROKER").number("QUEUES");
        for part in self.order_conf.iter().flat_map(|conf| conf.split(';')) {
            let (broker, queues) = part.split_once(':').unwrap_or((part, ""));
            table.row([Cell::new(broker), Cell::new(queues)]);
        }
        table
    }

    // mqadmin ends none of these lines.
    fn classic(&self, w: &mut dyn Write) -> fmt::Result {
        let (topic, conf) = (&self.topic, self.order_conf.as_deref().unwrap_or_default());
        match (self.method, self.dry_run) {
            (Method::Get, _) => write!(w, "get orderConf success. topic=[{topic}], orderConf=[{conf}] "),
            (Method::Put, false) => {
                write!(w, "update orderConf success. topic=[{topic}], orderConf=[{conf}]")
            }
            (Method::Delete, false) => write!(w, "delete orderConf success. topic=[{topic}]"),
            (Method::Put, true) => {
                writeln!(w, "orderConf would be updated. topic=[{topic}], orderConf=[{conf}]")
            }
            (Method::Delete, true) => writeln!(w, "orderConf would be deleted. topic=[{topic}]"),
        }
    }

    fn notes(&self) -> Vec<String> {
        let dry = self.dry_run && self.method != Method::Get;
        dry.then(|| "nothing was changed (--dry-run)".to_owned()).into_iter().collect()
    }

    fn failures(&self) -> &[Failure] {
        &self.failures
    }
}

/// Asks a name server, or tells all of them.
///
/// # Errors
/// A topic without an order to show or delete; an order that clients could not read; no confirmation; no name server
/// is reached.
pub async fn run(ctx: &Context, args: Args) -> Result<Output, CommandError> {
    let Args { topic, method, order_conf } = args;
    let (order_conf, changes, failures) = match method {
        Method::Get => (Some(get(ctx, &topic).await?), Vec::new(), Vec::new()),
        Method::Put => {
            let conf = order_conf.unwrap_or_default();
            check(&conf)?;
            let answers = namesrv::put(ctx, NAMESPACE, &topic, &conf).await?;
            (Some(conf), answers.given, answers.failures)
        }
        Method::Delete => {
            ctx.confirm(&format!("Delete the order of topic {topic}?"))?;
            let answers = namesrv::delete(ctx, NAMESPACE, &topic).await?;
            if answers.given.iter().all(|(_, change)| change.action == Action::Unchanged) {
                return Err(none(&topic));
            }
            (None, answers.given, answers.failures)
        }
    };
    let changes = changes.into_iter().map(|(_, change)| change).collect();
    Ok(Output { topic, method, order_conf, dry_run: ctx.dry_run, changes, failures })
}

async fn get(ctx: &Context, topic: &str) -> Result<String, CommandError> {
    let header = KvKeyHeader { namespace: NAMESPACE.to_owned(), key: topic.to_owned() };
    match ctx.ask_namesrv::<GetKvConfig>(header, ()).await? {
        Ok(answer) => Ok(answer.header.value.unwrap_or_default()),
        Err(CallError::Refused { code: code::QUERY_NOT_FOUND, .. }) => Err(none(topic)),
        Err(error) => Err(failed(&format!("read the order of topic {topic}"), &error)),
    }
}

fn none(topic: &str) -> CommandError {
    CommandError::not_found(format!("topic {topic} has no order of queues"))
        .hint(format!("rmq updateOrderConf -t {topic} -m put -v BROKER:QUEUES gives it one"))
}

/// Whether clients can read it: each splits at `;` and `:` and expects a number.
fn check(conf: &str) -> Result<(), CommandError> {
    let good = |part: &str| {
        part.split_once(':')
            .is_some_and(|(broker, queues)| !broker.trim().is_empty() && queues.parse::<u32>().is_ok())
    };
    match conf.split(';').find(|part| !good(part)) {
        None => Ok(()),
        Some(part) => Err(CommandError::usage(format!("'{part}' is not BROKER:QUEUES"))
            .hint("for example -v \"broker-a:4;broker-b:4\"")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_is_mqadmins() {
        let table = [
            (Method::Put, "update orderConf success. topic=[T], orderConf=[broker-a:2]"),
            (Method::Get, "get orderConf success. topic=[T], orderConf=[broker-a:2] "),
            (Method::Delete, "delete orderConf success. topic=[T]"),
        ];
        for (method, want) in table {
            let output = Output {
                topic: "T".to_owned(),
                method,
                order_conf: Some("broker-a:2".to_owned()),
                dry_run: false,
                changes: vec![],
                failures: vec![],
            };
            let mut text = String::new();
            output.classic(&mut text).unwrap();
            assert_eq!(text, want);
        }
    }

    #[test]
    fn what_clients_could_not_read_is_refused() {
        for (conf, good) in [
            ("broker-a:4", true),
            ("broker-a:4;broker-b:8", true),
            ("", false),
            ("broker-a", false),
            (":4", false),
            ("broker-a:4;", false),
            ("broker-a:four", false),
            ("broker-a:-1", false),
        ] {
            assert_eq!(check(conf).is_ok(), good, "{conf}");
        }
    }
}

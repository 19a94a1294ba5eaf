//! `triggerLiteDispatch`: brokers look again for messages that a group's clients wait for.

use super::told::hinted;
use crate::admin::group::config;
use crate::admin::targets::{self, Broker};
use crate::admin::{CommandError, Context};
use crate::output::{Cell, Failure, Render, Table, Tone, left};
use crate::protocol::lite::{LiteDispatchHeader, TriggerLiteDispatch};
use schemars::JsonSchema;
use serde::Serialize;
use std::fmt::{self, Write};

/// Have brokers offer the messages of lite topics to a group again
///
/// For a group whose clients are not told of messages although there are some. Nothing is delivered twice by it:
/// the clients' offsets stay as they are.
#[derive(Debug, Clone, clap::Args)]
#[command(after_long_help = "Examples:\n  rmq triggerLiteDispatch -p Orders -g billing\n  \
        rmq triggerLiteDispatch -p Orders -g billing -b broker-a -c 10.0.0.7@1234")]
pub struct Args {
    /// The parent topic
    #[arg(short = 'p', long = "parentTopic", value_name = "TOPIC")]
    pub parent_topic: String,
    /// The consumer group
    #[arg(short = 'g', long = "group", value_name = "GROUP")]
    pub group: String,
    /// Only this client
    #[arg(short = 'c', long = "clientId", value_name = "CLIENT_ID")]
    pub client_id: Option<String>,
    /// Only the broker of this name
    #[arg(short = 'b', long = "brokerName", value_name = "BROKER")]
    pub broker_name: Option<String>,
}

/// The brokers that look again, sorted by name.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    pub parent_topic: String,
    pub group: String,
    pub client_id: Option<String>,
    pub brokers: Vec<Broker>,
    /// Nothing was asked of the brokers.
    pub dry_run: bool,
    pub failures: Vec<Failure>,
}

impl Render for Output {
    fn table(&self, _wide: bool) -> Table {
        let word = if self.dry_run { "would be dispatched" } else { "dispatched" };
        let mut table = Table::new().text("BROKER").text("ADDRESS").text("RESULT");
        for broker in &self.brokers {
            let cells =
                [Cell::new(&broker.broker_name), Cell::new(&broker.addr), Cell::toned(word, Tone::Good)];
            table.row(cells);
        }
        table
    }

    fn classic(&self, w: &mut dyn Write) -> fmt::Result {
        writeln!(w, "Group And Topic Info: [{}] [{}]\n", self.group, self.parent_topic)?;
        for broker in &self.brokers {
            writeln!(w, "{} {}", left(&broker.broker_name, 30), left("dispatched", 12))?;
        }
        for failure in &self.failures {
            writeln!(w, "{} {}", left(&failure.target, 30), left("error", 12))?;
        }
        Ok(())
    }

    fn failures(&self) -> &[Failure] {
        &self.failures
    }
}

/// The brokers of the parent, or the one that is named.
fn chosen(brokers: Vec<Broker>, name: Option<&str>, topic: &str) -> Result<Vec<Broker>, CommandError> {
    let Some(name) = name else { return Ok(brokers) };
    if let Some(broker) = brokers.iter().find(|broker| broker.broker_name == name) {
        return Ok(vec![broker.clone()]);
    }
    let names: Vec<&str> = brokers.iter().map(|broker| broker.broker_name.as_str()).collect();
    Err(CommandError::not_found(format!("topic {topic} is not on a broker '{name}'"))
        .hint(format!("it is on {}", names.join(", "))))
}

/// Asks every broker of the parent, or the one that is named.
///
/// # Errors
/// An unknown topic or broker; a group that is not there or not bound to a parent; all brokers failed.
pub async fn run(ctx: &Context, args: Args) -> Result<Output, CommandError> {
    let brokers = targets::of_route(&ctx.route(&args.parent_topic).await?);
    let brokers = chosen(brokers, args.broker_name.as_deref(), &args.parent_topic)?;
    config::expect(ctx, &args.group, &brokers).await?;
    let header = LiteDispatchHeader { group: args.group.clone(), client_id: args.client_id.clone() };
    let mut output = Output {
        parent_topic: args.parent_topic,
        group: args.group,
        client_id: args.client_id,
        brokers: Vec::new(),
        dry_run: ctx.dry_run,
        failures: Vec::new(),
    };
    if ctx.dry_run {
        output.brokers = brokers;
        return Ok(output);
    }
    let asked = &header;
    let answers = ctx
        .ask_each(&format!("offer messages to group {}", header.group), brokers, |broker| async move {
            ctx.ask::<TriggerLiteDispatch>(&broker.addr, asked.clone(), ()).await.map(|_| ())
        })
        .await
        .map_err(hinted)?;
    output.brokers = answers.given.into_iter().map(|(broker, ())| broker).collect();
    output.failures = answers.failures;
    Ok(output)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn broker(name: &str) -> Broker {
        Broker { broker_name: name.to_owned(), ..targets::at_addr(None, "a:1") }
    }

    #[test]
    fn the_layout_is_mqadmins() {
        let output = Output {
            parent_topic: "ParentT".to_owned(),
            group: "lite_group".to_owned(),
            client_id: None,
            brokers: vec![broker("lab-a")],
            dry_run: false,
            failures: vec![Failure { target: "lab-b".into(), addr: None, code: None, message: "x".into() }],
        };
        let mut text = String::new();
        output.classic(&mut text).unwrap();
        assert_eq!(
            text,
            "Group And Topic Info: [lite_group] [ParentT]\n\nlab-a                          dispatched  \n\
             lab-b                          error       \n"
        );
    }

    #[test]
    fn a_broker_may_be_named() {
        let all = || vec![broker("a"), broker("b")];
        assert_eq!(chosen(all(), None, "T").unwrap().len(), 2);
        assert_eq!(chosen(all(), Some("b"), "T").unwrap()[0].broker_name, "b");
        let error = chosen(all(), Some("c"), "T").unwrap_err();
        assert_eq!((error.kind.exit_code(), error.hints[0].as_str()), (1, "it is on a, b"));
    }
}

//! `setConsumeMode`: whether members of a group pull a topic or pop it.

use crate::admin::targets::{self, Broker, Roles};
use crate::admin::{CommandError, Context};
use crate::output::{Cell, Failure, Render, Table, Tone};
use crate::protocol::body::Json;
use crate::protocol::code;
use crate::protocol::group::{MessageRequestMode, RequestMode, SetMessageRequestMode};
use schemars::JsonSchema;
use serde::Serialize;
use std::fmt::{self, Write};

/// Set whether the members of a group pull a topic or pop it
///
/// Members that leave sharing out the queues to the broker follow it when they ask next.
#[derive(Debug, Clone, clap::Args)]
#[command(
    group(clap::ArgGroup::new("where").args(["broker_addr", "cluster_name"]).required(true).multiple(true)),
    after_long_help = "Examples:\n  rmq setConsumeMode -c DefaultCluster -t TopicTest -g orders -m POP -q 4\n  \
        rmq setConsumeMode -b 127.0.0.1:10911 -t TopicTest -g orders -m PULL"
)]
pub struct Args {
    /// Set it on this broker
    #[arg(short = 'b', long = "brokerAddr", value_name = "HOST:PORT")]
    pub broker_addr: Option<String>,
    /// Set it on every master of this cluster, unless -b names a broker
    #[arg(short = 'c', long = "clusterName", alias = "cluster", value_name = "CLUSTER")]
    pub cluster_name: Option<String>,
    /// The topic
    #[arg(short = 't', long = "topicName", alias = "topic", value_name = "TOPIC")]
    pub topic_name: String,
    /// The consumer group
    #[arg(short = 'g', long = "groupName", alias = "consumerGroup", value_name = "GROUP")]
    pub group_name: String,
    /// PULL or POP
    #[arg(short = 'm', long = "mode", value_name = "PULL|POP", value_parser = mode)]
    pub mode: MessageRequestMode,
    /// With POP: how many other members may pop a member's queues; 0 and less is all queues for all members
    #[arg(
        short = 'q',
        long = "popShareQueueNum",
        value_name = "COUNT",
        default_value_t = 0,
        allow_negative_numbers = true
    )]
    pub pop_share_queue_num: i32,
}

fn mode(text: &str) -> Result<MessageRequestMode, String> {
    match text.trim().to_ascii_uppercase().as_str() {
        "PULL" => Ok(MessageRequestMode::Pull),
        "POP" => Ok(MessageRequestMode::Pop),
        _ => Err(format!("'{text}' is neither PULL nor POP")),
    }
}

/// Where it was set, sorted by broker.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    pub topic: String,
    pub group: String,
    pub mode: MessageRequestMode,
    pub pop_share_queue_num: i32,
    pub dry_run: bool,
    pub brokers: Vec<Broker>,
    pub failures: Vec<Failure>,
}

impl Render for Output {
    fn table(&self, _wide: bool) -> Table {
        let mut table = Table::new().text("BROKER").text("ADDRESS").text("RESULT");
        let result = if self.dry_run { "would be set" } else { "set" };
        for broker in &self.brokers {
            let (name, addr) = (Cell::new(&broker.broker_name), Cell::new(&broker.addr));
            table.row([name, addr, Cell::toned(format!("{result} to {}", self.mode), Tone::Good)]);
        }
        table
    }

    fn classic(&self, w: &mut dyn Write) -> fmt::Result {
        for broker in targets::as_mqadmin(&self.brokers, |broker| &broker.addr) {
            match self.dry_run {
                true => writeln!(w, "consume mode would be set to {}", broker.addr)?,
                false => writeln!(w, "set consume mode to {} success.", broker.addr)?,
            }
        }
        // mqadmin does not end this line.
        write!(
            w,
            "topic[{}] group[{}] consume mode[{}] popShareQueueNum[{}]",
            self.topic, self.group, self.mode, self.pop_share_queue_num
        )
    }

    fn notes(&self) -> Vec<String> {
        self.dry_run.then(|| "nothing was set (--dry-run)".to_owned()).into_iter().collect()
    }

    fn failures(&self) -> &[Failure] {
        &self.failures
    }
}

/// Sets it on the broker, or on every master of the cluster side by side.
///
/// # Errors
/// An unknown cluster, topic or group; all brokers failed.
pub async fn run(ctx: &Context, args: Args) -> Result<Output, CommandError> {
    let mut output = Output {
        topic: args.topic_name,
        group: args.group_name,
        mode: args.mode,
        pop_share_queue_num: args.pop_share_queue_num,
        dry_run: ctx.dry_run,
        brokers: ctx
            .brokers_at(args.broker_addr.as_deref(), args.cluster_name.as_deref(), Roles::Masters)
            .await?,
        failures: Vec::new(),
    };
    if ctx.dry_run {
        return Ok(output);
    }
    let body = RequestMode {
        topic: output.topic.clone(),
        consumer_group: output.group.clone(),
        mode: output.mode,
        pop_share_queue_num: output.pop_share_queue_num,
    };
    let body = &body;
    let doing = format!("set the consume mode of group {}", output.group);
    let answers = ctx
        .ask_each(&doing, std::mem::take(&mut output.brokers), |broker| async move {
            ctx.ask::<SetMessageRequestMode>(&broker.addr, (), Json(body.clone())).await
        })
        .await;
    let answers = match answers {
        Ok(answers) => answers,
        Err(error) => return Err(explained(ctx, error, &output).await),
    };
    output.brokers = answers.given.into_iter().map(|(broker, _)| broker).collect();
    output.failures = answers.failures;
    Ok(output)
}

/// What brokers know nothing of is told with names like it.
async fn explained(ctx: &Context, mut error: CommandError, output: &Output) -> CommandError {
    let known = match error.code {
        Some(code::TOPIC_NOT_EXIST) => ctx.unknown_topic(&output.topic).await,
        Some(code::SUBSCRIPTION_GROUP_NOT_EXIST) => {
            ctx.unknown_group(&output.group).await.hint("rmq updateSubGroup creates it")
        }
        _ => return error,
    };
    error.kind = known.kind;
    error.hints.extend(known.hints);
    error
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modes_are_taken_in_any_case() {
        for (text, want) in [("PULL", "PULL"), ("pop", "POP"), (" Pop ", "POP")] {
            assert_eq!(mode(text).unwrap().to_string(), want, "{text}");
        }
        assert!(mode("push").unwrap_err().contains("'push'"));
    }

    #[test]
    fn the_text_is_mqadmins() {
        let output = Output {
            topic: "DelayTopic".to_owned(),
            group: "group_new".to_owned(),
            mode: MessageRequestMode::Pop,
            pop_share_queue_num: 2,
            dry_run: false,
            brokers: vec![targets::at_addr(None, "127.0.0.1:10911")],
            failures: vec![],
        };
        let mut text = String::new();
        output.classic(&mut text).unwrap();
        assert_eq!(
            text,
            "set consume mode to 127.0.0.1:10911 success.\n\
             topic[DelayTopic] group[group_new] consume mode[POP] popShareQueueNum[2]"
        );
    }
}

//! `consumerConnection`: who consumes as a group.

use super::members::{self, Members};
use crate::admin::targets;
use crate::admin::{CommandError, Context};
use crate::output::java_order::{concurrent, string_hash};
use crate::output::{Cell, Failure, Render, Table, left};
use crate::protocol::group::Connection;
use crate::protocol::version;
use schemars::JsonSchema;
use serde::Serialize;
use std::fmt::{self, Write};

/// Show the members of a consumer group and what they subscribe
///
/// All brokers of the group are asked, unless one is named.
#[derive(Debug, Clone, clap::Args)]
#[command(after_long_help = "Examples:\n  rmq consumerConnection -g orders\n  \
        rmq consumerConnection -g orders --output json")]
pub struct Args {
    /// The consumer group
    #[arg(short = 'g', long = "consumerGroup", alias = "groupName", value_name = "GROUP")]
    pub consumer_group: String,
    /// Ask this broker only
    #[arg(short = 'b', long = "brokerAddr", value_name = "HOST:PORT")]
    pub broker_addr: Option<String>,
}

/// The members, sorted by client id, and the subscriptions, sorted by topic.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    pub group: String,
    pub connections: Vec<Row>,
    pub subscriptions: Vec<Subscription>,
    /// `CONSUME_PASSIVELY` is push, `CONSUME_ACTIVELY` is pull; none where nobody is connected.
    pub consume_type: Option<String>,
    pub message_model: Option<String>,
    pub consume_from_where: Option<String>,
    pub failures: Vec<Failure>,
}

/// A connected client.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Row {
    pub client_id: String,
    pub client_addr: String,
    pub language: String,
    pub version: String,
}

impl From<Connection> for Row {
    fn from(connection: Connection) -> Self {
        Row {
            client_id: connection.client_id,
            client_addr: connection.client_addr,
            language: connection.language.name().to_owned(),
            version: version::name(connection.version),
        }
    }
}

/// What the group wants of a topic.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Subscription {
    pub topic: String,
    pub expression: String,
    /// `TAG` or `SQL92`.
    pub expression_type: String,
}

impl Output {
    fn new(group: String, members: Members) -> Self {
        Output {
            group,
            connections: members.connections.into_iter().map(Row::from).collect(),
            subscriptions: members
                .subscriptions
                .into_iter()
                .map(|(topic, data)| Subscription {
                    topic,
                    expression: data.sub_string,
                    expression_type: data.expression_type,
                })
                .collect(),
            consume_type: members.consume_type,
            message_model: members.message_model,
            consume_from_where: members.consume_from_where,
            failures: members.failures,
        }
    }
}

impl Render for Output {
    fn table(&self, _wide: bool) -> Table {
        let mut table = Table::new().text("CLIENT").text("ADDRESS").text("LANGUAGE").text("VERSION");
        for row in &self.connections {
            table.row([&row.client_id, &row.client_addr, &row.language, &row.version].map(Cell::new));
        }
        table
    }

    fn classic(&self, w: &mut dyn Write) -> fmt::Result {
        let mut line = |cells: [&str; 4]| {
            let [id, addr, language, version] = cells;
            writeln!(w, "{} {} {} {version}", left(id, 36), left(addr, 22), left(language, 10))
        };
        line(["#ClientId", "#ClientAddr", "#Language", "#Version"])?;
        for row in &self.connections {
            line([&row.client_id, &row.client_addr, &row.language, &row.version])?;
        }
        writeln!(w, "\nBelow is subscription:")?;
        writeln!(w, "{} #SubExpression", left("#Topic", 20))?;
        for one in concurrent(&self.subscriptions, |one| string_hash(&one.topic)) {
            writeln!(w, "{} {}", left(&one.topic, 20), one.expression)?;
        }
        let word = |value: &Option<String>| value.clone().unwrap_or_else(|| "null".to_owned());
        writeln!(w, "\nConsumeType: {}", word(&self.consume_type))?;
        writeln!(w, "MessageModel: {}", word(&self.message_model))?;
        writeln!(w, "ConsumeFromWhere: {}", word(&self.consume_from_where))
    }

    fn notes(&self) -> Vec<String> {
        if self.connections.is_empty() {
            return vec![format!("no member of {} is connected", self.group)];
        }
        let word = |value: &Option<String>| value.clone().unwrap_or_else(|| "unknown".to_owned());
        let mut notes = vec![format!(
            "{}, {}, {}",
            word(&self.consume_type),
            word(&self.message_model),
            word(&self.consume_from_where)
        )];
        notes.extend(self.subscriptions.iter().map(|one| {
            format!("subscribes {} with {} '{}'", one.topic, one.expression_type, one.expression)
        }));
        notes
    }

    fn failures(&self) -> &[Failure] {
        &self.failures
    }
}

/// Asks all brokers of the group side by side, or the one named.
///
/// # Errors
/// No name server is reached; an unknown group; all brokers failed.
pub async fn run(ctx: &Context, args: Args) -> Result<Output, CommandError> {
    let group = args.consumer_group;
    let brokers = match &args.broker_addr {
        Some(addr) => vec![targets::at_addr(None, addr)],
        None => members::known_brokers(ctx, &group).await?,
    };
    let members = members::of_brokers(ctx, &group, brokers).await?;
    Ok(Output::new(group, members))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_layout_is_mqadmins() {
        let subscription = |topic: &str, expression: &str| Subscription {
            topic: topic.to_owned(),
            expression: expression.to_owned(),
            expression_type: "TAG".to_owned(),
        };
        let output = Output {
            group: "group_online".to_owned(),
            connections: vec![Row {
                client_id: "192.0.2.10@online1".to_owned(),
                client_addr: "127.0.0.1:58708".to_owned(),
                language: "JAVA".to_owned(),
                version: "V5_5_0".to_owned(),
            }],
            subscriptions: vec![
                subscription("%RETRY%group_online", "*"),
                subscription("TopicTest", "TagA || TagB"),
            ],
            consume_type: Some("CONSUME_PASSIVELY".to_owned()),
            message_model: Some("CLUSTERING".to_owned()),
            consume_from_where: Some("CONSUME_FROM_FIRST_OFFSET".to_owned()),
            failures: vec![],
        };
        let mut text = String::new();
        output.classic(&mut text).unwrap();
        let want = [
            "#ClientId                            #ClientAddr            #Language  #Version",
            "192.0.2.10@online1                   127.0.0.1:58708        JAVA       V5_5_0",
            "",
            "Below is subscription:",
            "#Topic               #SubExpression",
            "%RETRY%group_online  *",
            "TopicTest            TagA || TagB",
            "",
            "ConsumeType: CONSUME_PASSIVELY",
            "MessageModel: CLUSTERING",
            "ConsumeFromWhere: CONSUME_FROM_FIRST_OFFSET",
        ];
        assert_eq!(text.lines().collect::<Vec<_>>(), want);
    }
}

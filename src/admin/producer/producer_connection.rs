//! `producerConnection`: who produces as a group.

use crate::admin::targets::{self, Broker};
use crate::admin::{CommandError, Context};
use crate::output::{Cell, Failure, Render, Table, left};
use crate::protocol::code;
use crate::protocol::group::{
    Connection, GetAllProducerInfo, GetProducerConnectionList, ProducerGroupHeader,
};
use crate::protocol::version;
use crate::remoting::CallError;
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeSet;
use std::fmt::{self, Write};

/// Show the connected members of a producer group
///
/// All brokers of the topic are asked side by side.
#[derive(Debug, Clone, clap::Args)]
#[command(
    after_long_help = "Examples:\n  rmq producerConnection -g orders_producer -t Orders\n  rmq producerConnection -g orders_producer -t Orders --output json"
)]
pub struct Args {
    /// The producer group
    #[arg(short = 'g', long = "producerGroup", value_name = "GROUP")]
    pub producer_group: String,
    /// A topic that it produces to, whose brokers are asked
    #[arg(short = 't', long = "topic", value_name = "TOPIC")]
    pub topic: String,
}

/// The members, sorted by client id.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    pub group: String,
    pub connections: Vec<Row>,
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

impl Output {
    /// Each client once, however many brokers it is connected to.
    fn new(group: String, connections: impl IntoIterator<Item = Connection>, failures: Vec<Failure>) -> Self {
        let mut rows: Vec<Row> = connections
            .into_iter()
            .map(|connection| Row {
                client_id: connection.client_id,
                client_addr: connection.client_addr,
                language: connection.language.name().to_owned(),
                version: version::name(connection.version),
            })
            .collect();
        rows.sort_by(|a, b| a.client_id.cmp(&b.client_id));
        rows.dedup_by(|a, b| a.client_id == b.client_id);
        Output { group, connections: rows, failures }
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
        for (i, row) in self.connections.iter().enumerate() {
            let (id, addr) = (left(&row.client_id, 32), left(&row.client_addr, 22));
            writeln!(w, "{:04}  {id} {addr} {} {}", i + 1, left(&row.language, 8), row.version)?;
        }
        Ok(())
    }

    fn failures(&self) -> &[Failure] {
        &self.failures
    }
}

/// Asks all brokers of the topic side by side. Brokers cannot tell a group that nobody uses from one that does not
/// exist: both are not found.
///
/// # Errors
/// No name server is reached; an unknown topic; nobody is connected; all brokers failed.
pub async fn run(ctx: &Context, args: Args) -> Result<Output, CommandError> {
    let Args { producer_group: group, topic } = args;
    let brokers = targets::of_route(&ctx.route(&topic).await?);
    let group_ref = &group;
    let answers = ctx
        .ask_each(
            &format!("read the members of producer group {group}"),
            brokers.clone(),
            |broker| async move {
                let header = ProducerGroupHeader { producer_group: group_ref.clone() };
                match ctx.ask::<GetProducerConnectionList>(&broker.addr, header, ()).await {
                    Ok(answer) => Ok(answer.body.0.connection_set),
                    Err(CallError::Refused { code: code::SYSTEM_ERROR, remark, .. })
                        if is_absent(&remark) =>
                    {
                        Ok(Vec::new())
                    }
                    Err(error) => Err(error),
                }
            },
        )
        .await?;
    let connections: Vec<Connection> = answers.given.into_iter().flat_map(|(_, found)| found).collect();
    if connections.is_empty() {
        return Err(nobody(ctx, &group, &topic, brokers).await);
    }
    Ok(Output::new(group, connections, answers.failures))
}

/// Whether a broker says that it does not know the group; it has no code of its own for that.
fn is_absent(remark: &str) -> bool {
    remark.contains("not exist")
}

/// The error for a group that nobody uses, with the names of groups like it that somebody does.
async fn nobody(ctx: &Context, group: &str, topic: &str, brokers: Vec<Broker>) -> CommandError {
    let tables = ctx
        .fan_out(brokers, |broker| async move {
            ctx.ask::<GetAllProducerInfo>(&broker.addr, (), ()).await.map(|answer| answer.body.0.data)
        })
        .await;
    let names: BTreeSet<String> = tables.into_iter().flatten().flat_map(|table| table.into_keys()).collect();
    let known = targets::unknown("producer group", group, names.iter().map(String::as_str));
    let mut error = CommandError::not_found(format!(
        "no member of producer group '{group}' is connected to the brokers of topic {topic}"
    ));
    error.hints = known.hints;
    error.hint("a producer is known to the brokers it has sent to, while it is connected")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::Language;

    #[test]
    fn the_layout_is_mqadmins_and_a_client_counts_once() {
        let connection = |id: &str| Connection {
            client_addr: "127.0.0.1:58740".to_owned(),
            client_id: id.to_owned(),
            language: Language::Java,
            version: 513,
        };
        let found = ["192.0.2.10@prod2", "192.0.2.10@prod1", "192.0.2.10@prod2"].map(connection);
        let mut text = String::new();
        Output::new("g".to_owned(), found, vec![]).classic(&mut text).unwrap();
        let want = [
            "0001  192.0.2.10@prod1                 127.0.0.1:58740        JAVA     V5_5_0",
            "0002  192.0.2.10@prod2                 127.0.0.1:58740        JAVA     V5_5_0",
        ];
        assert_eq!(text.lines().collect::<Vec<_>>(), want);
    }
}

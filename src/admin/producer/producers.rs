//! `producer`: all producers that are connected to a broker.

use crate::admin::{CommandError, Context, failed};
use crate::output::java_order::{hashed, string_hash};
use crate::output::{Cell, Render, Table, counted};
use crate::protocol::group::{GetAllProducerInfo, ProducerInfo, ProducerTable};
use crate::protocol::version;
use crate::runtime::time;
use schemars::JsonSchema;
use serde::Serialize;
use std::fmt::{self, Write};

/// Show all producers that are connected to a broker
///
/// Clients of Java are producers of CLIENT_INNER_PRODUCER, too, and those with tracing of _INNER_TRACE_PRODUCER groups.
#[derive(Debug, Clone, clap::Args)]
#[command(after_long_help = "Examples:\n  rmq producer -b 127.0.0.1:10911\n  \
        rmq producer -b 127.0.0.1:10911 --output json")]
pub struct Args {
    /// The broker
    #[arg(short = 'b', long = "broker", alias = "brokerAddr", value_name = "HOST:PORT")]
    pub broker: String,
}

/// The producers, sorted by group and client.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    pub broker: String,
    pub producers: Vec<Row>,
    /// The groups in the order of the answer, for mqadmin's layout.
    #[serde(skip)]
    answer: ProducerTable,
}

/// A client as a member of a producer group.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Row {
    pub group: String,
    pub client_id: String,
    pub client_addr: String,
    pub language: String,
    pub version: i32,
    pub version_name: String,
    /// When the broker heard of it last, in epoch milliseconds.
    pub last_update_timestamp: i64,
}

impl Row {
    fn new(group: &str, info: &ProducerInfo) -> Self {
        Row {
            group: group.to_owned(),
            client_id: info.client_id.clone(),
            client_addr: info.remote_ip.trim_start_matches('/').to_owned(),
            language: info.language.name().to_owned(),
            version: info.version,
            version_name: version::name(info.version),
            last_update_timestamp: info.last_update_timestamp,
        }
    }
}

impl Output {
    fn new(broker: String, answer: ProducerTable) -> Self {
        let rows = answer.data.iter().flat_map(|(group, list)| list.iter().map(|info| Row::new(group, info)));
        let mut producers: Vec<Row> = rows.collect();
        producers.sort_by(|a, b| (&a.group, &a.client_id).cmp(&(&b.group, &b.client_id)));
        Output { broker, producers, answer }
    }
}

impl Render for Output {
    fn table(&self, _wide: bool) -> Table {
        let mut table = Table::new()
            .text("GROUP")
            .text("CLIENT")
            .text("ADDRESS")
            .text("LANGUAGE")
            .text("VERSION")
            .text("HEARD OF");
        for row in &self.producers {
            let heard = time::seconds(row.last_update_timestamp);
            let texts =
                [&row.group, &row.client_id, &row.client_addr, &row.language, &row.version_name, &heard];
            table.row(texts.map(Cell::new));
        }
        table
    }

    fn classic(&self, w: &mut dyn Write) -> fmt::Result {
        for (group, list) in hashed(&self.answer.data, |(group, _)| string_hash(group)) {
            if list.is_empty() {
                writeln!(w, "producer group ({group}) instances are empty")?;
            }
            for info in list {
                writeln!(
                    w,
                    "producer group ({group}) instance : clientId={},remoteIP={}, language={}, version={}, \
                     lastUpdateTimestamp={}",
                    info.client_id,
                    info.remote_ip,
                    info.language.name(),
                    info.version,
                    info.last_update_timestamp
                )?;
            }
        }
        Ok(())
    }

    fn notes(&self) -> Vec<String> {
        let groups = self.answer.data.len();
        vec![format!("{} of {}", counted(self.producers.len(), "producer"), counted(groups, "group"))]
    }
}

/// Asks the broker.
///
/// # Errors
/// The broker is not reached, or refuses.
pub async fn run(ctx: &Context, args: Args) -> Result<Output, CommandError> {
    let answer = ctx.ask::<GetAllProducerInfo>(&args.broker, (), ()).await;
    let answer = answer.map_err(|error| failed("list the producers", &error))?;
    Ok(Output::new(args.broker, answer.body.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::Language;

    #[test]
    fn the_layout_is_mqadmins() {
        let info = ProducerInfo {
            client_id: "192.0.2.10@prod1".to_owned(),
            language: Language::Java,
            last_update_timestamp: 1_795_510_779_775,
            remote_ip: "/127.0.0.1:58740".to_owned(),
            version: 513,
        };
        let mut answer = ProducerTable::default();
        answer.data.insert("pg_online".to_owned(), vec![info]);
        answer.data.insert("empty".to_owned(), vec![]);
        let output = Output::new("127.0.0.1:10911".to_owned(), answer);
        let mut text = String::new();
        output.classic(&mut text).unwrap();
        let mut lines: Vec<&str> = text.lines().collect();
        lines.sort_unstable();
        let want = [
            "producer group (empty) instances are empty",
            "producer group (pg_online) instance : clientId=192.0.2.10@prod1,remoteIP=/127.0.0.1:58740, \
             language=JAVA, version=513, lastUpdateTimestamp=1795510779775",
        ];
        assert_eq!(lines, want);
        assert_eq!(output.producers[0].client_addr, "127.0.0.1:58740");
        assert_eq!(output.notes(), ["1 producer of 2 groups"]);
    }
}

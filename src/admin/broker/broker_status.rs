//! `brokerStatus`: all that a broker counts.

use super::which::Which;
use crate::admin::targets::{self, Broker};
use crate::admin::{CommandError, Context};
use crate::output::{Cell, Failure, Render, Table, left};
use crate::protocol::broker::GetBrokerRuntimeInfo;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt::{self, Write};

/// Show all that brokers count about themselves
///
/// Rates have three values: the mean of the last 10 seconds, minute and 10 minutes.
#[derive(Debug, Clone, clap::Args)]
#[command(after_long_help = "Examples:\n  rmq brokerStatus -b 127.0.0.1:10911\n  \
        rmq brokerStatus -c DefaultCluster --output json")]
pub struct Args {
    #[command(flatten)]
    pub which: Which,
}

/// The counters of every broker asked, sorted by broker.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    pub brokers: Vec<Row>,
    pub failures: Vec<Failure>,
    #[serde(skip)]
    with_addr: bool,
}

/// The counters of a broker by name.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Row {
    #[serde(flatten)]
    pub broker: Broker,
    /// Numbers as numbers, rates as lists of numbers, the rest as text.
    pub status: BTreeMap<String, Value>,
    #[serde(skip)]
    texts: BTreeMap<String, String>,
}

impl Row {
    fn new(broker: Broker, texts: BTreeMap<String, String>) -> Self {
        let status = texts.iter().map(|(name, text)| (name.clone(), typed(text))).collect();
        Row { broker, status, texts }
    }
}

/// A counter's text as what it is.
fn typed(text: &str) -> Value {
    let number = |word: &str| -> Option<Value> {
        word.parse::<i64>()
            .map(Value::from)
            .ok()
            .or_else(|| word.parse::<f64>().ok().filter(|n| n.is_finite()).map(Value::from))
    };
    let words: Vec<&str> = text.split_whitespace().collect();
    match words.as_slice() {
        [] => Value::from(text),
        [word] => match *word {
            "true" => Value::Bool(true),
            "false" => Value::Bool(false),
            word => number(word).unwrap_or_else(|| Value::from(text)),
        },
        words => match words.iter().map(|word| number(word)).collect::<Option<Vec<Value>>>() {
            Some(numbers) => Value::Array(numbers),
            None => Value::from(text),
        },
    }
}

impl Render for Output {
    fn table(&self, _wide: bool) -> Table {
        let mut table = Table::new();
        if self.with_addr {
            table = table.text("BROKER").text("ADDRESS");
        }
        let mut table = table.text("NAME").text("VALUE");
        for row in &self.brokers {
            for (name, text) in &row.texts {
                let own = [Cell::new(name), Cell::new(text.trim())];
                if self.with_addr {
                    let addr = [Cell::new(&row.broker.broker_name), Cell::new(&row.broker.addr)];
                    table.row(addr.into_iter().chain(own));
                } else {
                    table.row(own);
                }
            }
        }
        table
    }

    fn classic(&self, w: &mut dyn Write) -> fmt::Result {
        for row in targets::as_mqadmin(&self.brokers, |row| &row.broker.addr) {
            for (name, text) in &row.texts {
                if self.with_addr {
                    write!(w, "{} ", left(&row.broker.addr, 24))?;
                }
                writeln!(w, "{}: {text}", left(name, 32))?;
            }
        }
        Ok(())
    }

    fn failures(&self) -> &[Failure] {
        &self.failures
    }
}

/// Asks the broker, or all brokers of the cluster side by side.
///
/// # Errors
/// An unknown cluster; all brokers failed.
pub async fn run(ctx: &Context, args: Args) -> Result<Output, CommandError> {
    let brokers = args.which.brokers(ctx, targets::Roles::MastersAndSlaves).await?;
    let answers = ctx
        .ask_each("read the status", brokers, |broker| async move {
            ctx.ask::<GetBrokerRuntimeInfo>(&broker.addr, (), ()).await.map(|answer| answer.body.0.table)
        })
        .await?;
    let brokers = answers.given.into_iter().map(|(broker, texts)| Row::new(broker, texts)).collect();
    Ok(Output { brokers, failures: answers.failures, with_addr: args.which.is_cluster() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn output(with_addr: bool) -> Output {
        let texts =
            [("bootTimestamp", "1795509217978"), ("getFoundTps", "0.2 0.25 0.86"), ("runtime", "[ 1 days ]")];
        let texts = texts.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
        let row = Row::new(targets::at_addr(None, "127.0.0.1:10911"), texts);
        Output { brokers: vec![row], failures: vec![], with_addr }
    }

    fn classic(output: &Output) -> String {
        let mut text = String::new();
        output.classic(&mut text).unwrap();
        text
    }

    #[test]
    fn the_layout_is_mqadmins() {
        assert_eq!(
            classic(&output(false)).lines().next().unwrap(),
            "bootTimestamp                   : 1795509217978"
        );
        assert_eq!(
            classic(&output(true)).lines().next().unwrap(),
            "127.0.0.1:10911          bootTimestamp                   : 1795509217978"
        );
    }

    #[test]
    fn numbers_are_numbers() {
        let json = serde_json::to_value(output(true)).unwrap();
        let status = &json["brokers"][0]["status"];
        assert_eq!(status["bootTimestamp"], 1_795_509_217_978_i64);
        assert_eq!(status["getFoundTps"], serde_json::json!([0.2, 0.25, 0.86]));
        assert_eq!(status["runtime"], "[ 1 days ]");
        assert_eq!(typed("true"), Value::Bool(true));
        assert_eq!(typed(""), Value::from(""));
        assert_eq!(typed("NaN"), Value::from("NaN"));
    }
}

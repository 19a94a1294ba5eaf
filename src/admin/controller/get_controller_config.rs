//! `getControllerConfig`: the settings of controllers.

use super::leader::addresses;
use crate::admin::broker::get_broker_config::pairs;
use crate::admin::targets::{as_mqadmin_map, at_addr};
use crate::admin::{CommandError, Context};
use crate::output::java_order::{concurrent, string_hash};
use crate::output::{Cell, Failure, Render, Table, left};
use crate::protocol::controller::GetControllerConfig;
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt::{self, Write};

/// Show the settings of controllers
#[derive(Debug, Clone, clap::Args)]
#[command(after_long_help = "Examples:\n  rmq getControllerConfig -a 127.0.0.1:9878\n  \
        rmq getControllerConfig -a '10.0.0.1:9878;10.0.0.2:9878' --output json")]
pub struct Args {
    /// The controllers, separated by ';' or ','
    #[arg(short = 'a', long = "controllerAddress", value_name = "HOST:PORT")]
    pub controllers: String,
}

/// The settings of every controller asked, in the order in which they were given.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    pub controllers: Vec<Row>,
    pub failures: Vec<Failure>,
}

/// The settings of a controller.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Row {
    pub addr: String,
    pub config: BTreeMap<String, String>,
    /// Their names in the order in which the controller gave them.
    #[serde(skip)]
    order: Vec<String>,
}

impl Row {
    fn new(addr: String, text: &str) -> Self {
        let given = pairs(text);
        let order = given.iter().map(|(key, _)| key.clone()).collect();
        Row { addr, config: given.into_iter().collect(), order }
    }
}

impl Render for Output {
    fn table(&self, _wide: bool) -> Table {
        let many = self.controllers.len() + self.failures.len() > 1;
        let mut table = Table::new();
        if many {
            table = table.text("CONTROLLER");
        }
        let mut table = table.text("KEY").text("VALUE");
        for row in &self.controllers {
            for (key, value) in &row.config {
                let addr = many.then(|| Cell::new(&row.addr));
                table.row(addr.into_iter().chain([Cell::new(key), Cell::new(value)]));
            }
        }
        table
    }

    fn classic(&self, w: &mut dyn Write) -> fmt::Result {
        for row in as_mqadmin_map(&self.controllers, |row| &row.addr) {
            writeln!(w, "============{}============", row.addr)?;
            for key in concurrent(&row.order, |key| string_hash(key)) {
                if let Some(value) = row.config.get(key) {
                    writeln!(w, "{}=  {value}", left(key, 50))?;
                }
            }
        }
        Ok(())
    }

    fn failures(&self) -> &[Failure] {
        &self.failures
    }
}

/// Asks every controller side by side.
///
/// # Errors
/// All controllers failed.
pub async fn run(ctx: &Context, args: Args) -> Result<Output, CommandError> {
    let controllers = addresses(&args.controllers)?.iter().map(|addr| at_addr(None, addr)).collect();
    let answers = ctx
        .ask_each("read the settings", controllers, |controller| async move {
            ctx.ask::<GetControllerConfig>(&controller.addr, (), ()).await.map(|answer| answer.body)
        })
        .await?;
    let controllers =
        answers.given.into_iter().map(|(controller, text)| Row::new(controller.addr, &text)).collect();
    Ok(Output { controllers, failures: answers.failures })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_is_mqadmins() {
        let rows = vec![Row::new("127.0.0.1:19878".into(), "metricsLabel=\nlistenPort=19878\n")];
        let mut text = String::new();
        Output { controllers: rows, failures: vec![] }.classic(&mut text).unwrap();
        let mut lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.remove(0), "============127.0.0.1:19878============");
        lines.sort_unstable();
        assert_eq!(
            lines,
            [
                "listenPort                                        =  19878",
                "metricsLabel                                      =  ",
            ]
        );
    }
}

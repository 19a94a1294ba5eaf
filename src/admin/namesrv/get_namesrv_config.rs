//! `getNamesrvConfig`: the settings of name servers.

use super::each::ask_each;
use crate::admin::targets::unknown;
use crate::admin::{CommandError, Context};
use crate::config::parse_properties;
use crate::output::java_order::{concurrent, hashed_from, string_hash};
use crate::output::{Failure, Render, Table, left};
use crate::protocol::route::GetNamesrvConfig;
use crate::remoting::CallError;
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{self, Write};

/// Show the settings of name servers
#[derive(Debug, Clone, clap::Args)]
#[command(after_long_help = "Examples:\n  rmq getNamesrvConfig -n 127.0.0.1:9876\n  \
        rmq getNamesrvConfig --key store --output json")]
pub struct Args {
    /// Only settings with this text in their name; may be repeated
    #[arg(long, value_name = "TEXT")]
    pub key: Vec<String>,
}

/// The settings, in the order of the name servers.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    pub name_servers: Vec<Row>,
    pub failures: Vec<Failure>,
}

/// One name server.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Row {
    pub namesrv_addr: String,
    pub config: BTreeMap<String, String>,
    /// The names as the name server gave them: the order that mqadmin prints follows from it.
    #[serde(skip)]
    order: Vec<String>,
}

impl Row {
    fn new(namesrv_addr: String, pairs: Vec<(String, String)>) -> Self {
        let order = pairs.iter().map(|(key, _)| key.clone()).collect();
        Row { namesrv_addr, config: pairs.into_iter().collect(), order }
    }

    fn retain(&mut self, keep: impl Fn(&str) -> bool) {
        self.config.retain(|key, _| keep(key));
        self.order.retain(|key| keep(key));
    }
}

impl Render for Output {
    fn table(&self, _wide: bool) -> Table {
        let several = self.name_servers.len() > 1;
        let mut table = if several { Table::new().text("NAME SERVER") } else { Table::new() };
        table = table.text("KEY").text("VALUE");
        for row in &self.name_servers {
            for (key, value) in &row.config {
                let at = several.then(|| row.namesrv_addr.clone());
                table.row(at.into_iter().chain([key.clone(), value.clone()]));
            }
        }
        table
    }

    fn classic(&self, w: &mut dyn Write) -> fmt::Result {
        // A HashMap with a bucket for every name server (rounded up).
        let size = self.name_servers.len();
        for row in hashed_from(size, &self.name_servers, |row| string_hash(&row.namesrv_addr)) {
            writeln!(w, "============{}============", row.namesrv_addr)?;
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

/// The settings of one name server, in its order.
pub(super) async fn settings(ctx: &Context, addr: &str) -> Result<Vec<(String, String)>, CallError> {
    let answer = ctx.ask::<GetNamesrvConfig>(addr, (), ()).await?;
    let parsed = parse_properties(&answer.body).unwrap_or_default();
    Ok(parsed.into_iter().map(|property| (property.key, property.value)).collect())
}

fn is_wanted(key: &str, parts: &[String]) -> bool {
    let key = key.to_lowercase();
    parts.is_empty() || parts.iter().any(|part| key.contains(&part.trim().to_lowercase()))
}

/// Asks every name server side by side.
///
/// # Errors
/// A setting that no name server has; that all of them failed.
pub async fn run(ctx: &Context, args: Args) -> Result<Output, CommandError> {
    let answers =
        ask_each(ctx, "read the settings", |addr| async move { settings(ctx, &addr).await }).await?;
    let mut rows: Vec<Row> = answers.given.into_iter().map(|(addr, pairs)| Row::new(addr, pairs)).collect();
    let names: BTreeSet<String> = rows.iter().flat_map(|row| row.config.keys().cloned()).collect();
    let nowhere = |part: &&String| !names.iter().any(|name| is_wanted(name, &[(*part).clone()]));
    if let Some(part) = args.key.iter().find(nowhere) {
        return Err(unknown("setting", part, names.iter().map(String::as_str)));
    }
    rows.iter_mut().for_each(|row| row.retain(|key| is_wanted(key, &args.key)));
    Ok(Output { name_servers: rows, failures: answers.failures })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_layout_is_mqadmins() {
        // The names of a real run, in its order; a name server gives them sorted.
        let printed: Vec<&str> = "defaultThreadPoolNums defaultThreadPoolQueueCapacity enableControllerInNamesrv serverSocketBacklog \
            needWaitForService writeBufferHighWaterMark clientRequestThreadPoolQueueCapacity \
            deleteTopicWithBrokerRegistration scanNotActiveBrokerInterval serverChannelMaxIdleTimeSeconds \
            serverSelectorThreads clientRequestThreadPoolNums configBlackList writeBufferLowWaterMark \
            serverSocketRcvBufSize enableAllTopicList kvConfigPath returnOrderTopicConfigToBroker clusterTest \
            supportActingMaster serverOnewaySemaphoreValue productEnvName enableShutdownGracefully \
            enableTopicList notifyMinBrokerIdChanged unRegisterBrokerQueueCapacity waitSecondsForService \
            shutdownWaitTimeSeconds serverWorkerThreads bindAddress serverNettyWorkerGroupEnable \
            serverAsyncSemaphoreValue configStorePath orderMessageEnable serverSocketSndBufSize \
            serverCallbackExecutorThreads listenPort rocketmqHome useEpollNativeSelector \
            serverPooledByteBufAllocatorEnable"
            .split_whitespace()
            .collect();
        let mut pairs: Vec<_> = printed.iter().map(|key| ((*key).to_owned(), "x".to_owned())).collect();
        pairs.sort();
        let output =
            Output { name_servers: vec![Row::new("127.0.0.1:9876".to_owned(), pairs)], failures: vec![] };
        let mut text = String::new();
        output.classic(&mut text).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[0], "============127.0.0.1:9876============");
        assert_eq!(lines[1], "defaultThreadPoolNums                             =  x");
        let order: Vec<&str> = lines[1..].iter().filter_map(|line| line.split_whitespace().next()).collect();
        assert_eq!(order, printed);
    }
}

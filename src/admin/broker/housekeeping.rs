//! What the commands have in common that have brokers clean up now instead of at their hour.

use crate::admin::targets::{self, Broker, Roles};
use crate::admin::{CommandError, Context};
use crate::output::{Cell, Failure, Render, Table, Tone, counted};
use crate::protocol::request::Request;
use schemars::JsonSchema;
use serde::Serialize;
use std::fmt::{self, Write};

/// Which brokers: one, those of a cluster, or all.
#[derive(Debug, Clone, clap::Args)]
#[group(multiple = false)]
pub struct Where {
    /// Only this broker
    #[arg(short = 'b', long = "brokerAddr", value_name = "HOST:PORT")]
    pub broker_addr: Option<String>,
    /// Only the brokers of this cluster, slaves too; without -b and -c every broker of every cluster is asked
    #[arg(short = 'c', long = "cluster", alias = "clusterName", value_name = "CLUSTER")]
    pub cluster: Option<String>,
}

impl Where {
    async fn brokers(&self, ctx: &Context) -> Result<Vec<Broker>, CommandError> {
        if let Some(addr) = &self.broker_addr {
            return Ok(vec![targets::at_addr(None, addr)]);
        }
        let info = ctx.cluster_info().await?;
        if let Some(cluster) = &self.cluster {
            return targets::in_cluster(&info, cluster, Roles::MastersAndSlaves);
        }
        let brokers = targets::all(&info);
        if brokers.is_empty() {
            return Err(CommandError::not_found("no broker has registered with the name server"));
        }
        Ok(brokers)
    }

    /// The places in words, for a question.
    fn place(&self, count: usize) -> String {
        match (&self.broker_addr, &self.cluster) {
            (Some(addr), _) => format!("broker {addr}"),
            (None, Some(cluster)) => format!("{} of cluster {cluster}", counted(count, "broker")),
            (None, None) => format!("{} of all clusters", counted(count, "broker")),
        }
    }
}

/// The brokers that were asked, sorted by cluster, name and id.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    pub dry_run: bool,
    /// Those that did it, or in a dry run would be asked to.
    pub brokers: Vec<Broker>,
    pub failures: Vec<Failure>,
    /// What was done, and what would be.
    #[serde(skip)]
    words: [&'static str; 2],
}

impl Render for Output {
    fn table(&self, _wide: bool) -> Table {
        let mut table = Table::new().text("BROKER").number("ID").text("ADDRESS").text("RESULT");
        let [done, would] = self.words;
        for broker in &self.brokers {
            let known = !broker.broker_name.is_empty();
            table.row([
                Cell::optional(known.then_some(&broker.broker_name)),
                Cell::optional(known.then_some(broker.broker_id)),
                Cell::new(&broker.addr),
                Cell::toned(if self.dry_run { would } else { done }, Tone::Good),
            ]);
        }
        table
    }

    fn classic(&self, w: &mut dyn Write) -> fmt::Result {
        match (self.dry_run, self.failures.is_empty()) {
            (true, _) => writeln!(w, "{} on {}", self.words[1], counted(self.brokers.len(), "broker")),
            (false, true) => write!(w, "success"),
            (false, false) => write!(w, "false"),
        }
    }

    fn notes(&self) -> Vec<String> {
        self.dry_run.then(|| "nothing was changed (--dry-run)".to_owned()).into_iter().collect()
    }

    fn failures(&self) -> &[Failure] {
        &self.failures
    }
}

/// A kind of cleaning up, in words.
#[derive(Clone, Copy, Debug)]
pub struct Work {
    /// As in "delete the commit log".
    pub doing: &'static str,
    /// As a result.
    pub done: &'static str,
    /// As the result of a dry run.
    pub would: &'static str,
    /// Whether messages may go, so that even for a single broker it must be confirmed.
    pub destroys: bool,
}

/// Asks every broker side by side.
///
/// # Errors
/// An unknown cluster; no confirmation; all brokers failed.
pub async fn run<R>(ctx: &Context, place: &Where, work: Work) -> Result<Output, CommandError>
where
    R: Request<Header = (), Body = ()>,
{
    let brokers = place.brokers(ctx).await?;
    let everywhere = place.broker_addr.is_none() && place.cluster.is_none();
    if work.destroys || everywhere {
        let mut doing = work.doing.to_owned();
        doing[..1].make_ascii_uppercase();
        ctx.confirm(&format!("{doing} on {}?", place.place(brokers.len())))?;
    }
    let mut output = Output {
        dry_run: ctx.dry_run,
        brokers: Vec::new(),
        failures: Vec::new(),
        words: [work.done, work.would],
    };
    if ctx.dry_run {
        output.brokers = brokers;
        return Ok(output);
    }
    let answers = ctx
        .ask_each(work.doing, brokers, |broker| async move {
            ctx.ask::<R>(&broker.addr, (), ()).await.map(|_| ())
        })
        .await?;
    output.brokers = answers.given.into_iter().map(|(broker, ())| broker).collect();
    output.failures = answers.failures;
    Ok(output)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn classic(dry_run: bool, failures: Vec<Failure>) -> String {
        let brokers = vec![targets::at_addr(None, "a:1")];
        let words = ["files deleted", "files would be deleted"];
        let mut text = String::new();
        Output { dry_run, brokers, failures, words }.classic(&mut text).unwrap();
        text
    }

    #[test]
    fn mqadmins_word_has_no_line_end() {
        assert_eq!(classic(false, vec![]), "success");
        let failure = Failure { target: "b".into(), addr: None, code: None, message: "no".into() };
        assert_eq!(classic(false, vec![failure]), "false");
        assert_eq!(classic(true, vec![]), "files would be deleted on 1 broker\n");
    }

    #[test]
    fn a_question_says_how_much_is_meant() {
        let place = |addr: Option<&str>, cluster: Option<&str>| Where {
            broker_addr: addr.map(str::to_owned),
            cluster: cluster.map(str::to_owned),
        };
        assert_eq!(place(Some("a:1"), None).place(1), "broker a:1");
        assert_eq!(place(None, Some("C")).place(3), "3 brokers of cluster C");
        assert_eq!(place(None, None).place(5), "5 brokers of all clusters");
    }
}

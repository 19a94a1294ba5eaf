//! `rmq quickstart --smoke`: the main job from end to end, with the commands that a user would type.

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::sync::Arc;

use clap::{Command, FromArgMatches, Subcommand};
use parking_lot::Mutex;
use schemars::JsonSchema;
use serde::Serialize;

use super::{Output, Servers, ready};
use crate::admin::{AdminCommand, CommandError, Context, NameServers};
use crate::client::{Client, ClientOptions};
use crate::output::{Out, Outcome, Prompt, Table};
use crate::tools::{consume, produce};

/// How many messages go through.
const COUNT: usize = 1_000;
/// What is typed for that. Ids go to a file, so to speak: they are compared at the end.
const PRODUCE: &[&str] = &["produce", "TopicTest", "--count", "1000", "--format", r"%i\n"];
const CONSUME: &[&str] =
    &["consume", "TopicTest", "--group", "Demo", "--until-idle", "1s", "--format", r"%i\n"];
/// What is made before the messages, and what is looked at after them.
const BEFORE: &[&[&str]] = &[&["updateTopic", "-c", CLUSTER, "-t", "TopicTest"]];
const AFTER: &[&[&str]] =
    &[&["clusterList"], &["topicRoute", "-t", "TopicTest"], &["consumerProgress", "-g", "Demo"]];
/// Stands for the broker's cluster, which a file of settings may call otherwise.
const CLUSTER: &str = "CLUSTER";

/// What a line of the check may be.
#[derive(Debug, Clone, Subcommand)]
enum Step {
    Produce(Box<produce::Args>),
    Consume(Box<consume::Args>),
    #[command(flatten)]
    Admin(AdminCommand),
}

/// How many messages went where.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Verdict {
    sent: usize,
    arrived: usize,
    missing: usize,
    repeated: usize,
}

impl Verdict {
    /// Compares ids, one a line. Ids that were not sent now are of an earlier run.
    fn of(sent: &str, received: &str) -> Self {
        let mut times: BTreeMap<&str, usize> = sent.lines().map(|id| (id, 0)).collect();
        for id in received.lines() {
            if let Some(count) = times.get_mut(id) {
                *count += 1;
            }
        }
        Self {
            sent: sent.lines().count(),
            arrived: times.values().filter(|count| **count > 0).count(),
            missing: times.values().filter(|count| **count == 0).count(),
            repeated: times.values().filter(|count| **count > 1).count(),
        }
    }

    fn is_good(&self) -> bool {
        self.sent == COUNT && self.arrived == COUNT && self.repeated == 0
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { sent, missing, repeated, .. } = self;
        if self.is_good() {
            return write!(f, "all {sent} messages arrived, each once");
        }
        write!(
            f,
            "of {COUNT} messages {sent} were sent, {missing} did not arrive, {repeated} came more than once"
        )
    }
}

impl Verdict {
    /// The numbers as a row.
    pub fn table(&self) -> Table {
        let mut table = Table::new().number("SENT").number("ARRIVED").number("MISSING").number("REPEATED");
        table.row([self.sent, self.arrived, self.missing, self.repeated]);
        table
    }
}

/// Bytes that are looked at when all are there.
#[derive(Clone, Default)]
struct Captured(Arc<Mutex<Vec<u8>>>);

impl io::Write for Captured {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Runs the check and says how it went.
///
/// # Errors
/// Those of the commands, and messages that are missing or came twice.
pub async fn run(ctx: &Context, servers: &Servers) -> Result<Outcome, CommandError> {
    let check = Check { ctx, servers };
    check.say(&ready::ready(servers))?;
    for words in BEFORE {
        check.show(words).await?;
    }
    let sent = check.capture(PRODUCE, "sent").await?;
    let received = check.capture(CONSUME, "received").await?;
    for words in AFTER {
        check.show(words).await?;
    }
    if ctx.stop.is_cancelled() {
        return Ok(Outcome::Interrupted);
    }
    let verdict = Verdict::of(&sent, &received);
    if ctx.out.form().is_machine() {
        ctx.out.show(&Output::Checked(verdict))?;
    }
    if !verdict.is_good() {
        return Err(CommandError::unmet(verdict.to_string()));
    }
    check.say(&format!("\nok: {verdict}"))?;
    Ok(Outcome::Done)
}

/// The surroundings of the check's commands.
struct Check<'a> {
    ctx: &'a Context,
    servers: &'a Servers,
}

impl Check<'_> {
    /// A line for people: where programs read, there is one document and nothing else.
    fn say(&self, line: &str) -> Result<(), CommandError> {
        if !self.ctx.out.form().is_machine() {
            self.ctx.out.line(line)?;
            self.ctx.out.flush()?;
        }
        Ok(())
    }

    /// Runs a command and shows its result.
    async fn show(&self, words: &[&str]) -> Result<(), CommandError> {
        let words = self.meant(words);
        self.say(&format!("\n$ {}", typed(&words)))?;
        let machine = self.ctx.out.form().is_machine();
        let out = if machine { self.ctx.out.redirected(io::sink()) } else { self.ctx.out.clone() };
        self.run(&words, out).await
    }

    /// Runs a command and returns what it prints.
    async fn capture(&self, words: &[&str], file: &str) -> Result<String, CommandError> {
        let words = self.meant(words);
        self.say(&format!("\n$ {} > {file}", typed(&words)))?;
        let captured = Captured::default();
        self.run(&words, self.ctx.out.redirected(captured.clone())).await?;
        let bytes = std::mem::take(&mut *captured.0.lock());
        String::from_utf8(bytes).map_err(|error| CommandError::bug(error.to_string()))
    }

    fn meant(&self, words: &[&str]) -> Vec<String> {
        let cluster = self.servers.cluster();
        words.iter().map(|word| if *word == CLUSTER { cluster } else { word }.to_owned()).collect()
    }

    async fn run(&self, words: &[String], out: Out) -> Result<(), CommandError> {
        let namesrv = NameServers::resolve(&[self.servers.namesrv().to_owned()], None);
        let options = ClientOptions { timeout: self.ctx.timeout, ..ClientOptions::default() };
        let ctx = Context {
            client: Client::new(&namesrv.addrs, options),
            namesrv,
            out,
            clock: self.ctx.clock.clone(),
            prompt: Prompt::AssumeYes,
            timeout: self.ctx.timeout,
            timeout_is_asked_for: self.ctx.timeout_is_asked_for,
            dry_run: false,
            stop: self.ctx.stop.clone(),
        };
        let outcome = match parse(words)? {
            Step::Produce(args) => {
                Box::pin(produce::run(&ctx, *args)).await.map(|nothing| nothing.outcome)?
            }
            Step::Consume(args) => {
                Box::pin(consume::run(&ctx, *args)).await.map(|nothing| nothing.outcome)?
            }
            Step::Admin(command) => Box::pin(command.run(&ctx)).await?,
        };
        ctx.out.flush()?;
        match outcome {
            Outcome::Done | Outcome::Interrupted => Ok(()),
            _ => Err(CommandError::unmet(format!("rmq {} failed", words[0]))),
        }
    }
}

/// The command that the words mean.
fn parse(words: &[String]) -> Result<Step, CommandError> {
    let tree = Step::augment_subcommands(Command::new("rmq").no_binary_name(true));
    let parsed = tree.try_get_matches_from(words).and_then(|found| Step::from_arg_matches(&found));
    parsed.map_err(|error| CommandError::bug(error.to_string()))
}

/// The words as they would be typed into a shell.
fn typed(words: &[String]) -> String {
    let quoted = |word: &String| if word.contains(['\\', ' ']) { format!("'{word}'") } else { word.clone() };
    let words: Vec<String> = words.iter().map(quoted).collect();
    format!("rmq {}", words.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_message_must_arrive_once() {
        let ids = |range: std::ops::Range<usize>| range.map(|id| format!("{id}\n")).collect::<String>();
        let sent = ids(0..COUNT);
        let table = [
            (sent.clone(), true, "all 1000 messages arrived, each once"),
            (ids(5_000..5_003) + &sent, true, "all 1000 messages arrived, each once"),
            (
                ids(1..COUNT),
                false,
                "of 1000 messages 1000 were sent, 1 did not arrive, 0 came more than once",
            ),
            (
                sent.clone() + "7\n7\n8\n",
                false,
                "of 1000 messages 1000 were sent, 0 did not arrive, 2 came more than once",
            ),
        ];
        for (received, good, text) in table {
            let verdict = Verdict::of(&sent, &received);
            assert_eq!((verdict.is_good(), verdict.to_string().as_str()), (good, text));
        }
        let less = ids(0..10);
        assert!(!Verdict::of(&less, &less).is_good());
    }

    #[test]
    fn every_line_of_the_check_is_a_command() {
        for words in [BEFORE, &[PRODUCE, CONSUME], AFTER].concat() {
            let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
            parse(&words).unwrap();
        }
        let words = ["produce".to_owned(), r"%i\n".to_owned()];
        assert_eq!(typed(&words), r"rmq produce '%i\n'");
    }
}

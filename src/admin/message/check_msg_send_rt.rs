//! `checkMsgSendRT`: how long sending to a topic takes.

use super::send;
use super::timed_send::{self, LARGEST_BODY, Sent};
use crate::admin::{CommandError, Context, ErrorKind};
use crate::client::producer::Draft;
use crate::output::{Cell, Failure, Render, Table, Tone, fixed, left};
use schemars::JsonSchema;
use serde::Serialize;
use std::fmt::{self, Write};

/// Measure how long sending to a topic takes
///
/// Real messages of letters "a" go to the queues of the topic in turn, where its consumers get them. The mean leaves out
/// the first, which has to connect, and those that failed. `rmq produce` measures many at once.
#[derive(Debug, Clone, clap::Args)]
#[command(after_long_help = "Examples:\n  rmq checkMsgSendRT -t TopicTest\n  \
        rmq checkMsgSendRT -t TopicTest -a 1000 -s 1024 --output json")]
pub struct Args {
    /// The topic; brokers may create one that is not there
    #[arg(short = 't', long = "topic", value_name = "TOPIC")]
    pub topic: String,
    /// How many messages
    #[arg(short = 'a', long = "amount", value_name = "COUNT", default_value_t = 100,
          value_parser = clap::value_parser!(i32).range(1..))]
    pub amount: i32,
    /// How many bytes each has
    #[arg(short = 's', long = "size", value_name = "BYTES", default_value_t = 128,
          value_parser = clap::value_parser!(i64).range(1..=LARGEST_BODY))]
    pub size: i64,
}

/// Every message in the order in which they were sent.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    pub topic: String,
    pub dry_run: bool,
    pub messages: Vec<Sent>,
    /// In ms, without the first and without those that failed; none where that leaves none.
    pub average_millis: Option<f64>,
    pub failures: Vec<Failure>,
}

impl Render for Output {
    fn table(&self, _wide: bool) -> Table {
        let mut table = Table::new().text("BROKER").number("QUEUE").text("RESULT").number("MILLIS");
        for sent in &self.messages {
            let (word, tone) = match &sent.result {
                Some(result) => (result.status, Tone::Good),
                None => ("failed", Tone::Bad),
            };
            table.row([
                Cell::optional(sent.broker_name.as_ref()),
                Cell::optional(sent.queue_id),
                Cell::toned(word, tone),
                Cell::new(sent.millis),
            ]);
        }
        table
    }

    fn classic(&self, w: &mut dyn Write) -> fmt::Result {
        let mut line = |broker: &str, queue: &str, result: &str, millis: &str| {
            writeln!(w, "{}  {}  {}    {millis}", left(broker, 32), left(queue, 4), left(result, 20))
        };
        line("#Broker Name", "#QID", "#Send Result", "#RT")?;
        for sent in &self.messages {
            let broker = sent.broker_name.as_deref().unwrap_or("null");
            let queue = sent.queue_id.unwrap_or(0).to_string();
            line(broker, &queue, &sent.result.is_some().to_string(), &sent.millis.to_string())?;
        }
        writeln!(w, "Avg RT: {}", fixed(self.average_millis.unwrap_or(f64::NAN), 2))
    }

    fn notes(&self) -> Vec<String> {
        if self.dry_run {
            return vec!["nothing was sent (--dry-run)".to_owned()];
        }
        vec![timed_send::summary(&self.messages)]
    }

    fn failures(&self) -> &[Failure] {
        &self.failures
    }
}

/// Sends the messages one after the other.
///
/// # Errors
/// No name server is reached; an unknown topic that brokers do not create; all messages failed.
pub async fn run(ctx: &Context, args: Args) -> Result<Output, CommandError> {
    let mut output = Output {
        topic: args.topic.clone(),
        dry_run: ctx.dry_run,
        messages: Vec::new(),
        average_millis: None,
        failures: Vec::new(),
    };
    if ctx.dry_run {
        return Ok(output);
    }
    // mqadmin names the group after the time.
    let producer = send::producer(ctx, &ctx.clock.now_ms().to_string());
    let queues = producer.queues(&args.topic).await?;
    if queues.is_empty() {
        return Err(CommandError::refused(
            format!("topic {} has no queue that may be written", args.topic),
            0,
            None,
        )
        .hint("rmq topicRoute shows its permissions"));
    }
    let body = vec![b'a'; usize::try_from(args.size).unwrap_or_default()];
    let body = bytes::Bytes::from(body);
    let progress = ctx.out.progress(u64::try_from(args.amount).ok(), "messages");
    let (mut last, mut lost) = (None, Vec::new());
    let mut turns = queues.iter().cycle();
    for _ in 0..args.amount {
        // A broker that does not answer is not waited for again.
        let Some(queue) = turns.by_ref().take(queues.len()).find(|queue| !lost.contains(&queue.broker_name))
        else {
            break;
        };
        let draft = Draft::new(args.topic.as_str(), body.clone());
        let (sent, error) = timed_send::send(ctx, &producer, draft, Some(queue.clone())).await;
        output.messages.push(sent);
        if let Some(error) = error {
            if matches!(error.kind, ErrorKind::Unreachable | ErrorKind::Timeout) {
                lost.push(queue.broker_name.clone());
            }
            last = Some(error);
        }
        progress.advance(1);
    }
    progress.finish();
    if lost.is_empty() {
        // Only where the brokers answer: one that does not would make us wait once more.
        producer.close().await;
    }
    if let Some(error) = last.filter(|_| output.messages.iter().all(|sent| sent.result.is_none())) {
        return Err(error);
    }
    output.average_millis = timed_send::mean(&output.messages);
    output.failures = timed_send::failures(&output.messages);
    Ok(output)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_layout_is_mqadmins() {
        let sent = |millis, error: Option<&str>| Sent {
            broker_name: Some("broker-a".to_owned()),
            queue_id: Some(0),
            millis,
            result: None,
            error: error.map(str::to_owned),
        };
        let mut output = Output {
            topic: "T".to_owned(),
            dry_run: false,
            messages: vec![sent(742, Some("x")), sent(22, Some("x"))],
            average_millis: Some(7.5),
            failures: vec![],
        };
        let classic = |output: &Output| {
            let mut text = String::new();
            output.classic(&mut text).unwrap();
            text
        };
        let lines = "#Broker Name                      #QID  #Send Result            #RT\n\
            broker-a                          0     false                   742\n\
            broker-a                          0     false                   22\n";
        assert_eq!(classic(&output), format!("{lines}Avg RT: 7.50\n"));
        output.average_millis = None;
        assert_eq!(classic(&output), format!("{lines}Avg RT: NaN\n"));
    }
}

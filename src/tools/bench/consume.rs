//! Consuming as a member of a group.

use std::fs;
use std::future::pending;
use std::time::{Duration, Instant};

use futures_util::FutureExt;

use super::args::ConsumerArgs;
use super::classic::Family;
use super::drive::{Tallies, Went};
use super::fault::Fault;
use super::live::shown;
use super::plan::{Part, Plan};
use super::produce::{client, plan};
use super::report::{Asked, More, Report, Result as Ended};
use super::share::falls;
use crate::admin::{CommandError, Context};
use crate::client::consumer::{Consumer, ConsumerOptions, Delivery, Event, Events, Trouble};
use crate::runtime::Clock;

/// So many messages are taken before it is looked whether it is over.
const AT_ONCE: usize = 256;

/// Consumes, and reports on it.
///
/// # Errors
/// When the group cannot be joined, or the cluster refuses for good.
pub async fn run(ctx: &Context, args: &ConsumerArgs) -> Result<Report, CommandError> {
    let plan = plan(&args.span, None, 1);
    let group = group(args, ctx.clock.now_ms());
    let asked = Asked {
        kind: "consumer",
        family: Family::Consumer,
        topic: args.place.topic(),
        group: &group,
        sending: None,
        plan: &plan,
    };
    let filter = filter(args)?;
    if ctx.dry_run {
        ctx.out.note(&format!("would consume topic {} as a member of group {group}", asked.topic));
        return Ok(Report::dry(&asked));
    }
    let options = ConsumerOptions {
        tags: filter.tags,
        sql: filter.sql,
        from: args.from.at(ctx.clock.now_ms()),
        ..ConsumerOptions::new(&group, asked.topic)
    };
    let client = client(ctx, &args.apache);
    let (consumer, events) =
        Consumer::start(ctx.namesrv.addrs()?, client, ctx.clock.clone(), options).await?;
    let tallies = Tallies::default();
    let mut run = Run::new(ctx, args, &plan, &tallies);
    let load = run.until_over(ctx, &consumer, events);
    let ended = shown(ctx, asked.family, args.span.report_interval, &tallies, load).await;
    let took = run.took();
    for (queue, error) in &consumer.close().await {
        ctx.out.warn(&format!("what was consumed of {queue} is not committed and will come again: {error}"));
    }
    let interrupted = ended?? == End::Interrupted;
    let more =
        More { store_latency_micros: Some(tallies.second.counts().latency.summary()), ..More::default() };
    let (main, went) = (&tallies.measured, Went { took, missed: 0 });
    Ok(Report::new(&asked, Ended { tallies: &tallies, main, went, interrupted, more }))
}

/// The group; with Apache's `-p true` each run has one of a hundred.
fn group(args: &ConsumerArgs, now_ms: i64) -> String {
    match args.suffix {
        Some(true) => format!("{}_{}", args.group, now_ms % 100),
        _ => args.group.clone(),
    }
}

#[derive(Debug, PartialEq, Eq)]
struct Filter {
    tags: String,
    sql: Option<String>,
}

/// What is wanted; Apache's `-f` and `-e` count only together, and `-e` names a file.
fn filter(args: &ConsumerArgs) -> Result<Filter, CommandError> {
    let all = "*".to_owned();
    let (Some(kind), Some(path)) = (&args.filter_type, &args.expression) else {
        return Ok(Filter { tags: args.tag.clone(), sql: args.sql.clone() });
    };
    let text = fs::read_to_string(path).map_err(|error| CommandError::unreadable(path, &error))?;
    let text = text.trim().to_owned();
    Ok(if kind == "SQL92" { Filter { tags: all, sql: Some(text) } } else { Filter { tags: text, sql: None } })
}

/// Why it ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    Over,
    Interrupted,
}

struct Run<'a> {
    plan: &'a Plan,
    tallies: &'a Tallies,
    clock: Clock,
    fail: f64,
    idle: Option<Duration>,
    /// When queues were given out.
    began: Option<Instant>,
    first: Option<Instant>,
    last: Option<Instant>,
    /// When something came last, in the warm-up, too.
    came: Option<Instant>,
    number: u64,
}

impl<'a> Run<'a> {
    fn new(ctx: &Context, args: &ConsumerArgs, plan: &'a Plan, tallies: &'a Tallies) -> Self {
        Self {
            plan,
            tallies,
            clock: ctx.clock.clone(),
            fail: args.fail,
            idle: args.until_idle,
            began: None,
            first: None,
            last: None,
            came: None,
            number: 0,
        }
    }

    async fn until_over(
        &mut self,
        ctx: &Context,
        consumer: &Consumer,
        mut events: Events,
    ) -> Result<End, CommandError> {
        tokio::select! {
            () = ctx.stop.cancelled() => return Ok(End::Interrupted),
            () = consumer.assigned() => {}
        }
        let began = Instant::now();
        (self.began, self.came) = (Some(began), Some(began));
        loop {
            let over = async {
                match self.ends_at() {
                    Some(at) => tokio::time::sleep_until(at.into()).await,
                    None => pending().await,
                }
            };
            let event = tokio::select! {
                biased;
                () = ctx.stop.cancelled() => return Ok(End::Interrupted),
                event = events.next() => event,
                () = over => return Ok(End::Over),
            };
            let mut next = Some(event);
            for _ in 0..AT_ONCE {
                let Some(event) = next else { break };
                if self.take(ctx, consumer, event).await? {
                    return Ok(End::Over);
                }
                next = events.next().now_or_never();
            }
            if let Some(event) = next
                && self.take(ctx, consumer, event).await?
            {
                return Ok(End::Over);
            }
        }
    }

    /// When it is over if nothing comes any more.
    fn ends_at(&self) -> Option<Instant> {
        let end = self.began.zip(self.plan.end()).map(|(began, end)| began + end);
        let idle = self.came.zip(self.idle).map(|(came, idle)| came + idle);
        match (end, idle) {
            (Some(end), Some(idle)) => Some(end.min(idle)),
            (end, idle) => end.or(idle),
        }
    }

    /// True when it is over.
    async fn take(
        &mut self,
        ctx: &Context,
        consumer: &Consumer,
        event: Option<Event>,
    ) -> Result<bool, CommandError> {
        match event {
            Some(Event::Message(delivery)) => Ok(self.consume(ctx, consumer, *delivery).await),
            Some(Event::Trouble(trouble)) => self.told(ctx, trouble).map(|()| false),
            None => Err(CommandError::bug("the consumer ended by itself")),
        }
    }

    async fn consume(&mut self, ctx: &Context, consumer: &Consumer, delivery: Delivery) -> bool {
        let now = Instant::now();
        let part = self.plan.part(self.began.map_or(Duration::ZERO, |began| now - began));
        if part == Part::Over {
            return true;
        }
        self.came = Some(now);
        let (message, now_ms) = (&delivery.message, self.clock.now_ms());
        let since =
            |then: i64| Duration::from_millis(u64::try_from(now_ms.saturating_sub(then)).unwrap_or(0));
        let bytes = message.body.len() as u64;
        let (born, stored) = (since(message.born_timestamp), since(message.store_timestamp));
        if part == Part::WarmUp {
            self.tallies.warm_up.done(0, 1, bytes, born);
            consumer.done(delivery);
            return false;
        }
        self.first.get_or_insert(now);
        self.last = Some(now);
        self.tallies.second.done(0, 1, bytes, stored);
        let number = self.number;
        self.number += 1;
        if falls(number, self.fail) {
            self.tallies.measured.failed(0, 1, Fault::Local("SENT_BACK"));
            if let Err(error) = consumer.later(delivery).await {
                ctx.out.warn(&format!("not sent back: {}", error.in_one_line()));
            }
        } else {
            self.tallies.measured.done(0, 1, bytes, born);
            consumer.done(delivery);
        }
        self.plan.messages(self.number) == 0
    }

    /// What will not get better ends it; of the rest the user hears once.
    fn told(&self, ctx: &Context, trouble: Trouble) -> Result<(), CommandError> {
        if trouble.is_for_good() {
            return Err(trouble.error.into());
        }
        let place = trouble.queue.map(|queue| format!("{queue}: ")).unwrap_or_default();
        ctx.out.warn(&format!("{place}{}; trying again", trouble.error.in_one_line()));
        self.tallies.measured.flawed(0, 1, Fault::of(&trouble.error));
        Ok(())
    }

    /// From the first message until the last.
    fn took(&self) -> Duration {
        self.first.zip(self.last).map_or(Duration::ZERO, |(first, last)| last - first)
    }
}

#[cfg(test)]
mod tests {
    use super::super::args::{Args, Kind};
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        args: Args,
    }

    fn args(line: &[&str]) -> ConsumerArgs {
        match Line::try_parse_from([&["bench", "consumer"], line].concat()).unwrap().args.kind {
            Kind::Consumer(args) => *args,
            _ => panic!("no consumer"),
        }
    }

    #[test]
    fn groups_and_filters_are_as_apaches_options_say() {
        assert_eq!(group(&args(&["-g", "g", "-p", "true"]), 1234), "g_34");
        assert_eq!(group(&args(&["-p", "false"]), 1234), "benchmark_consumer");
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("expression");
        fs::write(&file, "a > 1\n").unwrap();
        let path = file.display().to_string();
        let table: [(&[&str], &str, Option<&str>); 5] = [
            (&[], "*", None),
            (&["--tag", "a || b"], "a || b", None),
            (&["--sql", "a = 1"], "*", Some("a = 1")),
            (&["-f", "SQL92", "-e", &path], "*", Some("a > 1")),
            (&["-f", "TAG", "-e", &path], "a > 1", None),
        ];
        for (line, tags, sql) in table {
            let expected = Filter { tags: tags.to_owned(), sql: sql.map(str::to_owned) };
            assert_eq!(filter(&args(line)).unwrap(), expected, "{line:?}");
        }
        assert!(filter(&args(&["-f", "TAG", "-e", "/no/such/file"])).is_err());
    }
}

//! Transactions: half messages, what becomes of them, and what brokers ask.

use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;

use super::args::TransactionArgs;
use super::classic::Family;
use super::drive::{Done, Tallies, Work, drive};
use super::fault::Fault;
use super::live::shown;
use super::plan::Ticket;
use super::produce::{plan, producer};
use super::report::{Asked, Ends, More, Report, Result as Ended};
use super::share::Shares;
use super::stamp::Stamp;
use crate::admin::{CommandError, Context};
use crate::client::ClientError;
use crate::client::producer::{
    CompressionRule, Draft, Producer, ProducerOptions, Resolution, Target, TransactionListener,
    answers_checks,
};
use crate::protocol::message::{Message, property};
use crate::tools::noise::noise;
use crate::tools::values::MAX_BODY;

/// Sends and ends transactions, and reports on them.
///
/// # Errors
/// When it cannot begin.
pub async fn run(ctx: &Context, args: &TransactionArgs) -> Result<Report, CommandError> {
    let plan = plan(&args.span, args.rate, 1);
    let asked = Asked {
        kind: "transaction",
        family: Family::TransactionProducer,
        topic: args.place.topic(),
        group: &args.group,
        sending: Some((args.concurrency, args.size)),
        plan: &plan,
    };
    if ctx.dry_run {
        ctx.out.note(&format!("would send transactions to topic {}", asked.topic));
        return Ok(Report::dry(&asked));
    }
    let tallies = Arc::new(Tallies::default());
    let course = Arc::new(Course {
        run: RandomState::new().hash_one(&args.group),
        first: Shares { rollback: args.rollback, unknown: args.unknown },
        checked: Shares { rollback: args.check_rollback, unknown: args.check_unknown },
        ends: [const { AtomicU64::new(0) }; 3],
        tallies: tallies.clone(),
    });
    let service = answers_checks(&args.group, course.clone());
    let options = ProducerOptions {
        group: args.group.clone(),
        timeout: ctx.timeout,
        retries: 0,
        compression: CompressionRule { from_bytes: MAX_BODY + 1, ..CompressionRule::default() },
        ..ProducerOptions::default()
    };
    let producer = producer(ctx, asked.topic, options, &args.apache, Some(service)).await?;
    let work = Arc::new(Transacting {
        producer,
        topic: asked.topic.to_owned(),
        filler: noise(args.size, 0),
        rest: args.rest,
        course: course.clone(),
    });
    let load = async {
        let driven = drive(&plan, Instant::now(), args.concurrency, work.clone(), &tallies, &ctx.stop).await;
        tokio::select! {
            () = tokio::time::sleep(args.answer_for) => {}
            () = ctx.stop.cancelled() => {}
        }
        driven
    };
    let went = shown(ctx, asked.family, args.span.report_interval, &tallies, load).await;
    work.producer.close().await;
    let more = More { transactions: Some(course.ended()), ..More::default() };
    let (main, interrupted) = (&tallies.measured, ctx.stop.is_cancelled());
    Ok(Report::new(&asked, Ended { tallies: &tallies, main, went: went??, interrupted, more }))
}

/// What becomes of the transactions of a run.
struct Course {
    run: u64,
    /// Without being asked, and when the broker asks.
    first: Shares,
    checked: Shares,
    /// How many were committed, rolled back and left open.
    ends: [AtomicU64; 3],
    /// The second of which counts the checks.
    tallies: Arc<Tallies>,
}

impl Course {
    fn count(&self, resolution: Resolution) {
        let at = match resolution {
            Resolution::Commit => 0,
            Resolution::Rollback => 1,
            Resolution::Unknown => 2,
        };
        self.ends[at].fetch_add(1, Ordering::Relaxed);
    }

    fn ended(&self) -> Ends {
        let [committed, rolled_back, unknown] = [0, 1, 2].map(|at| self.ends[at].load(Ordering::Relaxed));
        let checks = self.tallies.second.totals();
        Ends {
            committed,
            rolled_back,
            unknown,
            checks: checks.requests + checks.faulty,
            unexpected_checks: checks.faulty,
        }
    }
}

impl TransactionListener for Course {
    /// One of another run is rolled back, as Apache's benchmark does: nobody else will ever end it.
    fn check(&self, message: &Message) -> Resolution {
        let Some(stamp) = Stamp::of(&message.body, self.run) else { return Resolution::Rollback };
        let decided = self.first.of(stamp.number);
        if decided != Resolution::Unknown {
            // It was told, and did not hear it.
            self.tallies.second.failed(0, 1, Fault::Local("UNEXPECTED_CHECK"));
            return decided;
        }
        self.tallies.second.done(0, 1, 0, Duration::ZERO);
        let times = message.properties.get(property::TRANSACTION_CHECK_TIMES);
        let times = times.and_then(|times| times.parse::<u64>().ok()).unwrap_or(0);
        self.checked.of(stamp.number.saturating_add(times))
    }
}

/// Sends half messages, and tells what becomes of them.
struct Transacting {
    producer: Producer,
    topic: String,
    filler: Bytes,
    rest: Duration,
    course: Arc<Course>,
}

impl Work for Transacting {
    async fn send(&self, ticket: Ticket) -> Result<Done, ClientError> {
        let stamp = Stamp { run: self.course.run, number: ticket.first, due_micros: 0 };
        let body = stamp.on(&self.filler);
        let bytes = body.len() as u64;
        let half = self.producer.send_half(Draft::new(&self.topic, body), &Target::Any).await?;
        let resolution = half.allowed(self.course.first.of(ticket.first));
        self.course.count(resolution);
        let told = self.producer.end(&half, resolution).await;
        let flaw = told.err().map(|error| Fault::of(&error));
        Ok(Done { bytes, flaw: flaw.or_else(|| Fault::of_status(half.receipt.status)) })
    }

    fn rest(&self) -> Duration {
        self.rest
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn course(unknown: f64) -> Course {
        Course {
            run: 7,
            first: Shares { rollback: 0.0, unknown },
            checked: Shares { rollback: 1.0, unknown: 0.0 },
            ends: [const { AtomicU64::new(0) }; 3],
            tallies: Arc::default(),
        }
    }

    fn message(run: u64) -> Message {
        let body = Stamp { run, number: 3, due_micros: 0 }.on(&Bytes::new());
        let host = "127.0.0.1:1".parse().unwrap();
        Message {
            topic: "T".into(),
            queue_id: 0,
            flag: 0,
            queue_offset: 0,
            physical_offset: 0,
            sys_flag: crate::protocol::message::SysFlag(4),
            born_timestamp: 0,
            born_host: host,
            store_timestamp: 0,
            store_host: host,
            reconsume_times: 0,
            prepared_transaction_offset: 0,
            body_crc: 0,
            body,
            properties: [("TRANSACTION_CHECK_TIMES", "1")].into_iter().collect(),
            store_size: 0,
        }
    }

    #[test]
    fn the_broker_is_answered_and_its_questions_are_counted() {
        let open = course(1.0);
        assert_eq!(open.check(&message(7)), Resolution::Rollback);
        assert_eq!((open.ended().checks, open.ended().unexpected_checks), (1, 0));
        let told = course(0.0);
        assert_eq!(told.check(&message(7)), Resolution::Commit);
        assert_eq!((told.ended().checks, told.ended().unexpected_checks), (1, 1));
        assert_eq!(told.check(&message(8)), Resolution::Rollback);
        assert_eq!(told.ended().checks, 1);
        told.count(Resolution::Commit);
        told.count(Resolution::Unknown);
        assert_eq!((told.ended().committed, told.ended().rolled_back, told.ended().unknown), (1, 0, 1));
    }
}

//! Running a load of the kind that is asked for.

use std::sync::Arc;

use super::args::{Args, BatchArgs, Kind, Pace, ProducerArgs};
use super::classic::Family;
use super::drive::{Tallies, drive};
use super::live::shown;
use super::payload::{Payload, Shape};
use super::plan::Plan;
use super::produce::{Sending, producer};
use super::report::{Asked, Report};
use super::span::{Apache, Span};
use crate::admin::{CommandError, Context};

/// Runs the load, and reports on it.
///
/// # Errors
/// When it cannot begin, and what keeps it from being shown.
pub async fn run(ctx: &Context, args: Args) -> Result<Report, CommandError> {
    match args.kind {
        Kind::Producer(args) => Box::pin(messages(ctx, &args)).await,
        Kind::Batch(args) => Box::pin(batches(ctx, &args)).await,
    }
}

async fn messages(ctx: &Context, args: &ProducerArgs) -> Result<Report, CommandError> {
    let plan = plan(&args.span, &args.pace, 1);
    let topic = args.place.topic();
    let asked = Asked {
        kind: "producer",
        family: Family::Producer,
        topic,
        group: &args.group,
        concurrency: args.pace.concurrency,
        size: args.shape.size,
        plan: &plan,
    };
    let payload = Payload::new(topic, &args.shape, args.level());
    send(ctx, &asked, payload, &args.span, &args.pace, &args.shape, &args.apache).await
}

async fn batches(ctx: &Context, args: &BatchArgs) -> Result<Report, CommandError> {
    let plan = plan(&args.span, &args.pace, args.batch);
    let topic = args.place.topic();
    let asked = Asked {
        kind: "batch",
        family: Family::BatchProducer,
        topic,
        group: &args.group,
        concurrency: args.pace.concurrency,
        size: args.shape.size,
        plan: &plan,
    };
    let payload = Payload::new(topic, &args.shape, 0);
    send(ctx, &asked, payload, &args.span, &args.pace, &args.shape, &args.apache).await
}

fn plan(span: &Span, pace: &Pace, batch: u32) -> Plan {
    let (duration, count) = span.limits();
    Plan { rate: pace.rate, batch, warm_up: span.warm_up, duration, count }
}

async fn send(
    ctx: &Context,
    asked: &Asked<'_>,
    payload: Payload,
    span: &Span,
    pace: &Pace,
    shape: &Shape,
    apache: &Apache,
) -> Result<Report, CommandError> {
    if ctx.dry_run {
        ctx.out.note(&format!("would send messages of {} bytes to topic {}", asked.size, asked.topic));
        return Ok(Report::dry(asked));
    }
    let producer = producer(ctx, asked.group, asked.topic, pace, shape, apache).await?;
    let work = Arc::new(Sending::new(producer, payload, asked.family == Family::BatchProducer));
    let tallies = Arc::new(Tallies::default());
    let load = drive(asked.plan, pace.concurrency, work.clone(), &tallies, &ctx.stop);
    let went = shown(ctx, asked.family, span.report_interval, &tallies, load).await;
    work.producer.close().await;
    Ok(Report::new(asked, &tallies, went??, ctx.stop.is_cancelled()))
}

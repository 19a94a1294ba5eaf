//! What is sent next, and when it is due.

use bytes::Bytes;
use tokio::time::Instant;

use super::args::Args;
use super::source::Source;
use crate::admin::CommandError;
use crate::client::producer::Draft;
use crate::tools::pace::due_after;

/// The messages of one request.
#[derive(Debug)]
pub(super) struct Job {
    pub(super) drafts: Vec<Draft>,
    /// When it was due, with a rate; latencies are counted from then.
    pub(super) due: Option<Instant>,
}

/// Requests, one after the other.
#[derive(Debug)]
pub(super) struct Jobs {
    source: Source,
    template: Args,
    began: Instant,
    /// The messages of the next request that are there already.
    partial: Vec<Draft>,
    /// The number of the next message.
    next: u64,
    ended: bool,
}

impl Jobs {
    pub(super) fn new(args: &Args, source: Source) -> Self {
        Self {
            source,
            template: args.clone(),
            began: Instant::now(),
            partial: Vec::new(),
            next: 0,
            ended: false,
        }
    }

    /// How many messages there will be, where that is known.
    pub(super) fn total(&self) -> Option<u64> {
        self.source.total()
    }

    pub(super) fn empty_lines(&self) -> u64 {
        self.source.empty_lines
    }

    /// The next request, when it is due. Nothing is lost when the future is dropped.
    ///
    /// # Errors
    /// Those of the source.
    pub(super) async fn next(&mut self) -> Result<Option<Job>, CommandError> {
        let batch = usize::try_from(self.template.batch).unwrap_or(usize::MAX);
        while !self.ended && self.partial.len() < batch {
            match self.source.next().await? {
                Some((number, body)) => self.partial.push(draft(&self.template, number, body)),
                None => self.ended = true,
            }
        }
        if self.partial.is_empty() {
            return Ok(None);
        }
        let due = self.template.rate.map(|rate| self.began + due_after(self.next, rate));
        if let Some(due) = due {
            tokio::time::sleep_until(due).await;
        }
        self.next += u64::try_from(self.partial.len()).unwrap_or(0);
        Ok(Some(Job { drafts: std::mem::take(&mut self.partial), due }))
    }
}

fn draft(args: &Args, number: u64, body: Bytes) -> Draft {
    let mut draft = Draft::new(&args.topic, body).tag(&args.tag).delay_level(args.delay_level);
    if let Some(keys) = &args.key {
        draft = draft.keys(&keys.replace("{i}", &number.to_string()));
    }
    for (name, value) in &args.property {
        draft = draft.property(name, value);
    }
    draft
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;
    use std::time::Duration;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        args: Args,
    }

    fn jobs(line: &[&str]) -> Jobs {
        let args = Line::try_parse_from([&["produce"], line].concat()).map(|line| line.args).unwrap();
        let source = Source::open(&args).unwrap();
        Jobs::new(&args, source)
    }

    async fn sizes(mut jobs: Jobs) -> Vec<usize> {
        let mut sizes = Vec::new();
        while let Some(job) = jobs.next().await.unwrap() {
            sizes.push(job.drafts.len());
        }
        sizes
    }

    #[tokio::test]
    async fn messages_are_as_the_options_say() {
        let mut jobs = jobs(&["T", "--count", "2", "--key", "k{i} x", "--property", "a=b", "--tag", ""]);
        assert_eq!(jobs.total(), Some(2));
        let first = jobs.next().await.unwrap().unwrap().drafts.remove(0);
        assert_eq!((first.topic.as_str(), &first.body[..]), ("T", &b"Hello RocketMQ 0"[..]));
        assert_eq!(first.properties.to_raw(), "KEYS\u{1}k0 x\u{2}a\u{1}b\u{2}");
        let second = jobs.next().await.unwrap().unwrap().drafts.remove(0);
        assert_eq!(second.properties.get("KEYS"), Some("k1 x"));
        assert!(jobs.next().await.unwrap().is_none());
    }

    #[tokio::test]
    async fn batches_are_full_but_for_the_last() {
        assert_eq!(sizes(jobs(&["--count", "7", "--batch", "3"])).await, [3, 3, 1]);
        assert_eq!(sizes(jobs(&["--body", "x"])).await, [1]);
        assert_eq!(sizes(jobs(&[])).await.len(), 1000);
    }

    #[tokio::test(start_paused = true)]
    async fn a_rate_says_when_each_is_due() {
        let mut jobs = jobs(&["--count", "3", "--rate", "2"]);
        let began = jobs.began;
        for expected in [0, 500, 1000] {
            let job = jobs.next().await.unwrap().unwrap();
            assert_eq!(job.due, Some(began + Duration::from_millis(expected)));
            assert_eq!(Instant::now() - began, Duration::from_millis(expected));
        }
    }
}

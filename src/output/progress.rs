//! A bar for long work, on stderr.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::time::Duration;

/// How often a bar without a known end moves.
const TICK: Duration = Duration::from_millis(120);

/// A progress bar; invisible where nobody sees it. Cleared when dropped.
#[derive(Clone, Debug)]
pub struct Progress {
    bar: ProgressBar,
}

impl Progress {
    pub(super) fn new(visible: bool, total: Option<u64>, unit: &str) -> Self {
        let target = if visible { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        let bar = ProgressBar::with_draw_target(total, target);
        let template = match total {
            Some(_) => format!("{{bar:30}} {{human_pos}}/{{human_len}} {unit} {{per_sec:.0}} {{msg}}"),
            None => format!("{{spinner}} {{human_pos}} {unit} {{elapsed}} {{msg}}"),
        };
        let style =
            if total.is_some() { ProgressStyle::default_bar() } else { ProgressStyle::default_spinner() };
        // A unit with braces would not be a template; the default style does as well.
        bar.set_style(style.clone().template(&template).unwrap_or(style));
        if visible && total.is_none() {
            bar.enable_steady_tick(TICK);
        }
        Progress { bar }
    }

    /// A bar that nobody sees, where something else shows how it goes.
    pub fn hidden() -> Self {
        Self::new(false, None, "")
    }

    /// `count` more are done.
    pub fn advance(&self, count: u64) {
        self.bar.inc(count);
    }

    /// A word on what is being done.
    pub fn message(&self, text: impl Into<String>) {
        self.bar.set_message(text.into());
    }

    /// Runs `print` with the bar out of the way.
    pub fn suspend<T>(&self, print: impl FnOnce() -> T) -> T {
        self.bar.suspend(print)
    }

    /// Takes the bar away.
    pub fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

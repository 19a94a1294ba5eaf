//! What a command may use.

use super::error::{CommandError, ErrorKind};
use super::namesrv_addr::NameServers;
use crate::client::Client;
use crate::output::{Answer, Out, Prompt};
use crate::runtime::{CancellationToken, Clock, fan_out};
use std::future::Future;
use std::io;
use std::time::Duration;

/// Requests that are under way at the same time when many targets are asked.
pub const FAN_OUT: usize = 64;

/// The surroundings of one command: where to ask, how to show, whom to ask for permission.
pub struct Context {
    pub namesrv: NameServers,
    pub out: Out,
    pub clock: Clock,
    pub prompt: Prompt,
    /// How long one request may take.
    pub timeout: Duration,
    /// Whether somebody said so, or it is the default.
    pub timeout_is_asked_for: bool,
    /// Say what would be done, do nothing.
    pub dry_run: bool,
    /// Cancelled when the user wants the command to end; only commands marked `graceful` or `server` see it.
    pub stop: CancellationToken,
    /// Asks name servers and brokers; connects when it is first used.
    pub client: Client,
}

impl Context {
    /// How long a request may take that takes `long` in the ordinary course: shorter only where somebody said so.
    pub fn patience(&self, long: Duration) -> Duration {
        if self.timeout_is_asked_for { self.timeout } else { self.timeout.max(long) }
    }

    /// Asks `work` of every item side by side, at most [`FAN_OUT`] at a time; results in the order of the items.
    pub async fn fan_out<I, T, F, Fut>(&self, items: impl IntoIterator<Item = I>, work: F) -> Vec<T>
    where
        F: FnMut(I) -> Fut,
        Fut: Future<Output = T>,
    {
        fan_out(items, FAN_OUT, work).await
    }

    /// Asks a yes or no before something that is hard to undo. In a dry run there is nothing to ask.
    ///
    /// # Errors
    /// [`ErrorKind::Unmet`] when the answer is no, [`ErrorKind::Usage`] when nobody can be asked.
    pub fn confirm(&self, question: &str) -> Result<(), CommandError> {
        if self.dry_run {
            return Ok(());
        }
        self.answered(question, self.prompt.confirm(question))
    }

    /// As [`Context::confirm`], but `name` must be typed: for what destroys data.
    ///
    /// # Errors
    /// As [`Context::confirm`].
    pub fn confirm_by_name(&self, question: &str, name: &str) -> Result<(), CommandError> {
        if self.dry_run {
            return Ok(());
        }
        self.answered(question, self.prompt.type_name(question, name))
    }

    fn answered(&self, question: &str, answer: io::Result<Answer>) -> Result<(), CommandError> {
        match answer {
            Ok(Answer::Yes) => Ok(()),
            Ok(Answer::No) => Err(CommandError::unmet("not confirmed, nothing was done")),
            Ok(Answer::NobodyThere) => Err(CommandError::usage(format!(
                "\"{question}\" needs a yes, and there is no terminal to ask on"
            ))
            .hint("add --yes, or set RMQ_ASSUME_YES=1 for scripts")),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Err(CommandError::interrupted()),
            Err(error) => {
                Err(CommandError::new(ErrorKind::Local, "cannot ask for confirmation")
                    .cause(error.to_string()))
            }
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::admin::DEFAULT_NAMESRV;
    use crate::client::ClientOptions;
    use crate::output::OutOptions;

    /// A context that writes nowhere, with a clock that stands still.
    pub(crate) fn quiet_context() -> Context {
        Context {
            namesrv: NameServers::resolve(&[], None),
            out: Out::to_writers(OutOptions::default(), io::sink(), io::sink()),
            clock: Clock::fake(1_795_519_817_932),
            prompt: Prompt::Unattended,
            timeout: Duration::from_secs(5),
            timeout_is_asked_for: false,
            dry_run: false,
            stop: CancellationToken::new(),
            client: Client::new([DEFAULT_NAMESRV], ClientOptions::default()),
        }
    }

    #[test]
    fn what_takes_long_may_take_long_unless_somebody_said_how_long() {
        let (long, short) = (Duration::from_secs(50), Duration::from_secs(1));
        assert_eq!(quiet_context().patience(long), long);
        let asked = Context { timeout: short, timeout_is_asked_for: true, ..quiet_context() };
        assert_eq!(asked.patience(long), short);
    }

    #[test]
    fn without_a_terminal_yes_must_be_given() {
        let context = quiet_context();
        let error = context.confirm("Delete topic T?").unwrap_err();
        assert_eq!(error.kind.exit_code(), 2);
        assert!(error.hints[0].contains("--yes"));
        let assumed = Context { prompt: Prompt::AssumeYes, ..quiet_context() };
        assert!(assumed.confirm_by_name("Delete topic T?", "T").is_ok());
        let dry = Context { dry_run: true, ..quiet_context() };
        assert!(dry.confirm("Delete topic T?").is_ok());
    }
}

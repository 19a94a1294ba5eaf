//! Questions before something is destroyed.

use dialoguer::{Confirm, Input, Password};
use std::io::{self, IsTerminal};

/// What is done where a question would be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Prompt {
    /// `--yes` or `RMQ_ASSUME_YES=1`: every answer is yes.
    AssumeYes,
    /// A person sits at the terminal and is asked.
    Ask,
    /// Nobody can be asked: the command must be refused.
    Unattended,
}

/// What came of a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    Yes,
    No,
    /// Nobody could be asked.
    NobodyThere,
}

impl Prompt {
    /// The policy for this process. A question needs stdin to answer and stderr to be read on.
    pub fn detect(yes: bool, assume_yes: Option<&str>) -> Self {
        let terminal = io::stdin().is_terminal() && io::stderr().is_terminal();
        Self::decide(yes, assume_yes, terminal)
    }

    fn decide(yes: bool, assume_yes: Option<&str>, terminal: bool) -> Self {
        if yes || assume_yes.is_some_and(|v| matches!(v, "1" | "true" | "yes")) {
            Prompt::AssumeYes
        } else if terminal {
            Prompt::Ask
        } else {
            Prompt::Unattended
        }
    }

    /// Asks `question`, answered with y or n; the default is no.
    ///
    /// # Errors
    /// Those of the terminal, an interrupt among them.
    pub fn confirm(self, question: &str) -> io::Result<Answer> {
        self.ask(|| {
            let answer = Confirm::new().with_prompt(question).default(false).interact_opt();
            Ok(answer.map_err(io_error)?.unwrap_or(false))
        })
    }

    /// Shows `question` and asks for `name` to be typed: for what cannot be undone.
    ///
    /// # Errors
    /// Those of the terminal, an interrupt among them.
    pub fn type_name(self, question: &str, name: &str) -> io::Result<Answer> {
        self.ask(|| {
            let prompt = format!("{question}\nType {name} to go on");
            let typed: String =
                Input::new().with_prompt(prompt).allow_empty(true).interact_text().map_err(io_error)?;
            Ok(typed.trim() == name)
        })
    }

    fn ask(self, question: impl FnOnce() -> io::Result<bool>) -> io::Result<Answer> {
        Ok(match self {
            Prompt::AssumeYes => Answer::Yes,
            Prompt::Unattended => Answer::NobodyThere,
            Prompt::Ask if question()? => Answer::Yes,
            Prompt::Ask => Answer::No,
        })
    }
}

/// Asks the person at the terminal for a secret, which is not shown; none where there is no terminal.
///
/// # Errors
/// Those of the terminal, an interrupt among them.
pub fn ask_secret(question: &str) -> io::Result<Option<String>> {
    if !(io::stdin().is_terminal() && io::stderr().is_terminal()) {
        return Ok(None);
    }
    Password::new().with_prompt(question).interact().map(Some).map_err(io_error)
}

/// As [`ask_secret`], for a new one: it is asked for twice.
///
/// # Errors
/// Those of the terminal, an interrupt among them.
pub fn ask_new_secret(question: &str) -> io::Result<Option<String>> {
    if !(io::stdin().is_terminal() && io::stderr().is_terminal()) {
        return Ok(None);
    }
    let again = format!("{question}, once more");
    let password = Password::new().with_prompt(question).with_confirmation(again, "They differ");
    password.interact().map(Some).map_err(io_error)
}

fn io_error(error: dialoguer::Error) -> io::Error {
    let dialoguer::Error::IO(error) = error;
    error
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn yes_wins_and_only_a_terminal_is_asked() {
        let table = [
            (true, None, false, Prompt::AssumeYes),
            (false, Some("1"), false, Prompt::AssumeYes),
            (false, Some("0"), false, Prompt::Unattended),
            (false, Some(""), true, Prompt::Ask),
            (false, None, true, Prompt::Ask),
            (false, None, false, Prompt::Unattended),
        ];
        for (yes, assume, terminal, want) in table {
            assert_eq!(Prompt::decide(yes, assume, terminal), want, "{yes} {assume:?} {terminal}");
        }
    }

    #[test]
    fn unattended_is_neither_yes_nor_no() {
        assert_eq!(Prompt::Unattended.confirm("Delete?").unwrap(), Answer::NobodyThere);
        assert_eq!(Prompt::AssumeYes.type_name("Delete?", "T").unwrap(), Answer::Yes);
    }
}

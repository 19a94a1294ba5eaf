//! The one place where results and errors become exit codes.

use crate::admin::{CommandError, ErrorKind};
use crate::output::Outcome;

/// How a run ended.
pub enum End {
    Outcome(Outcome),
    Failed(CommandError),
    /// clap could not read the options.
    Unparsed(CommandError),
}

/// The exit code: `rmq help exit-codes`. With `compat`, mqadmin's: 0 after failures, 1 when the options of a
/// known command could not be read; an interrupt and a bug stay what they are.
pub fn exit_code(end: &End, compat: bool) -> u8 {
    let code = match end {
        End::Outcome(Outcome::Done) => 0,
        End::Outcome(Outcome::Refused) => 1,
        End::Outcome(Outcome::Partial) => 3,
        End::Outcome(Outcome::Interrupted) => 130,
        End::Failed(error) | End::Unparsed(error) => error.kind.exit_code(),
        End::Outcome(Outcome::Child(code)) => return *code,
    };
    match end {
        _ if !compat => code,
        _ if code == ErrorKind::Bug.exit_code() || code == ErrorKind::Interrupted.exit_code() => code,
        End::Unparsed(_) => 1,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_and_mqadmins_zeros() {
        let failed = |kind| End::Failed(CommandError::new(kind, "x"));
        let table = [
            (End::Outcome(Outcome::Done), 0, 0),
            (End::Outcome(Outcome::Partial), 3, 0),
            (End::Outcome(Outcome::Refused), 1, 0),
            (End::Outcome(Outcome::Interrupted), 130, 130),
            (failed(ErrorKind::Unreachable), 4, 0),
            (failed(ErrorKind::Usage), 2, 0),
            (failed(ErrorKind::Closed), 0, 0),
            (failed(ErrorKind::Bug), 70, 70),
            (End::Unparsed(CommandError::usage("x")), 2, 1),
            (End::Outcome(Outcome::Child(9)), 9, 9),
        ];
        for (end, plain, compat) in table {
            assert_eq!((exit_code(&end, false), exit_code(&end, true)), (plain, compat));
        }
    }
}

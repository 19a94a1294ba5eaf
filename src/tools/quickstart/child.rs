//! A command that runs while the servers do.

use std::ffi::OsString;
use std::io;
use std::process::ExitStatus;
use std::time::Duration;

use tokio::process::{Child, Command};

use crate::admin::{CommandError, Context, ErrorKind};
use crate::output::{Outcome, Tone};

/// How long a command may take to end after it was told to.
const GRACE: Duration = Duration::from_secs(5);

/// Runs a command with `NAMESRV_ADDR` set, and passes on how it ended. When told to stop, so is the command.
pub async fn run(
    ctx: &Context,
    namesrv: &str,
    program: &OsString,
    args: &[OsString],
) -> Result<Outcome, CommandError> {
    let spawned = Command::new(program).args(args).env("NAMESRV_ADDR", namesrv).kill_on_drop(true).spawn();
    let mut child = match spawned {
        Ok(child) => child,
        Err(error) => {
            let text = format!("cannot run {}: {error}", program.display());
            ctx.out.labelled(&[(Tone::Bad, "error:", text)]);
            return Ok(Outcome::Child(unstarted_code(&error)));
        }
    };
    let ended = tokio::select! {
        ended = child.wait() => ended,
        () = ctx.stop.cancelled() => stop(&mut child).await,
    };
    let lost = |error: io::Error| {
        CommandError::new(ErrorKind::Local, format!("lost sight of {}", program.display()))
            .cause(error.to_string())
    };
    Ok(Outcome::Child(exit_code(ended.map_err(lost)?)))
}

/// As shells have it: 127 for a command that is not there, 126 for one that cannot be run.
fn unstarted_code(error: &io::Error) -> u8 {
    if error.kind() == io::ErrorKind::NotFound { 127 } else { 126 }
}

/// As shells have it: the command's own code, 128 and the signal's number for one that was killed.
fn exit_code(status: ExitStatus) -> u8 {
    #[cfg(unix)]
    if let Some(signal) = std::os::unix::process::ExitStatusExt::signal(&status) {
        return u8::try_from(128 + signal).unwrap_or(u8::MAX);
    }
    status.code().and_then(|code| u8::try_from(code & 0xff).ok()).unwrap_or(u8::MAX)
}

/// Asks the command to end; one that does not is killed.
async fn stop(child: &mut Child) -> io::Result<ExitStatus> {
    #[cfg(unix)]
    if let Some(pid) = child.id().and_then(|id| rustix::process::Pid::from_raw(id.cast_signed())) {
        // It may have ended by itself: then there is nobody to ask.
        let _ = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
    }
    if let Ok(ended) = tokio::time::timeout(GRACE, child.wait()).await {
        return ended;
    }
    child.kill().await?;
    child.wait().await
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::os::unix::process::ExitStatusExt;

    #[test]
    fn codes_are_those_of_shells() {
        for (raw, code) in [(0, 0), (3 << 8, 3), (255 << 8, 255), (9, 137), (15, 143)] {
            assert_eq!(exit_code(ExitStatus::from_raw(raw)), code);
        }
        assert_eq!(unstarted_code(&io::ErrorKind::NotFound.into()), 127);
        assert_eq!(unstarted_code(&io::ErrorKind::PermissionDenied.into()), 126);
    }
}

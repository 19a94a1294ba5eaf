//! Asking every name server: they do not talk to one another, so each is told and each may say something else.

use crate::admin::{CommandError, Context, failed};
use crate::client::ClientError;
use crate::output::Failure;
use crate::remoting::CallError;

/// What the name servers said, in the order of their addresses.
#[derive(Debug)]
pub struct Answers<T> {
    pub given: Vec<(String, T)>,
    pub failures: Vec<Failure>,
}

/// Asks all name servers side by side. `doing` is for the error, as in "write the setting".
///
/// # Errors
/// That all of them failed.
pub async fn ask_each<T, F, Fut>(ctx: &Context, doing: &str, work: F) -> Result<Answers<T>, CommandError>
where
    F: Fn(String) -> Fut,
    Fut: Future<Output = Result<T, CallError>>,
{
    let work = &work;
    let addrs = ctx.namesrv.addrs()?;
    let results = ctx.fan_out(addrs, |addr| async move { (addr.clone(), work(addr.clone()).await) }).await;
    let (mut given, mut errors) = (Vec::new(), Vec::new());
    for (addr, result) in results {
        match result {
            Ok(value) => given.push((addr, value)),
            Err(error) => errors.push(error),
        }
    }
    if given.is_empty() {
        return Err(none_did(doing, errors));
    }
    Ok(Answers { given, failures: errors.iter().map(failure_of).collect() })
}

fn none_did(doing: &str, errors: Vec<CallError>) -> CommandError {
    match errors.iter().find(|error| matches!(error, CallError::Refused { .. } | CallError::Malformed { .. }))
    {
        Some(refusal) => failed(doing, refusal),
        None => ClientError::NoNameServer { failures: errors }.into(),
    }
}

fn failure_of(error: &CallError) -> Failure {
    let source = std::error::Error::source(error).map(|source| format!(": {source}")).unwrap_or_default();
    Failure {
        target: format!("name server {}", error.addr()),
        addr: Some(error.addr().to_owned()),
        code: error.code(),
        message: format!("{error}{source}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::admin::{NameServers, quiet_context};

    fn refused(addr: &str) -> CallError {
        CallError::Refused { addr: addr.into(), request: "X", code: 16, remark: "in black list".into() }
    }

    fn down(addr: &str) -> CallError {
        let source = std::io::Error::from(std::io::ErrorKind::ConnectionRefused);
        CallError::Connect { addr: addr.into(), source }
    }

    #[tokio::test]
    async fn some_that_fail_are_told_and_only_failures_are_an_error() {
        let ctx = Context { namesrv: NameServers::resolve(&["a:1;b:2".to_owned()], None), ..quiet_context() };
        let one = |good: &'static str| {
            move |addr: String| async move { if addr == good { Ok(1) } else { Err(down(&addr)) } }
        };
        let some = ask_each(&ctx, "do it", one("b:2")).await.unwrap();
        assert_eq!(some.given, [("b:2".to_owned(), 1)]);
        assert_eq!(some.failures[0].target, "name server a:1");
        let none = ask_each(&ctx, "do it", one("c:3")).await.unwrap_err();
        assert_eq!(none.kind.exit_code(), 4, "{none}");
        // What was said weighs more than who was silent.
        let refusals = |addr: String| async move {
            Err::<(), _>(if addr == "a:1" { down(&addr) } else { refused(&addr) })
        };
        let none = ask_each(&ctx, "do it", refusals).await.unwrap_err();
        assert_eq!((none.kind.exit_code(), none.code), (1, Some(16)));
        assert_eq!(none.message, "cannot do it on b:2");
    }
}

//! The texts that name servers keep by namespace and key, read before they are written.

use super::change::NamesrvChange;
use super::each::{Answers, ask_each};
use crate::admin::{CommandError, Context};
use crate::protocol::code;
use crate::protocol::route::{DeleteKvConfig, GetKvConfig, KvKeyHeader, PutKvConfig, PutKvHeader};
use crate::remoting::CallError;

/// The text on one name server, if it is there.
async fn present(ctx: &Context, addr: &str, header: &KvKeyHeader) -> Result<Option<String>, CallError> {
    match ctx.ask::<GetKvConfig>(addr, header.clone(), ()).await {
        Ok(answer) => Ok(Some(answer.header.value.unwrap_or_default())),
        Err(CallError::Refused { code: code::QUERY_NOT_FOUND, .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Writes a text to every name server; in a dry run shows what would change.
///
/// # Errors
/// That all name servers failed.
pub async fn put(
    ctx: &Context,
    namespace: &str,
    key: &str,
    value: &str,
) -> Result<Answers<NamesrvChange>, CommandError> {
    let at = KvKeyHeader { namespace: namespace.to_owned(), key: key.to_owned() };
    let header =
        PutKvHeader { namespace: namespace.to_owned(), key: key.to_owned(), value: value.to_owned() };
    let (at, header) = (&at, &header);
    ask_each(ctx, &format!("write {key} of namespace {namespace}"), |addr| async move {
        let before = present(ctx, &addr, at).await?;
        if !ctx.dry_run {
            ctx.ask::<PutKvConfig>(&addr, header.clone(), ()).await?;
        }
        Ok(NamesrvChange::between(addr, before, Some(header.value.clone())))
    })
    .await
}

/// Takes a text from every name server that has it; in a dry run shows where it would be taken from. Where none has
/// it, every change is `Unchanged`.
///
/// # Errors
/// That all name servers failed.
pub async fn delete(
    ctx: &Context,
    namespace: &str,
    key: &str,
) -> Result<Answers<NamesrvChange>, CommandError> {
    let header = KvKeyHeader { namespace: namespace.to_owned(), key: key.to_owned() };
    let header = &header;
    ask_each(ctx, &format!("delete {key} of namespace {namespace}"), |addr| async move {
        let before = present(ctx, &addr, header).await?;
        if before.is_some() && !ctx.dry_run {
            ctx.ask::<DeleteKvConfig>(&addr, header.clone(), ()).await?;
        }
        Ok(NamesrvChange::between(addr, before, None))
    })
    .await
}

//! Named texts, and the name server's own settings.

use std::sync::Arc;

use super::super::Namesrv;
use crate::protocol::body::Json;
use crate::protocol::code;
use crate::protocol::route::{
    DeleteKvConfig, GetKvConfig, GetKvlistByNamespace, GetNamesrvConfig, KvValueReply, PutKvConfig,
    UpdateNamesrvConfig,
};
use crate::remoting::{In, Out, Reject};

pub(in super::super) fn get(
    server: &Arc<Namesrv>,
    request: In<GetKvConfig>,
) -> Result<Out<GetKvConfig>, Reject> {
    let header = request.header;
    match server.kv.get(&header.namespace, &header.key) {
        Some(value) => Ok(Out::header(KvValueReply { value: Some(value) })),
        None => {
            let remark = format!("No config item, Namespace: {} Key: {}", header.namespace, header.key);
            Err(Reject::new(code::QUERY_NOT_FOUND, remark))
        }
    }
}

pub(in super::super) fn list(
    server: &Arc<Namesrv>,
    request: In<GetKvlistByNamespace>,
) -> Result<Out<GetKvlistByNamespace>, Reject> {
    let namespace = request.header.namespace;
    match server.kv.list(&namespace) {
        Some(table) => Ok(Out::body(Json(table))),
        None => {
            let remark = format!("No config item, Namespace: {namespace}");
            Err(Reject::new(code::QUERY_NOT_FOUND, remark))
        }
    }
}

/// What writes a file, away from the tasks of connections.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Reject> + Send + 'static,
) -> Result<T, Reject> {
    let done = tokio::task::spawn_blocking(work).await;
    done.unwrap_or_else(|error| Err(Reject::new(code::SYSTEM_ERROR, error.to_string())))
}

fn not_kept(error: std::io::Error) -> Reject {
    tracing::error!(%error, "the KV configuration cannot be written");
    Reject::new(code::SYSTEM_ERROR, format!("the KV configuration cannot be written: {error}"))
}

pub(in super::super) async fn put(
    server: Arc<Namesrv>,
    request: In<PutKvConfig>,
) -> Result<Out<PutKvConfig>, Reject> {
    let header = request.header;
    blocking(move || server.kv.put(header.namespace, header.key, header.value).map_err(not_kept)).await?;
    Ok(Out::done())
}

pub(in super::super) async fn delete(
    server: Arc<Namesrv>,
    request: In<DeleteKvConfig>,
) -> Result<Out<DeleteKvConfig>, Reject> {
    let header = request.header;
    blocking(move || server.kv.delete(&header.namespace, &header.key).map_err(not_kept)).await?;
    Ok(Out::done())
}

pub(in super::super) fn settings(
    server: &Arc<Namesrv>,
    _: In<GetNamesrvConfig>,
) -> Result<Out<GetNamesrvConfig>, Reject> {
    Ok(Out::body(server.config(crate::config::NamesrvConfig::to_properties)))
}

pub(in super::super) async fn change_settings(
    server: Arc<Namesrv>,
    request: In<UpdateNamesrvConfig>,
) -> Result<Out<UpdateNamesrvConfig>, Reject> {
    tracing::info!(peer = %request.peer.peer(), "the configuration is changed");
    if !request.body.is_empty() {
        blocking(move || server.reconfigure(&request.body)).await?;
    }
    Ok(Out::done())
}

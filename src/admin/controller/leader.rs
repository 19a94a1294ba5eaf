//! Who leads the controllers: any of them is asked, the leader does the work.

use crate::admin::targets::unknown_broker;
use crate::admin::{CommandError, Context, failed};
use crate::protocol::body::Json;
use crate::protocol::controller::{
    ControllerGetMetadataInfo, ControllerGetSyncStateData, MetadataReply, Replica, Replicas, ReplicasTable,
};
use std::collections::BTreeMap;

/// The addresses in what `-a` says: separated by `;` or `,`, blanks and empty ones left out, each once.
///
/// # Errors
/// None is there.
pub fn addresses(text: &str) -> Result<Vec<String>, CommandError> {
    let mut addresses: Vec<String> = Vec::new();
    for address in text.split([';', ',']).map(str::trim).filter(|address| !address.is_empty()) {
        if !addresses.iter().any(|known| known == address) {
            addresses.push(address.to_owned());
        }
    }
    if addresses.is_empty() {
        return Err(CommandError::usage("the address of a controller (-a) is needed"));
    }
    Ok(addresses)
}

/// What the first controller says that answers, of those in `controllers`, asked in turn.
///
/// # Errors
/// None answers.
pub async fn metadata(ctx: &Context, controllers: &str) -> Result<MetadataReply, CommandError> {
    let mut first: Option<CommandError> = None;
    for addr in addresses(controllers)? {
        match ctx.ask::<ControllerGetMetadataInfo>(&addr, (), ()).await {
            Ok(answer) => return Ok(answer.header),
            Err(error) => {
                let next = failed("ask who leads the controllers", &error);
                match &mut first {
                    None => first = Some(next),
                    Some(told) => told.causes.extend(next.causes),
                }
            }
        }
    }
    Err(first.unwrap_or_else(|| CommandError::bug("no controller was asked")))
}

/// The address of the leader.
///
/// # Errors
/// No controller answers, or there is no leader at the moment.
pub async fn leader(ctx: &Context, controllers: &str) -> Result<String, CommandError> {
    let metadata = metadata(ctx, controllers).await?;
    metadata.leader_address.filter(|addr| !addr.trim().is_empty()).ok_or_else(|| {
        CommandError::unmet(format!("the controllers at {controllers} have no leader"))
            .hint("more than half of them must be alive; rmq getControllerMetaData shows which there are")
    })
}

/// The broker sets of these names that the controllers know.
///
/// # Errors
/// The leader fails.
pub async fn replicas(
    ctx: &Context,
    leader: &str,
    names: Vec<String>,
) -> Result<BTreeMap<String, Replicas>, CommandError> {
    let answer = ctx.ask::<ControllerGetSyncStateData>(leader, (), Json(names)).await;
    let body = answer.map_err(|error| failed("read the in-sync replicas", &error))?.body;
    Ok(body.map_or_else(ReplicasTable::default, |Json(table)| table).replicas_info_table)
}

/// One broker set.
///
/// # Errors
/// The leader fails or does not know it.
pub async fn replicas_of(ctx: &Context, leader: &str, name: &str) -> Result<Replicas, CommandError> {
    match replicas(ctx, leader, vec![name.to_owned()]).await?.remove(name) {
        Some(set) if set != Replicas::default() => Ok(set),
        _ => Err(unknown_set(ctx, name).await),
    }
}

/// The error for a broker set that the controllers do not know, with those like it if the name servers can be asked.
pub async fn unknown_set(ctx: &Context, name: &str) -> CommandError {
    let info = ctx.client.cluster_info().await.unwrap_or_default();
    if info.broker_addr_table.contains_key(name) {
        return CommandError::not_found(format!("the controllers do not know broker '{name}'"))
            .hint("it registers with them if it runs with enableControllerMode=true");
    }
    unknown_broker(name, info.broker_addr_table.keys().map(String::as_str))
}

/// All replicas of a set, sorted by id.
pub fn all_of(set: &Replicas) -> Vec<&Replica> {
    let mut all: Vec<&Replica> = set.in_sync_replicas.iter().chain(&set.not_in_sync_replicas).collect();
    all.sort_by_key(|replica| replica.broker_id);
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_separated_by_either_mark() {
        assert_eq!(addresses(" a:1 ;b:2, a:1;").unwrap(), ["a:1", "b:2"]);
        assert_eq!(addresses(" ; ").unwrap_err().kind.exit_code(), 2);
    }
}

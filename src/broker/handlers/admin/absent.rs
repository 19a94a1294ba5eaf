//! What this broker does not have: tables and timers in RocksDB, epochs of a controller. It is refused as Apache's
//! broker refuses what it was not configured to have.

use std::sync::Arc;

use super::{NOT_SET, config};
use crate::broker::Broker;
use crate::broker::reject::{invalid, system_error};
use crate::config::parse_properties;
use crate::protocol::body::Json;
use crate::protocol::upkeep::{
    CheckRocksdbCqWriteProgress, ExportRocksdbConfigToJson, GetBrokerEpochCache, PopRollback,
    RocksdbProgress, SwitchTimerEngine,
};
use crate::remoting::{In, Out, Reject, Router};

pub fn serve(router: Router<Broker>) -> Router<Broker> {
    router
        // Without RocksDB nothing is left to be exported, and that is what Apache's broker says.
        .sync(|_, _: In<ExportRocksdbConfigToJson>| Ok(Out::done().remark("export done.")))
        .sync(|_, _: In<PopRollback>| Ok(Out::done().remark(NOT_SET)))
        .later(switch_timer)
        .sync(check_rocksdb)
        .sync(|_, _: In<GetBrokerEpochCache>| refuse(system_error("this request only for controllerMode ")))
}

fn refuse<T>(reject: Reject) -> Result<T, Reject> {
    Err(reject)
}

/// What Apache's broker sets when it switches to the timer in files.
const FILES_ENGINE: &str = "timerRocksDBStopScan=true\ntimerStopEnqueue=false";

async fn switch_timer(
    broker: Arc<Broker>,
    request: In<SwitchTimerEngine>,
) -> Result<Out<SwitchTimerEngine>, Reject> {
    switched(broker.config().timer_wheel_enable, request.header.engine.as_deref())?;
    let settings = parse_properties(FILES_ENGINE).map_err(|error| system_error(error.to_string()))?;
    config::change(&broker, &settings).await?;
    Ok(Out::done().remark("switch timer engine success"))
}

/// Apache's broker says that it begins, whatever it stores queues in, and has its log tell that there is nothing to
/// compare.
fn check_rocksdb(
    _: &Arc<Broker>,
    request: In<CheckRocksdbCqWriteProgress>,
) -> Result<Out<CheckRocksdbCqWriteProgress>, Reject> {
    tracing::info!(topic = request.header.topic, "there are no consume queues in RocksDB to check");
    let progress = RocksdbProgress { check_result: None, check_status: RocksdbProgress::CHECK_IN_PROGRESS };
    Ok(Out::body(Json(progress)).remark(NOT_SET))
}

/// Whether an engine can be switched to: there is one, in files, which is the one in use.
fn switched(enabled: bool, engine: Option<&str>) -> Result<(), Reject> {
    match engine {
        _ if !enabled => refuse(invalid("broker timerWheelEnable is false")),
        Some("F") => Ok(()),
        Some("R") => refuse(invalid("timerRocksDBEnable must be configured true when broker start")),
        _ => refuse(invalid("param error")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_timer_in_files_is_the_only_one() {
        let rocksdb = "timerRocksDBEnable must be configured true when broker start";
        assert_eq!(switched(true, Some("F")), Ok(()));
        for (enabled, engine, remark) in [
            (true, Some("R"), rocksdb),
            (true, Some("X"), "param error"),
            (true, None, "param error"),
            (false, Some("F"), "broker timerWheelEnable is false"),
        ] {
            assert_eq!(switched(enabled, engine), Err(invalid(remark)), "{enabled} {engine:?}");
        }
    }
}

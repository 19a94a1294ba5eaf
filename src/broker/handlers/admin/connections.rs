//! Who is connected.

use std::sync::Arc;

use crate::broker::Broker;
use crate::broker::reject::system_error;
use crate::protocol::body::Json;
use crate::protocol::code;
use crate::protocol::group::{
    GetAllProducerInfo, GetConsumerConnectionList, GetProducerConnectionList, ProducerConnection,
    ProducerTable,
};
use crate::remoting::{In, Out, Reject};

pub fn consumers(
    broker: &Arc<Broker>,
    request: In<GetConsumerConnectionList>,
) -> Result<Out<GetConsumerConnectionList>, Reject> {
    let group = request.header.consumer_group;
    match broker.consumers.describe(&group) {
        Some(connection) => Ok(Out::body(Json(connection))),
        None => {
            Err(Reject::new(code::CONSUMER_NOT_ONLINE, format!("the consumer group[{group}] not online")))
        }
    }
}

pub fn producers(
    broker: &Arc<Broker>,
    request: In<GetProducerConnectionList>,
) -> Result<Out<GetProducerConnectionList>, Reject> {
    let group = request.header.producer_group;
    match broker.producers.connections(&group) {
        Some(connection_set) => Ok(Out::body(Json(ProducerConnection { connection_set }))),
        None => Err(system_error(format!("the producer group[{group}] not exist"))),
    }
}

pub fn all_producers(
    broker: &Arc<Broker>,
    _: In<GetAllProducerInfo>,
) -> Result<Out<GetAllProducerInfo>, Reject> {
    Ok(Out::body(Json(ProducerTable { data: broker.producers.table() })))
}

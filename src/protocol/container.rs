//! What a broker container is asked: a process that runs several brokers.

crate::header! {
    /// Java: `AddBrokerRequestHeader`.
    pub struct AddBrokerHeader {
        /// The broker's configuration file, on the container's machine.
        config_path: String = "configPath",
    }
}

crate::header! {
    /// Java: `RemoveBrokerRequestHeader`.
    pub struct RemoveBrokerHeader {
        /// The broker's cluster.
        cluster_name: String = "brokerClusterName",
        /// Its name.
        broker_name: String = "brokerName",
        /// Its id, 0 for a master.
        broker_id: i64 = "brokerId",
    }
}

crate::requests! {
    /// Starts another broker.
    AddBroker = 902 "ADD_BROKER" (AddBrokerHeader, ()) -> ((), ());
    /// Stops one of the brokers.
    RemoveBroker = 903 "REMOVE_BROKER" (RemoveBrokerHeader, ()) -> ((), ());
}

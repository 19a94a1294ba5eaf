//! Whom a command asks: the brokers of a cluster or of a topic, picked from what the name servers say.

use super::error::CommandError;
use super::suggest::{did_you_mean, nearest};
use crate::output::java_order::{hashed, hashed_from, string_hash};
use crate::protocol::route::{BrokerData, ClusterInfo, MASTER_ID, TopicRouteData};
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeSet;

/// One broker of a cluster.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Broker {
    pub cluster: String,
    pub broker_name: String,
    /// 0 for a master.
    pub broker_id: i64,
    pub addr: String,
}

impl Broker {
    /// Whether it takes messages.
    pub fn is_master(&self) -> bool {
        self.broker_id == MASTER_ID
    }
}

/// Which brokers of a cluster are meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Roles {
    Masters,
    MastersAndSlaves,
}

/// The brokers of a cluster, sorted by name and id.
///
/// # Errors
/// A cluster that the name servers do not know; a cluster without a broker of these roles.
pub fn in_cluster(info: &ClusterInfo, cluster: &str, roles: Roles) -> Result<Vec<Broker>, CommandError> {
    let names = info.cluster_addr_table.get(cluster).ok_or_else(|| unknown_cluster(info, cluster))?;
    let brokers: Vec<Broker> = names
        .iter()
        .filter_map(|name| info.broker_addr_table.get(name))
        .flat_map(|data| of_broker(cluster, data))
        .filter(|broker| roles == Roles::MastersAndSlaves || broker.is_master())
        .collect();
    if brokers.is_empty() {
        let what = if roles == Roles::Masters { "master" } else { "broker" };
        return Err(CommandError::not_found(format!("cluster {cluster} has no {what} that is alive"))
            .hint("rmq clusterList shows the brokers of every cluster"));
    }
    Ok(brokers)
}

/// The brokers of all clusters, sorted by cluster, name and id.
pub fn all(info: &ClusterInfo) -> Vec<Broker> {
    let known = |name: &String| info.broker_addr_table.get(name);
    let members = info.cluster_addr_table.iter();
    members
        .flat_map(|(cluster, names)| names.iter().filter_map(known).flat_map(|data| of_broker(cluster, data)))
        .collect()
}

fn of_broker<'a>(cluster: &'a str, data: &'a BrokerData) -> impl Iterator<Item = Broker> + 'a {
    data.broker_addrs.iter().map(move |(id, addr)| Broker {
        cluster: cluster.to_owned(),
        broker_name: data.broker_name.clone(),
        broker_id: *id,
        addr: addr.clone(),
    })
}

/// The broker at an address, or one that is known by its address alone.
pub fn at_addr(info: Option<&ClusterInfo>, addr: &str) -> Broker {
    let known = info.into_iter().flat_map(|info| info.broker_addr_table.values());
    known.flat_map(|data| of_broker(&data.cluster, data)).find(|broker| broker.addr == addr).unwrap_or_else(
        || Broker {
            cluster: String::new(),
            broker_name: String::new(),
            broker_id: MASTER_ID,
            addr: addr.to_owned(),
        },
    )
}

/// One broker for each name of a route: its master, or a slave where there is none (`BrokerData.selectBrokerAddr`).
pub fn of_route(route: &TopicRouteData) -> Vec<Broker> {
    one_of_each_name(&route.broker_datas)
}

/// As [`of_route`], of any brokers.
pub fn one_of_each_name<'a>(datas: impl IntoIterator<Item = &'a BrokerData>) -> Vec<Broker> {
    let mut brokers: Vec<Broker> =
        datas.into_iter().filter_map(|data| of_broker(&data.cluster, data).next()).collect();
    brokers.sort_by(|a, b| a.broker_name.cmp(&b.broker_name));
    brokers
}

/// The error for a cluster that is not there.
pub fn unknown_cluster(info: &ClusterInfo, cluster: &str) -> CommandError {
    let names = info.cluster_addr_table.keys().map(String::as_str);
    let listed = listing("the clusters are", info.cluster_addr_table.keys());
    unknown("cluster", cluster, names).hint(listed)
}

/// The error for a broker name that is not there.
pub fn unknown_broker<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> CommandError {
    unknown("broker", name, known).hint("rmq clusterList shows the brokers")
}

/// The error for a name that is not among those `known`, with the nearest of them.
pub fn unknown<'a>(kind: &str, name: &str, known: impl IntoIterator<Item = &'a str>) -> CommandError {
    let error = CommandError::not_found(format!("there is no {kind} '{name}'"));
    match did_you_mean(&nearest(name, known)) {
        Some(hint) => error.hint(hint),
        None => error,
    }
}

fn listing<'a>(intro: &str, names: impl ExactSizeIterator<Item = &'a String>) -> String {
    if names.len() == 0 {
        return "no broker has registered with the name server".to_owned();
    }
    format!("{intro} {}", names.map(String::as_str).collect::<Vec<_>>().join(", "))
}

/// Brokers in the order in which mqadmin visits a `HashSet` of their addresses.
pub fn as_mqadmin<T>(items: impl IntoIterator<Item = T>, addr: impl Fn(&T) -> &str) -> Vec<T> {
    hashed(items, |item| string_hash(addr(item)))
}

/// Brokers in the order in which mqadmin visits a `HashMap` of four with their addresses as keys.
pub fn as_mqadmin_map<T>(items: impl IntoIterator<Item = T>, addr: impl Fn(&T) -> &str) -> Vec<T> {
    hashed_from(4, items, |item| string_hash(addr(item)))
}

/// A broker as mqadmin announces it where it shows masters with their slaves (`fetchMasterAndSlaveDistinguish`).
#[derive(Debug, PartialEq, Eq)]
pub struct Announced<'a, T> {
    /// As in `Master: 127.0.0.1:10911`, without the bars around it.
    pub heading: String,
    /// None for a master that is not there.
    pub row: Option<&'a T>,
}

/// The rows of a cluster's brokers in mqadmin's order, each master before its slaves.
pub fn by_master<T>(rows: &[T], broker: impl Fn(&T) -> &Broker) -> Vec<Announced<'_, T>> {
    let masters = || rows.iter().filter(|row| broker(row).is_master());
    let master_of = |row: &T| {
        let master = masters().find(|master| broker(master).broker_name == broker(row).broker_name);
        master.map_or("NO_MASTER", |master| &broker(master).addr)
    };
    let names: BTreeSet<&str> = rows.iter().map(master_of).collect();
    let mut announced = Vec::with_capacity(rows.len());
    for name in as_mqadmin_map(names, |addr| *addr) {
        let row = masters().find(|row| broker(row).addr == name);
        announced.push(Announced { heading: format!("Master: {name}"), row });
        let slaves = rows.iter().filter(|row| !broker(row).is_master() && master_of(row) == name);
        announced.extend(slaves.map(|row| Announced {
            heading: format!("My Master: {name}=====Slave: {}", broker(row).addr),
            row: Some(row),
        }));
    }
    announced
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use std::collections::BTreeMap;

    /// Two clusters: one with a master and its slave and a slave whose master is gone, one with a master.
    pub(crate) fn sample() -> ClusterInfo {
        let broker = |cluster: &str, name: &str, addrs: &[(i64, &str)]| {
            let data = BrokerData {
                broker_addrs: addrs.iter().map(|(id, addr)| (*id, (*addr).to_owned())).collect(),
                broker_name: name.to_owned(),
                cluster: cluster.to_owned(),
                ..BrokerData::default()
            };
            (name.to_owned(), data)
        };
        ClusterInfo {
            broker_addr_table: BTreeMap::from([
                broker("CtlCluster", "ctl-a", &[(0, "127.0.0.1:20211"), (1, "127.0.0.1:20111")]),
                broker("CtlCluster", "ctl-b", &[(1, "127.0.0.1:20311")]),
                broker("LabCluster", "lab-a", &[(0, "127.0.0.1:20511")]),
            ]),
            cluster_addr_table: BTreeMap::from([
                ("CtlCluster".to_owned(), BTreeSet::from(["ctl-a".to_owned(), "ctl-b".to_owned()])),
                ("LabCluster".to_owned(), BTreeSet::from(["lab-a".to_owned(), "gone".to_owned()])),
                ("Empty".to_owned(), BTreeSet::new()),
            ]),
        }
    }

    fn addrs(brokers: &[Broker]) -> Vec<&str> {
        brokers.iter().map(|broker| broker.addr.as_str()).collect()
    }

    #[test]
    fn picks_masters_or_all() {
        let info = sample();
        let masters = in_cluster(&info, "CtlCluster", Roles::Masters).unwrap();
        assert_eq!(addrs(&masters), ["127.0.0.1:20211"]);
        let all = in_cluster(&info, "CtlCluster", Roles::MastersAndSlaves).unwrap();
        assert_eq!(addrs(&all), ["127.0.0.1:20211", "127.0.0.1:20111", "127.0.0.1:20311"]);
        assert!(!all[2].is_master());
        let error = in_cluster(&info, "Empty", Roles::Masters).unwrap_err();
        assert_eq!(error.message, "cluster Empty has no master that is alive");
    }

    #[test]
    fn all_are_in_order() {
        let ports = ["127.0.0.1:20211", "127.0.0.1:20111", "127.0.0.1:20311", "127.0.0.1:20511"];
        assert_eq!(addrs(&all(&sample())), ports);
    }

    #[test]
    fn an_unknown_cluster_is_named_with_the_nearest() {
        let error = in_cluster(&sample(), "labcluste", Roles::Masters).unwrap_err();
        assert_eq!(error.message, "there is no cluster 'labcluste'");
        assert_eq!(
            error.hints,
            ["did you mean LabCluster?", "the clusters are CtlCluster, Empty, LabCluster"]
        );
        let none = unknown_cluster(&ClusterInfo::default(), "x");
        assert_eq!(none.hints, ["no broker has registered with the name server"]);
    }

    #[test]
    fn a_route_gives_one_broker_a_name() {
        let info = sample();
        let route = TopicRouteData {
            broker_datas: info.broker_addr_table.values().rev().cloned().collect(),
            ..TopicRouteData::default()
        };
        assert_eq!(addrs(&of_route(&route)), ["127.0.0.1:20211", "127.0.0.1:20311", "127.0.0.1:20511"]);
    }

    #[test]
    fn masters_are_announced_before_their_slaves() {
        let brokers = all(&sample());
        let headings: Vec<String> = by_master(&brokers, |b| b).into_iter().map(|a| a.heading).collect();
        assert_eq!(
            headings,
            [
                "Master: 127.0.0.1:20211",
                "My Master: 127.0.0.1:20211=====Slave: 127.0.0.1:20111",
                "Master: 127.0.0.1:20511",
                "Master: NO_MASTER",
                "My Master: NO_MASTER=====Slave: 127.0.0.1:20311",
            ]
        );
        assert!(by_master(&brokers, |b| b)[3].row.is_none());
    }

    #[test]
    fn an_address_may_be_known() {
        let info = sample();
        assert_eq!(at_addr(Some(&info), "127.0.0.1:20111").broker_name, "ctl-a");
        assert_eq!(at_addr(Some(&info), "127.0.0.1:1").broker_name, "");
        assert_eq!(at_addr(None, "127.0.0.1:1").addr, "127.0.0.1:1");
    }
}

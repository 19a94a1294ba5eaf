//! Commands about clusters.

pub mod cluster_list;
pub mod cluster_rt;
pub mod runtime;

crate::admin::commands! {
    /// Commands about clusters.
    pub enum ClusterCommand in "Cluster" {
        ClusterList = cluster_list as "clusterList" every interval,
        ClusterRt = cluster_rt as "clusterRT" is graceful,
    }
}

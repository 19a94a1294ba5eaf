//! `-b` or `-c`: one broker, or those of a cluster.

use crate::admin::targets::{Broker, Roles};
use crate::admin::{CommandError, Context};

/// Which brokers a command is about: exactly one of the two must be given.
#[derive(Debug, Clone, clap::Args)]
#[group(required = true, multiple = false)]
pub struct Which {
    /// This broker
    #[arg(short = 'b', long = "brokerAddr", value_name = "HOST:PORT")]
    pub broker_addr: Option<String>,
    /// The brokers of this cluster
    #[arg(short = 'c', long = "clusterName", alias = "cluster", value_name = "CLUSTER")]
    pub cluster_name: Option<String>,
}

impl Which {
    /// Whether a whole cluster is meant.
    pub fn is_cluster(&self) -> bool {
        self.cluster_name.is_some()
    }

    /// The brokers that are meant, sorted by name and id. A broker given by its address needs no name server.
    ///
    /// # Errors
    /// No name server is reached; an unknown cluster.
    pub async fn brokers(&self, ctx: &Context, roles: Roles) -> Result<Vec<Broker>, CommandError> {
        ctx.brokers_at(self.broker_addr.as_deref(), self.cluster_name.as_deref(), roles).await
    }
}

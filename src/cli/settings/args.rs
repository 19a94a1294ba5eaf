//! The options of all commands that say how a cluster is reached.

use clap::Args;
use std::path::PathBuf;

/// Which cluster, who asks, and how the way there is kept from others.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Options of all commands")]
pub struct ConnectArgs {
    /// The context to use (rmq context) [env: RMQ_CONTEXT]
    #[arg(long, value_name = "NAME", hide_short_help = true, global = true)]
    pub context: Option<String>,
    /// A file with accessKey and secretKey to sign requests with [env: RMQ_CREDENTIALS]
    #[arg(long, value_name = "FILE", hide_short_help = true, global = true, conflicts_with = "access_key")]
    pub credentials: Option<PathBuf>,
    /// The access key to sign requests with; its secret comes from RMQ_SECRET_KEY or is asked for
    #[arg(long, value_name = "KEY", hide_short_help = true, global = true)]
    pub access_key: Option<String>,
    #[command(flatten)]
    pub tls: TlsArgs,
}

/// How connections are encrypted.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Options of all commands")]
pub struct TlsArgs {
    /// Encrypt connections, or do not; the other options of TLS imply it [env: RMQ_TLS]
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true",
          hide_short_help = true, global = true)]
    pub tls: Option<bool>,
    /// PEM with the certificates to trust, instead of those of the system [env: RMQ_TLS_CA]
    #[arg(long, value_name = "FILE", hide_short_help = true, global = true)]
    pub tls_ca: Option<PathBuf>,
    /// PEM with the client's own certificate [env: RMQ_TLS_CERT]
    #[arg(long, value_name = "FILE", hide_short_help = true, global = true)]
    pub tls_cert: Option<PathBuf>,
    /// PEM with the key of that certificate [env: RMQ_TLS_KEY]
    #[arg(long, value_name = "FILE", hide_short_help = true, global = true)]
    pub tls_key: Option<PathBuf>,
    /// The name that the certificates of the servers are for [env: RMQ_TLS_SERVER_NAME]
    #[arg(long, value_name = "NAME", hide_short_help = true, global = true)]
    pub tls_server_name: Option<String>,
    /// Take any certificate of a server: encrypted, but with whom is not known [env: RMQ_TLS_INSECURE]
    #[arg(long, hide_short_help = true, global = true)]
    pub tls_insecure: bool,
    /// Properties tls.client.* as Apache's clients have them [env: RMQ_TLS_PROPERTIES]
    #[arg(long, value_name = "FILE", hide_short_help = true, global = true)]
    pub tls_properties: Option<PathBuf>,
}

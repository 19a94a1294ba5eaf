//! `rmq context`: its words.

use clap::{Args, Subcommand};

/// Arguments of `rmq context`.
#[derive(Debug, Clone, Args)]
pub struct ContextArgs {
    #[command(subcommand)]
    pub action: Action,
}

/// What is done with contexts.
#[derive(Debug, Clone, Subcommand)]
pub enum Action {
    /// Add a context, or replace one: what the options of all commands say goes into it
    ///
    /// Of -n, --credentials, --access-key, the options of TLS, --output and --timeout those that are given are kept.
    /// The secret of an access key is RMQ_SECRET_KEY, or is asked for; without a terminal it is asked for when the
    /// context is used.
    #[command(after_long_help = "Examples:\n  rmq context add dev -n 127.0.0.1:9876 --use\n  \
        rmq context add prod -n 10.0.0.1:9876,10.0.0.2:9876 --credentials ops.yml --tls-ca ca.pem --protected")]
    Add {
        /// Its name
        #[arg(value_name = "NAME")]
        name: String,
        /// Ask before everything that writes, where mqadmin would not
        #[arg(long)]
        protected: bool,
        /// Use it from now on
        #[arg(long = "use")]
        use_it: bool,
    },
    /// Use a context from now on, or none
    #[command(after_long_help = "Examples:\n  rmq context use prod\n  rmq context use --none")]
    Use {
        /// Its name
        #[arg(value_name = "NAME", required_unless_present = "none")]
        name: Option<String>,
        /// Use none
        #[arg(long, conflicts_with = "name")]
        none: bool,
    },
    /// List the contexts
    #[command(after_long_help = "Examples:\n  rmq context list\n  rmq context list --output json")]
    List,
    /// Take a context away
    #[command(after_long_help = "Examples:\n  rmq context remove dev\n  rmq context remove dev --yes")]
    Remove {
        /// Its name
        #[arg(value_name = "NAME")]
        name: String,
    },
    /// Show what a context says
    #[command(after_long_help = "Examples:\n  rmq context show\n  rmq context show prod --output json")]
    Show {
        /// Its name; the one in use where none is given
        #[arg(value_name = "NAME")]
        name: Option<String>,
    },
    /// Show the settings that are in force here, and who says so
    #[command(
        after_long_help = "Examples:\n  rmq context explain\n  rmq context explain --context prod --timeout 1s"
    )]
    Explain,
}

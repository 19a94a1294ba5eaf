//! `rmq quickstart`: a name server and a broker in one process, ready in milliseconds.

mod child;
mod place;
mod ready;
mod servers;
mod smoke;

use std::ffi::OsString;
use std::path::PathBuf;

use crate::admin::{CommandError, Context};
use crate::config::connect::Origin;
use crate::output::{Nothing, Outcome, Render, Table};
use crate::tools::serve::TlsOptions;
use schemars::JsonSchema;
use serde::Serialize;

use place::Place;
use servers::Servers;

/// Run a name server and a broker on this machine
#[derive(Debug, Clone, Default, clap::Args)]
#[command(
    long_about = "Run a name server and a broker in one process, with messages kept in a directory\n\n\
                  Without options the name server listens on 127.0.0.1:9876 and the broker on \
                  127.0.0.1:10911. Ctrl-C and SIGTERM stop them. A COMMAND behind -- runs with \
                  NAMESRV_ADDR set; when it ends, all ends with its exit code.",
    after_long_help = "Examples:\n  rmq quickstart\n  rmq quickstart --smoke\n  \
                       rmq quickstart --ephemeral --namesrv-port 0 --broker-port 0 -- ./run-my-tests\n  \
                       rmq quickstart --data-dir ./rocketmq --broker-config broker.conf"
)]
pub struct Args {
    /// Where messages and settings are kept [default: rmq/quickstart in XDG_DATA_HOME]
    #[arg(long, value_name = "DIR")]
    pub data_dir: Option<PathBuf>,
    /// Keep them in a temporary directory that is removed at the end
    #[arg(long, conflicts_with = "data_dir")]
    pub ephemeral: bool,
    /// The port of the name server, 0 for any free one [default: 9876]
    #[arg(long, value_name = "PORT")]
    pub namesrv_port: Option<u16>,
    /// The port of the broker, 0 for any free one [default: 10911]
    #[arg(long, value_name = "PORT")]
    pub broker_port: Option<u16>,
    /// Write the addresses to this file when all is ready: lines namesrv=ADDR and broker=ADDR
    #[arg(long, value_name = "FILE")]
    pub ready_file: Option<PathBuf>,
    /// Listen on all addresses and tell clients this host; without it only this machine gets in
    #[arg(long, value_name = "HOST")]
    pub advertise: Option<String>,
    /// A file of Java properties with more settings of the broker
    #[arg(long, value_name = "FILE")]
    pub broker_config: Option<PathBuf>,
    #[command(flatten)]
    pub tls: TlsOptions,
    /// Send and receive 1000 messages, show what an operator would look at, and exit; in a temporary
    /// directory and on free ports unless told otherwise
    #[arg(long, conflicts_with = "command")]
    pub smoke: bool,
    /// A command to run with NAMESRV_ADDR set; its exit code is passed on
    #[arg(last = true, value_name = "COMMAND")]
    pub command: Vec<OsString>,
}

/// What a program is told: where the servers are when they are ready; with --smoke, what was found.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum Output {
    Ready(ready::Addresses),
    Checked(smoke::Verdict),
}

impl Render for Output {
    fn table(&self, _wide: bool) -> Table {
        match self {
            Output::Ready(ready::Addresses { namesrv, broker }) => {
                let mut table = Table::new().text("NAMESRV").text("BROKER");
                table.row([namesrv, broker]);
                table
            }
            Output::Checked(verdict) => verdict.table(),
        }
    }
}

/// Runs both until told to stop, until the command ends, or until the check is done.
///
/// # Errors
/// What keeps a server from starting, and what the check found missing.
pub async fn run(ctx: &Context, args: Args) -> Result<Nothing, CommandError> {
    if matches!(ctx.namesrv.source, Origin::Option(_)) {
        return Err(CommandError::usage("quickstart runs a name server of its own, and takes no -n")
            .hint("choose its port by --namesrv-port"));
    }
    let args = with_smoke_defaults(args);
    if ctx.dry_run {
        ctx.out.note(&ready::intention(&args));
        return Ok(Nothing::default());
    }
    let place = Place::choose(&args)?;
    let servers = Servers::start(ctx, &args, place).await?;
    let outcome = work(ctx, &args, &servers).await;
    servers.stop(args.ready_file.as_deref()).await?;
    outcome.map(|outcome| Nothing { outcome })
}

/// A check leaves nothing behind and gets in nobody's way, unless told where to be.
fn with_smoke_defaults(mut args: Args) -> Args {
    if args.smoke {
        args.ephemeral |= args.data_dir.is_none();
        args.namesrv_port.get_or_insert(0);
        args.broker_port.get_or_insert(0);
    }
    args
}

/// What is done while the servers run.
async fn work(ctx: &Context, args: &Args, servers: &Servers) -> Result<Outcome, CommandError> {
    if ctx.stop.is_cancelled() {
        return Ok(Outcome::Interrupted);
    }
    if let Some(path) = &args.ready_file {
        ready::write_file(path, servers)?;
    }
    if let Some((program, rest)) = args.command.split_first() {
        // Stdout is the command's.
        return child::run(ctx, servers.namesrv(), program, rest).await;
    }
    if args.smoke {
        return smoke::run(ctx, servers).await;
    }
    ready::show(&ctx.out, servers)?;
    tokio::select! {
        () = ctx.stop.cancelled() => Ok(Outcome::Done),
        error = servers.ended() => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_check_is_out_of_the_way_unless_told_where_to_be() {
        let smoke = Args { smoke: true, ..Args::default() };
        let args = with_smoke_defaults(smoke.clone());
        assert!(args.ephemeral);
        assert_eq!((args.namesrv_port, args.broker_port), (Some(0), Some(0)));
        let told = Args { data_dir: Some("d".into()), broker_port: Some(5), ..smoke };
        let args = with_smoke_defaults(told);
        assert!(!args.ephemeral);
        assert_eq!((args.namesrv_port, args.broker_port), (Some(0), Some(5)));
        assert!(!with_smoke_defaults(Args::default()).ephemeral);
    }
}

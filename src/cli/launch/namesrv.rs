//! `rmq namesrv`: the name server, with the options of `mqnamesrv`.

pub use super::settings::Output;
use crate::admin::{CommandError, Context};
use crate::config::NamesrvConfig;
use crate::namesrv::Listening;
use crate::tools::serve::{TlsOptions, load_file, namesrv_error};
use std::path::PathBuf;

/// Run a name server
///
/// Takes the settings of Apache's name server from a .properties file. Ctrl-C or SIGTERM ends it.
#[derive(Debug, Clone, clap::Args)]
#[command(
    after_long_help = "Examples:\n  rmq namesrv\n  rmq namesrv -c namesrv.properties\n  rmq namesrv -p --output classic"
)]
pub struct Args {
    /// The file of settings (.properties); changes made by updateNamesrvConfig are written to it
    #[arg(short = 'c', long = "configFile", value_name = "FILE")]
    pub config_file: Option<PathBuf>,
    /// Print all settings and end
    #[arg(short = 'p', long = "printConfigItem")]
    pub print: bool,
    #[command(flatten)]
    pub tls: TlsOptions,
}

/// Serves until it is told to stop, or prints the settings.
///
/// # Errors
/// Settings that cannot be used; an address that cannot be listened on.
pub async fn run(ctx: &Context, args: Args) -> Result<Output, CommandError> {
    let mut config = NamesrvConfig::default();
    if let Some(file) = &args.config_file {
        config.config_store_path = file.display().to_string();
        load_file(&ctx.out, file, |text| config.load(text))?;
        config.file = Some(file.clone());
    }
    args.tls.apply(&mut config.tls)?;
    if args.print {
        let mut pairs = config.pairs();
        pairs.extend(config.tls.pairs());
        return Ok(Output::of(pairs));
    }
    let listening = Listening::open(config, ctx.clock.clone())
        .await
        .map_err(|error| namesrv_error(&error, "listenPort in a file given by -c"))?;
    // The line that scripts wait for.
    ctx.out
        .line(&format!("The Name Server boot success. serializeType=JSON, address {}", listening.addr()))?;
    ctx.out.flush()?;
    listening.run(ctx.stop.clone()).await;
    Ok(Output::default())
}

//! `rmq broker`: the broker, with the options of `mqbroker`.

pub use super::settings::Output;
use crate::admin::{CommandError, Context};
use crate::broker::Listening;
use crate::config::BrokerConfig;
use crate::config::connect::Origin;
use crate::tools::serve::{TlsOptions, broker_error, load_file};
use std::path::PathBuf;

/// Run a broker
///
/// Takes the settings of Apache's broker from a .properties file. -n wins over namesrvAddr in the file, which wins over
/// NAMESRV_ADDR; without any of them the broker registers with no name server. Ctrl-C or SIGTERM ends it.
#[derive(Debug, Clone, clap::Args)]
#[command(
    after_long_help = "Examples:\n  rmq broker -n 127.0.0.1:9876\n  rmq broker -c broker.conf\n  rmq broker -c broker.conf -m"
)]
pub struct Args {
    /// The file of settings (.properties); changes made by updateBrokerConfig are written to it
    #[arg(short = 'c', long = "configFile", value_name = "FILE")]
    pub config_file: Option<PathBuf>,
    /// Print all settings and end
    #[arg(short = 'p', long = "printConfigItem")]
    pub print: bool,
    /// Print the important settings and end
    #[arg(short = 'm', long = "printImportantConfig", conflicts_with = "print")]
    pub print_important: bool,
    #[command(flatten)]
    pub tls: TlsOptions,
}

/// Serves until it is told to stop, or prints the settings.
///
/// # Errors
/// Settings that cannot be used; an address that cannot be listened on; a store that cannot be opened.
pub async fn run(ctx: &Context, args: Args) -> Result<Output, CommandError> {
    let config = config(ctx, &args)?;
    if args.print || args.print_important {
        let mut pairs = config.pairs();
        // A running broker does not tell these.
        pairs.extend(config.auth.pairs());
        pairs.extend(config.tls.pairs());
        if args.print_important {
            pairs.retain(|key, _| BrokerConfig::IMPORTANT.contains(&key.as_str()));
        }
        return Ok(Output::of(pairs));
    }
    let registered = match &config.namesrv_addr {
        Some(addrs) => format!(" and name server is {addrs}"),
        None => {
            ctx.out.warn("no name server: clients find this broker by its address alone; name one by -n");
            String::new()
        }
    };
    let listening = Listening::open(config, ctx.clock.clone())
        .await
        .map_err(|error| broker_error(&error, "listenPort in a file given by -c"))?;
    // The line that scripts wait for.
    let identity = &listening.broker.identity;
    let (name, addr) = (&identity.name, &identity.addr);
    ctx.out.line(&format!("The broker[{name}, {addr}] boot success. serializeType=JSON{registered}"))?;
    ctx.out.flush()?;
    listening.run(ctx.stop.clone()).await;
    Ok(Output::default())
}

fn config(ctx: &Context, args: &Args) -> Result<BrokerConfig, CommandError> {
    let named = || ctx.namesrv.addrs().map(|addrs| Some(addrs.join(";")));
    let mut config = BrokerConfig::default();
    if matches!(ctx.namesrv.source, Origin::Environment(_)) {
        config.namesrv_addr = named()?;
    }
    if let Some(file) = &args.config_file {
        load_file(&ctx.out, file, |text| config.load(text))?;
        config.file = Some(file.clone());
    }
    if matches!(ctx.namesrv.source, Origin::Option(_)) {
        config.namesrv_addr = named()?;
    }
    args.tls.apply(&mut config.tls)?;
    Ok(config)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::admin::{NameServers, quiet_context};

    fn context(options: &[&str], environment: Option<&str>) -> Context {
        let options: Vec<String> = options.iter().map(|addr| (*addr).to_owned()).collect();
        Context { namesrv: NameServers::resolve(&options, environment), ..quiet_context() }
    }

    #[test]
    fn option_then_file_then_environment_name_the_name_servers() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("broker.conf");
        std::fs::write(&file, "namesrvAddr=file:1").unwrap();
        let with = |config_file: Option<PathBuf>| Args {
            config_file,
            print: false,
            print_important: false,
            tls: TlsOptions::default(),
        };
        let addr = |ctx: &Context, args: &Args| config(ctx, args).unwrap().namesrv_addr;
        let (bare, filed) = (with(None), with(Some(file)));
        assert_eq!(addr(&context(&["a:1", "b:2"], Some("env:1")), &filed).as_deref(), Some("a:1;b:2"));
        assert_eq!(addr(&context(&[], Some("env:1")), &filed).as_deref(), Some("file:1"));
        assert_eq!(addr(&context(&[], Some("env:1")), &bare).as_deref(), Some("env:1"));
        assert_eq!(addr(&context(&[], None), &bare), None);
    }
}

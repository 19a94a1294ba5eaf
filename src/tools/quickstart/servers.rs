//! The two servers of a quickstart: start, wait until they know each other, stop.

use std::net::SocketAddr;
use std::path::Path;

use tokio::task::JoinHandle;

use super::{Args, Place, ready};
use crate::admin::{CommandError, Context, ErrorKind};
use crate::broker;
use crate::config::{BrokerConfig, NamesrvConfig};
use crate::namesrv;
use crate::runtime::CancellationToken;
use crate::runtime::time::short_duration;
use crate::tools::serve::{broker_error, load_file, namesrv_error};

/// The broker's name where the file gives it none; that of Apache's example configuration.
const BROKER_NAME: &str = "broker-a";

/// Running servers.
pub struct Servers {
    namesrv: String,
    broker: String,
    cluster: String,
    place: Place,
    broker_run: Run,
    namesrv_run: Run,
}

/// A server's task, and how to end it.
struct Run {
    stop: CancellationToken,
    /// Cancelled when the task is over, for whatever reason.
    over: CancellationToken,
    task: JoinHandle<()>,
}

impl Run {
    fn start<F: Future<Output = ()> + Send + 'static>(serve: impl FnOnce(CancellationToken) -> F) -> Self {
        let (stop, over) = (CancellationToken::new(), CancellationToken::new());
        let (serving, guard) = (serve(stop.clone()), over.clone().drop_guard());
        let task = tokio::spawn(async move {
            let _guard = guard;
            serving.await;
        });
        Self { stop, over, task }
    }

    async fn stop(self) {
        self.stop.cancel();
        // A task that panicked has said so itself.
        let _ = self.task.await;
    }
}

impl Servers {
    /// Starts both and waits until the broker is known to the name server.
    pub async fn start(ctx: &Context, args: &Args, place: Place) -> Result<Self, CommandError> {
        if let Some(path) = &args.ready_file {
            ready::remove_file(path)?;
        }
        let mut broker_config = configure_broker(ctx, args, &place)?;
        let mut config = configure_namesrv(args, &place);
        // Both are encrypted or none is.
        config.tls = broker_config.tls.clone();
        let namesrv = namesrv::Listening::open(config, ctx.clock.clone())
            .await
            .map_err(|error| namesrv_error(&error, "--namesrv-port, 0 for any free one"))?;
        let advertised = |addr: SocketAddr| match &args.advertise {
            Some(host) => format!("{host}:{}", addr.port()),
            None => addr.to_string(),
        };
        let local = format!("127.0.0.1:{}", namesrv.addr().port());
        let told = advertised(namesrv.addr());
        broker_config.namesrv_addr = Some(local);
        let broker = broker::Listening::open(broker_config, ctx.clock.clone())
            .await
            .map_err(|error| broker_error(&error, "--broker-port, 0 for any free one"))?;
        let known_by = namesrv.namesrv.clone();
        let identity = broker.broker.identity.clone();
        let servers = Self {
            namesrv: told,
            broker: identity.addr.clone(),
            cluster: identity.cluster.clone(),
            place,
            namesrv_run: Run::start(|stop| namesrv.run(stop)),
            broker_run: Run::start(|stop| broker.run(stop)),
        };
        let failed = tokio::select! {
            () = known_by.wait_for_broker(&identity.name, &identity.addr) => None,
            () = ctx.stop.cancelled() => None,
            error = servers.ended() => Some(error),
            () = tokio::time::sleep(ctx.timeout) => Some(CommandError::new(
                ErrorKind::Timeout,
                format!("the broker did not register within {}", short_duration(ctx.timeout)),
            )),
        };
        if let Some(error) = failed {
            servers.stop(None).await?;
            return Err(error);
        }
        Ok(servers)
    }

    /// The name server's address, as clients are told.
    pub fn namesrv(&self) -> &str {
        &self.namesrv
    }

    /// The broker's address, as clients are told.
    pub fn broker(&self) -> &str {
        &self.broker
    }

    /// The broker's cluster.
    pub fn cluster(&self) -> &str {
        &self.cluster
    }

    /// Where the data is.
    pub fn place(&self) -> &Place {
        &self.place
    }

    /// Waits for a server that ends by itself, which none should.
    pub async fn ended(&self) -> CommandError {
        tokio::select! {
            () = self.namesrv_run.over.cancelled() => CommandError::bug("the name server ended by itself"),
            () = self.broker_run.over.cancelled() => CommandError::bug("the broker ended by itself"),
        }
    }

    /// Stops the broker, then the name server that it says farewell to; then removes what is temporary.
    pub async fn stop(self, ready_file: Option<&Path>) -> Result<(), CommandError> {
        self.broker_run.stop().await;
        self.namesrv_run.stop().await;
        ready_file.map_or(Ok(()), ready::remove_file)
    }
}

/// Only this machine gets in, unless an address for others is told.
fn bind_address(args: &Args) -> String {
    if args.advertise.is_some() { "0.0.0.0" } else { "127.0.0.1" }.to_owned()
}

fn configure_namesrv(args: &Args, place: &Place) -> NamesrvConfig {
    let mut config = NamesrvConfig::default();
    let path = |name: &str| place.path().join("namesrv").join(name).to_string_lossy().into_owned();
    config.listen_port = args.namesrv_port.unwrap_or(config.listen_port);
    config.bind_address = bind_address(args);
    config.kv_config_path = path("kvConfig.json");
    config.config_store_path = path("namesrv.properties");
    config
}

/// The file over the defaults of a quickstart; options over the file.
fn configure_broker(ctx: &Context, args: &Args, place: &Place) -> Result<BrokerConfig, CommandError> {
    let mut config = BrokerConfig::default();
    let store = place.path().join("store");
    config.broker_name = BROKER_NAME.to_owned();
    config.bind_address = bind_address(args);
    config.broker_ip1.clone_from(&args.advertise);
    config.store_path_root_dir = store.to_string_lossy().into_owned();
    if let Some(path) = &args.broker_config {
        load_file(&ctx.out, path, |text| config.load(text))?;
    }
    args.tls.apply(&mut config.tls)?;
    config.listen_port = args.broker_port.unwrap_or(config.listen_port);
    if args.advertise.is_some() {
        config.bind_address = bind_address(args);
        config.broker_ip1.clone_from(&args.advertise);
    }
    if args.ephemeral || args.data_dir.is_some() {
        config.store_path_root_dir = store.to_string_lossy().into_owned();
    }
    Ok(config)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::admin::quiet_context;
    use std::path::PathBuf;

    fn configured(args: &Args) -> (BrokerConfig, PathBuf) {
        let place = Place::choose(args).unwrap();
        (configure_broker(&quiet_context(), args, &place).unwrap(), place.path().join("store"))
    }

    #[test]
    fn options_win_over_the_file_and_the_file_over_the_defaults() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("b.conf");
        std::fs::write(
            &file,
            "listenPort=1\nbrokerName=b\nstorePathRootDir=/elsewhere\nbrokerIP1=10.0.0.1\n",
        )
        .unwrap();
        let plain = Args { data_dir: Some(dir.path().join("d")), ..Args::default() };
        let (config, store) = configured(&plain);
        assert_eq!((config.listen_port, config.broker_name.as_str()), (10_911, "broker-a"));
        assert_eq!((config.bind_address.as_str(), config.broker_ip1.as_deref()), ("127.0.0.1", None));
        assert_eq!(Path::new(&config.store_path_root_dir), store);
        let filed = Args { broker_config: Some(file.clone()), ..plain.clone() };
        let (config, store) = configured(&filed);
        assert_eq!((config.listen_port, config.broker_name.as_str()), (1, "b"));
        assert_eq!(config.broker_ip1.as_deref(), Some("10.0.0.1"));
        assert_eq!(Path::new(&config.store_path_root_dir), store, "a directory that was named wins");
        let told = Args { broker_port: Some(0), advertise: Some("host".into()), ..filed };
        let (config, _) = configured(&told);
        assert_eq!((config.listen_port, config.bind_address.as_str()), (0, "0.0.0.0"));
        assert_eq!(config.broker_ip1.as_deref(), Some("host"));
    }

    #[test]
    fn the_name_server_keeps_its_files_with_the_rest() {
        let args = Args { ephemeral: true, namesrv_port: Some(0), ..Args::default() };
        let place = Place::choose(&args).unwrap();
        let config = configure_namesrv(&args, &place);
        assert!(Path::new(&config.kv_config_path).starts_with(place.path()));
        assert!(Path::new(&config.config_store_path).starts_with(place.path()));
        assert_eq!((config.listen_port, config.bind_address.as_str()), (0, "127.0.0.1"));
    }
}

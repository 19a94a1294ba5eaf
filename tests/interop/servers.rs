//! A name server with one broker: Apache's or ours, on free ports and a directory of its own.

use std::fs::{self, File};
use std::net::TcpListener;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use crate::jvm::{ended, eventually, java, jvm, rmq_program};

/// Whose servers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Make {
    Apache,
    Rmq,
}

/// What both brokers are told: transactions are checked soon enough for a test, and a busy machine is no reason to
/// refuse messages. Apache's broker loses offsets when the first ones of a group come on several threads at once
/// (`ConsumerOffsetManager.commitOffset`), as Java's clients send them, so it has one thread for them and one for pulls.
const SETTINGS: &str = "transactionCheckInterval=1000\ntransactionTimeOut=2000\ntransactionOpBatchInterval=200\n\
    transactionCheckMax=1000\nenablePropertyFilter=true\nwaitTimeMillsInSendQueue=10000\nrecallMessageEnable=true\n\
    consumerManageThreadPoolNums=1\npullMessageThreadPoolNums=1\n";

/// Running servers; killed when dropped.
pub struct Servers {
    pub make: Make,
    /// `HOST:PORT` of the name server.
    pub namesrv: String,
    /// `HOST:PORT` of the broker.
    pub broker: String,
    /// `HOST:PORT` of the controller, where there is one.
    pub controller: Option<String>,
    ports: (u16, u16),
    extra: &'static str,
    child: Child,
    directory: PathBuf,
}

impl Servers {
    /// Starts on the store in `directory/store`, which may be there already.
    pub fn start(make: Make, directory: &Path) -> Self {
        Self::start_with(make, directory, "")
    }

    /// As [`Servers::start`], with more settings of the broker.
    pub fn start_with(make: Make, directory: &Path, extra: &'static str) -> Self {
        Self::start_at(make, directory, free_ports(), extra)
    }

    /// Starts on the given ports of the name server and the broker.
    fn start_at(make: Make, directory: &Path, ports: (u16, u16), extra: &'static str) -> Self {
        fs::create_dir_all(directory.join("home/conf")).expect("a home directory");
        let ready = directory.join("ready");
        let _ = fs::remove_file(&ready);
        let command = match make {
            Make::Apache => apache(directory, &ready, ports, extra),
            Make::Rmq => quickstart(directory, &ready, ports, extra),
        };
        Self::start_by(command, make, directory, ports, extra)
    }

    /// Apache's name server with a controller, and two brokers in controller mode that are one set, `broker-a`; which
    /// of them is master the controller decides.
    pub fn start_group(directory: &Path) -> Self {
        let ((namesrv, first), (controller, second)) = (free_ports(), free_ports());
        fs::create_dir_all(directory.join("home/conf")).expect("a home directory");
        let controller = format!("127.0.0.1:{controller}");
        let mut command = apache(directory, &directory.join("ready"), (namesrv, first), "");
        command.arg(second_broker(directory, namesrv, second));
        let append = |name: &str, text: &str| {
            let path = directory.join(name);
            fs::write(&path, read(&path) + text).expect("write properties");
        };
        let mode = format!("enableControllerMode=true\ncontrollerAddr={controller}\n");
        append("broker.properties", &mode);
        append("second.properties", &mode);
        append(
            "namesrv/namesrv.properties",
            &format!(
                "enableControllerInNamesrv=true\ncontrollerDLegerGroup=group1\ncontrollerDLegerSelfId=n0\n\
                 controllerDLegerPeers=n0-{controller}\ncontrollerStorePath={}\n",
                directory.join("controller").display()
            ),
        );
        let mut servers = Self::start_by(command, Make::Apache, directory, (namesrv, first), "");
        servers.controller = Some(controller);
        servers
    }

    fn start_by(
        mut command: Command,
        make: Make,
        directory: &Path,
        ports: (u16, u16),
        extra: &'static str,
    ) -> Self {
        let ready = directory.join("ready");
        let log = File::create(directory.join("log")).expect("a log file");
        command.stdin(Stdio::piped()).stderr(log.try_clone().expect("a log file")).stdout(log);
        let mut child = command.spawn().expect("start the servers");
        eventually("servers that are ready", Duration::from_secs(60), || {
            if let Some(status) = child.try_wait().expect("wait for the servers") {
                panic!("the servers ended with {status}:\n{}", read(&directory.join("log")));
            }
            fs::read(&ready).is_ok_and(|text| text.ends_with(b"\n")).then_some(())
        });
        let address = |port: u16| format!("127.0.0.1:{port}");
        Self {
            make,
            namesrv: address(ports.0),
            broker: address(ports.1),
            controller: None,
            ports,
            extra,
            child,
            directory: directory.to_owned(),
        }
    }

    /// A home directory for a client of these servers.
    pub fn home(&self, name: &str) -> PathBuf {
        self.directory.join(name)
    }

    /// What the servers printed.
    pub fn log(&self) -> String {
        read(&self.directory.join("log"))
    }

    /// Asks the servers to stop and waits until they have.
    pub fn stop(mut self) -> ExitStatus {
        kill_process(self.pid(), Signal::TERM).expect("send SIGTERM");
        ended(&mut self.child, Duration::from_secs(60)).expect("servers that stop on SIGTERM")
    }

    /// Kills the servers in the middle of whatever they do, and starts them again at the same addresses.
    pub fn kill_and_restart(mut self) -> Self {
        self.child.kill().expect("send SIGKILL");
        let status = self.child.wait().expect("wait for the servers");
        assert_eq!(
            status.signal(),
            Some(9),
            "the servers were gone before they were killed:\n{}",
            self.log()
        );
        Self::start_at(self.make, &self.directory, self.ports, self.extra)
    }

    /// The process of the servers: name server and broker are one.
    pub fn pid(&self) -> Pid {
        Pid::from_child(&self.child)
    }
}

impl Drop for Servers {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn read(path: &Path) -> String {
    String::from_utf8_lossy(&fs::read(path).unwrap_or_default()).into_owned()
}

fn quickstart(directory: &Path, ready: &Path, ports: (u16, u16), extra: &str) -> Command {
    let config = directory.join("broker.properties");
    let settings = format!("haListenPort={}\n{SETTINGS}{extra}", ports.1 + 1);
    fs::write(&config, settings).expect("write the broker's properties");
    let mut command = Command::new(rmq_program());
    command
        .args(["quickstart", "--namesrv-port", &ports.0.to_string(), "--broker-port", &ports.1.to_string()])
        .arg("--data-dir")
        .arg(directory)
        .arg("--ready-file")
        .arg(ready)
        .arg("--broker-config")
        .arg(config)
        .env("TZ", "UTC")
        .env("HOME", directory.join("home"));
    command
}

fn apache(directory: &Path, ready: &Path, (namesrv, broker): (u16, u16), extra: &str) -> Command {
    let at = |name: &str| directory.join(name).display().to_string();
    // Where ours has it, so that it is listed alike.
    fs::create_dir_all(directory.join("namesrv")).expect("a directory of the name server");
    let namesrv_config = at("namesrv/namesrv.properties");
    fs::write(
        &namesrv_config,
        format!(
            "listenPort={namesrv}\nbindAddress=127.0.0.1\nkvConfigPath={}\nconfigStorePath={}\n",
            at("namesrv/kvConfig.json"),
            at("namesrv/namesrv.properties")
        ),
    )
    .expect("write the name server's properties");
    let broker_config = at("broker.properties");
    fs::write(
        &broker_config,
        format!(
            "brokerClusterName=DefaultCluster\nbrokerName=broker-a\nbrokerIP1=127.0.0.1\nbrokerIP2=127.0.0.1\n\
             bindAddress=127.0.0.1\nlistenPort={broker}\nhaListenPort={}\n\
             namesrvAddr=127.0.0.1:{namesrv}\nstorePathRootDir={}\n{SETTINGS}{extra}",
            broker + 1,
            at("store"),
        ),
    )
    .expect("write the broker's properties");
    let mut command = java(&jvm().server, &directory.join("home"), "-Xmx1g");
    command.arg("ApacheServers").arg(ready).arg(broker_config).arg(namesrv_config);
    command
}

/// The configuration of another replica of the broker: with its own port and store.
fn second_broker(directory: &Path, namesrv: u16, port: u16) -> PathBuf {
    let path = directory.join("second.properties");
    let text = format!(
        "brokerClusterName=DefaultCluster\nbrokerName=broker-a\nbrokerIP1=127.0.0.1\nbrokerIP2=127.0.0.1\n\
             bindAddress=127.0.0.1\n\
         listenPort={port}\nhaListenPort={}\nnamesrvAddr=127.0.0.1:{namesrv}\nstorePathRootDir={}\n{SETTINGS}",
        port + 1,
        directory.join("second").display()
    );
    fs::write(&path, text).expect("write the broker's properties");
    path
}

/// A port for a name server, and one for a broker whose neighbours are free too: Apache's broker listens on the port
/// two below its own (fast remoting) and the one above (replication).
fn free_ports() -> (u16, u16) {
    let bind = |port: u16| TcpListener::bind(("127.0.0.1", port));
    for _ in 0..1000 {
        let broker = bind(0).expect("a free port");
        let port = broker.local_addr().expect("an address").port();
        if port > 65_000 {
            continue;
        }
        let (Ok(_fast), Ok(_ha), Ok(namesrv)) = (bind(port - 2), bind(port + 1), bind(0)) else { continue };
        return (namesrv.local_addr().expect("an address").port(), port);
    }
    panic!("no free ports on 127.0.0.1");
}

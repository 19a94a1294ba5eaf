//! The state of a broker set with a controller: which replica is master, and whether both keep up.

use std::process::Command;
use std::time::Duration;

use serde_json::Value;

use crate::jvm::{eventually, rmq_program, run};
use crate::servers::Servers;

/// How long an election and the catching up after it may take.
const PATIENCE: Duration = Duration::from_secs(90);

/// Who is what.
#[derive(Debug)]
pub struct Roles {
    pub master: String,
    pub slave: String,
}

/// Runs our program on the controller; none if it fails.
fn ask(servers: &Servers, controller: &str, args: &[&str]) -> Option<Value> {
    let mut command = Command::new(rmq_program());
    command
        .args(args)
        .args(["-a", controller, "-n", &servers.namesrv, "--output", "json", "--yes"])
        .env("HOME", servers.home("ours"));
    let out = run(&mut command, Duration::from_secs(30));
    out.status.success().then(|| serde_json::from_slice(&out.stdout).ok()).flatten()
}

/// Waits until both replicas are in sync and the name server and the master agree, and says who is what.
pub fn settled(servers: &Servers, controller: &str) -> Roles {
    eventually("two replicas in sync", PATIENCE, || {
        let state = ask(servers, controller, &["getSyncStateSet", "-b", "broker-a"])?;
        let set = &state["brokers"][0];
        let replicas = set["replicas"].as_array()?;
        if replicas.len() != 2 || !replicas.iter().all(|replica| replica["inSync"] == true) {
            return None;
        }
        let master = set["masterAddr"].as_str()?;
        let slave =
            replicas.iter().filter_map(|replica| replica["addr"].as_str()).find(|addr| *addr != master)?;
        // The brokers follow the controller a little later, and the name server follows them.
        let mut command = Command::new(rmq_program());
        command
            .args(["haStatus", "-c", "DefaultCluster", "-n", &servers.namesrv, "--output", "json"])
            .env("HOME", servers.home("ours"));
        let out = run(&mut command, Duration::from_secs(30));
        let status: Value = serde_json::from_slice(&out.stdout).ok()?;
        let broker = &status["brokers"][0];
        let agreed = broker["addr"] == master && broker["status"]["inSyncSlaves"] == 1;
        agreed.then(|| Roles { master: master.to_owned(), slave: slave.to_owned() })
    })
}

/// Sees to it that replica 1 is the master, so that every run begins alike.
pub fn first_leads(servers: &Servers, controller: &str) {
    settled(servers, controller);
    let args = ["electMaster", "-b", "1", "--brokerName", "broker-a", "-c", "DefaultCluster"];
    // Refused where it is the master already.
    let _ = ask(servers, controller, &args);
    settled(servers, controller);
}

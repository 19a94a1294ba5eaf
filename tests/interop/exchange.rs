//! One store directory, opened in turn by both makes: `java/client/Exchange.java` fills and verifies it.

use std::path::Path;
use std::time::Duration;

use crate::jvm::{java, jvm, run};
use crate::mask::{Compare, difference, masked};
use crate::mqadmin::Mqadmin;
use crate::servers::{Make, Servers};

/// What the operator set, which must look the same from then on.
const SETTINGS: &[&str] = &[
    "updateTopic -n {n} -c DefaultCluster -t exchange-config-{r} -r 3 -w 2 -p 4",
    "updateTopic -n {n} -c DefaultCluster -t exchange-fifo-{r} -a +message.type=FIFO",
    "updateSubGroup -n {n} -c DefaultCluster -g exchange-config-{r} -r 5 -q 2 -d true -a false",
];

/// How it looks.
const VIEWS: &[&str] = &[
    "topicRoute -n {n} -t exchange-config-{r}",
    "topicStatus -n {n} -t exchange-config-{r}",
    "topicStatus -n {n} -t exchange-plain-{r}",
    "getConsumerConfig -n {n} -g exchange-config-{r}",
    "queryMsgByKey -n {n} -t exchange-plain-{r} -k key-{r}-7",
    "queryMsgByOffset -n {n} -t exchange-plain-{r} -b broker-a -i 1 -o 3",
];

fn exchange(servers: &Servers, what: &str, round: usize) {
    let mut command = java(&jvm().client, &servers.home("client"), "-Xmx512m");
    command.arg("Exchange").arg(&servers.namesrv).args([what, &round.to_string()]);
    let out = run(&mut command, Duration::from_secs(300));
    assert!(
        out.status.success(),
        "{what} {round} with {:?}:\n{}{}",
        servers.make,
        String::from_utf8_lossy(&out.stderr),
        servers.log()
    );
}

fn commands(mqadmin: &mut Mqadmin, lines: &[&str], servers: &Servers, round: usize) -> Vec<String> {
    let mut seen = Vec::new();
    for line in lines {
        let line = line.replace("{n}", &servers.namesrv).replace("{r}", &round.to_string());
        let args: Vec<_> = line.split(' ').map(str::to_owned).collect();
        let answer = mqadmin.run(&args);
        assert!(!answer.stderr.contains("Exception"), "{line} on {:?}:\n{}", servers.make, answer.stderr);
        // Who consumed a message changes with every verification.
        let kept = answer.stdout.lines().filter(|line| !line.starts_with("MessageTrack "));
        seen.extend(masked(&kept.collect::<Vec<_>>().join("\n"), Compare::Lines));
    }
    seen
}

/// Opens `store` with each make in turn; each writes its share and finds all earlier ones.
fn handed_over(makes: &[Make], directory: &Path) {
    let mut mqadmin = Mqadmin::start(&directory.join("mqadmin"));
    let mut views: Vec<Vec<String>> = Vec::new();
    for (index, make) in makes.iter().enumerate() {
        let servers = Servers::start(*make, directory);
        let round = index + 1;
        for (earlier, wanted) in views.iter().enumerate() {
            let got = commands(&mut mqadmin, VIEWS, &servers, earlier + 1);
            if let Some(difference) = difference(wanted, &got) {
                panic!(
                    "{make:?} shows share {} of {:?} in another way:\n{difference}",
                    earlier + 1,
                    makes[earlier]
                );
            }
        }
        exchange(&servers, "verify", index);
        exchange(&servers, "fill", round);
        commands(&mut mqadmin, SETTINGS, &servers, round);
        views.push(commands(&mut mqadmin, VIEWS, &servers, round));
        println!("round {round}: {make:?} found {index} earlier shares and left its own");
        servers.stop();
    }
}

#[test]
#[ignore = "needs a JVM and Maven"]
fn apache_reopens_its_own_store() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    handed_over(&[Make::Apache, Make::Apache], directory.path());
}

#[test]
#[ignore = "needs a JVM and Maven"]
fn a_store_goes_back_and_forth() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    handed_over(&[Make::Rmq, Make::Apache, Make::Rmq], directory.path());
}

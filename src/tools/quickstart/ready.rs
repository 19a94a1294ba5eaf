//! How a quickstart says that it is ready: to people in two lines, to programs by a file.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;

use schemars::JsonSchema;
use serde::Serialize;

use super::{Args, Output, Servers};
use crate::admin::{CommandError, DEFAULT_NAMESRV};
use crate::output::{Out, OutError};

/// Says what is ready, and what to type next.
pub fn show(out: &Out, servers: &Servers) -> Result<(), OutError> {
    if out.form().is_machine() {
        let (namesrv, broker) = (servers.namesrv().to_owned(), servers.broker().to_owned());
        out.json_line(&Output::Ready(Addresses { namesrv, broker }))?;
    } else {
        out.line(&ready(servers))?;
        out.line(&format!("next, in another terminal: {}", next(servers.namesrv())))?;
    }
    out.flush()
}

/// What a program is told, whatever its form.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Addresses {
    /// Host and port.
    pub namesrv: String,
    /// Host and port.
    pub broker: String,
}

/// What is ready.
pub fn ready(servers: &Servers) -> String {
    let place = servers.place();
    let data = if place.is_temporary() {
        "in a temporary directory".to_owned()
    } else {
        format!("in {}", place.path().display())
    };
    format!("RocketMQ is ready: name server {}, broker {}, data {data}", servers.namesrv(), servers.broker())
}

/// What a dry run would do.
pub fn intention(args: &Args) -> String {
    let port = |port: Option<u16>, usual: u16| match port.unwrap_or(usual) {
        0 => "a free port".to_owned(),
        port => format!("port {port}"),
    };
    let place = match &args.data_dir {
        _ if args.ephemeral => "a temporary directory".to_owned(),
        Some(path) => path.display().to_string(),
        None => "the user's data directory".to_owned(),
    };
    format!(
        "would start a name server on {} and a broker on {}, with data in {place}",
        port(args.namesrv_port, 9_876),
        port(args.broker_port, 10_911),
    )
}

fn next(namesrv: &str) -> String {
    let commands = "rmq produce --count 10 && rmq consume --group Demo --until-idle 1s";
    if namesrv == DEFAULT_NAMESRV {
        commands.to_owned()
    } else {
        format!("export NAMESRV_ADDR={namesrv}; {commands}")
    }
}

/// Writes the addresses to a file, which is there as a whole or not at all.
pub fn write_file(path: &Path, servers: &Servers) -> Result<(), CommandError> {
    let text = format!("namesrv={}\nbroker={}\n", servers.namesrv(), servers.broker());
    replace(path, &text).map_err(|error| CommandError::file("write", path, &error))
}

fn replace(path: &Path, text: &str) -> io::Result<()> {
    let mut name = path.as_os_str().to_owned();
    name.push(".tmp");
    let temporary = Path::new(&name);
    File::create(temporary)?.write_all(text.as_bytes())?;
    fs::rename(temporary, path)
}

/// Removes the file: what it says is not true, or not true any more.
pub fn remove_file(path: &Path) -> Result<(), CommandError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(CommandError::file("remove", path, &error))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_to_type_next_names_a_name_server_that_is_not_the_usual_one() {
        assert!(next("127.0.0.1:9876").starts_with("rmq produce"));
        assert!(next("127.0.0.1:5").starts_with("export NAMESRV_ADDR=127.0.0.1:5; rmq produce"));
    }

    #[test]
    fn a_dry_run_says_what_it_would_do() {
        let args = Args { namesrv_port: Some(0), data_dir: Some("d".into()), ..Args::default() };
        assert_eq!(
            intention(&args),
            "would start a name server on a free port and a broker on port 10911, with data in d"
        );
    }

    #[test]
    fn the_file_appears_as_a_whole_and_goes() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("ready");
        remove_file(&path).unwrap();
        replace(&path, "a").unwrap();
        replace(&path, "b").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "b");
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
        remove_file(&path).unwrap();
        assert!(!path.exists());
        assert!(remove_file(dir.path()).is_err());
    }
}

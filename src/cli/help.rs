//! The help of the whole, and help about subjects that are not commands.

use super::tree::areas;
use crate::admin::Entry;
use std::fmt::Write;

/// The help of a line is as wide as this, in columns.
const WIDTH: usize = 100;

/// The commands that people look for first; the rest is behind `rmq help --all`.
const CHOSEN: &[&str] = &[
    "quickstart",
    "produce",
    "consume",
    "bench",
    "namesrv",
    "broker",
    "clusterList",
    "topicList",
    "topicRoute",
    "topicStatus",
    "updateTopic",
    "deleteTopic",
    "consumerProgress",
    "consumerConnection",
    "updateSubGroup",
    "resetOffsetByTime",
    "sendMessage",
    "consumeMessage",
    "queryMsgById",
    "queryMsgByKey",
    "brokerStatus",
    "getBrokerConfig",
    "updateBrokerConfig",
];

const USAGE: &str = "\
Operate Apache RocketMQ clusters, and run one on your laptop.

Usage: rmq COMMAND [OPTIONS]
";

const CLOSING: &str = "
Options of all commands
  -n, --namesrvAddr HOST:PORT   name servers [env: NAMESRV_ADDR] [default: 127.0.0.1:9876]
      --output FORM             table, wide, json, yaml, csv or classic (mqadmin's layout)
      --timeout TIME            how long one request may take [default: 5s]
      --yes, --dry-run          answer yes to every question; only say what would be done

rmq help COMMAND     the options of a command, with examples (COMMAND -h is shorter)
rmq help --all       every command with its summary
rmq help SUBJECT     an area such as topics; or exit-codes, environment, contexts,
                     credentials, tls, output
";

/// What `rmq` and `rmq help` print: the commands looked for most, by area, and which areas there are beside them.
pub fn root(tree: &clap::Command) -> String {
    let mut text = USAGE.to_owned();
    let mut others = Vec::new();
    for (title, entries) in areas() {
        let chosen: Vec<&str> =
            entries.iter().map(|entry| entry.name).filter(|name| CHOSEN.contains(name)).collect();
        if chosen.is_empty() {
            others.push(format!("{title} ({})", entries.len()));
            continue;
        }
        let some = chosen.len() < entries.len();
        let count = if some { format!(" ({} of {})", chosen.len(), entries.len()) } else { String::new() };
        let _ = writeln!(text, "\n{title}{count}");
        summaries(&mut text, tree, chosen);
    }
    if !others.is_empty() {
        text.push_str("\nOther areas\n");
        listed(&mut text, &others);
    }
    text.push_str(CLOSING);
    text
}

/// What `rmq help --all` prints.
pub fn all(tree: &clap::Command) -> String {
    let areas: Vec<String> = areas().into_iter().map(|(title, entries)| area(tree, title, entries)).collect();
    format!("{}\nrmq help COMMAND shows the options of a command\n", areas.join("\n"))
}

fn area(tree: &clap::Command, title: &str, entries: &[Entry]) -> String {
    let mut text = format!("{title}\n");
    summaries(&mut text, tree, entries.iter().map(|entry| entry.name));
    text
}

fn summaries<'a>(text: &mut String, tree: &clap::Command, names: impl IntoIterator<Item = &'a str>) {
    for name in names {
        let about = tree.find_subcommand(name).and_then(clap::Command::get_about);
        let about = about.map(ToString::to_string).unwrap_or_default();
        let _ = writeln!(text, "  {name:<32} {about}");
    }
}

fn listed(text: &mut String, names: &[String]) {
    let mut line = String::from(" ");
    for (i, name) in names.iter().enumerate() {
        let end = if i + 1 == names.len() { "" } else { "," };
        if line.len() + name.len() + 2 > WIDTH {
            let _ = writeln!(text, "{line}");
            line = String::from(" ");
        }
        let _ = write!(line, " {name}{end}");
    }
    let _ = writeln!(text, "{line}");
}

/// The text about a subject that is not a command: one of its own, or an area by its title.
pub fn subject(name: &str, tree: &clap::Command) -> Option<String> {
    let own = SUBJECTS.iter().find(|(subject, _)| subject.eq_ignore_ascii_case(name));
    own.map(|(_, text)| (*text).to_owned()).or_else(|| {
        let found = areas().into_iter().find(|(title, _)| slug(title) == slug(name))?;
        Some(area(tree, found.0, found.1))
    })
}

/// The names of the subjects.
pub fn subjects() -> Vec<String> {
    let own = SUBJECTS.iter().map(|(name, _)| (*name).to_owned());
    own.chain(areas().into_iter().map(|(title, _)| slug(title))).collect()
}

/// How a title is typed.
fn slug(title: &str) -> String {
    title.to_lowercase().replace(' ', "-")
}

const SUBJECTS: &[(&str, &str)] = &[
    ("exit-codes", EXIT_CODES),
    ("environment", ENVIRONMENT),
    ("contexts", CONTEXTS),
    ("credentials", CREDENTIALS),
    ("tls", TLS),
    ("output", OUTPUT),
];

const EXIT_CODES: &str = "\
Exit codes

    0  done; also when the reader of the output went away (rmq ... | head)
    1  the cluster refused, all targets failed, a check was not met, or a server cannot start
    2  the command line is wrong, or a file that it names
    3  partial: some targets failed; the result of the others is printed
    4  unreachable, or no answer in time
   70  a bug in rmq
  130  interrupted

rmq quickstart -- COMMAND ends with the code of the command, 127 if it cannot be run; a
quickstart or a server that is stopped by Ctrl-C or SIGTERM ends with 0.

mqadmin exits with 0 whatever happens, unless it cannot read its options (1). With
RMQ_COMPAT_EXIT=1 in the environment rmq does the same, for scripts that live on it.
";

const ENVIRONMENT: &str = "\
Environment

  NAMESRV_ADDR       name servers where -n is not given; separated by ; or ,
  ROCKETMQ_NAMESRV_DOMAIN
                     where http://DOMAIN:8080/rocketmq/nsaddr tells the name servers
  RMQ_CONTEXT        the context to use (rmq help contexts); RMQ_CONFIG is the file they are in
  RMQ_OUTPUT, RMQ_TIMEOUT
                     where --output and --timeout are not given
  RMQ_CREDENTIALS    a file with keys to sign requests with (rmq help credentials)
  RMQ_ACCESS_KEY, RMQ_SECRET_KEY, RMQ_SECURITY_TOKEN
                     the keys themselves
  RMQ_TLS, RMQ_TLS_CA, RMQ_TLS_CERT, RMQ_TLS_KEY, RMQ_TLS_SERVER_NAME, RMQ_TLS_INSECURE,
  RMQ_TLS_PROPERTIES what connections are encrypted with (rmq help tls)
  JAVA_OPT           of this -Drocketmq.namesrv.addr, -Drocketmq.namesrv.domain,
                     -Drocketmq.home.dir, -Dtls.enable, -Dtls.config.file and -Dtls.client.* count
  ROCKETMQ_HOME      where conf/tools.yml is, the file with mqadmin's keys
  RMQ_ASSUME_YES=1   answer yes to every question, as --yes
  RMQ_COMPAT_EXIT=1  exit with 0 after failures, as mqadmin does
  NO_COLOR           set to anything: no colour
  CLICOLOR_FORCE=1   colour also where the output is not a terminal
  COLUMNS            width of the terminal
  TZ                 time zone of the times that are printed and read
  XDG_DATA_HOME      where quickstart keeps its data
";

const CONTEXTS: &str = "\
Contexts

A context is a named way to reach a cluster: its name servers, the keys that requests are signed
with, TLS, a form of output and a time-out.

  rmq context add prod -n 10.0.0.1:9876 --credentials ops.yml --tls-ca ca.pem --protected
  rmq context use prod           it is used from now on
  rmq --context dev topicList    another one, once; so does RMQ_CONTEXT=dev
  rmq context list | show | remove
  rmq context explain            which value is in force, and who says so

Of each setting an option wins, then the environment, then the context, then the default. So with
NAMESRV_ADDR set the name servers are not those of the context; a warning tells where the context
was asked for by --context.

Where a context is protected everything that writes asks first, also where mqadmin would not, and
needs --yes where there is no terminal; RMQ_ASSUME_YES is not enough there.

Contexts are kept in rmq/contexts.toml below XDG_CONFIG_HOME (~/.config), or in the file that
RMQ_CONFIG names, which is made readable by its owner only.
";

const TLS: &str = "\
TLS

  --tls                    encrypt connections to name servers and brokers; --tls=false does not
  --tls-ca FILE            certificates to trust (PEM), instead of those of the system
  --tls-cert FILE          the client's own certificate (PEM), where servers ask for one
  --tls-key FILE           its key (PEM, without a password)
  --tls-server-name NAME   what the certificates of the servers are for; without it each server's
                           certificate must be for the host or address that was asked for
  --tls-insecure           take any certificate: encrypted, but with whom is not known
  --tls-properties FILE    tls.client.* as Apache's clients have them

Any of them turns TLS on. The environment has the same as RMQ_TLS=1, RMQ_TLS_CA and so on, a context
in its tls section. With -Dtls.enable=true in JAVA_OPT the file of -Dtls.config.file is read, or
/etc/rocketmq/tls.properties. Such properties mean what they mean to Java: unless
tls.test.mode.enable is false and tls.client.authServer is true, any certificate is taken, and it
is never checked for which name a certificate is.
";

const CREDENTIALS: &str = "\
Credentials

A cluster with authentication wants every request signed with the access key and the secret key
of a user. Of these the first that is there is taken:

  --credentials FILE            a file with both keys
  --access-key KEY              the secret is RMQ_SECRET_KEY, or is asked for
  RMQ_CREDENTIALS=FILE
  RMQ_ACCESS_KEY=KEY            the secret is RMQ_SECRET_KEY, or is asked for
  the acl section of a context
  $ROCKETMQ_HOME/conf/tools.yml mqadmin's file; -Drocketmq.home.dir in JAVA_OPT wins over ROCKETMQ_HOME

A file with keys is YAML (accessKey: NAME, secretKey: SECRET, securityToken: TOKEN) or properties
(AccessKey=NAME and so on), and should be readable by its owner only. RMQ_SECURITY_TOKEN adds the
token of a session. There is no option for a secret, as others can read the words of a command
line; no secret is shown in output, errors or logs.
";

const OUTPUT: &str = "\
Output

  table    columns for people: the most important ones (the default)
  wide     columns for people: all of them
  json     one document; JSON Lines where results follow one another
  yaml     one document
  csv      the columns of wide, with a header line
  classic  mqadmin's layout (the default when rmq is called as mqadmin)

Results go to stdout; notes, warnings, progress and errors go to stderr. A table is never cut in
a pipe; on a terminal long fields are wrapped. --no-header and --columns A,B shape tables and csv.
In json keys are camelCase, times are epoch milliseconds, and what is not known is null. An error
is one object on stderr: kind, message, causes, hints, addr, code, exitCode.
";

//! Who the program is called as, and what old names of classes mean.

use crate::output::Form;
use std::ffi::{OsStr, OsString};
use std::path::Path;

/// The class of the quickstart's producer, as `tools.sh` starts it.
pub const PRODUCER_CLASS: &str = "org.apache.rocketmq.example.quickstart.Producer";
/// The class of the quickstart's consumer, as `tools.sh` starts it.
pub const CONSUMER_CLASS: &str = "org.apache.rocketmq.example.quickstart.Consumer";

/// Where the classes of the benchmarks are.
const BENCHMARK: &str = "org.apache.rocketmq.example.benchmark.";

/// A command line as `rmq` would have been given it.
#[derive(Debug, PartialEq, Eq)]
pub struct Invocation {
    pub argv: Vec<OsString>,
    /// The form of the output where `--output` does not say.
    pub form: Form,
    /// The line was written for mqadmin.
    pub as_mqadmin: bool,
}

/// Understands the name the program was called by: as `mqadmin` the output is mqadmin's, as `mqnamesrv` and
/// `mqbroker` it serves, as `tools.sh` it takes the name of a class.
pub fn invocation(mut argv: Vec<OsString>) -> Invocation {
    let name = argv.first().map(|program| called_as(program)).unwrap_or_default();
    if argv.is_empty() {
        argv.push(OsString::from("rmq"));
    }
    let mut form = Form::Table;
    match name.as_str() {
        "mqadmin" => form = Form::Classic,
        "mqnamesrv" => argv.insert(1, OsString::from("namesrv")),
        "mqbroker" => argv.insert(1, OsString::from("broker")),
        "tools" => argv.insert(1, OsString::from("tools")),
        _ => {}
    }
    if let Some(replaced) = class(&argv) {
        return Invocation { argv: replaced, form: Form::Classic, as_mqadmin: false };
    }
    Invocation { argv, form, as_mqadmin: name == "mqadmin" }
}

fn called_as(program: &OsStr) -> String {
    let stem = Path::new(program).file_stem().unwrap_or_default();
    stem.to_string_lossy().to_lowercase()
}

/// `tools CLASS ARGS`, where the class is one of the quickstart's or the benchmarks', as the command it stands for.
fn class(argv: &[OsString]) -> Option<Vec<OsString>> {
    let [program, tools, class, rest @ ..] = argv else { return None };
    if !tools.eq_ignore_ascii_case("tools") {
        return None;
    }
    let words: &[&str] = match class.to_str()? {
        PRODUCER_CLASS => &["produce", "TopicTest"],
        CONSUMER_CLASS => &[
            "consume",
            "TopicTest",
            "--group",
            "please_rename_unique_group_name_4",
            "--from",
            "first",
            "--follow",
        ],
        other => match other.strip_prefix(BENCHMARK)? {
            // They go on until they are stopped, unless -q says otherwise.
            "Producer" => &["bench", "producer", "--count=0"],
            "BatchProducer" => &["bench", "batch", "--count=0"],
            "Consumer" => &["bench", "consumer", "--count=0"],
            "TransactionProducer" => &["bench", "transaction", "--count=0"],
            _ => return None,
        },
    };
    let words = words.iter().map(OsString::from);
    Some(std::iter::once(program.clone()).chain(words).chain(rest.iter().cloned()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(argv: &[&str]) -> (String, Form) {
        let found = invocation(argv.iter().map(OsString::from).collect());
        let words: Vec<_> = found.argv.iter().map(|w| w.to_string_lossy().into_owned()).collect();
        (words.join(" "), found.form)
    }

    #[test]
    fn the_name_decides() {
        let table: &[(&[&str], &str, Form)] = &[
            (&["rmq", "topicList"], "rmq topicList", Form::Table),
            (&["/opt/bin/mqadmin", "topicList"], "/opt/bin/mqadmin topicList", Form::Classic),
            (&["mqnamesrv", "-c", "f"], "mqnamesrv namesrv -c f", Form::Table),
            (&["bin/mqbroker"], "bin/mqbroker broker", Form::Table),
            (&["tools.sh", PRODUCER_CLASS], "tools.sh produce TopicTest", Form::Classic),
            (
                &["rmq", "tools", PRODUCER_CLASS, "--count", "5"],
                "rmq produce TopicTest --count 5",
                Form::Classic,
            ),
            (
                &["./tools.sh", CONSUMER_CLASS],
                "./tools.sh consume TopicTest --group please_rename_unique_group_name_4 --from first --follow",
                Form::Classic,
            ),
            (
                &["tools.sh", "org.apache.rocketmq.example.benchmark.BatchProducer", "-w", "8", "-n", "h:1"],
                "tools.sh bench batch --count=0 -w 8 -n h:1",
                Form::Classic,
            ),
            (&["tools.sh", "org.example.Main"], "tools.sh tools org.example.Main", Form::Table),
            (&[], "rmq", Form::Table),
        ];
        for (argv, want, form) in table {
            assert_eq!(seen(argv), ((*want).to_owned(), *form), "{argv:?}");
        }
    }
}

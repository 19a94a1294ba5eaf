//! The real mqadmin, many commands in one JVM (`java/server/AdminSession.java`).

use std::io::{BufReader, BufWriter, Read, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Stdio};

use crate::jvm::{java, jvm};

/// What a command wrote.
#[derive(Debug, Default)]
pub struct Answer {
    pub stdout: String,
    pub stderr: String,
}

/// Without the status lines that logback prints when it is first used.
fn without_noise(stdout: &str) -> String {
    let noise = |line: &&str| ["|-INFO in ", "|-WARN in "].iter().any(|mark| line.contains(mark));
    let kept: String = stdout.split_inclusive('\n').filter(|line| !noise(line)).collect();
    // They end with an empty line.
    if kept.len() < stdout.len() { kept.trim_start_matches('\n').to_owned() } else { kept }
}

/// One JVM that takes commands.
pub struct Mqadmin {
    child: Child,
    input: BufWriter<ChildStdin>,
    output: BufReader<ChildStdout>,
}

impl Mqadmin {
    /// Starts the JVM; logs go below `home`.
    pub fn start(home: &Path) -> Self {
        std::fs::create_dir_all(home).expect("a home directory");
        let mut child = java(&jvm().server, home, "-Xmx384m")
            .arg("AdminSession")
            .current_dir(home)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("start mqadmin");
        let input = BufWriter::new(child.stdin.take().expect("a pipe"));
        let output = BufReader::new(child.stdout.take().expect("a pipe"));
        Self { child, input, output }
    }

    /// Runs one command. The options must be valid, or mqadmin ends its JVM.
    pub fn run(&mut self, args: &[String]) -> Answer {
        self.send(args).unwrap_or_else(|gone| panic!("mqadmin {args:?}: {gone}"));
        let mut receive = || self.receive().unwrap_or_else(|gone| panic!("mqadmin {args:?}: {gone}"));
        let stdout = without_noise(&receive());
        let stderr = receive();
        Answer { stdout, stderr }
    }

    fn send(&mut self, args: &[String]) -> std::io::Result<()> {
        let length = |n: usize| u32::try_from(n).expect("a command line is short").to_be_bytes();
        self.input.write_all(&length(args.len()))?;
        for arg in args {
            self.input.write_all(&length(arg.len()))?;
            self.input.write_all(arg.as_bytes())?;
        }
        self.input.flush()
    }

    fn receive(&mut self) -> std::io::Result<String> {
        let mut length = [0; 4];
        self.output.read_exact(&mut length)?;
        let mut text = vec![0; u32::from_be_bytes(length) as usize];
        self.output.read_exact(&mut text)?;
        Ok(String::from_utf8_lossy(&text).into_owned())
    }
}

impl Drop for Mqadmin {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

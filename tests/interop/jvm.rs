//! Java: the programs, the published jars and the classes compiled from `java/`.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

/// Class paths that are ready for use.
pub struct Jvm {
    /// What an application has, with the checks of `java/client`.
    pub client: String,
    /// The same with the client of the servers' release.
    pub newer_client: String,
    /// What Apache's servers and mqadmin have, with the programs of `java/server`.
    pub server: String,
}

/// The class paths, prepared by the first caller.
///
/// Panics with what is missing: whoever asks for these tests wants them to run.
pub fn jvm() -> &'static Jvm {
    static JVM: OnceLock<Jvm> = OnceLock::new();
    JVM.get_or_init(|| {
        for program in ["java", "javac", "mvn"] {
            let found = Command::new(program).arg("-version").output().is_ok_and(|out| out.status.success());
            assert!(found, "the interop tests run Apache RocketMQ: `{program}` is needed on the PATH");
        }
        let servers = setting("RMQ_INTEROP_SERVER_VERSION", "5.5.0");
        Jvm {
            client: class_path("client", &setting("RMQ_INTEROP_CLIENT_VERSION", "5.3.0")),
            newer_client: class_path("client", &servers),
            server: class_path("server", &servers),
        }
    })
}

fn setting(variable: &str, default: &str) -> String {
    std::env::var(variable).unwrap_or_else(|_| default.to_owned())
}

fn cache() -> PathBuf {
    std::env::var_os("RMQ_INTEROP_JARS")
        .map_or_else(|| Path::new(env!("CARGO_TARGET_TMPDIR")).join("interop"), PathBuf::from)
}

fn sources() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/interop/java")
}

/// Compiles `java/SET` against the jars of that profile, which are fetched if they are not there yet.
fn class_path(set: &str, version: &str) -> String {
    let jars = fetched(set, version);
    let classes = cache().join(format!("{set}-classes-{version}"));
    let _ = fs::remove_dir_all(&classes);
    fs::create_dir_all(&classes).expect("a directory for classes");
    let jars = format!("{}/*", jars.display());
    let mut javac = Command::new("javac");
    javac.args(["-nowarn", "-proc:none", "-encoding", "UTF-8", "-cp", &jars, "-d"]).arg(&classes);
    for entry in fs::read_dir(sources().join(set)).expect("the Java sources") {
        javac.arg(entry.expect("an entry").path());
    }
    succeed(&mut javac);
    format!("{}:{jars}", classes.display())
}

/// Goes up when `pom.xml` asks for more, so that jars fetched before are not taken for all of them.
const GENERATION: u32 = 2;

fn fetched(set: &str, version: &str) -> PathBuf {
    let jars = cache().join(format!("{set}-{version}-{GENERATION}"));
    if jars.exists() {
        return jars;
    }
    // Renamed when whole: an interrupted run must not leave half a class path behind.
    let partial = jars.with_extension("partial");
    let _ = fs::remove_dir_all(&partial);
    succeed(
        Command::new("mvn")
            .args(["-B", "-q", "-f"])
            .arg(sources().join("pom.xml"))
            .arg(format!("-P{set}"))
            .arg(format!("-D{set}.version={version}"))
            .arg("dependency:copy-dependencies")
            .arg(format!("-DoutputDirectory={}", partial.display())),
    );
    fs::rename(&partial, &jars).expect("rename the fetched jars");
    jars
}

fn succeed(command: &mut Command) {
    let out = command.output().expect("start a program of the JDK");
    assert!(
        out.status.success(),
        "{command:?} failed:\n{}{}",
        String::from_utf8_lossy(&out.stdout),
        String::from_utf8_lossy(&out.stderr)
    );
}

/// `java` with the memory and the module openings that RocketMQ wants; logs and offsets go below `home`.
pub fn java(class_path: &str, home: &Path, heap: &str) -> Command {
    let mut command = Command::new("java");
    let flags = setting("RMQ_INTEROP_JVM_FLAGS", crate::JVM_FLAGS);
    command
        .args([heap, "-XX:MaxDirectMemorySize=2g"])
        .args(flags.split_whitespace())
        .arg("--add-exports=java.base/jdk.internal.ref=ALL-UNNAMED")
        .arg("--add-opens=java.base/sun.nio.ch=ALL-UNNAMED")
        .args(["-Dfile.encoding=UTF-8", "-Drocketmq.client.logLevel=WARN", "-Duser.timezone=UTC"])
        .arg(format!("-Duser.home={}", home.display()))
        .arg(format!("-Drocketmq.home.dir={}", home.display()))
        .arg(format!("-Drocketmq.client.localOffsetStoreDir={}", home.join("offsets").display()))
        .args(["-cp", class_path])
        .env("TZ", "UTC");
    command
}

/// The rmq that is run: the one just built, or the one that the environment names.
pub fn rmq_program() -> String {
    std::env::var("RMQ_INTEROP_BINARY").unwrap_or_else(|_| env!("CARGO_BIN_EXE_rmq").to_owned())
}

/// Runs to the end, or kills and panics when `limit` is over. For programs that read no input.
pub fn run(command: &mut Command, limit: Duration) -> Output {
    let mut child =
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("start");
    let stdout = reader(child.stdout.take().expect("a pipe"));
    let stderr = reader(child.stderr.take().expect("a pipe"));
    let status = ended(&mut child, limit);
    let (stdout, stderr) = (stdout.join().expect("stdout"), stderr.join().expect("stderr"));
    let Some(status) = status else {
        panic!(
            "{command:?} did not end in {limit:?}:\n{}\n{}",
            String::from_utf8_lossy(&stdout),
            String::from_utf8_lossy(&stderr)
        );
    };
    Output { status, stdout, stderr }
}

fn reader(mut pipe: impl Read + Send + 'static) -> std::thread::JoinHandle<Vec<u8>> {
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        let _ = pipe.read_to_end(&mut bytes);
        bytes
    })
}

/// The exit status, or `None` if the child had to be killed after `limit`.
pub fn ended(child: &mut Child, limit: Duration) -> Option<std::process::ExitStatus> {
    let end = Instant::now() + limit;
    while Instant::now() < end {
        if let Some(status) = child.try_wait().expect("wait for a child") {
            return Some(status);
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    let _ = child.kill();
    let _ = child.wait();
    None
}

/// Waits until `condition` gives a value, or panics with what was waited for.
pub fn eventually<T>(what: &str, limit: Duration, mut condition: impl FnMut() -> Option<T>) -> T {
    let end = Instant::now() + limit;
    loop {
        if let Some(value) = condition() {
            return value;
        }
        assert!(Instant::now() < end, "waited {limit:?} in vain for {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

//! Servers that answer as they are told, for what real ones do seldom: refuse, be silent, fail one of two.

use parking_lot::Mutex;
use rmq::config::TlsConfig;
use rmq::protocol::{ExtFields, RemotingCommand};
use rmq::remoting::{Connection, Outcome, Server, ServerOptions, ServerTls, Service};
use std::collections::HashMap;
use std::sync::Arc;
use std::thread::JoinHandle;
use tokio_util::sync::CancellationToken;

/// An answer to a request.
#[derive(Clone, Debug)]
pub enum Answer {
    /// Success, with these fields and this body.
    Ok(Vec<(&'static str, String)>, String),
    /// A refusal with its code and remark.
    No(i32, &'static str),
    /// None at all.
    Silence,
}

/// Success with a body.
pub fn ok(body: impl Into<String>) -> Answer {
    Answer::Ok(Vec::new(), body.into())
}

/// A request as it came.
#[derive(Clone, Debug)]
pub struct Seen {
    pub code: i32,
    ext: ExtFields,
    pub body: String,
}

impl Seen {
    /// A field of the request, empty where it is absent.
    pub fn field(&self, name: &str) -> &str {
        self.ext.get(name).unwrap_or_default()
    }
}

type Script = Mutex<HashMap<i32, Box<dyn Fn(&Seen) -> Answer + Send>>>;

#[derive(Default)]
struct Book {
    script: Script,
    /// The answer to what the script does not know; none for a refusal.
    otherwise: Mutex<Option<Answer>>,
    seen: Mutex<Vec<Seen>>,
}

impl Service for Book {
    fn call(&self, _: &Arc<Connection>, mut request: RemotingCommand) -> Outcome {
        let body = std::mem::take(&mut request.body).into_bytes();
        let body = String::from_utf8_lossy(&body).into_owned();
        let seen = Seen { code: request.code, ext: request.ext.clone(), body };
        self.seen.lock().push(seen.clone());
        let answer = match self.script.lock().get(&seen.code) {
            Some(answer) => answer(&seen),
            None => {
                let otherwise = self.otherwise.lock().clone();
                otherwise.unwrap_or(Answer::No(3, " request type not supported"))
            }
        };
        match answer {
            Answer::Ok(fields, body) => {
                let mut response = request.response_to(0).with_body(body.into_bytes());
                fields.iter().for_each(|(name, value)| response.ext.push(name, value));
                Outcome::Reply(response)
            }
            Answer::No(code, remark) => Outcome::Reply(request.response_to(code).with_remark(remark)),
            Answer::Silence => Outcome::Nothing,
        }
    }
}

/// A server on a port of its own, until it is dropped.
pub struct Fake {
    pub addr: String,
    book: Arc<Book>,
    stop: CancellationToken,
    thread: Option<JoinHandle<()>>,
}

impl Fake {
    /// A server that supports nothing yet.
    pub fn start() -> Self {
        Self::with(ServerOptions::default())
    }

    /// As [`Fake::start`], for connections that are encrypted only; its certificate is signed by nobody.
    pub fn encrypted() -> Self {
        let mut config = TlsConfig::default();
        config.config_file = String::new();
        config.set("tls.server.mode", "enforcing").unwrap();
        let tls = Some(Arc::new(ServerTls::new(config).unwrap()));
        Self::with(ServerOptions { tls, ..ServerOptions::default() })
    }

    fn with(options: ServerOptions) -> Self {
        let (book, stop) = (Arc::new(Book::default()), CancellationToken::new());
        let (tell, told) = std::sync::mpsc::channel();
        let (service, stopped) = (book.clone(), stop.clone());
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async move {
                let any = "127.0.0.1:0".parse().unwrap();
                let server = Server::bind(any, options).await.unwrap();
                tell.send(server.local_addr().unwrap()).unwrap();
                server.run(service, stopped).await;
            });
        });
        let addr = told.recv().unwrap().to_string();
        Fake { addr, book, stop, thread: Some(thread) }
    }

    /// Answers requests of a code so.
    #[must_use]
    pub fn on(self, code: i32, answer: Answer) -> Self {
        self.when(code, move |_| answer.clone())
    }

    /// Answers requests of a code as a function says.
    #[must_use]
    pub fn when(self, code: i32, answer: impl Fn(&Seen) -> Answer + Send + 'static) -> Self {
        self.book.script.lock().insert(code, Box::new(answer));
        self
    }

    /// Answers all other requests so.
    #[must_use]
    pub fn otherwise(self, answer: Answer) -> Self {
        *self.book.otherwise.lock() = Some(answer);
        self
    }

    /// The requests of a code, in their order.
    pub fn seen(&self, code: i32) -> Vec<Seen> {
        self.book.seen.lock().iter().filter(|seen| seen.code == code).cloned().collect()
    }
}

impl Drop for Fake {
    fn drop(&mut self) {
        self.stop.cancel();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// A name server that knows these brokers, all masters of cluster C, and these topics, which are on all of them.
pub fn name_server(brokers: &[(&str, &str)], topics: &[&'static str]) -> Fake {
    let data: Vec<String> = brokers
        .iter()
        .map(|(name, addr)| {
            format!(r#"{{"brokerAddrs":{{0:"{addr}"}},"brokerName":"{name}","cluster":"C","enableActingMaster":false}}"#)
        })
        .collect();
    let table: Vec<String> =
        brokers.iter().zip(&data).map(|((name, _), data)| format!(r#""{name}":{data}"#)).collect();
    let names: Vec<String> = brokers.iter().map(|(name, _)| format!(r#""{name}""#)).collect();
    let queues: Vec<String> = brokers
        .iter()
        .map(|(name, _)| {
            format!(
                r#"{{"brokerName":"{name}","perm":6,"readQueueNums":2,"topicSysFlag":0,"writeQueueNums":2}}"#
            )
        })
        .collect();
    let cluster = format!(
        r#"{{"brokerAddrTable":{{{}}},"clusterAddrTable":{{"C":[{}]}}}}"#,
        table.join(","),
        names.join(",")
    );
    let route = format!(
        r#"{{"brokerDatas":[{}],"filterServerTable":{{}},"queueDatas":[{}]}}"#,
        data.join(","),
        queues.join(",")
    );
    let known: Vec<String> = topics.iter().map(|topic| format!(r#""{topic}""#)).collect();
    let list = format!(r#"{{"topicList":[{}]}}"#, known.join(","));
    let topics: Vec<String> = topics.iter().map(|topic| (*topic).to_owned()).collect();
    Fake::start()
        .on(106, ok(cluster))
        .on(206, ok(list))
        .on(216, ok(""))
        .on(100, ok(""))
        .on(101, Answer::No(22, "No config item"))
        .when(105, move |seen| {
            if topics.iter().any(|topic| topic == seen.field("topic")) {
                ok(route.clone())
            } else {
                Answer::No(17, "No topic route info in name server for the topic")
            }
        })
}

//! A client on real sockets, with servers whose certificates it should take and others that it should not.

use std::path::{Path, PathBuf};
use std::time::Duration;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use tokio_util::sync::CancellationToken;

use super::*;
use crate::config::TlsConfig;
use crate::protocol::RemotingCommand;
use crate::protocol::broker::UpdateBrokerConfig;
use crate::remoting::{
    CallError, Connection, Outcome, Pool, PoolOptions, Server, ServerOptions, ServerTls, Service,
};

/// Answers everything.
struct Content;

impl Service for Content {
    fn call(&self, _: &Arc<Connection>, request: RemotingCommand) -> Outcome {
        Outcome::Reply(request.response_to(0))
    }
}

/// Files with certificates and keys, all from one issuer.
struct Files {
    directory: tempfile::TempDir,
    issuer: CertifiedIssuer<'static, KeyPair>,
}

impl Files {
    fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        Files { directory: tempfile::tempdir().unwrap(), issuer }
    }

    fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.directory.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    }

    fn ca(&self) -> PathBuf {
        self.write("ca.pem", &self.issuer.pem())
    }

    /// A certificate for a name, and its key.
    fn pair(&self, name: &str) -> (PathBuf, PathBuf) {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        let stem = name.replace('.', "-");
        (
            self.write(&format!("{stem}.pem"), &certificate.pem()),
            self.write(&format!("{stem}.key"), &key.serialize_pem()),
        )
    }
}

fn shown(path: &Path) -> String {
    path.display().to_string()
}

/// A server with these settings, and its port.
async fn serve(settings: &[(&str, String)]) -> (u16, CancellationToken) {
    let mut config = TlsConfig::default();
    config.config_file = String::new();
    for (key, value) in settings {
        config.set(key, value).unwrap();
    }
    let tls = Some(Arc::new(ServerTls::new(config).unwrap()));
    let options = ServerOptions { tls, ..ServerOptions::default() };
    let server = Server::bind("127.0.0.1:0".parse().unwrap(), options).await.unwrap();
    let (port, shutdown) = (server.local_addr().unwrap().port(), CancellationToken::new());
    tokio::spawn(server.run(Arc::new(Content), shutdown.clone()));
    (port, shutdown)
}

/// A server with a certificate for a name.
async fn server_for(files: &Files, name: &str) -> (u16, CancellationToken) {
    let (cert, key) = files.pair(name);
    serve(&[
        ("tls.test.mode.enable", "false".into()),
        ("tls.server.certPath", shown(&cert)),
        ("tls.server.keyPath", shown(&key)),
    ])
    .await
}

async fn call(addr: &str, tls: Option<ClientTls>) -> Result<(), CallError> {
    let pool = Pool::new(PoolOptions { tls, ..PoolOptions::default() }, None);
    // More than one record of TLS, and more than a socket takes at once.
    let body = "x".repeat(3_000_000);
    let called = pool.call::<UpdateBrokerConfig>(addr, (), body, Duration::from_secs(10)).await;
    pool.close().await;
    called.map(|_| ())
}

fn trusting(files: &Files) -> TlsSettings {
    TlsSettings { ca: Some(files.ca()), ..TlsSettings::default() }
}

/// Whether it failed for its certificate, with what the person is told.
fn refused(result: Result<(), CallError>) -> String {
    match result.unwrap_err() {
        CallError::Tls { source, .. } => source.to_string(),
        other => panic!("{other}"),
    }
}

#[tokio::test]
async fn a_server_must_have_a_certificate_that_is_trusted_and_for_its_name() {
    let (files, others) = (Files::new(), Files::new());
    let (port, stop) = server_for(&files, "mq.example.org").await;
    let addr = format!("127.0.0.1:{port}");
    let tls = |settings: TlsSettings| Some(ClientTls::new(&settings).unwrap());
    let named = TlsSettings { server_name: Some("mq.example.org".into()), ..trusting(&files) };
    call(&addr, tls(named.clone())).await.unwrap();
    // The address that a name was looked up to.
    let names = HashMap::from([(addr.clone(), "mq.example.org".to_owned())]);
    call(&addr, tls(trusting(&files)).map(|tls| tls.known_as(names))).await.unwrap();
    assert!(refused(call(&addr, tls(trusting(&files))).await).contains("not valid for name"));
    let stranger = TlsSettings { ca: Some(others.ca()), ..named.clone() };
    assert!(refused(call(&addr, tls(stranger)).await).contains("invalid peer certificate"));
    // What Java's clients check, and nothing at all.
    call(&addr, tls(TlsSettings { check: ServerCheck::Chain, ..trusting(&files) })).await.unwrap();
    let stranger = TlsSettings { check: ServerCheck::Chain, ca: Some(others.ca()), ..named };
    assert!(refused(call(&addr, tls(stranger)).await).contains("invalid peer certificate"));
    let nothing = TlsSettings { check: ServerCheck::Nothing, ..TlsSettings::default() };
    call(&addr, tls(nothing)).await.unwrap();
    stop.cancel();
}

#[tokio::test]
async fn a_server_that_asks_for_a_certificate_gets_one() {
    let files = Files::new();
    let (cert, key) = files.pair("localhost");
    let (port, stop) = serve(&[
        ("tls.test.mode.enable", "false".into()),
        ("tls.server.certPath", shown(&cert)),
        ("tls.server.keyPath", shown(&key)),
        ("tls.server.need.client.auth", "require".into()),
        ("tls.server.authClient", "true".into()),
        ("tls.server.trustCertPath", shown(&files.ca())),
    ])
    .await;
    let addr = format!("localhost:{port}");
    let (cert, key) = files.pair("client");
    let own = TlsSettings { cert: Some(cert), key: Some(key), ..trusting(&files) };
    call(&addr, Some(ClientTls::new(&own).unwrap())).await.unwrap();
    // In TLS 1.3 the client is done before the server has looked for the certificate.
    let without = call(&addr, Some(ClientTls::new(&trusting(&files)).unwrap())).await;
    assert!(matches!(without, Err(CallError::Tls { .. } | CallError::Closed { .. })), "{without:?}");
    stop.cancel();
}

#[tokio::test]
async fn who_speaks_another_way_is_told_apart() {
    let (plain, stop_plain) = serve(&[("tls.server.mode", "disabled".into())]).await;
    let (strict, stop_strict) = serve(&[("tls.server.mode", "enforcing".into())]).await;
    let nothing = TlsSettings { check: ServerCheck::Nothing, ..TlsSettings::default() };
    let tls = ClientTls::new(&nothing).unwrap();
    let result = call(&format!("127.0.0.1:{plain}"), Some(tls.clone())).await;
    assert!(matches!(result, Err(CallError::Tls { .. })), "{result:?}");
    let result = call(&format!("127.0.0.1:{strict}"), None).await;
    assert!(matches!(result, Err(CallError::Closed { .. })), "{result:?}");
    call(&format!("127.0.0.1:{strict}"), Some(tls)).await.unwrap();
    stop_plain.cancel();
    stop_strict.cancel();
}

#[test]
fn the_name_of_a_server_is_its_host() {
    let table = [("mq.example.org:9876", "mq.example.org"), ("[::1]:1", "::1"), ("127.0.0.1:1", "127.0.0.1")];
    for (addr, host) in table {
        assert_eq!(host_of(addr), host);
        assert!(name_of(host).is_ok());
    }
    assert!(matches!(name_of("a b"), Err(ClientTlsError::ServerName(_))));
}

#[test]
fn files_that_cannot_be_used_are_named() {
    let files = Files::new();
    let tls = |settings: TlsSettings| ClientTls::new(&settings).unwrap_err().to_string();
    let nothing = TlsSettings { check: ServerCheck::Nothing, ..TlsSettings::default() };
    let error = tls(TlsSettings { ca: Some("/nowhere/ca.pem".into()), ..TlsSettings::default() });
    assert!(error.contains("/nowhere/ca.pem"), "{error}");
    let error = tls(TlsSettings { ca: Some(files.write("ca", "no certificate")), ..TlsSettings::default() });
    assert!(error.contains("there is no certificate in it"), "{error}");
    let error = tls(TlsSettings { cert: Some("c".into()), ..nothing.clone() });
    assert!(error.contains("without its key"), "{error}");
    let (cert, key) = files.pair("client");
    let encrypted = "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n";
    let encrypted = files.write("encrypted", encrypted);
    let error = tls(TlsSettings { cert: Some(cert.clone()), key: Some(encrypted), ..nothing.clone() });
    assert!(error.contains("it is encrypted"), "{error}");
    assert!(ClientTls::new(&TlsSettings { cert: Some(cert), key: Some(key), ..nothing }).is_ok());
}

//! A server on a real socket, with clients that encrypt and others that do not.

use std::fs;
use std::io::{self, ErrorKind};
use std::net::SocketAddr;

use bytes::Bytes;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::ClientConfig;
use rustls::client::danger::{ServerCertVerified, ServerCertVerifier};
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::task::JoinHandle;
use tokio_rustls::TlsConnector;
use tokio_util::sync::CancellationToken;

use super::*;
use crate::protocol::RemotingCommand;
use crate::remoting::{Connection, Outcome, Server, ServerOptions, Service};

/// Answers with the body it was sent.
struct Echo;

impl Service for Echo {
    fn call(&self, _: &Arc<Connection>, request: RemotingCommand) -> Outcome {
        Outcome::Reply(request.response_to(0).with_body(request.body.clone()))
    }
}

struct Running {
    addr: SocketAddr,
    shutdown: CancellationToken,
    done: JoinHandle<()>,
}

impl Running {
    async fn start(config: TlsConfig) -> Self {
        let tls = Some(Arc::new(ServerTls::new(config).unwrap()));
        let options = ServerOptions { tls, ..ServerOptions::default() };
        let server = Server::bind("127.0.0.1:0".parse().unwrap(), options).await.unwrap();
        let (addr, shutdown) = (server.local_addr().unwrap(), CancellationToken::new());
        let done = tokio::spawn(server.run(Arc::new(Echo), shutdown.clone()));
        Self { addr, shutdown, done }
    }

    async fn stop(self) {
        self.shutdown.cancel();
        self.done.await.unwrap();
    }

    async fn plain(&self, body: usize) -> io::Result<usize> {
        exchange(TcpStream::connect(self.addr).await?, body).await
    }

    async fn encrypted(&self, config: ClientConfig, body: usize) -> io::Result<usize> {
        let socket = TcpStream::connect(self.addr).await?;
        let name = ServerName::try_from("localhost").unwrap();
        exchange(TlsConnector::from(Arc::new(config)).connect(name, socket).await?, body).await
    }
}

/// Sends a body of so many bytes and returns how many come back.
async fn exchange(mut socket: impl AsyncRead + AsyncWrite + Unpin, body: usize) -> io::Result<usize> {
    let request = RemotingCommand::request(1).with_body(Bytes::from(vec![7; body]));
    let frame = request.encode().unwrap();
    let (mut reading, mut writing) = tokio::io::split(&mut socket);
    let write = async {
        writing.write_all(&frame).await?;
        writing.flush().await
    };
    let read = async {
        let length = reading.read_u32().await?;
        let mut frame = vec![0; length as usize];
        reading.read_exact(&mut frame).await?;
        Ok(RemotingCommand::decode(frame.into()).unwrap().body.len())
    };
    let (written, read) = tokio::join!(write, read);
    written.and(read)
}

/// Believes every server.
#[derive(Debug)]
struct Believing(WebPkiSupportedAlgorithms);

impl ServerCertVerifier for Believing {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }
    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, certificate, signature, &self.0)
    }
    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signature, &self.0)
    }
    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.supported_schemes()
    }
}

type Own = Option<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>)>;

/// A client that believes every server, or those of an issuer only; with a certificate of its own or without.
fn client(issuer: Option<&CertificateDer<'static>>, own: Own) -> ClientConfig {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let algorithms = provider.signature_verification_algorithms;
    let builder =
        ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let builder = match issuer {
        None => builder.dangerous().with_custom_certificate_verifier(Arc::new(Believing(algorithms))),
        Some(issuer) => {
            let mut roots = RootCertStore::empty();
            roots.add(issuer.clone()).unwrap();
            builder.with_root_certificates(roots)
        }
    };
    match own {
        None => builder.with_no_client_auth(),
        Some((chain, key)) => builder.with_client_auth_cert(chain, key).unwrap(),
    }
}

/// An issuer of certificates, and what it issued to a name.
struct Issuer(CertifiedIssuer<'static, KeyPair>);

impl Issuer {
    fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    fn issue(&self, name: &str) -> (rcgen::Certificate, KeyPair) {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        (params.signed_by(&key, &self.0).unwrap(), key)
    }

    fn client(&self) -> Own {
        let (certificate, key) = self.issue("client");
        Some((vec![certificate.der().clone()], PrivatePkcs8KeyDer::from(key.serialize_der()).into()))
    }

    fn certificate(&self) -> &CertificateDer<'static> {
        self.0.der()
    }
}

/// Settings with files: a certificate of the issuer for `localhost`.
fn with_files(dir: &Path, issuer: &Issuer) -> TlsConfig {
    let (certificate, key) = issuer.issue(TEST_NAME);
    let write = |name: &str, text: String| {
        let path = dir.join(name);
        fs::write(&path, text).unwrap();
        Some(path.display().to_string())
    };
    let mut config = settings(TlsMode::Permissive);
    config.test_mode = false;
    config.cert_path = write("server.pem", certificate.pem());
    config.key_path = write("server.key", key.serialize_pem());
    config.trust_cert_path = write("ca.pem", issuer.0.pem());
    config
}

fn settings(mode: TlsMode) -> TlsConfig {
    let mut config = TlsConfig::default();
    config.mode = mode;
    config.config_file = String::new();
    config
}

#[tokio::test]
async fn the_mode_says_who_is_served() {
    for (mode, plain, encrypted) in [
        (TlsMode::Disabled, true, false),
        (TlsMode::Permissive, true, true),
        (TlsMode::Enforcing, false, true),
    ] {
        let server = Running::start(settings(mode)).await;
        assert_eq!(server.plain(3).await.ok(), plain.then_some(3), "{mode:?} plain");
        let answered = server.encrypted(client(None, None), 3).await.ok();
        assert_eq!(answered, encrypted.then_some(3), "{mode:?} encrypted");
        server.stop().await;
    }
}

/// Far more than a socket takes at once, so that parts wait in the encryption, too.
#[tokio::test]
async fn big_bodies_come_whole() {
    let server = Running::start(settings(TlsMode::Enforcing)).await;
    let size = 12 << 20;
    assert_eq!(server.encrypted(client(None, None), size).await.unwrap(), size);
    server.stop().await;
}

#[tokio::test]
async fn clients_show_certificates_where_they_must() {
    let dir = tempfile::tempdir().unwrap();
    let (issuer, stranger) = (Issuer::new(), Issuer::new());
    let table = [
        // Asked, checked: served are those without, with a right one, with a stranger's.
        (ClientAuth::None, true, [true, true, true]),
        (ClientAuth::Optional, true, [true, true, false]),
        (ClientAuth::Require, true, [false, true, false]),
        (ClientAuth::Optional, false, [true, true, true]),
        (ClientAuth::Require, false, [false, true, true]),
    ];
    for (need, check, expected) in table {
        let mut config = with_files(dir.path(), &issuer);
        config.need_client_auth = need;
        config.auth_client = check;
        let server = Running::start(config).await;
        for (own, expected) in [None, issuer.client(), stranger.client()].into_iter().zip(expected) {
            let config = client(Some(issuer.certificate()), own);
            let served = server.encrypted(config, 3).await.is_ok();
            assert_eq!(served, expected, "{need:?} {check}");
        }
        server.stop().await;
    }
}

#[tokio::test]
async fn a_renewed_certificate_is_used_and_a_broken_one_is_not() {
    let dir = tempfile::tempdir().unwrap();
    let (old, new) = (Issuer::new(), Issuer::new());
    let config = with_files(dir.path(), &old);
    let server = Running::start(config.clone()).await;
    let believes = |issuer: &Issuer| client(Some(issuer.certificate()), None);
    server.encrypted(believes(&old), 3).await.unwrap();
    let touched = |seconds| {
        for path in [&config.cert_path, &config.key_path].into_iter().flatten() {
            let file = fs::File::options().append(true).open(path).unwrap();
            file.set_modified(SystemTime::now() + Duration::from_secs(seconds)).unwrap();
        }
    };
    with_files(dir.path(), &new);
    touched(5);
    server.encrypted(believes(&new), 3).await.unwrap();
    assert!(server.encrypted(believes(&old), 3).await.is_err());
    fs::write(config.cert_path.as_ref().unwrap(), "half").unwrap();
    touched(9);
    server.encrypted(believes(&new), 3).await.unwrap();
    server.stop().await;
}

/// What is wrong with a configuration that was good.
type Spoil = fn(&mut TlsConfig);

#[tokio::test]
async fn what_is_missing_is_told_at_the_start() {
    let dir = tempfile::tempdir().unwrap();
    let told = |change: Spoil| {
        let mut config = with_files(dir.path(), &Issuer::new());
        change(&mut config);
        ServerTls::new(config).unwrap_err().to_string()
    };
    let table: [(Spoil, &str); 5] = [
        (
            |config| {
                let key =
                    "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n";
                fs::write(config.key_path.as_ref().unwrap(), key).unwrap();
            },
            "it is encrypted",
        ),
        (|config| config.cert_path = None, "tls.server.certPath is needed"),
        (|config| config.key_path = Some("/no/such/key".into()), "tls.server.keyPath /no/such/key"),
        (|config| std::mem::swap(&mut config.cert_path, &mut config.key_path), "no certificate"),
        (
            |config| {
                config.trust_cert_path = None;
                config.auth_client = true;
                config.need_client_auth = ClientAuth::Require;
            },
            "tls.server.trustCertPath is needed",
        ),
    ];
    for (change, part) in table {
        let error = told(change);
        assert!(error.contains(part), "{error}");
    }
}

#[tokio::test]
async fn who_says_nothing_does_not_keep_a_server() {
    let server = Running::start(settings(TlsMode::Permissive)).await;
    let mut silent = TcpStream::connect(server.addr).await.unwrap();
    // Accepted for certain, since a later one is served.
    server.plain(1).await.unwrap();
    server.stop().await;
    let end = silent.read(&mut [0]).await;
    assert!(matches!(&end, Ok(0)) || end.is_err_and(|e| e.kind() == ErrorKind::ConnectionReset));
}

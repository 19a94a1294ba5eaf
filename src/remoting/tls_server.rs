//! TLS on the port that plain connections use, too: the first byte tells which it is (Java: `TlsModeHandler`,
//! `TlsHelper`).

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use parking_lot::Mutex;
use rustls::client::danger::HandshakeSignatureValid;
use rustls::crypto::{
    CryptoProvider, WebPkiSupportedAlgorithms, verify_tls12_signature, verify_tls13_signature,
};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, UnixTime};
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{
    DigitallySignedStruct, DistinguishedName, Error, RootCertStore, ServerConfig, SignatureScheme,
    SupportedProtocolVersion,
};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use crate::config::{ClientAuth, TlsConfig, TlsFileError, TlsMode};

/// How a handshake begins; a plain frame begins with a length that no server takes.
const HANDSHAKE: u8 = 0x16;
/// How long a handshake may take (Netty's default).
const HANDSHAKE_WITHIN: Duration = Duration::from_secs(10);
/// The mark of a private key with a password, which would take a dozen libraries to open.
const ENCRYPTED: &[u8] = b"-----BEGIN ENCRYPTED PRIVATE KEY-----";
/// The name in a certificate that is made here.
const TEST_NAME: &str = "localhost";

/// TLS that cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// The file of its settings cannot be used.
    #[error(transparent)]
    File(#[from] TlsFileError),
    /// A setting that is needed is not there.
    #[error("{0} is needed where tls.test.mode.enable is false")]
    Missing(&'static str),
    /// A file of keys or certificates cannot be used.
    #[error("{key} {path}: {reason}")]
    Pem {
        /// The setting that names it.
        key: &'static str,
        /// The file.
        path: String,
        /// Why.
        reason: String,
    },
    /// The key and the certificates do not fit, or the like.
    #[error("TLS cannot be set up: {0}")]
    Setup(String),
}

impl From<Error> for TlsError {
    fn from(error: Error) -> Self {
        TlsError::Setup(error.to_string())
    }
}

/// How a server treats connections that want to be encrypted.
#[derive(Debug)]
pub struct ServerTls {
    config: TlsConfig,
    state: Mutex<State>,
}

/// What handshakes are done with.
#[derive(Default)]
struct State {
    acceptor: Option<TlsAcceptor>,
    /// When the files were changed that it was made from.
    files: Vec<Option<SystemTime>>,
}

impl std::fmt::Debug for State {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("State").field("files", &self.files).finish_non_exhaustive()
    }
}

/// A connection, in whichever form its client chose.
pub(super) enum Accepted {
    Plain(TcpStream),
    Encrypted(Box<TlsStream<TcpStream>>),
}

impl ServerTls {
    /// By these settings, with those in the file that they name over them. A certificate of its own is made when the
    /// first client wants it.
    ///
    /// # Errors
    /// Files that cannot be used.
    pub fn new(mut config: TlsConfig) -> Result<Self, TlsError> {
        for warning in config.load_file()? {
            tracing::warn!(%warning, file = config.config_file, "a setting of TLS is passed over");
        }
        let tls = Self { config, state: Mutex::default() };
        if tls.config.mode != TlsMode::Disabled && !tls.config.test_mode {
            tls.acceptor()?;
        }
        Ok(tls)
    }

    /// The settings, those of the file included.
    pub fn config(&self) -> &TlsConfig {
        &self.config
    }

    /// Finds out what the client wants, and does the handshake where it wants one. `None` if the connection is over.
    pub(super) async fn accept(&self, socket: TcpStream, patience: Duration) -> Option<Accepted> {
        if self.config.mode == TlsMode::Disabled {
            // A handshake is no frame: the connection ends by that.
            return Some(Accepted::Plain(socket));
        }
        let mut first = [0];
        let peeked = tokio::time::timeout(patience, socket.peek(&mut first)).await;
        if !matches!(peeked, Ok(Ok(1))) {
            return None;
        }
        if first[0] != HANDSHAKE {
            if self.config.mode == TlsMode::Enforcing {
                tracing::warn!(peer = ?socket.peer_addr().ok(), "a connection is closed that is not encrypted");
                return None;
            }
            return Some(Accepted::Plain(socket));
        }
        // On the heap: a handshake needs more room than a plain connection ever does.
        Box::pin(self.encrypt(socket)).await
    }

    async fn encrypt(&self, socket: TcpStream) -> Option<Accepted> {
        let peer = socket.peer_addr().ok();
        let acceptor = self
            .acceptor()
            .inspect_err(|error| tracing::error!(%error, "a connection cannot be encrypted"))
            .ok()?;
        match tokio::time::timeout(HANDSHAKE_WITHIN, acceptor.accept(socket)).await {
            Ok(Ok(stream)) => Some(Accepted::Encrypted(Box::new(stream))),
            Ok(Err(error)) => {
                tracing::warn!(?peer, %error, "a handshake failed");
                None
            }
            Err(_) => {
                tracing::warn!(?peer, "a handshake took too long");
                None
            }
        }
    }

    /// What handshakes are done with now: made anew where a file has changed, so that certificates can be renewed
    /// under a running server (Java: `FileWatchService`).
    fn acceptor(&self) -> Result<TlsAcceptor, TlsError> {
        let mut state = self.state.lock();
        let files = self.changed_at();
        if let Some(acceptor) = state.acceptor.as_ref().filter(|_| state.files == files) {
            return Ok(acceptor.clone());
        }
        match server_config(&self.config) {
            Ok(config) => {
                let acceptor = TlsAcceptor::from(Arc::new(config));
                *state = State { acceptor: Some(acceptor.clone()), files };
                Ok(acceptor)
            }
            Err(error) => match &state.acceptor {
                // Files are half written for a moment; the next connection tries again.
                Some(before) => {
                    tracing::warn!(%error, "the certificates before stay in use");
                    Ok(before.clone())
                }
                None => Err(error),
            },
        }
    }

    fn changed_at(&self) -> Vec<Option<SystemTime>> {
        if self.config.test_mode {
            return Vec::new();
        }
        [&self.config.cert_path, &self.config.key_path, &self.config.trust_cert_path]
            .into_iter()
            .map(|path| std::fs::metadata(path.as_ref()?).ok()?.modified().ok())
            .collect()
    }
}

fn server_config(config: &TlsConfig) -> Result<ServerConfig, TlsError> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ServerConfig::builder_with_provider(provider.clone())
        .with_protocol_versions(&protocols(config.protocols.as_deref()))?;
    if config.test_mode {
        let (certificate, key) = self_signed()?;
        return Ok(builder.with_no_client_auth().with_single_cert(vec![certificate], key)?);
    }
    let certificates = certificates("tls.server.certPath", config.cert_path.as_deref())?;
    let key = private_key("tls.server.keyPath", config.key_path.as_deref())?;
    Ok(builder.with_client_cert_verifier(verifier(config, &provider)?).with_single_cert(certificates, key)?)
}

fn protocols(names: Option<&str>) -> Vec<&'static SupportedProtocolVersion> {
    let all = [("TLSv1.2", &rustls::version::TLS12), ("TLSv1.3", &rustls::version::TLS13)];
    let wanted = |name: &str| names.is_none_or(|names| names.split(',').any(|known| known.trim() == name));
    all.into_iter().filter(|(name, _)| wanted(name)).map(|(_, version)| version).collect()
}

/// A certificate for tests, as Netty's `SelfSignedCertificate` makes one.
fn self_signed() -> Result<(CertificateDer<'static>, PrivateKeyDer<'static>), TlsError> {
    let made = rcgen::generate_simple_self_signed([TEST_NAME.to_owned()])
        .map_err(|error| TlsError::Setup(error.to_string()))?;
    let key = PrivatePkcs8KeyDer::from(made.signing_key.serialize_der());
    Ok((made.cert.der().clone(), key.into()))
}

fn verifier(
    config: &TlsConfig,
    provider: &Arc<CryptoProvider>,
) -> Result<Arc<dyn ClientCertVerifier>, TlsError> {
    let mandatory = match config.need_client_auth {
        ClientAuth::None => return Ok(WebPkiClientVerifier::no_client_auth()),
        ClientAuth::Optional => false,
        ClientAuth::Require => true,
    };
    if !config.auth_client {
        let algorithms = provider.signature_verification_algorithms;
        return Ok(Arc::new(AnyCertificate { mandatory, algorithms }));
    }
    let mut roots = RootCertStore::empty();
    for certificate in certificates("tls.server.trustCertPath", config.trust_cert_path.as_deref())? {
        roots.add(certificate)?;
    }
    let builder = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider.clone());
    let builder = if mandatory { builder } else { builder.allow_unauthenticated() };
    builder.build().map_err(|error| TlsError::Setup(error.to_string()))
}

fn certificates(key: &'static str, path: Option<&str>) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let path = path.ok_or(TlsError::Missing(key))?;
    let bad = |reason: String| TlsError::Pem { key, path: path.to_owned(), reason };
    let found: Vec<_> = CertificateDer::pem_file_iter(Path::new(path))
        .and_then(Iterator::collect::<Result<_, _>>)
        .map_err(|error| bad(error.to_string()))?;
    if found.is_empty() { Err(bad("it has no certificate".to_owned())) } else { Ok(found) }
}

fn private_key(key: &'static str, path: Option<&str>) -> Result<PrivateKeyDer<'static>, TlsError> {
    let path = path.ok_or(TlsError::Missing(key))?;
    let bad = |reason: String| TlsError::Pem { key, path: path.to_owned(), reason };
    let pem = std::fs::read(path).map_err(|error| bad(error.to_string()))?;
    if pem.windows(ENCRYPTED.len()).any(|window| window == ENCRYPTED) {
        return Err(bad(
            "it is encrypted; `openssl pkey -in FILE -out PLAIN` makes one that is not".to_owned()
        ));
    }
    PrivateKeyDer::from_pem_slice(&pem).map_err(|error| bad(error.to_string()))
}

/// Takes any certificate of a client, as long as the client has the key to it: what `tls.server.authClient=false`
/// asks for (Netty's `InsecureTrustManagerFactory`).
#[derive(Debug)]
struct AnyCertificate {
    mandatory: bool,
    algorithms: WebPkiSupportedAlgorithms,
}

impl ClientCertVerifier for AnyCertificate {
    fn client_auth_mandatory(&self) -> bool {
        self.mandatory
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        Ok(ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, certificate, signature, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signature, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests;

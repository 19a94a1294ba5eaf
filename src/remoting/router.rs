//! From a request code to a typed handler.

use std::collections::HashMap;
use std::future::Future;
use std::sync::Arc;

use super::Outcome;
use super::connection::Connection;
use crate::protocol::body::{Body, BodyError};
use crate::protocol::header::Header;
use crate::protocol::request::Request;
use crate::protocol::{ExtFields, HeaderError, Language, RemotingCommand, code};

/// A request as a handler gets it.
#[derive(Debug)]
pub struct In<R: Request> {
    /// The typed header.
    pub header: R::Header,
    /// The body.
    pub body: R::Body,
    /// Who asks.
    pub peer: Arc<Connection>,
    /// The peer's version.
    pub version: i32,
    /// What the peer is written in.
    pub language: Language,
    /// The header's fields, also those that the typed header does not have.
    pub ext: ExtFields,
    /// The request's number on its connection.
    pub opaque: i32,
    /// Whether no answer is expected.
    pub oneway: bool,
}

/// What a handler answers.
#[derive(Debug)]
pub struct Out<R: Request> {
    /// The response code.
    pub code: i32,
    /// Text for humans.
    pub remark: Option<String>,
    /// The header.
    pub header: R::ReplyHeader,
    /// The body.
    pub body: R::ReplyBody,
}

impl<R: Request> Out<R> {
    /// Success, with this header and body.
    pub fn new(header: R::ReplyHeader, body: R::ReplyBody) -> Self {
        Self { code: code::SUCCESS, remark: None, header, body }
    }

    /// With another code.
    #[must_use]
    pub fn code(mut self, code: i32) -> Self {
        self.code = code;
        self
    }

    /// With a remark.
    #[must_use]
    pub fn remark(mut self, remark: impl Into<String>) -> Self {
        self.remark = Some(remark.into());
        self
    }
}

impl<R: Request<ReplyBody = ()>> Out<R> {
    /// Success, with this header.
    pub fn header(header: R::ReplyHeader) -> Self {
        Self::new(header, ())
    }
}

impl<R: Request<ReplyHeader = ()>> Out<R> {
    /// Success, with this body.
    pub fn body(body: R::ReplyBody) -> Self {
        Self::new((), body)
    }
}

impl<R: Request<ReplyHeader = (), ReplyBody = ()>> Out<R> {
    /// Success.
    pub fn done() -> Self {
        Self::new((), ())
    }
}

/// A refusal: the only error of a handler.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reject {
    /// A response code.
    pub code: i32,
    /// Why, for humans; clients show it and some look into it.
    pub remark: String,
}

impl Reject {
    /// Refuses with this code and remark.
    pub fn new(code: i32, remark: impl Into<String>) -> Self {
        Self { code, remark: remark.into() }
    }
}

impl From<HeaderError> for Reject {
    fn from(error: HeaderError) -> Self {
        Self::new(code::SYSTEM_ERROR, error.to_string())
    }
}

impl From<BodyError> for Reject {
    fn from(error: BodyError) -> Self {
        Self::new(code::SYSTEM_ERROR, error.to_string())
    }
}

type Handler<S> = Box<dyn Fn(&Arc<S>, &Arc<Connection>, RemotingCommand) -> Outcome + Send + Sync>;

/// The table of a server: one line a request.
pub struct Router<S> {
    handlers: HashMap<i32, Handler<S>>,
}

impl<S: Send + Sync + 'static> Default for Router<S> {
    fn default() -> Self {
        Self::new()
    }
}

impl<S: Send + Sync + 'static> Router<S> {
    /// Serves nothing yet.
    pub fn new() -> Self {
        Self { handlers: HashMap::new() }
    }

    /// Serves a request by a function that answers at once.
    #[must_use]
    pub fn sync<R: Request + 'static>(
        mut self,
        handler: impl Fn(&Arc<S>, In<R>) -> Result<Out<R>, Reject> + Send + Sync + 'static,
    ) -> Self {
        self.add(R::CODE, move |state, peer, request| {
            let (origin, input) = match read::<R>(peer, request) {
                Ok(read) => read,
                Err(refusal) => return Outcome::Reply(*refusal),
            };
            Outcome::Reply(answer::<R>(&origin, handler(state, input)))
        });
        self
    }

    /// Serves a request by a function that may take its time.
    #[must_use]
    pub fn later<R, F>(mut self, handler: impl Fn(Arc<S>, In<R>) -> F + Send + Sync + 'static) -> Self
    where
        R: Request + 'static,
        F: Future<Output = Result<Out<R>, Reject>> + Send + 'static,
    {
        self.add(R::CODE, move |state, peer, request| {
            let (origin, input) = match read::<R>(peer, request) {
                Ok(read) => read,
                Err(refusal) => return Outcome::Reply(*refusal),
            };
            let answering = handler(state.clone(), input);
            Outcome::Later(Box::pin(async move { Some(answer::<R>(&origin, answering.await)) }))
        });
        self
    }

    /// Serves a request by a function that answers at once or later, as it sees fit: see [`Reply`].
    #[must_use]
    pub fn either<R: Request + 'static>(
        mut self,
        handler: impl Fn(&Arc<S>, In<R>) -> Reply<R> + Send + Sync + 'static,
    ) -> Self {
        self.add(R::CODE, move |state, peer, request| {
            let (origin, input) = match read::<R>(peer, request) {
                Ok(read) => read,
                Err(refusal) => return Outcome::Reply(*refusal),
            };
            match handler(state, input) {
                Reply::Now(result) => Outcome::Reply(answer::<R>(&origin, result)),
                Reply::Later(result) => {
                    Outcome::Later(Box::pin(async move { Some(answer::<R>(&origin, result.await)) }))
                }
            }
        });
        self
    }

    fn add(
        &mut self,
        code: i32,
        handler: impl Fn(&Arc<S>, &Arc<Connection>, RemotingCommand) -> Outcome + Send + Sync + 'static,
    ) {
        let before = self.handlers.insert(code, Box::new(handler));
        debug_assert!(before.is_none(), "request {code} is served twice");
    }

    /// The codes that are served, in order.
    pub fn codes(&self) -> Vec<i32> {
        let mut codes: Vec<i32> = self.handlers.keys().copied().collect();
        codes.sort_unstable();
        codes
    }

    /// Answers a request, an unknown one as Apache's servers do.
    pub fn dispatch(&self, state: &Arc<S>, peer: &Arc<Connection>, request: RemotingCommand) -> Outcome {
        match self.handlers.get(&request.code) {
            Some(handler) => handler(state, peer, request),
            None => {
                let remark = format!(" request type {} not supported", request.code);
                Outcome::Reply(request.response_to(code::REQUEST_CODE_NOT_SUPPORTED).with_remark(remark))
            }
        }
    }
}

/// What [`Router::either`] takes: an answer, or the promise of one.
pub enum Reply<R: Request> {
    /// Known now.
    Now(Result<Out<R>, Reject>),
    /// Known later.
    Later(super::BoxFuture<Result<Out<R>, Reject>>),
}

/// What is needed of a request to answer it.
struct Origin(RemotingCommand);

fn read<R: Request>(
    peer: &Arc<Connection>,
    mut request: RemotingCommand,
) -> Result<(Origin, In<R>), Box<RemotingCommand>> {
    let body = std::mem::take(&mut request.body);
    let read = R::Header::read(&request.ext)
        .map_err(Reject::from)
        .and_then(|header| R::Body::decode(body).map(|body| (header, body)).map_err(Reject::from));
    match read {
        Ok((header, body)) => {
            let ext = std::mem::take(&mut request.ext);
            let (version, language) = (request.version, request.language);
            let (opaque, oneway, peer) = (request.opaque, request.is_oneway(), peer.clone());
            Ok((Origin(request), In { header, body, peer, version, language, ext, opaque, oneway }))
        }
        Err(Reject { code, remark }) => Err(Box::new(request.response_to(code).with_remark(remark))),
    }
}

fn answer<R: Request>(origin: &Origin, result: Result<Out<R>, Reject>) -> RemotingCommand {
    let encoded = result.and_then(|out| {
        let body = out.body.encode()?;
        Ok((out.code, out.remark, out.header, body))
    });
    match encoded {
        Ok((code, remark, header, body)) => {
            let mut response = origin.0.response_to(code).with_header(&header).with_body(body);
            response.remark = remark;
            response
        }
        Err(Reject { code, remark }) => origin.0.response_to(code).with_remark(remark),
    }
}

//! How a request is declared: once, for the client that calls it and the server that answers it.

use super::body::Body;
use super::header::Header;

/// A request and its reply (Java: a constant of `RequestCode`, with its header and body classes).
pub trait Request {
    /// The code on the wire.
    const CODE: i32;
    /// RocketMQ's name of the code, as in `GET_ROUTEINFO_BY_TOPIC`.
    const NAME: &'static str;
    /// The fields of the request.
    type Header: Header + Send;
    /// What follows the request's header.
    type Body: Body + Send;
    /// The fields of a successful reply.
    type ReplyHeader: Header + Send;
    /// What follows the header of a successful reply.
    type ReplyBody: Body + Send;
}

/// Declares requests: `/// docs` `Name = CODE "NAME" (Header, Body) -> (ReplyHeader, ReplyBody);`
#[macro_export]
macro_rules! requests {
    ($($(#[$meta:meta])* $name:ident = $code:literal $wire:literal
        ($header:ty, $body:ty) -> ($reply_header:ty, $reply_body:ty);)*) => {
        $(
            $(#[$meta])*
            #[derive(Debug, Clone, Copy)]
            pub struct $name;
            impl $crate::protocol::request::Request for $name {
                const CODE: i32 = $code;
                const NAME: &'static str = $wire;
                type Header = $header;
                type Body = $body;
                type ReplyHeader = $reply_header;
                type ReplyBody = $reply_body;
            }
        )*
    };
}

//! The files as bytes: pure, one file per kind.

pub(super) mod cq;
pub(super) mod index;
pub(super) mod names;

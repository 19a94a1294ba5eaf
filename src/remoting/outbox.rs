//! What a connection has still to write: chunks of bytes in order, written several at a time.

use std::collections::VecDeque;
use std::io::IoSlice;

use bytes::{Buf, Bytes, BytesMut};

use crate::protocol::{DecodeError, RemotingCommand};

/// How many chunks go into one system call.
const CHUNKS_PER_WRITE: usize = 64;

/// A body chunk up to this size is copied behind its head, which costs less than a slice of its own.
const COPY_UP_TO: usize = 4096;

#[derive(Default)]
pub(super) struct Outbox {
    /// Heads and small bodies, growing; moved to `chunks` when something large follows or it is written.
    tail: BytesMut,
    chunks: VecDeque<Bytes>,
    queued: usize,
}

impl Outbox {
    pub(super) fn is_empty(&self) -> bool {
        self.queued == 0
    }

    /// How many bytes wait.
    pub(super) fn len(&self) -> usize {
        self.queued
    }

    pub(super) fn push(&mut self, command: RemotingCommand) -> Result<(), DecodeError> {
        let before = self.tail.len();
        command.encode_head(&mut self.tail)?;
        self.queued += self.tail.len() - before + command.body.len();
        for chunk in command.body.chunks() {
            if chunk.len() <= COPY_UP_TO {
                self.tail.extend_from_slice(chunk);
            } else {
                self.seal();
                self.chunks.push_back(chunk.clone());
            }
        }
        Ok(())
    }

    fn seal(&mut self) {
        if !self.tail.is_empty() {
            self.chunks.push_back(self.tail.split().freeze());
        }
    }

    /// The next chunks to write, as many as `slices` has room for.
    pub(super) fn fill<'a>(&'a mut self, slices: &mut [IoSlice<'a>; CHUNKS_PER_WRITE]) -> usize {
        self.seal();
        let mut count = 0;
        for (slice, chunk) in slices.iter_mut().zip(&self.chunks) {
            *slice = IoSlice::new(chunk);
            count += 1;
        }
        count
    }

    pub(super) fn empty_slices<'a>() -> [IoSlice<'a>; CHUNKS_PER_WRITE] {
        [IoSlice::new(&[]); CHUNKS_PER_WRITE]
    }

    /// Drops what was written.
    pub(super) fn advance(&mut self, mut written: usize) {
        self.queued = self.queued.saturating_sub(written);
        while let Some(chunk) = self.chunks.front_mut() {
            if written < chunk.len() {
                return chunk.advance(written);
            }
            written -= chunk.len();
            self.chunks.pop_front();
        }
        // An idle connection keeps no memory for a burst that is over.
        if self.chunks.capacity() > 4 * CHUNKS_PER_WRITE {
            self.chunks = VecDeque::new();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::Payload;

    fn drain(outbox: &mut Outbox, step: usize) -> Vec<u8> {
        let mut all = Vec::new();
        while !outbox.is_empty() {
            let mut slices = Outbox::empty_slices();
            let count = outbox.fill(&mut slices);
            let bytes: Vec<u8> = slices[..count].iter().flat_map(|s| s.to_vec()).take(step).collect();
            assert!(!bytes.is_empty());
            outbox.advance(bytes.len());
            all.extend(bytes);
        }
        all
    }

    #[test]
    fn commands_come_out_in_order_however_little_is_written_at_a_time() {
        let commands: Vec<RemotingCommand> = (0..5)
            .map(|i| {
                let body: Payload =
                    vec![Bytes::from(vec![i; 10]), Bytes::from(vec![i; 5000 * usize::from(i)])].into();
                RemotingCommand::request(i.into()).with_body(body)
            })
            .collect();
        let expected: Vec<u8> = commands.iter().flat_map(|c| c.encode().unwrap()).collect();
        for step in [1, 7, 4096, usize::MAX] {
            let mut outbox = Outbox::default();
            commands.iter().for_each(|c| outbox.push(c.clone()).unwrap());
            assert_eq!(outbox.len(), expected.len());
            assert_eq!(drain(&mut outbox, step), expected, "step {step}");
        }
    }
}

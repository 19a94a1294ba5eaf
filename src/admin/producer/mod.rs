//! Commands about producers.

pub mod producer_connection;
pub mod producers;

crate::admin::commands! {
    /// Commands about producers.
    pub enum ProducerCommand in "Producers" {
        ProducerConnection = producer_connection as "producerConnection",
        Producers = producers as "producer",
    }
}

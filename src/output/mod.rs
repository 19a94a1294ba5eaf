//! How a result is shown. The only writer to stdout; knows no command.
//!
//! A command returns a value that implements [`Render`]; an [`Out`] prints it in the [`Form`] that the user
//! asked for. Data goes to stdout, everything said about it goes to stderr.

mod classic;
mod color;
mod count;
mod form;
pub mod java_order;
mod out;
mod progress;
mod prompt;
mod render;
mod schema;
mod table;

pub use classic::{fixed, front, left, right};
pub use color::{ColorChoice, Tone};
pub use count::counted;
pub use form::Form;
pub use out::{Out, OutError, OutOptions};
pub use progress::Progress;
pub use prompt::{Answer, Prompt, ask_new_secret, ask_secret};
pub use render::{Failure, Nothing, Outcome, Render, Text};
pub use schema::schema_of;
pub use table::{Align, Cell, Column, Table};

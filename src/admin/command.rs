//! How a command is registered: one line in the `commands!` of its area.

use super::context::Context;
use super::error::CommandError;
use crate::output::{Outcome, Render};
use schemars::Schema;
use std::time::Duration;

/// How a command lives; decides its runtime and what Ctrl-C does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Life {
    /// Asks, shows, ends. Ctrl-C ends it at once.
    #[default]
    Brief,
    /// Works until it is done or told to stop: Ctrl-C and SIGTERM cancel `Context::stop`, a second one ends it.
    Graceful,
    /// As graceful, on all cores: puts a load on a cluster.
    Load,
    /// As graceful, on all cores, with its log shown.
    Server,
    /// As a server, but of the log only warnings: a server for whoever runs it, who does not care for its log.
    Embedded,
}

/// What is known of a command beyond its arguments.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    /// The name users type; mqadmin's where mqadmin has the command.
    pub name: &'static str,
    pub life: Life,
    /// The JSON schema of what it shows; none for a command that shows text only.
    pub schema: Option<fn() -> Schema>,
}

/// Shows what a command returned and says how it went.
///
/// # Errors
/// The command's own, and those of the output.
pub async fn once<R, F>(ctx: &Context, run: F) -> Result<Outcome, CommandError>
where
    R: Render,
    F: Future<Output = Result<R, CommandError>>,
{
    let result = run.await?;
    ctx.out.show(&result)?;
    Ok(result.outcome())
}

/// Runs a command again and again, `every` so often, and shows each result; ends with its first error.
///
/// # Errors
/// The command's own, and those of the output.
pub async fn repeatedly<R, F>(
    ctx: &Context,
    every: Duration,
    mut run: impl FnMut() -> F,
) -> Result<Outcome, CommandError>
where
    R: Render,
    F: Future<Output = Result<R, CommandError>>,
{
    loop {
        let result = run().await?;
        ctx.out.show_next(&result)?;
        tokio::time::sleep(every).await;
    }
}

/// Declares the commands of an area: `Variant = module as "name"`, optionally followed by `every FIELD` (the
/// field of `Args`, an `Option<Duration>`, that asks for repetition) or `is graceful`, `is load`, `is server`, `is
/// embedded` (its [`Life`]).
///
/// Each module has `Args` (clap), `Output` ([`Render`] and `JsonSchema`) and `async fn run(&Context, Args) ->
/// Result<Output, CommandError>`; of a command that shows rows as they come `Output` is a row. The macro gives the clap subcommands, the dispatch and the catalogue.
macro_rules! commands {
    (
        $(#[$meta:meta])*
        pub enum $name:ident in $area:literal {
            $($variant:ident = $module:ident as $command:literal $(every $field:ident)? $(is $life:ident)?),* $(,)?
        }
    ) => {
        $(#[$meta])*
        #[derive(Debug, Clone, clap::Subcommand)]
        pub enum $name {
            $(#[command(name = $command)] $variant(Box<$module::Args>),)*
        }

        impl $name {
            /// The heading of this area in the help.
            pub const AREA: &'static str = $area;
            /// The commands of this area.
            pub const ENTRIES: &'static [$crate::admin::Entry] = &[
                $($crate::admin::Entry {
                    name: $command,
                    life: $crate::admin::commands!(@life $($life)?),
                    schema: Some($crate::output::schema_of::<$module::Output>),
                },)*
            ];

            /// The command of that name, with its options.
            pub fn named(name: &str) -> Option<clap::Command> {
                match name {
                    $($command => Some(<$module::Args as clap::Args>::augment_args(clap::Command::new($command))),)*
                    _ => None,
                }
            }

            /// How this command lives.
            pub fn life(&self) -> $crate::admin::Life {
                match *self {
                    $(Self::$variant(_) => $crate::admin::commands!(@life $($life)?),)*
                }
            }

            /// Runs the command and shows its result.
            ///
            /// # Errors
            /// The command's own, and those of the output.
            pub async fn run(
                self,
                ctx: &$crate::admin::Context,
            ) -> Result<$crate::output::Outcome, $crate::admin::CommandError> {
                let _ = ctx;
                match self {
                    $(Self::$variant(args) => {
                        $crate::admin::commands!(@run ctx $module args $($field)?)
                    })*
                }
            }
        }
    };
    (@life) => { $crate::admin::Life::Brief };
    (@life graceful) => { $crate::admin::Life::Graceful };
    (@life load) => { $crate::admin::Life::Load };
    (@life server) => { $crate::admin::Life::Server };
    (@life embedded) => { $crate::admin::Life::Embedded };
    (@run $ctx:ident $module:ident $args:ident) => {
        Box::pin($crate::admin::once($ctx, $module::run($ctx, *$args))).await
    };
    (@run $ctx:ident $module:ident $args:ident $field:ident) => {
        match $args.$field {
            Some(every) => {
                let run = || $module::run($ctx, (*$args).clone());
                Box::pin($crate::admin::repeatedly($ctx, every, run)).await
            }
            None => Box::pin($crate::admin::once($ctx, $module::run($ctx, *$args))).await,
        }
    };
}
pub(crate) use commands;

/// Joins the areas into all that an operator can do.
macro_rules! areas {
    ($(#[$meta:meta])* pub enum $name:ident { $($variant:ident($area:ty)),* $(,)? }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, clap::Subcommand)]
        pub enum $name {
            $(#[command(flatten)] $variant($area),)*
        }

        impl $name {
            /// Every area with its heading and its commands.
            pub const AREAS: &'static [(&'static str, &'static [$crate::admin::Entry])] =
                &[$((<$area>::AREA, <$area>::ENTRIES),)*];

            /// The command of that name, with its options.
            pub fn named(name: &str) -> Option<clap::Command> {
                None$(.or_else(|| <$area>::named(name)))*
            }

            /// How this command lives.
            pub fn life(&self) -> $crate::admin::Life {
                match self { $(Self::$variant(command) => command.life(),)* }
            }

            /// Runs the command and shows its result.
            ///
            /// # Errors
            /// The command's own, and those of the output.
            pub async fn run(
                self,
                ctx: &$crate::admin::Context,
            ) -> Result<$crate::output::Outcome, $crate::admin::CommandError> {
                match self { $(Self::$variant(command) => command.run(ctx).await,)* }
            }
        }
    };
}
pub(crate) use areas;

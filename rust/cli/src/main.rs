// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
//! The command `fermata`. What went well is on the standard output, what did not on the standard error; the exit code says
//! which it was, see [`Exit`].

mod journal;
mod render;

use std::io;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

const EXIT_CODES: &str = "\
Exit codes:
  0  done; the journal is sound (a torn tail, which a crash leaves, is sound)
  1  the journal is damaged, or was written by a later version
  2  the command line is wrong
  3  the journal could not be opened, read or written
  4  another process has the journal open for writing";

/// Looks after Fermata's journals.
#[derive(Parser)]
#[command(name = "fermata", version, after_help = EXIT_CODES)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Look into a journal of durable calls
    #[command(subcommand)]
    Journal(journal::Command),
}

/// How the command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
enum Exit {
    Done = 0,
    Unsound = 1,
    Failed = 3,
    Locked = 4,
}

fn main() -> ExitCode {
    let Command::Journal(command) = Arguments::parse().command;
    let exit = match journal::run(&command, &mut io::stdout().lock()) {
        Ok(()) => Exit::Done,
        // Whoever read the output has seen enough.
        Err(journal::Failure::Output(cause)) if cause.kind() == io::ErrorKind::BrokenPipe => {
            Exit::Done
        }
        Err(failure) => {
            journal::report(&failure, command.json(), &mut io::stderr().lock());
            failure.exit()
        }
    };
    ExitCode::from(exit as u8)
}

// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
//! `fermata journal`: what the subcommands do.

use std::collections::{BTreeMap, HashSet, VecDeque};
use std::io::{self, Write};
use std::sync::Arc;
use std::time::Duration;

use clap::{Args, Subcommand};
use fermata_journal::{
    BlockingJournal, Entry, Error, ErrorKind, Folder, FolderStore, Options, Record, SegmentSource,
    SegmentStore, StdThreads, Survey, survey,
};
use fermata_object_storage::{ObjectStorage, ObjectStorageStore, S3Options};
use serde_json::{Value, json};

use crate::Exit;
use crate::render;

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Show segments, records by kind, and actions that are not finished
    Inspect(Place),
    /// Read everything and say whether it is sound
    Verify(Place),
    /// Drop the records of finished actions; no process may have the journal open
    Compact {
        #[command(flatten)]
        place: Place,
        /// Take over from a process that has a journal in object storage open, which can append nothing from then on:
        /// no lock says whether there is one
        #[arg(long)]
        take_over: bool,
    },
    /// Show the last records
    Tail {
        #[command(flatten)]
        place: Place,
        /// How many
        #[arg(short = 'n', long = "records", default_value_t = 10)]
        records: usize,
    },
}

#[derive(Args)]
pub(crate) struct Place {
    /// Folder of the journal, or s3://bucket/prefix, to be reached as the variables AWS_ENDPOINT_URL_S3 or AWS_ENDPOINT_URL, AWS_REGION,
    /// AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY say
    journal: String,
    /// Print JSON: one object, or one a line
    #[arg(long)]
    json: bool,
}

impl Place {
    fn in_object_storage(&self) -> bool {
        self.journal.starts_with("s3://")
    }

    fn object_storage(&self) -> Result<ObjectStorage, Error> {
        ObjectStorage::open(&self.journal, &S3Options::default(), Arc::new(StdThreads))
    }

    /// To read from.
    fn source(&self) -> Result<Box<dyn SegmentSource>, Error> {
        Ok(match self.in_object_storage() {
            true => Box::new(self.object_storage()?),
            false => Box::new(Folder::open(&self.journal)?),
        })
    }

    /// To write to.
    fn store(&self, take_over: bool) -> Result<Arc<dyn SegmentStore>, Error> {
        if self.in_object_storage() {
            if !take_over {
                return Err(Error::new(
                    ErrorKind::InvalidArgument,
                    format!(
                        "{} may be in use, which nothing in object storage tells: see that no process has it open, \
                         and add --take-over",
                        self.journal
                    ),
                ));
            }
            return Ok(Arc::new(ObjectStorageStore::take_over(
                self.object_storage()?,
            )?));
        }
        // A writer makes the folder that it is given; here a wrong name is an error.
        Folder::open(&self.journal)?;
        Ok(Arc::new(FolderStore::open(&self.journal)?))
    }
}

impl Command {
    fn place(&self) -> &Place {
        match self {
            Command::Inspect(place) | Command::Verify(place) => place,
            Command::Compact { place, .. } | Command::Tail { place, .. } => place,
        }
    }

    pub(crate) fn json(&self) -> bool {
        self.place().json
    }
}

/// Why a command failed.
pub(crate) enum Failure {
    Journal(Error),
    Output(io::Error),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Failure::Journal(error)
    }
}

impl From<io::Error> for Failure {
    fn from(cause: io::Error) -> Self {
        Failure::Output(cause)
    }
}

impl Failure {
    pub(crate) fn exit(&self) -> Exit {
        match self {
            Failure::Journal(error) => match error.kind() {
                ErrorKind::Damaged | ErrorKind::NewerFormat => Exit::Unsound,
                ErrorKind::Locked => Exit::Locked,
                _ => Exit::Failed,
            },
            Failure::Output(_) => Exit::Failed,
        }
    }
}

/// Says what failed. That this cannot be written is nobody's to hear.
pub(crate) fn report(failure: &Failure, as_json: bool, to: &mut impl Write) {
    let _ = match failure {
        Failure::Journal(error) if as_json => writeln!(to, "{}", render::error(error)),
        Failure::Journal(error) => writeln!(to, "fermata: {error}"),
        Failure::Output(cause) => writeln!(to, "fermata: the output cannot be written: {cause}"),
    };
}

pub(crate) fn run(command: &Command, to: &mut impl Write) -> Result<(), Failure> {
    let place = command.place();
    match command {
        Command::Inspect(_) => inspect(place, to),
        Command::Verify(_) => verify(place, to),
        Command::Compact { take_over, .. } => compact(place, *take_over, to),
        Command::Tail { records, .. } => tail(place, *records, to),
    }
}

fn print(place: &Place, to: &mut impl Write, value: &Value, text: &str) -> Result<(), Failure> {
    if place.json {
        writeln!(to, "{value}")?;
    } else {
        writeln!(to, "{text}")?;
    }
    Ok(to.flush()?)
}

#[derive(Default)]
struct Contents {
    kinds: BTreeMap<&'static str, u64>,
    unfinished: HashSet<String>,
}

impl Contents {
    fn note(&mut self, entry: Entry) {
        *self.kinds.entry(render::kind(&entry)).or_default() += 1;
        match entry.record {
            Some(Record::ActionFinished(end)) => drop(self.unfinished.remove(&end.action)),
            Some(record) if !self.unfinished.contains(record.action()) => {
                self.unfinished.insert(record.action().to_owned());
            }
            _ => {}
        }
    }
}

fn inspect(place: &Place, to: &mut impl Write) -> Result<(), Failure> {
    let mut contents = Contents::default();
    let survey = survey(&*place.source()?, &mut |entry| contents.note(entry))?;
    let unfinished = contents.unfinished.len();
    let mut value = render::survey(&survey);
    value["kinds"] = json!(contents.kinds);
    value["unfinished_actions"] = json!(unfinished);
    let mut text = render::segments(&survey);
    text.push_str(&format!(
        "{} records, {} bytes\n",
        survey.records(),
        survey.bytes()
    ));
    for (kind, count) in &contents.kinds {
        text.push_str(&format!("  {kind:<16} {count}\n"));
    }
    text.push_str(&format!("{unfinished} actions are not finished"));
    text.push_str(&torn(&survey));
    print(place, to, &value, &text)
}

fn torn(survey: &Survey) -> String {
    survey.torn.as_ref().map_or(String::new(), |torn| {
        format!(
            "\n{} is torn at byte {}: {}; what is before it counts, and the next opening goes on from there",
            torn.file, torn.offset, torn.reason
        )
    })
}

fn verify(place: &Place, to: &mut impl Write) -> Result<(), Failure> {
    let survey = survey(&*place.source()?, &mut drop)?;
    let text = format!(
        "sound: {} records in {} segments, {} bytes{}",
        survey.records(),
        survey.segments.len(),
        survey.bytes(),
        torn(&survey)
    );
    print(place, to, &render::survey(&survey), &text)
}

fn tail(place: &Place, count: usize, to: &mut impl Write) -> Result<(), Failure> {
    let mut last = VecDeque::new();
    survey(&*place.source()?, &mut |entry| {
        last.push_back(entry);
        if last.len() > count {
            last.pop_front();
        }
    })?;
    for entry in &last {
        print(place, to, &render::entry(entry), &render::line(entry))?;
    }
    Ok(())
}

/// No compaction of a sound journal takes longer to end once its work is done.
const PATIENCE: Duration = Duration::from_secs(60);

fn compact(place: &Place, take_over: bool, to: &mut impl Write) -> Result<(), Failure> {
    let store = place.store(take_over)?;
    let (journal, _) = BlockingJournal::open(store, &Options::default(), &mut drop)?;
    let done = journal.compact()?;
    journal.close(PATIENCE)?;
    let value = json!({
        "segments": done.segments,
        "records_kept": done.records_kept,
        "records_dropped": done.records_dropped,
        "bytes_before": done.bytes_before,
        "bytes_after": done.bytes_after,
    });
    let text = match done.segments {
        0 => "nothing to compact".to_owned(),
        segments => format!(
            "{segments} segments became one: {} records dropped, {} kept; {} bytes became {}",
            done.records_dropped, done.records_kept, done.bytes_before, done.bytes_after
        ),
    };
    print(place, to, &value, &text)
}

//! How a mapping is shown: a line for each logical queue.

use super::mapping::{Brokers, leaders};
use crate::output::{Cell, Table, Tone, counted};
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeMap;

/// What was done, or in a dry run would be.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Mapping {
    pub topic: String,
    pub dry_run: bool,
    /// The version of the mapping: when it was made, in ms since 1970.
    pub epoch: i64,
    /// Sorted by number.
    pub queues: Vec<Queue>,
    /// The brokers that were told, sorted.
    pub brokers: Vec<String>,
    /// The file with the mapping as it was.
    pub before_file: Option<String>,
    /// The file with the mapping as it is now.
    pub after_file: Option<String>,
}

/// One logical queue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Queue {
    pub queue_id: i32,
    /// The broker it is on.
    pub broker_name: String,
    pub physical_queue_id: i32,
    /// The broker it was on; none for a new queue.
    pub moved_from: Option<String>,
    pub is_new: bool,
    /// The logical offset of the first message there; none where that is not decided yet.
    pub logic_offset: Option<i64>,
}

/// The queues of a mapping, compared with how it was.
pub fn queues(before: &Brokers, after: &Brokers) -> Vec<Queue> {
    let was: BTreeMap<i32, String> = leaders(before)
        .unwrap_or_default()
        .into_iter()
        .filter_map(|(id, items)| Some((id, items.last()?.bname.clone())))
        .collect();
    let now = leaders(after).unwrap_or_default();
    let queue = |(id, items): (i32, Vec<_>)| {
        let leader: crate::protocol::static_topic::MappingItem = items.into_iter().next_back()?;
        let old = was.get(&id);
        Some(Queue {
            queue_id: id,
            physical_queue_id: leader.queue_id,
            moved_from: old.filter(|old| **old != leader.bname).cloned(),
            is_new: old.is_none(),
            logic_offset: Some(leader.logic_offset).filter(|offset| *offset >= 0),
            broker_name: leader.bname,
        })
    };
    now.into_iter().filter_map(queue).collect()
}

impl Mapping {
    /// One line a queue.
    pub fn to_table(&self) -> Table {
        let mut table =
            Table::new().text("QUEUE").text("BROKER").number("PHYSICAL").number("FROM OFFSET").text("CHANGE");
        for queue in &self.queues {
            let (change, tone) = match (&queue.moved_from, queue.is_new, self.dry_run) {
                (Some(old), _, true) => (format!("would move from {old}"), Tone::Warn),
                (Some(old), _, false) => (format!("moved from {old}"), Tone::Warn),
                (None, true, true) => ("would be created".to_owned(), Tone::Good),
                (None, true, false) => ("created".to_owned(), Tone::Good),
                (None, false, _) => ("unchanged".to_owned(), Tone::Dim),
            };
            table.row([
                Cell::new(queue.queue_id),
                Cell::new(&queue.broker_name),
                Cell::new(queue.physical_queue_id),
                Cell::optional(queue.logic_offset),
                Cell::toned(change, tone),
            ]);
        }
        table
    }

    /// Where the mapping went, for the person.
    pub fn to_notes(&self) -> Vec<String> {
        if self.dry_run {
            return vec!["nothing was written (--dry-run)".to_owned()];
        }
        let mut notes = vec![format!("{} were told", counted(self.brokers.len(), "broker"))];
        notes.extend(self.before_file.iter().map(|file| format!("the mapping as it was is in {file}")));
        notes.extend(self.after_file.iter().map(|file| format!("the mapping as it is now is in {file}")));
        notes
    }
}

#[cfg(test)]
mod tests {
    use super::super::mapping::grown;
    use super::super::mapping::tests::names;
    use super::*;

    #[test]
    fn what_is_new_and_what_stays_is_told_apart() {
        let two = grown("T", Brokers::new(), &names(&["a"]), 2, 1_000).unwrap();
        let three = grown("T", two.clone(), &names(&["b"]), 3, 1_000).unwrap();
        let shown: Vec<(String, bool)> =
            queues(&two, &three).into_iter().map(|queue| (queue.broker_name, queue.is_new)).collect();
        assert_eq!(shown, [("a".to_owned(), false), ("a".to_owned(), false), ("b".to_owned(), true)]);
    }
}

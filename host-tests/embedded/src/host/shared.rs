//! The data that the workers of one plugin share: values with compare-and-swap, and queues. The host never empties
//! either, so that a module has to keep its own bounds.

use std::collections::{BTreeMap, VecDeque};

use super::status::Status;

/// Shared values by key. Every write gets a number of its own, by which a later write can say which value it was based
/// on.
#[derive(Default)]
pub(super) struct SharedData {
    entries: BTreeMap<Vec<u8>, (Vec<u8>, u32)>,
    last_cas: u32,
}

impl SharedData {
    pub(super) fn get(&self, key: &[u8]) -> Option<(Vec<u8>, u32)> {
        self.entries.get(key).cloned()
    }

    /// Sets a value. If `cas` isn't 0 and the key exists, the value is set only if the current one has this number.
    pub(super) fn set(&mut self, key: Vec<u8>, value: Vec<u8>, cas: u32) -> Result<(), Status> {
        if let Some((_, current)) = self.entries.get(&key)
            && cas != 0
            && cas != *current
        {
            return Err(Status::CasMismatch);
        }
        self.last_cas = self.last_cas.wrapping_add(1).max(1);
        self.entries.insert(key, (value, self.last_cas));
        Ok(())
    }
}

/// Queues by name. A queue belongs to the worker that registered it last. Its module is told of new entries.
#[derive(Default)]
pub(super) struct SharedQueues {
    queues: Vec<Queue>,
}

struct Queue {
    name: Vec<u8>,
    owner: u64,
    entries: VecDeque<Vec<u8>>,
    news: bool,
}

impl SharedQueues {
    pub(super) fn register(&mut self, name: Vec<u8>, owner: u64) -> u32 {
        if let Some(queue) = self.queues.iter_mut().find(|queue| queue.name == name) {
            queue.owner = owner;
        } else {
            self.queues.push(Queue { name: name.clone(), owner, entries: VecDeque::new(), news: false });
        }
        self.resolve(&name).expect("the queue was just registered")
    }

    pub(super) fn resolve(&self, name: &[u8]) -> Option<u32> {
        self.queues.iter().position(|queue| queue.name == name).map(token)
    }

    pub(super) fn enqueue(&mut self, token: u32, value: Vec<u8>) -> Result<(), Status> {
        let queue = self.queue(token)?;
        queue.entries.push_back(value);
        queue.news = true;
        Ok(())
    }

    pub(super) fn dequeue(&mut self, token: u32) -> Result<Vec<u8>, Status> {
        self.queue(token)?.entries.pop_front().ok_or(Status::Empty)
    }

    /// Returns a queue of this worker that got entries since the last question.
    pub(super) fn news(&mut self, owner: u64) -> Option<u32> {
        let index = self.queues.iter().position(|queue| queue.owner == owner && queue.news)?;
        self.queues[index].news = false;
        Some(token(index))
    }

    fn queue(&mut self, token: u32) -> Result<&mut Queue, Status> {
        let index = token.checked_sub(1).ok_or(Status::NotFound)?;
        self.queues.get_mut(index as usize).ok_or(Status::NotFound)
    }
}

/// Returns the number by which modules name the queue at this index. No queue has the number 0.
fn token(index: usize) -> u32 {
    index as u32 + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_write_based_on_an_old_value_is_refused() {
        let mut data = SharedData::default();
        data.set(b"k".to_vec(), b"1".to_vec(), 7).unwrap();
        let (_, cas) = data.get(b"k").unwrap();
        data.set(b"k".to_vec(), b"2".to_vec(), cas).unwrap();
        assert_eq!(data.set(b"k".to_vec(), b"3".to_vec(), cas), Err(Status::CasMismatch));
        data.set(b"k".to_vec(), b"4".to_vec(), 0).unwrap();
        assert_eq!(data.get(b"k").unwrap().0, b"4");
    }

    #[test]
    fn a_queue_gives_its_entries_in_order_and_tells_its_owner() {
        let mut queues = SharedQueues::default();
        let token = queues.register(b"q".to_vec(), 5);
        assert_eq!(queues.enqueue(9, Vec::new()), Err(Status::NotFound));
        queues.enqueue(token, b"a".to_vec()).unwrap();
        queues.enqueue(token, b"b".to_vec()).unwrap();
        assert_eq!((queues.news(4), queues.news(5), queues.news(5)), (None, Some(token), None));
        assert_eq!(queues.dequeue(token).unwrap(), b"a");
        assert_eq!(queues.dequeue(token).unwrap(), b"b");
        assert_eq!(queues.dequeue(token), Err(Status::Empty));
    }
}

//! A VM of a worker under one configuration. New streams begin under the newest configuration. Each stream holds the VM
//! that it began under, so that this VM lives, and ticks, as long as its streams.

use std::{
    cell::RefCell,
    rc::{Rc, Weak},
    sync::Arc,
    time::Duration,
};

use anyhow::Result;
use tokio::{sync::Notify, task::spawn_local};

use super::{call, options::Options};
use crate::host::{Call, Plugin, Worker};

/// A VM with its streams.
pub(super) struct Root {
    host: RefCell<Worker>,
    options: Arc<Options>,
    itself: Weak<Self>,
    /// Notified when the module asked for another tick period, and at the end.
    period_changed: Rc<Notify>,
}

impl Root {
    /// Loads a VM and starts its ticks.
    pub(super) fn start(plugin: &Plugin, options: &Arc<Options>) -> Result<Rc<Self>> {
        let period_changed = Rc::new(Notify::new());
        let host = RefCell::new(plugin.worker()?);
        let options = Arc::clone(options);
        let changed = Rc::clone(&period_changed);
        let root =
            Rc::new_cyclic(|itself| Self { host, options, itself: itself.clone(), period_changed: changed });
        spawn_local(tick(Rc::downgrade(&root), period_changed));
        Ok(root)
    }

    /// Calls the host. A callback may ask for another tick period, so the period is compared after each call, and it may
    /// have made calls to servers, which are made then.
    pub(super) fn host<T>(&self, call: impl FnOnce(&mut Worker) -> T) -> T {
        let mut host = self.host.borrow_mut();
        let before = host.tick_period();
        let result = call(&mut host);
        if host.tick_period() != before {
            self.period_changed.notify_one();
        }
        for made in host.take_calls() {
            spawn_local(answer(self.itself.clone(), Arc::clone(&self.options), made));
        }
        result
    }

    fn tick_period(&self) -> Option<Duration> {
        self.host.borrow().tick_period().filter(|period| !period.is_zero())
    }
}

impl Drop for Root {
    fn drop(&mut self) {
        self.period_changed.notify_one();
    }
}

/// Makes a call and hands its answer to the module, also if nobody answers in time.
async fn answer(root: Weak<Root>, options: Arc<Options>, call: Call) {
    let answer = call::make(&options, &call).await;
    if let Some(root) = root.upgrade() {
        root.host(|host| host.answer_call(call.id, answer));
    }
}

async fn tick(root: Weak<Root>, period_changed: Rc<Notify>) {
    while let Some(period) = root.upgrade().map(|root| root.tick_period()) {
        let Some(period) = period else {
            period_changed.notified().await;
            continue;
        };
        tokio::select! {
            () = tokio::time::sleep(period) => {
                if let Some(root) = root.upgrade() {
                    root.host(Worker::tick);
                }
            }
            () = period_changed.notified() => {}
        }
    }
}

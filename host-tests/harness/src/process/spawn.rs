//! Starts a process so that it ends with us.

use std::io;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command};
use std::sync::LazyLock;
use std::sync::mpsc::{Sender, channel};
use std::thread;

/// A command to start, and the channel for the answer.
type Order = (Command, Sender<io::Result<Child>>);

/// The thread that starts all processes. The kernel ends a process when the *thread* that started it ends, so the
/// thread of a test can't do it.
static STARTER: LazyLock<Sender<Order>> = LazyLock::new(|| {
    let (sender, orders) = channel::<Order>();
    thread::spawn(move || {
        for (mut command, answer) in orders {
            // If the caller has gone, nobody holds the child, and it must not run on.
            if let Err(unclaimed) = answer.send(command.spawn())
                && let Ok(mut child) = unclaimed.0
            {
                let _ = child.kill();
                let _ = child.wait();
            }
        }
    });
    sender
});

/// Starts `command` in a process group of its own, which the kernel ends when this process ends.
pub(super) fn spawn(mut command: Command) -> io::Result<Child> {
    command.process_group(0);
    end_with_parent(&mut command);
    let (answer, child) = channel();
    let gone = || io::Error::other("the thread that starts processes is gone");
    STARTER.send((command, answer)).map_err(|_| gone())?;
    child.recv().map_err(|_| gone())?
}

/// Sends `signal` to every process of the group.
pub(super) fn signal(group: u32, signal: i32) {
    let group = i32::try_from(group).expect("a process id fits into an i32");
    // SAFETY: kill(2) takes two numbers and touches no memory of ours. The group is one that we made. If it has ended,
    // the call returns an error and does nothing.
    let _ = unsafe { libc::kill(-group, signal) };
}

#[cfg(target_os = "linux")]
fn end_with_parent(command: &mut Command) {
    let parent = std::process::id();
    let arrange = move || {
        // SAFETY: both calls are async-signal-safe system calls that take and return numbers.
        let (armed, now) = unsafe { (libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL), libc::getppid()) };
        if armed != 0 {
            return Err(io::Error::last_os_error());
        }
        // The parent may have ended before the signal was asked for.
        if u32::try_from(now) == Ok(parent) { Ok(()) } else { Err(io::Error::from_raw_os_error(libc::ESRCH)) }
    };
    // SAFETY: between fork and exec only async-signal-safe calls are allowed; `arrange` makes no others and allocates
    // nothing.
    unsafe { command.pre_exec(arrange) };
}

#[cfg(not(target_os = "linux"))]
fn end_with_parent(_command: &mut Command) {}

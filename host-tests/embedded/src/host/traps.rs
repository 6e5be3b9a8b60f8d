//! Traps of the module: a host answers the request, goes on without the module, or puts the stream into a new VM.

use super::flow::Verdict;
use super::local_reply::LocalReply;
use super::message::Way;
use super::personality::AfterTrap;
use super::stream::Moment;
use super::worker::Worker;

impl Worker {
    /// Puts a stream into a new VM after a trap in another one, where the host does that.
    pub(super) fn renew_vm(&mut self, id: u32) {
        if self.personality().after_trap != AfterTrap::NewVmAtOnce {
            return;
        }
        self.replace_trapped_vm();
        let vm = self.vm.peek().vm;
        let stream = self.stream(id);
        if stream.in_vm && stream.generation != vm {
            stream.generation = vm;
            self.vm.on_context_create(&mut self.streams, id);
            self.do_what_was_asked();
        }
    }

    /// Returns `true` if the VM that a stream began in is gone, or has trapped.
    pub(super) fn lost_its_vm(&self, id: u32) -> bool {
        self.vm.failed() || self.streams[&id].generation != self.vm.peek().vm
    }

    /// Answers a stream because the VM trapped, once. Returns what becomes of the frame.
    pub(super) fn fail_stream(&mut self, id: u32) -> Verdict {
        let after_trap = self.personality().after_trap;
        let stream = self.stream(id);
        let (in_answer, in_head) =
            (stream.calling == Some(Way::Response), matches!(stream.moment, Some(Moment::Head(_))));
        let reply = match after_trap {
            AfterTrap::ByPolicy => LocalReply::plain(503, ""),
            AfterTrap::NewVmAtOnce => {
                stream.unseen = true;
                if in_answer {
                    return Verdict::Goes;
                }
                if !in_head {
                    self.reset(id);
                    return Verdict::Drop;
                }
                LocalReply::page("500 Internal Server Error")
            }
            AfterTrap::NeverAgain if in_head => LocalReply::plain(500, ""),
            AfterTrap::NeverAgain => return Verdict::Drop,
        };
        if !std::mem::replace(&mut stream.failure_replied, true) {
            self.send_reply(id, reply);
        }
        Verdict::Drop
    }
}

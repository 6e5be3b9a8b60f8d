//! Host calls by which a module decides about a stream. Nothing happens before the callback returns: a stream never
//! calls the module while a callback runs.

use crate::host::local_reply::LocalReply;
use crate::host::memory::Guest;
use crate::host::message::Way;
use crate::host::pairs;
use crate::host::personality::{CloseStream, ContinueStream, EffectiveContext, LateReply};
use crate::host::state::Action;
use crate::host::status::{Outcome, Status};
use crate::host::stream::{BodyPart, Moment, Stream};

/// Implements `proxy_continue_stream`. On Envoy the module can't see the headers, the piece of body and the
/// trailers of the request after this call, even if it is the response that goes on.
pub(super) fn resume(guest: &mut Guest, kind: u32) -> Outcome {
    let way = match kind {
        0 => Way::Request,
        1 => Way::Response,
        2 => return Ok(()),
        3 => return Err(Status::Unimplemented),
        _ => return Err(Status::BadArgument),
    };
    if guest.personality().continue_stream == ContinueStream::DoesNothing {
        return if guest.stream().is_some() {
            Ok(())
        } else {
            Err(guest.end("continuing outside a request"))
        };
    }
    guest.state().later(Action::Continue(way));
    if let Some(stream) = guest.stream() {
        hide_request(stream);
    }
    Ok(())
}

/// Implements `proxy_close_stream`, which has another effect on each host.
pub(super) fn close(guest: &mut Guest, kind: u32) -> Outcome {
    let effect = guest.personality().close_stream;
    if effect == CloseStream::Traps {
        return Err(guest.trap("it has no proxy_close_stream"));
    }
    match kind {
        0 | 1 if effect == CloseStream::Resets || guest.stream().is_some_and(can_be_closed) => {
            guest.state().later(Action::Close);
        }
        0..=3 => {}
        _ => return Err(Status::BadArgument),
    }
    Ok(())
}

/// Implements `proxy_send_local_response`. A `grpc` outside 0 to 16 counts as absent, since Rust's SDK sends -1.
#[expect(clippy::too_many_arguments, reason = "the ABI has them")]
pub(super) fn reply(
    guest: &mut Guest,
    status: u32,
    details: u32,
    details_size: u32,
    body: u32,
    body_size: u32,
    headers: u32,
    headers_size: u32,
    grpc: i32,
) -> Outcome {
    guest.read(details, details_size)?;
    let body = guest.read(body, body_size)?;
    let headers = pairs::decode(&guest.read(headers, headers_size)?);
    let grpc_status = u32::try_from(grpc).ok().filter(|code| *code <= 16);
    if guest.personality().late_reply == LateReply::Traps {
        if guest.stream().is_none() {
            return Err(guest.end("a reply outside a request"));
        }
        if is_late(guest) {
            return Err(guest.trap("the response has been sent or stashed already"));
        }
    }
    guest.state().later(Action::Reply(LocalReply { status, body, headers, grpc_status }));
    guest.state().stop = true;
    Ok(())
}

/// Implements `proxy_set_effective_context`. Later host calls act on this context.
pub(super) fn set_effective_context(guest: &mut Guest, context: u32) -> Outcome {
    if guest.personality().effective_context == EffectiveContext::Ignored {
        return Ok(());
    }
    if !guest.state().knows(context) {
        return Err(Status::BadArgument);
    }
    guest.state().effective = context;
    Ok(())
}

/// Implements `proxy_done`. Contexts here end whatever `on_done` said, so that none ever waits for this call.
pub(super) fn done(_guest: &mut Guest) -> Outcome {
    Err(Status::NotFound)
}

/// Returns `true` if a local reply comes too late for nginx: in an answer's body, or after another one.
fn is_late(guest: &mut Guest) -> bool {
    let stopped = guest.state().stop;
    let in_body = |stream: &mut Stream| stream.moment == Some(Moment::Body(Way::Response));
    stopped || guest.stream().is_some_and(in_body)
}

/// Returns `true` if Traffic Server can close a stream: its answer hasn't begun, and its body hasn't come.
fn can_be_closed(stream: &mut Stream) -> bool {
    !stream.response_begun && stream.moment != Some(Moment::Body(Way::Request))
}

fn hide_request(stream: &mut Stream) {
    stream.request.shows_headers = false;
    stream.request.shows_trailers = false;
    stream.request.shows_body = BodyPart::Nothing;
}

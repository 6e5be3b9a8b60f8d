//! The differences between hosts. Each is an enum whose variants say what a host does.

/// Defines enums of variants without data, which hosts choose from.
macro_rules! differences {
    ($($(#[$about:meta])* $name:ident { $($(#[$does:meta])* $variant:ident),* $(,)? })*) => {$(
        $(#[$about])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $name { $($(#[$does])* $variant),* }
    )*};
}

differences! {
    /// The place of `:path`, `:method`, `:authority`, `:scheme` and `:status`.
    PseudoHeaders {
        /// In the header maps, where they can be edited.
        Shown,
        /// In the header maps. `:authority` is the server's own name and, as `:scheme`, can't be edited. `:path` is
        /// normalised, and writing one without a `?` leaves the query as it was.
        PartlyReadOnly,
        /// In properties and not in the header maps.
        Hidden,
    }
    /// The form of names in header maps.
    HeaderNames {
        LowerCase,
        /// As the client or the server wrote them.
        AsWritten,
    }
    /// The part of a value that header maps show.
    HeaderValues {
        Whole,
        /// A value in quotes is shown without them.
        UpToTheFirstComma,
    }
    /// The form of a header that came more than once.
    RepeatedHeaders {
        /// One value, joined by commas, if the host knows the header, else an entry for each value.
        JoinedIfKnown,
        /// An entry for each value.
        Separate,
    }
    /// The answer to a call for the value of a header that doesn't exist.
    MissingHeader { NotFound, Empty }
    /// The calls that add and replace a header.
    HeaderEdits {
        /// Adding adds, and replacing a header that doesn't exist adds it.
        AsNamed,
        /// As named, but for the headers that nginx keeps apart: adding to one of them that exists does nothing, a
        /// `location` that is a path can't be removed, and removing `connection` from an answer, or a `cache-control` or
        /// `link` that isn't there, ends the worker.
        AsNginxKeepsThem,
        /// Adding overwrites the first value, and replacing a header that doesn't exist does nothing.
        OfWhatExists,
    }
    /// The way of a request header that the module has removed.
    RemovedHeaders {
        /// It doesn't reach the server.
        Gone,
        /// It doesn't reach the server, nor does one that came more than once and was replaced: nginx with an allow-list.
        GoneIfRepeated,
        /// It reaches the server all the same: nginx without an allow-list.
        GoUp,
    }
    /// The trailers of a message.
    Trailers {
        Shown,
        /// They are dropped. The message ends with its body.
        Dropped,
    }
    /// The flag `end_of_stream` of the headers callbacks.
    EndWithHead {
        /// It is set if no body follows.
        Told,
        /// It is never set.
        Untold,
    }
    /// The way of a request's body.
    RequestBody {
        /// Each piece is shown when it comes. The head is sent on first.
        InPieces,
        /// The body is shown at once, and only if it has bytes. The head waits for the callback.
        Whole,
        /// Each piece is shown when it comes. The head waits until the first piece goes on.
        Transformed,
    }
    /// The `content-length` of a request on its way to the server.
    RequestLength {
        /// The one in the header map.
        AsEdited,
        /// The length of the body that goes on.
        OfTheBody,
    }
    /// The `content-length` of an answer with a body on its way to the client.
    AnswerLength {
        /// The one in the header map.
        AsEdited,
        /// None, since the body may have been changed. An answer without bytes waits for its callback, and has the length
        /// of what that leaves.
        Dropped,
    }
    /// The request headers that the client's `connection` names.
    NamedByConnection {
        GoUp,
        /// They don't go up, though the module has set them.
        Dropped,
    }
    /// The body of a request without a `content-length`.
    UnannouncedBody {
        Shown,
        /// It goes up without a callback. If the module has given the request the length 0, it doesn't go up.
        Unseen,
    }
    /// The effect of letting a piece of a request's body go on that isn't the last.
    ContinuedPiece {
        GoesOn,
        /// It closes the client's connection.
        ClosesTheStream,
    }
    /// The callback that is told of the end of an answer.
    AnswerEnd {
        /// The one of the last piece, or one of its own if the end comes later.
        WithTheLastPiece,
        /// One of its own, without bytes. An answer whose length is known and that comes in several pieces has no such
        /// callback, nor has its last piece the flag.
        Apart,
        /// The one of the last piece. If the end comes later, no callback is told of it. An answer without bytes has a
        /// callback for its end.
        OnlyWithTheLastPiece,
    }
    /// The meaning of a pause in the callbacks of an answer.
    PausedAnswer {
        /// The frame is held back.
        Held,
        /// The head goes on. A body is gathered to its end and shown once more, and then goes on in any case.
        GatheredOnce,
    }
    /// The meaning of a pause in the callback with the end of a body.
    PauseAtEnd { Holds, GoesOn }
    /// The size that a body callback is told.
    BodySize { OfEverythingHeld, OfTheNewestPiece }
    /// The bytes that `proxy_get_buffer_bytes` returns.
    GetBuffer {
        TheRange,
        /// As many as asked for, from the first byte on.
        FromTheStart,
        Everything,
    }
    /// The effect of `proxy_set_buffer_bytes`.
    SetBuffer {
        /// It replaces the whole or adds to an end.
        TheWholeOrAnEnd,
        /// Of the new bytes only as many are kept as the call says that it replaces. What was there behind them goes.
        CutAtSize,
        /// It replaces the range.
        Splices,
    }
    /// The fate of an answer of which the last piece was replaced by nothing.
    EmptiedEnd { Ends, NeverEnds }
    /// The answer to a call that reads a body or edits headers in a callback that is too early or too late.
    WrongMoment { BadArgument, Trap, NoMatter }
    /// The effect of `proxy_close_stream`.
    CloseStream {
        Resets,
        Traps,
        /// It answers 500 before the answer's head has come, and does nothing later.
        BeforeTheAnswer,
    }
    /// The effect of `proxy_continue_stream`.
    ContinueStream {
        Resumes,
        /// It lets a head go on that was paused, and the body is then shown. A body that is held it doesn't let go.
        ResumesHeads,
        DoesNothing,
    }
    /// The effect of `proxy_set_effective_context`.
    EffectiveContext { Followed, Ignored }
    /// The local replies of a module.
    Replies {
        /// They go through the module's response callbacks.
        Shown,
        /// They do so too, and a line feed is added to their body.
        ShownWithALineFeed,
        /// They don't. Each is `text/html` unless it says otherwise. A status below 400 becomes 500, unless the module
        /// lets the request go on as well and a redirect has a body.
        NotShown,
    }
    /// The effect of a local reply in the callback with a piece of a request's body.
    ReplyToBody {
        TakesItsPlace,
        /// The request goes up without a body. The reply is sent if the module pauses the server's answer, and else lost.
        EmptiesTheRequest,
    }
    /// The effect of a local reply outside the callbacks of its stream.
    ReplyFromOutside {
        IsSent,
        /// It waits for a call that lets the stream go on or closes it.
        Waits,
    }
    /// The end of a stream whose head is paused.
    PausedEnd {
        Told,
        /// The module isn't told of it.
        Untold,
    }
    /// The effect of a local reply in the callback with an answer's head.
    ReplyToAnswer {
        TakesItsPlace,
        /// It sets the status, and its body takes the place of the first piece. The headers stay the server's, and later
        /// pieces follow.
        TakesTheFirstPiece,
    }
    /// The effect of a local reply in the callback with a piece of an answer.
    LateReply { Resets, Traps, DropsThePiece }
    /// The state after a trap.
    AfterTrap {
        /// Requests are answered 503, and the failure policy decides about later ones.
        ByPolicy,
        /// The request is answered 500, or reset if its body has come; an answer goes on unseen. All other streams go on
        /// in a new VM, where their contexts are created anew.
        NewVmAtOnce,
        /// Every request is answered 500. Of answers that have begun nothing more is sent but their end.
        NeverAgain,
    }
    /// The rules for `proxy_set_tick_period_milliseconds`.
    Ticks {
        FromAnywhere,
        /// It traps from a stream, and while there is a period.
        OnceFromTheRoot,
        /// 0 doesn't end the ticks but makes one follow another at once.
        ZeroIsBusy,
    }
    /// The rules for metrics.
    MetricRules {
        /// A call that doesn't fit the metric's kind is an error.
        Checked,
        /// A call that doesn't fit the metric's kind traps, and so does adding to a gauge.
        CountersOnly,
        Unchecked,
    }
    /// The meaning of the number 0 when shared data is written.
    SharedDataRules {
        ZeroAlwaysWrites,
        /// It writes only if there is no entry.
        ZeroIsNoEntry,
        /// There is no shared data, and calls trap: nginx without `shm_kv`.
        NoSharedData,
    }
    /// The names and forms of properties.
    PropertyForms { Envoy, Nginx, TrafficServer }
    /// The time at which `proxy_on_log` is called, if it is.
    LogCallback { BeforeDone, AfterDone, NotCalled }
    /// The status that the log has of a request whose client left before the answer.
    UnansweredStatus { None, ClientClosedRequest }
}

//! The ways in which hosts of proxy-wasm differ, as a value with a field for each difference. The host here behaves as
//! Envoy does, and can play nginx with ngx_wasm_module and Traffic Server with its `wasm` plugin. Traces recorded on the
//! real hosts (`host-tests/e2e/traces`) hold each personality to what its host does.

mod differences;

pub use differences::*;

/// A host's behaviour towards a module. A test may vary one difference: `Personality { field: …, ..Personality::NGINX }`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Personality {
    /// The name on the command line and in messages.
    pub name: &'static str,
    pub pseudo_headers: PseudoHeaders,
    pub header_names: HeaderNames,
    pub header_values: HeaderValues,
    pub repeated_headers: RepeatedHeaders,
    pub missing_header: MissingHeader,
    pub header_edits: HeaderEdits,
    pub removed_headers: RemovedHeaders,
    /// The most headers that a module is shown, pseudo headers counted. It isn't told that there are more.
    pub most_headers: usize,
    pub trailers: Trailers,
    pub end_with_head: EndWithHead,
    pub request_body: RequestBody,
    pub request_length: RequestLength,
    pub answer_length: AnswerLength,
    pub continued_piece: ContinuedPiece,
    pub answer_end: AnswerEnd,
    pub paused_answer: PausedAnswer,
    pub pause_at_end: PauseAtEnd,
    pub body_size: BodySize,
    pub get_buffer: GetBuffer,
    pub set_buffer: SetBuffer,
    pub emptied_end: EmptiedEnd,
    pub wrong_moment: WrongMoment,
    pub close_stream: CloseStream,
    pub continue_stream: ContinueStream,
    pub effective_context: EffectiveContext,
    pub replies: Replies,
    pub reply_to_body: ReplyToBody,
    pub reply_from_outside: ReplyFromOutside,
    pub paused_end: PausedEnd,
    pub reply_to_answer: ReplyToAnswer,
    pub late_reply: LateReply,
    pub after_trap: AfterTrap,
    pub ticks: Ticks,
    pub metrics: MetricRules,
    pub shared_data: SharedDataRules,
    pub properties: PropertyForms,
    pub log_callback: LogCallback,
    pub unanswered_status: UnansweredStatus,
}

impl Personality {
    /// Envoy 1.40.
    pub const ENVOY: Personality = Personality {
        name: "envoy",
        pseudo_headers: PseudoHeaders::Shown,
        header_names: HeaderNames::LowerCase,
        header_values: HeaderValues::Whole,
        repeated_headers: RepeatedHeaders::JoinedIfKnown,
        missing_header: MissingHeader::NotFound,
        header_edits: HeaderEdits::AsNamed,
        removed_headers: RemovedHeaders::Gone,
        most_headers: usize::MAX,
        trailers: Trailers::Shown,
        end_with_head: EndWithHead::Told,
        request_body: RequestBody::InPieces,
        request_length: RequestLength::AsEdited,
        answer_length: AnswerLength::AsEdited,
        continued_piece: ContinuedPiece::GoesOn,
        answer_end: AnswerEnd::WithTheLastPiece,
        paused_answer: PausedAnswer::Held,
        pause_at_end: PauseAtEnd::Holds,
        body_size: BodySize::OfEverythingHeld,
        get_buffer: GetBuffer::TheRange,
        set_buffer: SetBuffer::TheWholeOrAnEnd,
        emptied_end: EmptiedEnd::Ends,
        wrong_moment: WrongMoment::BadArgument,
        close_stream: CloseStream::Resets,
        continue_stream: ContinueStream::Resumes,
        effective_context: EffectiveContext::Followed,
        replies: Replies::Shown,
        reply_to_body: ReplyToBody::TakesItsPlace,
        reply_from_outside: ReplyFromOutside::IsSent,
        paused_end: PausedEnd::Told,
        reply_to_answer: ReplyToAnswer::TakesItsPlace,
        late_reply: LateReply::Resets,
        after_trap: AfterTrap::ByPolicy,
        ticks: Ticks::FromAnywhere,
        metrics: MetricRules::Checked,
        shared_data: SharedDataRules::ZeroAlwaysWrites,
        properties: PropertyForms::Envoy,
        log_callback: LogCallback::BeforeDone,
        unanswered_status: UnansweredStatus::None,
    };

    /// nginx 1.27 with ngx_wasm_module, configured as `examples/nginx` says: an allow-list of the headers that go up, a
    /// zone of shared memory for each kind of shared data, a variable for each property of the log.
    pub const NGINX: Personality = Personality {
        name: "nginx",
        pseudo_headers: PseudoHeaders::PartlyReadOnly,
        header_names: HeaderNames::AsWritten,
        header_values: HeaderValues::Whole,
        repeated_headers: RepeatedHeaders::Separate,
        missing_header: MissingHeader::NotFound,
        header_edits: HeaderEdits::AsNamed,
        removed_headers: RemovedHeaders::GoneIfRepeated,
        most_headers: 100,
        trailers: Trailers::Dropped,
        end_with_head: EndWithHead::Untold,
        request_body: RequestBody::Whole,
        request_length: RequestLength::OfTheBody,
        answer_length: AnswerLength::AsEdited,
        continued_piece: ContinuedPiece::GoesOn,
        answer_end: AnswerEnd::Apart,
        paused_answer: PausedAnswer::GatheredOnce,
        pause_at_end: PauseAtEnd::Holds,
        body_size: BodySize::OfEverythingHeld,
        get_buffer: GetBuffer::FromTheStart,
        set_buffer: SetBuffer::CutAtSize,
        emptied_end: EmptiedEnd::NeverEnds,
        wrong_moment: WrongMoment::Trap,
        close_stream: CloseStream::Traps,
        continue_stream: ContinueStream::DoesNothing,
        effective_context: EffectiveContext::Ignored,
        replies: Replies::ShownWithALineFeed,
        reply_to_body: ReplyToBody::TakesItsPlace,
        reply_from_outside: ReplyFromOutside::IsSent,
        paused_end: PausedEnd::Told,
        reply_to_answer: ReplyToAnswer::TakesTheFirstPiece,
        late_reply: LateReply::Traps,
        after_trap: AfterTrap::NewVmAtOnce,
        ticks: Ticks::OnceFromTheRoot,
        metrics: MetricRules::CountersOnly,
        shared_data: SharedDataRules::ZeroIsNoEntry,
        properties: PropertyForms::Nginx,
        log_callback: LogCallback::AfterDone,
        unanswered_status: UnansweredStatus::ClientClosedRequest,
    };

    /// Traffic Server 10.1 with `fail_open: false`.
    pub const TRAFFIC_SERVER: Personality = Personality {
        name: "traffic-server",
        pseudo_headers: PseudoHeaders::Hidden,
        header_names: HeaderNames::AsWritten,
        header_values: HeaderValues::UpToTheFirstComma,
        repeated_headers: RepeatedHeaders::Separate,
        missing_header: MissingHeader::Empty,
        header_edits: HeaderEdits::OfWhatExists,
        removed_headers: RemovedHeaders::Gone,
        most_headers: usize::MAX,
        trailers: Trailers::Dropped,
        end_with_head: EndWithHead::Untold,
        request_body: RequestBody::Transformed,
        request_length: RequestLength::OfTheBody,
        answer_length: AnswerLength::Dropped,
        continued_piece: ContinuedPiece::ClosesTheStream,
        answer_end: AnswerEnd::OnlyWithTheLastPiece,
        paused_answer: PausedAnswer::Held,
        pause_at_end: PauseAtEnd::GoesOn,
        body_size: BodySize::OfTheNewestPiece,
        get_buffer: GetBuffer::Everything,
        set_buffer: SetBuffer::Splices,
        emptied_end: EmptiedEnd::Ends,
        wrong_moment: WrongMoment::NoMatter,
        close_stream: CloseStream::BeforeTheAnswer,
        continue_stream: ContinueStream::ResumesHeads,
        effective_context: EffectiveContext::Followed,
        replies: Replies::NotShown,
        reply_to_body: ReplyToBody::EmptiesTheRequest,
        reply_from_outside: ReplyFromOutside::Waits,
        paused_end: PausedEnd::Untold,
        reply_to_answer: ReplyToAnswer::TakesItsPlace,
        late_reply: LateReply::DropsThePiece,
        after_trap: AfterTrap::NeverAgain,
        ticks: Ticks::ZeroIsBusy,
        metrics: MetricRules::Unchecked,
        shared_data: SharedDataRules::ZeroAlwaysWrites,
        properties: PropertyForms::TrafficServer,
        log_callback: LogCallback::NotCalled,
        unanswered_status: UnansweredStatus::None,
    };

    /// All personalities.
    pub const ALL: [Personality; 3] = [Self::ENVOY, Self::NGINX, Self::TRAFFIC_SERVER];

    /// Returns the personality of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Personality> {
        Self::ALL.into_iter().find(|personality| personality.name == name)
    }
}

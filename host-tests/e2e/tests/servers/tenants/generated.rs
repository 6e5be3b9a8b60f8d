//! Thousands of generated queries. The answer to each is the one that a server with only the caller's series gives, and
//! most answers have samples.

use crate::servers::asking::{Asker, Question, agree};
use crate::servers::tenants::servers::{Deployments, Servers, as_a};
use promward_e2e::deployment::Host;
use promward_e2e::on_every_host;
use promward_e2e::queries::samples::{SECRET, START};
use promward_e2e::queries::{Generator, Kind, Query, Random};
use promward_harness::client::Client;
use promward_harness::prometheus::Release;
use std::thread;

on_every_host! {
    the_answer_is_what_a_server_with_ones_own_series_alone_gives,
}

/// The least percentage of queries that find something, and of those that find something else without the filter.
const SOMETHING: usize = 70;
const DIFFERENT: usize = 50;

/// The largest percentage of queries with more than one right answer.
const UNDECIDED: usize = 2;

const SEED: u64 = 4;

/// The number of clients at once.
const ASKERS: usize = 3;

/// The counts of a run.
#[derive(Clone, Copy, Debug, Default)]
struct Tally {
    asked: usize,
    something: usize,
    different: usize,
    undecided: usize,
}

impl Tally {
    fn add(&mut self, other: Self) {
        self.asked += other.asked;
        self.something += other.something;
        self.different += other.different;
        self.undecided += other.undecided;
    }

    fn says_enough(self) {
        assert!(self.something * 100 >= self.asked * SOMETHING, "{self:?}");
        assert!(self.different * 100 >= self.asked * DIFFERENT, "{self:?}");
        assert!(self.undecided * 100 <= self.asked * UNDECIDED, "{self:?}");
    }
}

fn the_answer_is_what_a_server_with_ones_own_series_alone_gives(host: Host) {
    for (release, number) in [(Release::Three, 2_000), (Release::Usual, 500)] {
        let Some(servers) = Servers::start(release) else { continue };
        let deployments = servers.guarded(host);
        let questions = questions(release, number);
        let size = questions.len().div_ceil(ASKERS);
        let mut tally = Tally::default();
        thread::scope(|scope| {
            let asking: Vec<_> = questions
                .chunks(size)
                .map(|part| scope.spawn(|| compare(&servers, &deployments, part)))
                .collect();
            asking.into_iter().for_each(|thread| tally.add(thread.join().unwrap()));
        });
        println!("{host}, {release:?}: {tally:?}");
        tally.says_enough();
    }
}

fn compare(servers: &Servers, deployments: &Deployments, questions: &[(Query, Question)]) -> Tally {
    let [mut guarded, mut guarded_own] =
        [&deployments.everybodys, &deployments.own].map(|deployment| Asker::new(as_a(deployment)));
    let [mut open, mut own] =
        [&servers.everybodys, &servers.own].map(|server| Asker::new(Client::plain(server.address())));
    let mut tally = Tally { asked: questions.len(), ..Tally::default() };
    for (query, question) in questions {
        let said = guarded.say(question);
        tally.undecided += agree(&said, &mut guarded_own, question);
        // The filter may not hide anything either. A query that shows a selector's matchers shows the added one as
        // well.
        if !query.echoes_matchers {
            tally.undecided += agree(&said, &mut own, question);
        }
        assert!(!said.text().contains(SECRET), "{question:?}: {}", said.text());
        tally.something += usize::from(said.is_something());
        tally.different += usize::from(said != open.say(question));
    }
    tally
}

/// Returns queries, and a way to ask each: at one time or over a range, in the URL or in a form.
fn questions(release: Release, number: usize) -> Vec<(Query, Question)> {
    let mut generator = Generator::new(SEED, release);
    let mut random = Random::new(SEED);
    let queries = (0..number).map(|_| generator.query());
    queries.map(|query| (query.clone(), question(&query, &mut random))).collect()
}

fn question(query: &Query, random: &mut Random) -> Question {
    let time = START + 3_600 + 17 * i64::try_from(random.below(100)).unwrap();
    let ranged = matches!(query.kind, Kind::Vector | Kind::Scalar) && random.once_in(4);
    let (path, times) = if ranged {
        let (start, end) = (time.to_string(), (time + 600).to_string());
        ("/api/v1/query_range", vec![("start", start), ("end", end), ("step", "60".to_owned())])
    } else {
        ("/api/v1/query", vec![("time", time.to_string())])
    };
    let parameters = [vec![("query", query.text.clone())], times].concat();
    Question { method: random.one(&["GET", "POST"]), path: path.to_owned(), parameters }
}

#[test]
fn generated_queries_are_valid() {
    for release in [Release::Three, Release::Usual] {
        let Some(servers) = Servers::start(release) else { continue };
        let mut own = Asker::new(Client::plain(servers.own.address()));
        for (query, question) in questions(release, 1_000) {
            let said = own.say(&question);
            assert_ne!(said.error.as_deref(), Some("bad_data"), "{}: {}", query.text, said.text());
        }
    }
}

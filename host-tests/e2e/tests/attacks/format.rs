//! Reads cases from text, one file for each category. `cases/README.md` describes the format.

use crate::attacks::expand::{bytes, expand};
use crate::attacks::message::{HALF, Message};
use crate::attacks::setting::Setting;
use anyhow::{Context, Result, bail, ensure};

/// A case, with one item taken of each list.
#[derive(Clone, Debug, Default)]
pub(crate) struct Case {
    /// The file and the line where it begins.
    pub(crate) place: String,
    /// The rules of `threats.md` that it tests.
    pub(crate) rules: Vec<String>,
    /// The promise that it tests.
    pub(crate) name: String,
    pub(crate) caller: String,
    /// The client that sends it, and why it is right. Only honest clients have a reason.
    pub(crate) why: String,
    /// The difference to the suite's configuration, as JSON.
    pub(crate) configuration: String,
    /// The claims of a token that the host has verified, as JSON, after the name of the header that the token is in.
    pub(crate) claims: Option<(String, String)>,
    /// Is set if the case is sent over HTTP/2.
    pub(crate) http2: bool,
    /// Is set if the case is sent to the port of plain http.
    pub(crate) plain: bool,
    pub(crate) request: Message,
    /// Lines that are sent unchanged, in place of a request.
    pub(crate) raw: Vec<Vec<u8>>,
    /// Trailers, which only HTTP/2 can send.
    pub(crate) trailers: Vec<Vec<u8>>,
    /// The server's answer, if it isn't "ok".
    pub(crate) reply: Option<Message>,
    /// Lines that the server sends unchanged, in place of an answer.
    pub(crate) raw_reply: Vec<Vec<u8>>,
    /// The results that are expected, one for each answer: the default one, and one by setting.
    pub(crate) answers: Vec<Vec<(String, String)>>,
    /// The headers that the answer must have, and after an empty line the text that its body contains.
    pub(crate) answer: Message,
    /// The requests that reach the server.
    pub(crate) arrivals: Vec<Message>,
}

/// Reads a file of cases.
///
/// # Errors
///
/// Fails at a line that it doesn't understand. The message begins with the file and the line.
pub(crate) fn parse(file: &str, text: &str) -> Result<Vec<Case>> {
    let mut cases = Vec::new();
    let mut block: Vec<(usize, &str)> = Vec::new();
    let mut configuration = String::new();
    for (number, line) in text.lines().chain([""]).enumerate() {
        if line.starts_with('#') {
            continue;
        }
        if !line.is_empty() {
            block.push((number + 1, line));
        } else if let Some((first, _)) = block.first().copied() {
            let whole: Vec<&str> = block.drain(..).map(|(_, line)| line).collect();
            let differences: Option<Vec<&str>> = whole.iter().map(|line| line.strip_prefix('$')).collect();
            if let Some(differences) = differences {
                configuration = differences.concat();
                continue;
            }
            let texts = expand(&whole.join("\n")).with_context(|| format!("{file}:{first}"))?;
            for text in texts {
                cases.push(Case { configuration: configuration.clone(), ..case(file, first, &text)? });
            }
        }
    }
    Ok(cases)
}

fn case(file: &str, first: usize, text: &str) -> Result<Case> {
    let mut case =
        Case { place: format!("{file}:{first}"), caller: "anonymous".to_owned(), ..Case::default() };
    let mut section = '>';
    for (offset, line) in text.lines().enumerate() {
        case.line(line, offset, &mut section)
            .with_context(|| format!("{file}:{}: {line:.200}", first + offset))?;
    }
    ensure!(!case.answers.is_empty(), "{}: no answer is expected", case.place);
    ensure!(!case.request.first.is_empty() || !case.raw.is_empty(), "{}: nothing is sent", case.place);
    let messages = case.arrivals.iter_mut().chain([&mut case.request]);
    messages.for_each(Message::finish);
    Ok(case)
}

impl Case {
    fn line(&mut self, line: &str, offset: usize, section: &mut char) -> Result<()> {
        if offset == 0 {
            let (rules, name) = line.split_once(": ").context("a case begins with its rules, and a name")?;
            self.rules = rules.split(' ').map(str::to_owned).collect();
            name.clone_into(&mut self.name);
            return Ok(());
        }
        let (mark, rest) = line.split_once(' ').unwrap_or((line, ""));
        match mark {
            "as" => rest.clone_into(&mut self.caller),
            "why" => rest.clone_into(&mut self.why),
            "claims" => {
                let (header, claims) = rest.split_once(' ').context("claims follow the token's header")?;
                self.claims = Some((header.to_owned(), claims.to_owned()));
            }
            "over" => match rest {
                "http2" => self.http2 = true,
                "http" => self.plain = true,
                _ => bail!("http2 is asked for, or http, which is the plain port"),
            },
            ">>" => self.raw.push(bytes(rest)?),
            "==" => self.raw_reply.push(bytes(rest)?),
            "~" => self.trailers.push(bytes(rest)?),
            "<" if is_answer(rest) => self.answers.push(answers(rest)?),
            ">" | "<" | "^" | "=" => {
                *section = mark.chars().next().context("a mark")?;
                let in_body = self.arrivals.last().is_some_and(|arrival| arrival.body.is_some());
                if mark == "^" && !in_body && is_target(rest) {
                    self.arrivals.push(Message::default());
                }
                self.message(*section)?.line(rest, mark != "<")?;
            }
            "?" => self.message(*section)?.parameters.push(bytes(rest)?),
            "&" => self.message(*section)?.fields.push(bytes(rest)?),
            _ => bail!("a line begins with one of: as why claims over > >> ~ = == < ^ ? &"),
        }
        Ok(())
    }

    fn message(&mut self, section: char) -> Result<&mut Message> {
        match section {
            '<' => Ok(&mut self.answer),
            '=' => Ok(self.reply.get_or_insert_default()),
            '^' => self.arrivals.last_mut().context("what arrives begins with a method and a target"),
            _ => Ok(&mut self.request),
        }
    }

    /// Returns the beginning of what is sent, on one line.
    pub(crate) fn shown(&self) -> String {
        let lines = [&self.request.first].into_iter().chain(&self.raw).chain(&self.request.headers);
        let text: Vec<_> = lines.map(|line| line.escape_ascii().to_string()).collect();
        text.join(" ").chars().take(400).collect()
    }

    /// Returns the results that are expected under a setting.
    pub(crate) fn answers_under(&self, setting: Setting) -> Vec<&str> {
        self.answers
            .iter()
            .filter_map(|answers| {
                let own = answers.iter().find(|(name, _)| setting.is_called(name));
                own.or_else(|| answers.iter().find(|(name, _)| name.is_empty()))
            })
            .map(|(_, answer)| answer.as_str())
            .collect()
    }

    /// Returns `true` if a request with a body goes up without it when that is refused: Traffic Server can't stop it then.
    pub(crate) fn may_arrive_emptied(&self, setting: Setting) -> bool {
        let has_body = self.request.body.as_ref().is_some_and(|body| !body.is_empty());
        setting == Setting::TrafficServer && (has_body || !self.raw.is_empty())
    }

    /// Returns the requests that may arrive incomplete under a setting, and those that must arrive complete. Where
    /// settings differ, a request arrives under those where it is answered well.
    pub(crate) fn arrivals_under(&self, setting: Setting) -> (Vec<&Message>, Vec<&Message>) {
        let differs = self.answers.iter().any(|answers| answers.len() > 1);
        let refused = |answer: &&str| !matches!(answer.as_bytes(), [b'2' | b'3' | b'b', ..]);
        let is_half = |message: &&Message| message.first.starts_with(HALF.as_bytes());
        let (half, mut whole): (Vec<_>, Vec<_>) = self.arrivals.iter().partition(is_half);
        if differs && self.answers_under(setting).iter().any(refused) {
            whole.clear();
        }
        (half, whole)
    }
}

/// Checks that a line names a result: a status, or the way in which the connection ends.
fn is_answer(text: &str) -> bool {
    let word = text.split(' ').next().unwrap_or_default();
    matches!(word, "closed" | "broken") || (word.len() == 3 && word.bytes().all(|byte| byte.is_ascii_digit()))
}

fn is_target(text: &str) -> bool {
    let mut words = text.trim_start_matches(HALF).split(' ');
    words.next().is_some_and(|method| !method.ends_with(':'))
        && words.next().is_some_and(|target| target.starts_with('/'))
}

/// Reads `400 | bare 404`: the default result, and one by setting.
fn answers(text: &str) -> Result<Vec<(String, String)>> {
    text.split(" | ")
        .enumerate()
        .map(|(index, part)| match (index, part.split_once(' ')) {
            (0, None) => Ok((String::new(), part.to_owned())),
            (1.., Some((setting, answer))) if is_answer(answer) => {
                Ok((setting.to_owned(), answer.to_owned()))
            }
            _ => bail!("an answer is written as: 400 | bare 404"),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_case_is_read() {
        let text = "# a comment\nT1 T4: a name\nas viewer\n> POST /a<<1|2>>\n> x: y\n& b=c d\n< 400 | bare 404\n^ POST /b\n^ p: /q\n";
        let cases = parse("x.txt", text).unwrap();
        let case = &cases[1];
        assert_eq!((cases.len(), case.place.as_str(), case.caller.as_str()), (2, "x.txt:2", "viewer"));
        assert_eq!((case.rules.join(" ").as_str(), case.name.as_str()), ("T1 T4", "a name"));
        assert_eq!((case.request.first.as_slice(), case.request.headers.len()), (&b"POST /a2"[..], 1));
        assert_eq!(case.request.body.as_deref(), Some(&b"b=c+d"[..]));
        assert_eq!(case.answers_under(Setting::Bare), ["404"]);
        assert_eq!(case.arrivals[0].header_lines().next().unwrap(), ("p".to_owned(), Some("/q".to_owned())));
    }

    #[test]
    fn a_block_of_differences_is_the_configuration_of_the_cases_below_it() {
        let text = "a: b\n> GET /\n< 200\n\n$ {\"a\":\n$ 1}\n\nc: d\nwhy e\nclaims x-token {}\nover http\n> GET /\n< 200\n";
        let cases = parse("x.txt", text).unwrap();
        assert_eq!([cases[0].configuration.as_str(), &cases[1].configuration], ["", " {\"a\": 1}"]);
        assert_eq!((cases[1].why.as_str(), cases[1].plain), ("e", true));
        assert_eq!(cases[1].claims, Some(("x-token".to_owned(), "{}".to_owned())));
    }

    #[test]
    fn an_error_names_the_file_and_the_line() {
        for (text, place) in [
            ("\nT1: a\nwhat\n", "x.txt:3"),
            ("no name\n> GET /\n", "x.txt:1"),
            ("T1: a\n> GET /\n\nT1: b\n> GET /\n", "x.txt:1: no answer"),
            ("T1: a\n< 200\n", "x.txt:1: nothing is sent"),
            ("T1: a\n> GET /<<\n< 200\n", "x.txt:1"),
            ("T1: a\n> GET /\n< 200 bare\n", "x.txt:3"),
        ] {
            let error = format!("{:#}", parse("x.txt", text).unwrap_err());
            assert!(error.starts_with(place), "{error}");
        }
    }
}

//! A silence that a restricted caller sends. It is read, gets the matchers that it must have where there is only one way to
//! have them, and is written anew with the caller as its creator.

use super::error::SilenceError;
use super::lookup::Lookup;
use super::{Matcher, is_within, satisfies};
use crate::enforce::announced::{Announced, BodyError};
use crate::enforce::restriction::Restriction;
use crate::enforce::violation::shown;
use crate::json::{Text, Tree};
use crate::promql::MAX_RESTRICTED;

/// The most fields of a silence. Those that are known are fewer.
const MAX_FIELDS: usize = 32;

/// The most matchers of a silence.
const MAX_MATCHERS: usize = 256;

/// A silence that has been announced and not yet received.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AwaitedSilence {
    announced: Announced,
    created_by: String,
    /// The silence that this one may change, whose id is still to come.
    former: Lookup,
}

impl AwaitedSilence {
    /// Creates a silence that has been announced. `former` has the restriction that it has to be within.
    pub fn new(announced: Announced, created_by: String, former: Lookup) -> Self {
        Self { announced, created_by, former }
    }

    /// Returns the announcement of the silence.
    pub(crate) fn announcement(&self) -> &Announced {
        &self.announced
    }

    /// Reads the whole silence and returns the one that goes upstream in its place.
    ///
    /// # Errors
    ///
    /// Returns an error if it is too long, can be read in two ways, or could touch what the caller may not see.
    pub fn complete(&self, body: &[u8]) -> Result<String, BodyError> {
        self.announced.check_length(body.len())?;
        let mut json = String::new();
        if !self.announced.must_be_empty() {
            self.rewrite(body, &mut json).map_err(BodyError::Silence)?;
        }
        let max = self.announced.max();
        // Leaves room for the matchers that are added. Hosts buffer no more than that.
        if json.len() > max.saturating_add(MAX_RESTRICTED) {
            return Err(BodyError::TooLong { max });
        }
        Ok(json)
    }

    /// Reads a silence, and writes it with the matchers that it must have, and with its id first.
    fn rewrite(&self, body: &[u8], json: &mut String) -> Result<(), SilenceError> {
        let Ok(Tree::Object(mut fields)) = serde_json::from_slice(body) else {
            return Err(SilenceError::Malformed);
        };
        check_fields(&fields)?;
        // The server sets the others itself.
        fields.retain(|(name, value)| {
            let is_no_id = matches!(value, Tree::Text(id) if name.as_str() == "id" && id.as_str().is_empty());
            let is_left_out = matches!(name.as_str(), "createdBy" | "status" | "updatedAt");
            !is_left_out && !is_no_id && !matches!(value, Tree::Null)
        });
        fields.push((Text::new("createdBy"), Tree::Text(Text::new(&self.created_by))));
        let matchers = fields.iter_mut().find(|(name, _)| name.as_str() == "matchers");
        let (_, matchers) = matchers.ok_or(SilenceError::Malformed)?;
        let missing = missing(matchers, &self.former.restriction)?;
        if let Tree::List(matchers) = matchers {
            matchers.extend(missing);
        }
        if let Some(id) = fields.iter().position(|(name, _)| name.as_str() == "id") {
            fields.swap(0, id);
        }
        Tree::Object(fields).write(json);
        Ok(())
    }

    /// Returns the silence that has to be looked up before this one goes on, if it changes one. `written` is what
    /// [`AwaitedSilence::complete`] returned.
    pub fn lookup(&self, written: &[u8]) -> Option<Lookup> {
        let rest = written.strip_prefix(b"{\"id\":\"")?;
        let end = rest.iter().position(|&byte| byte == b'"')?;
        // An id with an escape or another character is none, and is refused when it is looked up.
        let id = std::str::from_utf8(rest.get(..end)?).unwrap_or_default().to_owned();
        Some(Lookup { id, ..self.former.clone() })
    }
}

/// Checks that each field is known, has the type that it should, and stands once. The server would take `Matchers` for
/// `matchers`, so what isn't known is refused.
fn check_fields(fields: &[(Text<'_>, Tree<'_>)]) -> Result<(), SilenceError> {
    if fields.len() > MAX_FIELDS {
        return Err(SilenceError::Malformed);
    }
    for (place, (name, value)) in fields.iter().enumerate() {
        let name = name.as_str();
        let is_fit = match (name, value) {
            ("matchers", Tree::List(list)) => list.len() <= MAX_MATCHERS,
            ("id" | "startsAt" | "endsAt" | "comment", Tree::Text(_))
            | ("id" | "annotations", Tree::Null) => true,
            ("annotations", Tree::Object(given)) => {
                given.iter().all(|(_, value)| matches!(value, Tree::Text(_)))
            }
            ("createdBy" | "status" | "updatedAt", _) => true,
            _ => false,
        };
        let is_new = fields.iter().take(place).all(|(earlier, _)| earlier.as_str() != name);
        if !is_fit || !is_new {
            return Err(SilenceError::Field(shown(name)));
        }
    }
    Ok(())
}

/// Returns the matchers that a silence must have and lacks.
///
/// # Errors
///
/// Returns an error if there is more than one way to have them.
fn missing<'a>(given: &Tree<'_>, restriction: &'a Restriction) -> Result<Vec<Tree<'a>>, SilenceError> {
    let given = Matcher::list(given)?;
    let mut missing = Vec::new();
    if is_within(&given, restriction) {
        return Ok(missing);
    }
    if restriction.has_alternatives() {
        return Err(SilenceError::Alternatives);
    }
    for term in restriction.all_terms().iter().filter(|term| !satisfies(&given, term)) {
        let name = term.label();
        let is_given = given.iter().any(|matcher| matcher.is_equality() && matcher.name == name);
        let value = term.only_value().filter(|_| !is_given);
        let value = value.ok_or_else(|| SilenceError::Label(name.to_owned()))?;
        let text = |text| Tree::Text(Text::new(text));
        let fields = [
            ("name", text(name)),
            ("value", text(value)),
            ("isRegex", Tree::Bool(false)),
            ("isEqual", Tree::Bool(true)),
        ];
        missing.push(Tree::Object(fields.map(|(name, value)| (Text::new(name), value)).into()));
    }
    Ok(missing)
}

#[cfg(test)]
mod tests;

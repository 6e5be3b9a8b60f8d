//! Makes alternatives fewer, since each repeats a query: two that differ in the values of one label are the same as one that
//! lists the values of both.

use super::term::Term;

/// Makes one of alternatives that are the same as one, until no two of them are.
pub(super) fn merge(alternatives: &mut Vec<Vec<Term>>) {
    let mut number = 0_usize;
    while let Some((alternative, earlier)) =
        alternatives.get_mut(..=number).and_then(<[Vec<Term>]>::split_last_mut)
    {
        let absorbed = earlier.iter().position(|other| absorb(alternative, other));
        match absorbed {
            // What has become one may be the same as another one.
            Some(place) => {
                alternatives.remove(place);
                number = 0;
            }
            None => number = number.saturating_add(1),
        }
    }
}

/// Lets an alternative allow what another one does: one that has all its terms and more, or one that differs in the values
/// of one label.
#[inline(never)]
fn absorb(alternative: &mut [Term], other: &[Term]) -> bool {
    let has_more = alternative.len() != other.len();
    let mut differing = None;
    for term in alternative {
        if !other.contains(term) && differing.replace(term).is_some() {
            return false;
        }
    }
    match differing {
        None => true,
        Some(term) => !has_more && other.iter().any(|same| term.absorb(same)),
    }
}

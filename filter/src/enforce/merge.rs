//! Makes alternatives fewer, since each repeats a query: two that differ in the values of one label are the same as one that
//! lists the values of both.

use super::term::Term;

/// Makes one of alternatives that are the same as one, until there are no more such.
pub(super) fn merge(alternatives: &mut Vec<Vec<Term>>) {
    while let Some((place, other, merged)) = mergeable(alternatives) {
        alternatives.get_mut(place).into_iter().for_each(|alternative| alternative.clone_from(&merged));
        alternatives.remove(other);
    }
}

/// Returns two alternatives that are the same as one, by their places, with that one.
fn mergeable(alternatives: &[Vec<Term>]) -> Option<(usize, usize, Vec<Term>)> {
    let mut pairs = alternatives.iter().enumerate().flat_map(|(place, one)| {
        let later = alternatives.iter().enumerate().skip(place.saturating_add(1));
        later.map(move |(other_place, other)| (place, one, other_place, other))
    });
    pairs.find_map(|(place, one, other_place, other)| Some((place, other_place, merged(one, other)?)))
}

/// Returns what two alternatives are together, if that is one alternative: the one that has all terms of the other and
/// more is no other, and of those that differ in one label the values of both are allowed.
fn merged(one: &[Term], other: &[Term]) -> Option<Vec<Term>> {
    let has_all = |more: &[Term], fewer: &[Term]| fewer.iter().all(|term| more.contains(term));
    if has_all(one, other) {
        return Some(other.to_vec());
    }
    if has_all(other, one) {
        return Some(one.to_vec());
    }
    let mut differing = one.iter().enumerate().filter(|(_, term)| !other.contains(term));
    let (place, term) = differing.next().filter(|_| one.len() == other.len())?;
    let same = other.iter().find(|same| same.label() == term.label())?;
    let is_only = differing.next().is_none();
    let mut merged = one.to_vec();
    *merged.get_mut(place)? = term.or(same).filter(|_| is_only)?;
    Some(merged)
}

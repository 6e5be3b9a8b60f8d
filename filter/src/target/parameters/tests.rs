//! Tests of reading parameters, settling them in both halves of a request, and writing them anew.

use super::*;
use proptest::prelude::*;

const QUERY: ParameterNames = &["query", "match[]"];

fn parse(raw: &str) -> Result<Parameters, ParameterError> {
    Parameters::parse(raw.as_bytes(), Part::Query)
}

/// Settles a query string, and then a form together with it.
fn settled(query: &str, form: &str) -> Result<(String, String), ParameterError> {
    let mut earlier = parse(query).unwrap();
    earlier.settle(QUERY, &Parameters::default())?;
    let mut form = Parameters::parse(form.as_bytes(), Part::Form).unwrap();
    form.settle(QUERY, &earlier)?;
    Ok((earlier.as_str().to_owned(), form.as_str().to_owned()))
}

#[test]
fn parameters_are_printed_from_what_was_read() {
    let parameters = parse("%71uery=a+b%20c&&match%5B%5D=%7Bx%3D%221%22%7D&flag").unwrap();
    assert_eq!(parameters.as_str(), "query=a+b+c&match%5B%5D=%7Bx%3D%221%22%7D&flag=");
}

#[test]
fn what_go_would_drop_is_refused() {
    let part = Part::Query;
    assert_eq!(parse("a=1;b=2"), Err(ParameterError::Semicolon { part, at: 3 }));
    assert_eq!(parse("x=1&a=%zz"), Err(ParameterError::BadEscape { part, at: 6 }));
    assert_eq!(parse("x=1&a=%ff"), Err(ParameterError::NotUtf8 { part, at: 4 }));
    assert_eq!(parse(&"a&".repeat(1_001)), Err(ParameterError::TooMany));
    assert!(parse(&"a&".repeat(1_000)).is_ok());
}

#[test]
fn a_single_value_has_one_value_in_query_string_and_form_together() {
    let repeated = Err(ParameterError::Repeated { name: "query" });
    for (query, form) in [
        ("query=a&query=b", ""),
        ("query=a&query=", ""),
        ("query=a&query=a&query=b", ""),
        ("query=a&query=a+", ""),
        ("", "query=a&query=A"),
        ("query=a", "query=b"),
        ("query=a", "query=a&query=b"),
        ("query=a&query=a", "query=b"),
        ("query", "query=b"),
    ] {
        assert_eq!(settled(query, form), repeated, "{query} {form}");
    }
    assert!(settled("match[]=a&match[]=b", "match[]=c&query=d").is_ok());
}

#[test]
fn the_same_value_is_printed_once_and_where_it_came_first() {
    for (query, form, printed) in [
        ("query=a&x=1&query=a", "", ("query=a&x=1", "")),
        ("query=a&query=a&query=a", "", ("query=a", "")),
        ("query=a+b&%71uery=a%20b", "", ("query=a+b", "")),
        ("query&query=", "", ("query=", "")),
        ("", "x=1&query=a&query=a", ("", "x=1&query=a")),
        ("query=a", "query=a&x=1", ("query=a", "x=1")),
        ("query=a&query=a", "query=a&query=a", ("query=a", "")),
        (
            "match[]=a&match[]=a",
            "match[]=a&x=1&x=1",
            ("match%5B%5D=a&match%5B%5D=a", "match%5B%5D=a&x=1&x=1"),
        ),
    ] {
        let (before, after) = printed;
        assert_eq!(settled(query, form), Ok((before.to_owned(), after.to_owned())), "{query} {form}");
    }
}

#[test]
fn the_pairs_of_both_parts_are_counted_together() {
    assert_eq!(settled(&"a&".repeat(600), &"a&".repeat(401)), Err(ParameterError::TooMany));
    assert!(settled(&"a&".repeat(600), &"a&".repeat(400)).is_ok());
}

proptest! {
    #[test]
    fn any_pairs_survive_writing_and_reading(pairs in prop::collection::vec((".{0,8}", ".{0,8}"), 0..6)) {
        let mut parameters = Parameters::default();
        pairs.iter().rev().for_each(|(name, value)| parameters.put_first(name, value));
        prop_assert_eq!(parse(parameters.as_str()), Ok(parameters.clone()));
        prop_assert_eq!(parameters.iter().count(), pairs.len());
        for (given, (name, value)) in parameters.iter().zip(&pairs) {
            prop_assert!(given.is(name));
            prop_assert!(![[name, "x"], ["x", name]].iter().any(|other| given.is(&other.concat())));
            prop_assert_eq!((given.name().into_owned(), given.value().into_owned()), (name.clone(), value.clone()));
            prop_assert!(given.fits(value.len()) && (value.is_empty() || !given.fits(value.len() - 1)));
        }
    }

    #[test]
    fn what_is_written_means_what_was_read(raw in "[a-c=&+%0-9é;]{0,24}") {
        if let Ok(parameters) = Parameters::parse(raw.as_bytes(), Part::Form) {
            let pairs = raw.split('&').filter(|pair| !pair.is_empty());
            let pairs = pairs.map(|pair| pair.split_once('=').unwrap_or((pair, "")));
            let read: Vec<_> = parameters.iter().map(|given| (given.name().into_owned(), given.value().into_owned())).collect();
            let expected: Vec<_> = pairs.map(|(name, value)| (plainly(name), plainly(value))).collect();
            prop_assert_eq!(read, expected);
        }
    }

    #[test]
    fn reading_twice_changes_nothing(raw in "[a-c=&+%0-9;]{0,24}") {
        if let Ok(parameters) = parse(&raw) {
            prop_assert_eq!(parse(parameters.as_str()), Ok(parameters));
        }
    }
}

/// Decodes a text in the plainest way.
fn plainly(text: &str) -> String {
    let (mut octets, mut bytes) = (Vec::new(), text.bytes());
    while let Some(byte) = bytes.next() {
        let mut digit = || char::from(bytes.next().unwrap()).to_digit(16).unwrap();
        octets.push(match byte {
            b'+' => b' ',
            b'%' => u8::try_from(digit() * 16 + digit()).unwrap(),
            _ => byte,
        });
    }
    String::from_utf8(octets).unwrap()
}

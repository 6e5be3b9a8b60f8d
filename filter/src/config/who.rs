//! Reads the names that rules use for callers.

use crate::caller::callers::Callers;
use crate::caller::who::{Who, WhoKind};

/// Reads a name for callers, and checks that the configuration defines it.
pub(super) fn who(text: &str, callers: &Callers) -> Result<Who, String> {
    let who: Who = text.parse().map_err(|_| {
        format!(
            "\"{text}\" names nobody: write anyone, anonymous, authenticated, user:N, token:N, certificate:N, \
             jwt:ISSUER/SUBJECT, group:N or group:ISSUER/N"
        )
    })?;
    let issuer = |name: &str| callers.issuers.iter().find(|issuer| issuer.name == name);
    let is_known = callers.knows(&who);
    let (is_defined, place) = match who.kind() {
        WhoKind::Anyone | WhoKind::Anonymous => (true, ""),
        WhoKind::Authenticated => (!callers.is_empty(), "callers: nobody is known"),
        WhoKind::User(_) => (is_known, "callers.users"),
        WhoKind::Token(_) => (is_known, "callers.tokens"),
        WhoKind::Certificate(_) => (is_known, "callers.certificates"),
        WhoKind::Group(name) => (callers.groups.named(name).is_some(), "callers.groups"),
        WhoKind::Jwt(name, _) => (issuer(name).is_some(), "callers.jwt"),
        WhoKind::TokenGroup(name, _) => {
            let has_groups = issuer(name).is_some_and(|issuer| issuer.groups.is_some());
            (has_groups, "callers.jwt, by an issuer with \"groups\"")
        }
    };
    if is_defined { Ok(who) } else { Err(format!("\"{text}\" is not defined in {place}")) }
}

//! Refusals in the words of people who look at a page, and who know neither rules nor classes.

use super::refusal::Refusal;
use crate::caller::callers::LoginError;
use crate::enforce::silence::lookup::LookupError;

impl Refusal {
    /// Returns the sentence that a person is told. The message for programs stands beside it.
    pub fn sentence(&self) -> &'static str {
        match self {
            Self::Target(_) | Self::Parameters(_) => {
                "This address can be read in two ways, so it is refused."
            }
            Self::NoMount | Self::Lookup(LookupError::NotTheirs) => "There is nothing at this address.",
            Self::Lookup(_) => "This can't be checked here, so it is refused.",
            Self::Method(_) | Self::Body(_) => "This can't be sent to this page.",
            Self::CrossSite(_) => "Another site has led here, which this page doesn't allow.",
            Self::Login(LoginError::TooMany(_), _) => {
                "Too many people sign in at this moment. Try again soon."
            }
            Self::Login(LoginError::Unknown, _) | Self::Host => {
                "Something is wrong with this site. Try again later."
            }
            Self::Login(..) => "Name and password, or what else you signed in with, are not known here.",
            Self::Unknown(..) => "You have to sign in to see this page.",
            Self::Denied(_) => "You are not allowed to see this page.",
            Self::NoValues(..) | Self::Tenant(_) => "There is nothing here that you are allowed to see.",
            Self::Withheld(_) => "This page can't be limited to what you may see, so it is refused.",
            Self::Violation(_) => "This asks for more than you are allowed to ask for.",
            Self::RateExceeded(_) => "You have asked too often. Try again soon.",
            Self::AtOnceExceeded(_) => "You have asked for too much at once. Try again soon.",
            Self::Answer(_) => "The server has answered something that you are not allowed to see.",
        }
    }
}

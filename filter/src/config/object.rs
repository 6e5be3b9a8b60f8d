//! Declares an object of the configuration once, both for the filter that reads it and for the JSON Schema.

/// Declares an object and its fields, each with its documentation. The first type exists for the JSON Schema alone, and
/// has fields of the given types. The second is the one that the filter reads: it refuses every other field, and has a
/// method for each field that returns its [`Field`].
///
/// [`Field`]: super::field::Field
macro_rules! object {
    (
        $(#[doc = $about:literal])*
        $visible:vis $schema:ident, read as $object:ident {
            $(
                $(#[doc = $doc:literal])*
                $(#[schemars $says:tt])?
                $field:ident $(as $name:literal)?: $type:ty,
            )*
        }
    ) => {
        $(#[doc = $about])*
        #[cfg(feature = "schema")]
        #[derive(schemars::JsonSchema)]
        #[schemars(deny_unknown_fields)]
        #[allow(dead_code, reason = "only its schema is used")]
        $visible struct $schema {
            $(
                $(#[doc = $doc])*
                $(#[schemars $says])?
                $(#[schemars(rename = $name)])?
                $field: $type,
            )*
        }

        $(#[doc = $about])*
        #[derive(Clone, Copy)]
        struct $object<'a>(&'a $crate::config::field::Field<'a>);

        impl<'a> $object<'a> {
            /// Reads the object in this field, and refuses fields that it doesn't have.
            fn read(field: &'a $crate::config::field::Field<'a>) -> Result<Self, $crate::config::error::ConfigError> {
                field.has_only(&[$($crate::config::object::name!($field $($name)?)),*])?;
                Ok(Self(field))
            }

            $(
                $(#[doc = $doc])*
                fn $field(self) -> $crate::config::field::Field<'a> {
                    self.0.field($crate::config::object::name!($field $($name)?))
                }
            )*
        }
    };
}

/// Expands to the name of a field in JSON.
macro_rules! name {
    ($field:ident $name:literal) => {
        $name
    };
    ($field:ident) => {
        stringify!($field)
    };
}

pub(super) use {name, object};

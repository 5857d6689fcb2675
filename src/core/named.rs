//! Enums whose values have names in files.
//!
//! [`names!`](crate::names) declares such an enum with the name of each value beside it:
//!
//! ```
//! gridfleet_core::names! {
//!     /// Side of a street.
//!     #[derive(Debug, Clone, Copy, PartialEq, Eq)]
//!     pub enum Kerb {
//!         /// On the left.
//!         Left = "left",
//!         /// On the right.
//!         Right = "right",
//!     }
//! }
//!
//! assert_eq!(Kerb::ALL, [Kerb::Left, Kerb::Right]);
//! assert_eq!(Kerb::Right.name(), "right");
//! ```

/// An enum declared with [`names!`](crate::names).
pub trait Named: Copy + 'static {
    /// Names of all values, in the order of the enum.
    const NAMES: &'static [&'static str];
    /// Position of the value in [`Self::NAMES`].
    fn number(self) -> u32;
}

/// Declares an enum without fields whose values have names in files: each value is followed by its name. The enum gets
/// `ALL`, all values in their order, and `name()`.
#[macro_export]
macro_rules! names {
    (
        $(#[$meta:meta])*
        $visibility:vis enum $enum:ident {
            $($(#[$value_meta:meta])* $value:ident = $name:literal),+ $(,)?
        }
    ) => {
        $(#[$meta])*
        $visibility enum $enum {
            $($(#[$value_meta])* $value),+
        }

        impl $enum {
            /// Every value, in the order of the enum.
            pub const ALL: [Self; [$($name),+].len()] = [$(Self::$value),+];

            /// Name in files.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$value => $name),+
                }
            }
        }

        impl $crate::named::Named for $enum {
            const NAMES: &'static [&'static str] = &[$($name),+];
            fn number(self) -> u32 {
                self as u32
            }
        }
    };
}

#[cfg(test)]
mod tests {
    use super::Named;

    names! {
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        enum Colour {
            Red = "red",
            /// Of grass.
            Green = "green",
            Blue = "blue",
        }
    }

    #[test]
    fn each_value_has_its_name_and_position() {
        assert_eq!(Colour::ALL, [Colour::Red, Colour::Green, Colour::Blue]);
        assert_eq!(Colour::ALL.map(Colour::name), ["red", "green", "blue"]);
        for colour in Colour::ALL {
            assert_eq!(Colour::NAMES[colour.number() as usize], colour.name());
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
//! Module `math`.

use super::{BifResult, Context, Raise, arithmetic};
use crate::heap::build;
use crate::term::Term;

fn number(term: Term) -> Result<f64, Raise> {
    arithmetic::to_float(term).ok_or(Raise::BADARG)
}

fn finite(cx: &mut Context<'_>, value: f64) -> BifResult {
    if value.is_finite() { Ok(build::float(cx.heap(), value)) } else { Err(Raise::BADARITH) }
}

macro_rules! one {
    ($($name:ident: $function:path;)*) => {$(
        #[doc = concat!("`math:", stringify!($name), "/1`")]
        pub fn $name(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
            let value = $function(number(args[0])?);
            finite(cx, value)
        }
    )*};
}

macro_rules! two {
    ($($name:ident: $function:path;)*) => {$(
        #[doc = concat!("`math:", stringify!($name), "/2`")]
        pub fn $name(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
            let value = $function(number(args[0])?, number(args[1])?);
            finite(cx, value)
        }
    )*};
}

one! {
    acos: libm::acos; acosh: libm::acosh; asin: libm::asin; asinh: libm::asinh; atan: libm::atan; atanh: libm::atanh;
    ceil: libm::ceil; cos: libm::cos; cosh: libm::cosh; erf: libm::erf; erfc: libm::erfc; exp: libm::exp;
    floor: libm::floor; log: libm::log; log10: libm::log10; log2: libm::log2; sin: libm::sin; sinh: libm::sinh;
    sqrt: libm::sqrt; tan: libm::tan; tanh: libm::tanh;
}

two! {
    atan2: libm::atan2; fmod: libm::fmod; pow: libm::pow;
}

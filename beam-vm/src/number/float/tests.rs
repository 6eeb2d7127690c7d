// SPDX-License-Identifier: Apache-2.0
//! Floats against the answers of OTP 25, and against Rust's own correctly rounded text.

use std::format;
use std::string::String;
use std::vec;
use std::vec::Vec;

use proptest::prelude::*;

use super::*;
use crate::number::integer;

const TABLE: &str = include_str!("tests/stock.txt");

fn section(name: &str) -> impl Iterator<Item = &'static str> {
    let header = format!("[{name}]");
    let lines = TABLE.lines().skip_while(move |line| *line != header).skip(1);
    lines.take_while(|line| !line.is_empty()).filter(|line| !line.starts_with('#'))
}

fn text(value: f64, form: Form) -> String {
    match format(value, form) {
        Ok(text) => String::from_utf8(text.as_bytes().into()).unwrap(),
        Err(_) => "badarg".into(),
    }
}

fn float(bits: &str) -> f64 {
    f64::from_bits(u64::from_str_radix(bits, 16).unwrap())
}

#[test]
fn stock_forms() {
    for line in section("forms") {
        let row: Vec<&str> = line.split(' ').collect();
        assert_eq!(text(float(row[0]), Form::DEFAULT), row[1], "{line}");
        assert_eq!(text(float(row[0]), Form::Short), row[2], "{line}");
    }
}

#[test]
fn stock_digits() {
    for line in section("digits") {
        let row: Vec<&str> = line.split(' ').collect();
        let (value, digits) = (float(row[0]), row[1].parse().unwrap());
        assert_eq!(text(value, Form::Decimals(digits, Compact::No)), row[2], "{line}");
        assert_eq!(text(value, Form::Decimals(digits, Compact::Yes)), row[3], "{line}");
        assert_eq!(text(value, Form::Scientific(digits)), row[4], "{line}");
    }
}

/// `length(float_to_list(F, [{decimals,D}]))` and `length(float_to_list(F, [{scientific,D}]))`.
#[test]
fn stock_limits() {
    let decimals =
        |value, digits| format(value, Form::Decimals(digits, Compact::No)).map(|text| text.as_bytes().len());
    assert_eq!(decimals(5e-324, 253), Ok(255));
    assert_eq!(decimals(5e-324, 254), Err(FormatError::Decimals));
    assert_eq!(decimals(-5e-324, 252), Ok(255));
    assert_eq!(decimals(-5e-324, 253), Err(FormatError::TooLong));
    assert_eq!(decimals(10.1, 253), Err(FormatError::TooLong));
    assert_eq!(decimals(1e254, 0), Ok(254));
    assert_eq!(decimals(1e255, 0), Ok(255));
    assert_eq!(decimals(f64::MAX, 0), Err(FormatError::TooLong));
    assert_eq!(text(1.0, Form::Decimals(253, Compact::Yes)), "1.0");
    let scientific =
        |value, digits| format(value, Form::Scientific(digits)).map(|text| text.as_bytes().len());
    assert_eq!(scientific(1.0, 249), Ok(255));
    assert_eq!(scientific(-1.0, 249), Err(FormatError::TooLong));
    assert_eq!(scientific(1e100, 249), Err(FormatError::TooLong));
    assert_eq!(scientific(1.0, i32::MAX), Err(FormatError::TooLong));
    assert_eq!(text(f64::NAN, Form::Short), "badarg");
}

/// The same texts are read as floats and as integers.
#[test]
fn stock_reading() {
    for line in section("reading") {
        let (quoted, answers) = line[1..].split_once("\" ").unwrap();
        let row: Vec<&str> = answers.split(' ').collect();
        let bytes = quoted.as_bytes();
        let value = parse(bytes).map_or("badarg".into(), |value| format!("{:X}", value.to_bits()));
        assert_eq!(value, row[0], "{line}");
        assert_eq!(scan(bytes).map_or("-".into(), |(_, len)| format!("{len}")), row[1], "{line}");
        for (radix, expected) in [(10, row[2]), (36, row[3])] {
            let mut out = vec![0; integer::parse_limbs(bytes.len(), radix)];
            let value =
                integer::parse(bytes, radix, &mut out).ok().and_then(|extent| extent.view(&out).to_i128());
            let expected = i128::from_str_radix(expected, 16).ok();
            assert_eq!(value, expected, "{line} in radix {radix}");
        }
        assert_eq!(integer::scan(bytes, 10).map_or("-".into(), |len| format!("{len}")), row[4], "{line}");
    }
}

/// `list_to_float("1.5\0abc")` and `list_to_float(lists:duplicate(310, $1) ++ ",0e-9")`.
#[test]
fn stock_reads_c_strings() {
    assert_eq!(parse(b"1.5\0abc"), Ok(1.5));
    let long = "1".repeat(310);
    assert_eq!(parse(format!("{long}.0e-9").as_bytes()), Ok(format!("{long}.0e-9").parse().unwrap()));
    assert_eq!(parse(format!("{long},0e-9").as_bytes()), Err(ParseError::TooLarge));
}

fn finite() -> impl Strategy<Value = f64> {
    prop_oneof![
        any::<u64>().prop_map(f64::from_bits),
        (any::<i32>(), 0..12i32).prop_map(|(value, scale)| f64::from(value) / 10f64.powi(scale)),
        any::<i64>().prop_map(|value| value as f64),
        (0..1u64 << 52).prop_map(f64::from_bits),
    ]
    .prop_filter("is finite", |value| value.is_finite())
}

proptest! {
    #[test]
    fn short_and_default_read_back(value in finite()) {
        for form in [Form::Short, Form::DEFAULT, Form::Scientific(16)] {
            let text = format(value, form).unwrap();
            prop_assert_eq!(parse(text.as_bytes()).unwrap().to_bits(), value.to_bits());
        }
    }

    #[test]
    fn short_has_as_few_digits_as_rust(value in finite()) {
        let digits = |text: &str| {
            let mantissa: String = text.split('e').next().unwrap().chars().filter(char::is_ascii_digit).collect();
            mantissa.trim_matches('0').len()
        };
        prop_assert_eq!(digits(&text(value, Form::Short)), digits(&format!("{value:e}")));
    }

    #[test]
    fn scientific_is_correctly_rounded(value in finite(), places in 0..40usize) {
        let expected = format!("{value:.places$e}");
        let (mantissa, exponent) = expected.split_once('e').unwrap();
        let exponent: i32 = exponent.parse().unwrap();
        prop_assert_eq!(text(value, Form::Scientific(places as i32)), format!("{mantissa}e{exponent:+03}"));
    }

    #[test]
    fn many_decimals_are_exact(value in -1e15..1e15f64, places in 19..230usize) {
        prop_assert_eq!(text(value, Form::Decimals(places as i32, Compact::No)), format!("{value:.places$}"));
    }

    #[test]
    fn any_text_is_read_or_refused(text in "[-+]?[0-9]{0,25}[.,]?[0-9]{0,25}([eE][-+]?[0-9]{0,4})?[ x]?") {
        let point = text.replace(',', ".");
        let grammatical = !text.ends_with([' ', 'x', '.', ',', 'e', 'E', '+', '-'])
            && point.split_once('.').is_some_and(|(before, after)| {
                before.ends_with(|end: char| end.is_ascii_digit()) && after.starts_with(|first: char| first.is_ascii_digit())
            });
        let expected = point.parse::<f64>().ok().filter(|value| grammatical && value.is_finite());
        prop_assert_eq!(parse(text.as_bytes()).ok().map(f64::to_bits), expected.map(f64::to_bits));
    }

    #[test]
    fn any_bytes_do_no_harm(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
        if let Ok((_, len)) = scan(&bytes) {
            prop_assert!(parse(&bytes[..len]).is_ok());
        }
    }
}

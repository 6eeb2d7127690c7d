// SPDX-License-Identifier: Apache-2.0
//! Some characters, and the order of the tables, which looking up needs.

use super::{Break, Category, Script, break_class, cases, categories, category, script, scripts};

#[test]
fn characters_are_what_unicode_says() {
    assert_eq!(category(u32::from('A')), Category::Lu);
    assert_eq!(category(0x10_FFFF), Category::Cn);
    assert_eq!(category(0xD800), Category::Cs);
    assert_eq!(Script::NAMES[usize::from(script(0x3B1).0)], "Greek");
    assert_eq!(break_class(0x301), Break::Extend);
    assert_eq!(break_class(0xAC00), Break::Lv);
    assert_eq!(cases(u32::from('k')), [u32::from('K'), u32::from('k'), 0x212A]);
    assert!(cases(u32::from('1')).is_empty());
}

#[test]
fn runs_are_in_order() {
    assert!(categories::RUNS.is_sorted() && scripts::RUNS.is_sorted() && super::breaks::RUNS.is_sorted());
    assert!(cases::FORMS.is_sorted_by_key(|form| form.0));
}

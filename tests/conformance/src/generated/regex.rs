// SPDX-License-Identifier: Apache-2.0
//! Random regular expressions, subjects and options for module `re`: most of what PCRE 8.44 knows, correct or not.

use super::case::Case;
use super::expression::{Expression, Leaves, Piece};
use super::random::Random;

/// What is asked. `V0` is the subject, `V1` the pattern, `V2` the options, which have to suit the function.
const RUN: &[&str] = &[
    "re:run(V0, V1, [report_errors, {match_limit, 20000} | V2])",
    "re:run(V0, V1, [report_errors, {match_limit, 20000} | V2])",
    "re:run(V0, V1, [global, {match_limit, 20000} | V2])",
    "re:run(V0, V1, [{capture, all, list}, {match_limit, 20000} | V2])",
    "re:run(V0, V1, [{capture, all_names, binary}, {match_limit, 20000} | V2])",
    "re:run(V0, V1, [{capture, [2, n, 0], index}, {match_limit, 20000} | V2])",
    "re:run([$a, $b | V0], V1, [{capture, all_but_first, binary}, {offset, 2}, {match_limit, 20000} | V2])",
];
const OTHER: &[&str] = &[
    "re:split(V0, V1, [{return, list}, {match_limit, 20000} | V2])",
    "re:split(V0, V1, [{return, binary}, group, trim, {match_limit, 20000} | V2])",
    "re:replace(V0, V1, \"<&\\\\1>\", [{return, list}, global, {match_limit, 20000} | V2])",
    "case re:compile(V1, V2) of {ok, {_, Groups, Utf, Newline, _} = P} -> {Groups, Utf, Newline, re:inspect(P, namelist)}; Error -> Error end",
];

const COMPILING: &[&str] = &[
    "caseless",
    "dotall",
    "multiline",
    "extended",
    "ungreedy",
    "firstline",
    "anchored",
    "dollar_endonly",
    "no_auto_capture",
    "dupnames",
    "bsr_anycrlf",
    "bsr_unicode",
    "{newline, any}",
    "{newline, cr}",
    "{newline, crlf}",
    "{newline, anycrlf}",
    "ucp",
    "no_start_optimize",
    "never_utf",
];
const RUNNING: &[&str] =
    &["notbol", "noteol", "notempty", "notempty_atstart", "{match_limit_recursion, 200}"];

const STARTS: &[&str] = &[
    "(*CR)",
    "(*LF)",
    "(*CRLF)",
    "(*ANYCRLF)",
    "(*ANY)",
    "(*BSR_ANYCRLF)",
    "(*BSR_UNICODE)",
    "(*UCP)",
    "(*NO_START_OPT)",
    "(*NO_AUTO_POSSESS)",
    "(*LIMIT_MATCH=100)",
    "(*LIMIT_RECURSION=20)",
    "(*NOTHING)",
];
const CHARACTERS: &[&str] = &[
    "a", "a", "a", "b", "b", "b", "c", "A", "B", "1", " ", "_", "-", "\\n", "\\r", "ab", "\u{e9}", "\u{c9}",
    "\u{b5}",
];
const WIDE: &[&str] = &[
    "\u{3c3}",
    "\u{3a3}",
    "\u{3c2}",
    "\u{17f}",
    "\u{212a}",
    "\u{1f600}",
    "e\u{301}",
    "\u{2028}",
    "\u{1e9e}",
];
const CLASSES: &[&str] = &[
    ".",
    ".",
    "\\d",
    "\\w",
    "\\s",
    "\\W",
    "\\D",
    "\\S",
    "\\R",
    "\\N",
    "\\h",
    "\\H",
    "\\v",
    "\\V",
    "\\X",
    "\\C",
    "[ab]",
    "[^a]",
    "[a-c]",
    "[\\d_]",
    "[^\\W]",
    "[[:upper:]]",
    "[[:^digit:]]",
    "[[:alpha:]b]",
    "[[:word:]]",
    "[[:space:]]",
    "[[:punct:]]",
    "[[:foo:]]",
    "[^\\d\\n]",
    "[a-c\\W]",
    "[]a]",
    "[^]a]",
    "[a-]",
    "[\\]a]",
    "[\\h\\v]",
    "[^\\R]",
    "[\\Qa-c\\E]",
    "[b-a]",
    "[\\x{61}-\\x{63}]",
    "\\p{L}",
    "\\p{Lu}",
    "\\P{Ll}",
    "\\p{^Lu}",
    "\\pN",
    "\\p{Any}",
    "\\p{L&}",
    "\\p{Xan}",
    "\\p{Xps}",
    "\\p{Xwd}",
    "\\p{Latin}",
    "\\p{Greek}",
    "[\\p{Lu}1]",
    "[^\\P{Lu}]",
    "[[:^upper:]\\p{Nd}]",
    "\\p{Nope}",
    "\\x41",
    "\\101",
    "\\x{e9}",
    "\\o{101}",
    "\\t",
    "\\cA",
    "\\e",
    "\\Qa+b\\E",
    "\\y",
    "\\8",
    "\\x{3c3}",
    "[\\x{3b1}-\\x{3c9}]",
    "[\\x{e0}-\\x{ff}]",
    "[^\\x{e9}]",
    "[k-s]",
    "(?#x)",
    "(?C1)",
    "(?C)",
];
const ASSERTIONS: &[&str] =
    &["\\b", "\\B", "^", "$", "\\A", "\\z", "\\Z", "\\G", "\\K", "^", "$", "[[:<:]]", "[[:>:]]"];
const REFERENCES: &[&str] = &[
    "\\1", "\\1", "\\2", "\\3", "\\g1", "\\g{-1}", "\\g{n}", "\\k<n>", "\\k'n'", "\\k{n}", "(?P=n)", "(?1)",
    "(?1)", "(?2)", "(?R)", "(?0)", "(?-1)", "(?+1)", "(?&n)", "(?P>n)", "\\g<1>", "\\g'-1'", "(?i)",
    "(?-i)", "(?s)", "(?m)", "(?x)", "(?U)", "(?J)", "(?i-s)", "(?X)", "(?z)",
];
const VERBS: &[&str] = &[
    "(*PRUNE)",
    "(*SKIP)",
    "(*THEN)",
    "(*COMMIT)",
    "(*F)",
    "(*FAIL)",
    "(*ACCEPT)",
    "(*MARK:x)",
    "(*:y)",
    "(*SKIP:x)",
    "(*PRUNE:x)",
    "(*THEN:x)",
    "(*MARK)",
    "(*NOPE)",
];
/// `%` is alternatives, `&` a sequence.
const GROUPS: &[&str] = &[
    "(%)",
    "(%)",
    "(%)",
    "(%)",
    "(?:%)",
    "(?:%)",
    "(?>%)",
    "(?=%)",
    "(?!%)",
    "(?<=a)",
    "(?<=&)",
    "(?<!&)",
    "(?<=%)",
    "(?<![ab]c)",
    "(?|%)",
    "(?i:%)",
    "(?s-i:%)",
    "(?(1)&)",
    "(?(1)&|&)",
    "(?(<n>)&|&)",
    "(?(R)&|&)",
    "(?(R1)&)",
    "(?(-1)&|&)",
    "(?(?=&)&|&)",
    "(?(?!&)&)",
    "(?(?<=a)&|&)",
    "(?(DEFINE)%)",
    "(?<n>%)",
    "(?'n'%)",
    "(?P<n>%)",
    "(?<m>%)",
    "(?(2)%|%|%)",
    "(%",
    "%)",
];
const QUANTIFIERS: &[&str] = &[
    "*", "*", "+", "+", "?", "?", "{2}", "{1,2}", "{0,2}", "{2,}", "{0}", "{1,3}", "{3}", "{0,1}", "{1}",
    "{,2}", "{2,1}", "{0,}",
];
const MODES: &[&str] = &["", "", "", "", "?", "?", "+", "*"];

/// What a part of a pattern, of a subject or of options may become.
const PATTERN: Leaves = &["", "a"];
const NOTHING: Leaves = &[""];

/// Makes cases.
#[derive(Debug)]
pub struct Generator {
    random: Random,
    is_wide: bool,
}

impl Generator {
    /// From a seed.
    pub fn new(seed: u64) -> Self {
        Self { random: Random::new(seed ^ 0x5245), is_wide: false }
    }

    /// A call.
    pub fn case(&mut self) -> Case {
        self.is_wide = self.random.percent(40);
        let (bodies, more): (_, &[&str]) =
            if self.random.percent(75) { (RUN, RUNNING) } else { (OTHER, &[]) };
        let body = self.random.pick(bodies);
        let mut pattern = vec![Piece::Text("\"")];
        if self.random.percent(4) {
            let start = self.random.pick(STARTS);
            pattern.push(Piece::Apart(NOTHING, quoted(start)));
        }
        let depth = 1 + self.random.below(3) as u32;
        pattern.push(Piece::Apart(PATTERN, self.alternatives(depth)));
        pattern.push(Piece::Text("\""));
        let subject = self.subject();
        let options = self.options(more);
        Case {
            body: Expression::text(body),
            arguments: vec![text(subject), text(Expression(pattern)), options],
        }
    }

    fn alternatives(&mut self, depth: u32) -> Expression {
        let count = self.random.pick(&[1, 1, 1, 2, 2, 3]);
        let mut pieces = vec![Piece::Inner(self.sequence(depth))];
        for _ in 1..count {
            pieces.push(Piece::Text("|"));
            pieces.push(Piece::Inner(self.sequence(depth)));
        }
        Expression(pieces)
    }

    fn sequence(&mut self, depth: u32) -> Expression {
        let count = self.random.pick(&[0, 1, 1, 1, 2, 2, 2, 3, 3, 4]);
        Expression((0..count).map(|_| Piece::Inner(self.item(depth))).collect())
    }

    fn item(&mut self, depth: u32) -> Expression {
        let atom = self.atom(depth);
        if !self.random.percent(33) {
            return atom;
        }
        let (quantifier, mode) = (self.random.pick(QUANTIFIERS), self.random.pick(MODES));
        Expression(vec![Piece::Inner(atom), Piece::Text(quantifier), Piece::Text(mode)])
    }

    fn atom(&mut self, depth: u32) -> Expression {
        let kinds = if depth == 0 { 18 } else { 25 };
        let one = match self.random.below(kinds) {
            0..9 if self.is_wide && self.random.percent(20) => self.random.pick(WIDE),
            0..9 => self.random.pick(CHARACTERS),
            9..14 => self.random.pick(CLASSES),
            14 => self.random.pick(ASSERTIONS),
            15 | 16 => self.random.pick(REFERENCES),
            17 => self.random.pick(VERBS),
            _ => return self.group(depth - 1),
        };
        quoted(one)
    }

    fn group(&mut self, depth: u32) -> Expression {
        // Groups that are not closed or were not opened make no pattern, which is seldom of interest.
        let known = if self.random.percent(2) { GROUPS.len() } else { GROUPS.len() - 2 };
        let form = self.random.pick(&GROUPS[..known]);
        let mut pieces = Vec::new();
        for part in form.split_inclusive(['%', '&']) {
            let (text, inner) = match part.strip_suffix('%') {
                Some(text) => (text, Some(self.alternatives(depth))),
                None => match part.strip_suffix('&') {
                    Some(text) => (text, Some(self.sequence(depth))),
                    None => (part, None),
                },
            };
            pieces.push(Piece::Text(text));
            pieces.extend(inner.map(Piece::Inner));
        }
        Expression(pieces)
    }

    fn subject(&mut self) -> Expression {
        let count = self.random.below(16);
        let mut pieces = vec![Piece::Text("\"")];
        for _ in 0..count {
            let one = match self.is_wide && self.random.percent(20) {
                true => self.random.pick(WIDE),
                false => self.random.pick(CHARACTERS),
            };
            // What stands for itself in a pattern is a character here.
            let one = if one.starts_with('\\') { Expression::text(one) } else { quoted(one) };
            pieces.push(Piece::Apart(NOTHING, one));
        }
        pieces.push(Piece::Text("\""));
        Expression(pieces)
    }

    fn options(&mut self, more: &[&str]) -> Expression {
        let mut pieces = vec![Piece::Text("[]")];
        if self.is_wide {
            pieces.push(Piece::Apart(NOTHING, Expression::text(" ++ [unicode]")));
        }
        for option in COMPILING.iter().chain(more) {
            if self.random.percent(5) {
                pieces.push(Piece::Apart(NOTHING, Expression::made(format!(" ++ [{option}]"))));
            }
        }
        Expression(pieces)
    }
}

/// An argument that stays a string.
fn text(string: Expression) -> Expression {
    Expression(vec![Piece::Apart(&["\"\""], string)])
}

/// Text as it stands in a string of Erlang.
fn quoted(text: &str) -> Expression {
    let mut out = String::new();
    for char in text.chars() {
        match char {
            '"' | '\\' => out.extend(['\\', char]),
            ' '..='~' => out.push(char),
            _ => out.push_str(&format!("\\x{{{:X}}}", u32::from(char))),
        }
    }
    Expression::made(out)
}

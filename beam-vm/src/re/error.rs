// SPDX-License-Identifier: Apache-2.0
//! Why a pattern is refused: the texts are those that PCRE 8.44 has, since programs and people look at them (`pcreapi`, "Compilation
//! error codes").

use core::fmt;

/// What is wrong with a pattern.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ErrorKind {
    /// A backslash is the last character.
    BackslashAtEnd,
    /// `\c` is the last.
    ControlAtEnd,
    /// With `X`: an escape that means nothing.
    UnknownEscape,
    /// `{2,1}`
    QuantifierOrder,
    /// `{65536}`
    QuantifierTooBig,
    /// `[` without `]`
    ClassUnterminated,
    /// `[\B]`
    ClassEscape,
    /// `[b-a]`
    RangeOrder,
    /// `*` behind nothing
    NothingToRepeat,
    /// `(?z`
    UnknownAfterQuestion,
    /// `[:alpha:]` outside of a class
    PosixOutsideClass,
    /// `(` without `)`
    MissingParenthesis,
    /// `\2` with one group
    NoSuchGroup,
    /// `(?#` without `)`
    CommentUnterminated,
    /// The compiled form would pass 64 KiB.
    TooLarge,
    /// `)` without `(`
    UnmatchedParenthesis,
    /// `(?<*`
    UnknownAfterLess,
    /// `(?<=a*)`
    LookbehindNotFixed,
    /// `(?(`
    MalformedCondition,
    /// `(?(1)a|b|c)`
    ConditionBranches,
    /// `(?(?z`
    AssertionExpected,
    /// `(?1z`
    RecursionUnterminated,
    /// `[[:foo:]]`
    UnknownPosixClass,
    /// `[[.a.]]`
    CollatingElement,
    /// `\x{110000}`
    CharacterTooLarge,
    /// `(?(0)`
    ConditionZero,
    /// `\C` in a lookbehind
    AnyByteInLookbehind,
    /// `\u`
    NotSupportedEscape,
    /// `(?C256)`
    CalloutTooBig,
    /// `(?C1`
    CalloutUnterminated,
    /// `(?R)` before anything
    RecursionForever,
    /// `(?Pz`
    UnknownAfterP,
    /// `(?<n`
    NameUnterminated,
    /// `(?<n>)(?<n>)`
    DuplicateName,
    /// Not UTF-8.
    InvalidUtf8,
    /// `\p{`
    MalformedProperty,
    /// `\p{Foo}`
    UnknownProperty,
    /// A name of more than 32 characters.
    NameTooLong,
    /// More than 10000 names.
    TooManyNames,
    /// `\400`
    OctalTooLarge,
    /// Options for `\n` or `\R` that exclude each other.
    InconsistentNewline,
    /// `(?(DEFINE)a|b)`
    DefineBranches,
    /// `\gz`
    MalformedReference,
    /// `\g{0}`
    ReferenceZero,
    /// `(*FAIL:a)`
    VerbArgument,
    /// `(*FOO)`
    UnknownVerb,
    /// A group's number that is too big.
    NumberTooBig,
    /// `(?&)`
    NameExpected,
    /// `(?+`
    DigitExpected,
    /// `(?|(?<a>)|(?<b>))`
    DifferentNames,
    /// `(*MARK)`
    MarkArgument,
    /// `\c` before what is not ASCII
    ControlNotAscii,
    /// `\k` before something else
    MalformedNameReference,
    /// `[\N]`
    NotNewlineInClass,
    /// Too many references to groups that come later.
    TooManyForward,
    /// `\x{d800}`
    Surrogate,
    /// A verb's name of more than 255 bytes.
    VerbNameTooLong,
    /// `(*UTF)` with `never_utf`
    UtfDisabled,
    /// `\o` without a brace
    OctalBrace,
    /// Groups nest too deep.
    TooComplicated,
    /// `\o{8}`
    NonOctal,
    /// `\x{g}`
    NonHex,
    /// `\p{}` without a closing brace and the like: a name that begins with a digit
    NameBeginsWithDigit,
    /// `\o{}` or `\x{}`
    DigitsMissing,
    /// `[[:<:]]` inside a class
    InvalidRange,
}

impl ErrorKind {
    /// The text.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::BackslashAtEnd => "\\ at end of pattern",
            Self::ControlAtEnd => "\\c at end of pattern",
            Self::UnknownEscape => "unrecognized character follows \\",
            Self::QuantifierOrder => "numbers out of order in {} quantifier",
            Self::QuantifierTooBig => "number too big in {} quantifier",
            Self::ClassUnterminated => "missing terminating ] for character class",
            Self::ClassEscape => "invalid escape sequence in character class",
            Self::RangeOrder => "range out of order in character class",
            Self::NothingToRepeat => "nothing to repeat",
            Self::UnknownAfterQuestion => "unrecognized character after (? or (?-",
            Self::PosixOutsideClass => "POSIX named classes are supported only within a class",
            Self::MissingParenthesis => "missing )",
            Self::NoSuchGroup => "reference to non-existent subpattern",
            Self::CommentUnterminated => "missing ) after comment",
            Self::TooLarge => "regular expression is too large",
            Self::UnmatchedParenthesis => "unmatched parentheses",
            Self::UnknownAfterLess => "unrecognized character after (?<",
            Self::LookbehindNotFixed => "lookbehind assertion is not fixed length",
            Self::MalformedCondition => "malformed number or name after (?(",
            Self::ConditionBranches => "conditional group contains more than two branches",
            Self::AssertionExpected => "assertion expected after (?( or (?(?C)",
            Self::RecursionUnterminated => "(?R or (?[+-]digits must be followed by )",
            Self::UnknownPosixClass => "unknown POSIX class name",
            Self::CollatingElement => "POSIX collating elements are not supported",
            Self::CharacterTooLarge => "character value in \\x{} or \\o{} is too large",
            Self::ConditionZero => "invalid condition (?(0)",
            Self::AnyByteInLookbehind => "\\C not allowed in lookbehind assertion",
            Self::NotSupportedEscape => "PCRE does not support \\L, \\l, \\N{name}, \\U, or \\u",
            Self::CalloutTooBig => "number after (?C is > 255",
            Self::CalloutUnterminated => "closing ) for (?C expected",
            Self::RecursionForever => "recursive call could loop indefinitely",
            Self::UnknownAfterP => "unrecognized character after (?P",
            Self::NameUnterminated => "syntax error in subpattern name (missing terminator)",
            Self::DuplicateName => "two named subpatterns have the same name",
            Self::InvalidUtf8 => "invalid UTF-8 string",
            Self::MalformedProperty => "malformed \\P or \\p sequence",
            Self::UnknownProperty => "unknown property name after \\P or \\p",
            Self::NameTooLong => "subpattern name is too long (maximum 32 characters)",
            Self::TooManyNames => "too many named subpatterns (maximum 10000)",
            Self::OctalTooLarge => "octal value is greater than \\377 in 8-bit non-UTF-8 mode",
            Self::InconsistentNewline => "inconsistent NEWLINE options",
            Self::DefineBranches => "DEFINE group contains more than one branch",
            Self::MalformedReference => {
                "\\g is not followed by a braced, angle-bracketed, or quoted name/number or by a plain number"
            }
            Self::ReferenceZero => "a numbered reference must not be zero",
            Self::VerbArgument => "an argument is not allowed for (*ACCEPT), (*FAIL), or (*COMMIT)",
            Self::UnknownVerb => "(*VERB) not recognized or malformed",
            Self::NumberTooBig => "number is too big",
            Self::NameExpected => "subpattern name expected",
            Self::DigitExpected => "digit expected after (?+",
            Self::DifferentNames => "different names for subpatterns of the same number are not allowed",
            Self::MarkArgument => "(*MARK) must have an argument",
            Self::ControlNotAscii => "\\c must be followed by an ASCII character",
            Self::MalformedNameReference => {
                "\\k is not followed by a braced, angle-bracketed, or quoted name"
            }
            Self::NotNewlineInClass => "\\N is not supported in a class",
            Self::TooManyForward => "too many forward references",
            Self::Surrogate => "disallowed Unicode code point (>= 0xd800 && <= 0xdfff)",
            Self::VerbNameTooLong => "name is too long in (*MARK), (*PRUNE), (*SKIP), or (*THEN)",
            Self::UtfDisabled => "setting UTF is disabled by the application",
            Self::OctalBrace => "missing opening brace after \\o",
            Self::TooComplicated => "regular expression is too complicated",
            Self::NonOctal => "non-octal character in \\o{} (closing brace missing?)",
            Self::NonHex => "non-hex character in \\x{} (closing brace missing?)",
            Self::NameBeginsWithDigit => "group name must start with a non-digit",
            Self::DigitsMissing => "digits missing in \\x{} or \\o{}",
            Self::InvalidRange => "invalid range in character class",
        }
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text())
    }
}

/// An error and where in the pattern it was found.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CompileError {
    /// What is wrong.
    pub kind: ErrorKind,
    /// The byte of the pattern up to which it was read.
    pub offset: usize,
}

impl fmt::Display for CompileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at byte {} of the pattern", self.kind, self.offset)
    }
}

impl core::error::Error for CompileError {}

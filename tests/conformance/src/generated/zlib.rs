// SPDX-License-Identifier: Apache-2.0
//! Random streams for module `zlib`: compressed data made bit by bit, correct or not, is expanded in pieces, and data is compressed by steps
//! with all that can be asked of a stream between them.

use super::case::Case;
use super::expression::{Expression, Leaves, Piece};
use super::random::Random;

/// Functions of the module.
pub const HELPERS: &str = "
expand(Data, Size, Bits, How) ->
    Z = zlib:open(),
    try
        ok = zlib:inflateInit(Z, Bits),
        pieces(Z, iolist_to_binary(Data), Size, How)
    after
        zlib:close(Z)
    end.

pieces(Z, Data, Size, How) ->
    {Piece, Rest} = split_binary(Data, min(Size, byte_size(Data))),
    case guarded(fun() -> piece(Z, Piece, How) end) of
        {error, _} = Error -> [Error, guarded(fun() -> zlib:inflateEnd(Z) end)];
        Out when Rest =:= <<>> -> [Out, guarded(fun() -> zlib:inflateEnd(Z) end)];
        Out -> [Out | pieces(Z, Rest, Size, How)]
    end.

piece(Z, Piece, inflate) -> shown(iolist_to_binary(zlib:inflate(Z, Piece)));
piece(Z, Piece, safe) -> safe(Z, zlib:safeInflate(Z, Piece));
piece(Z, Piece, no_exception) -> zlib:inflate(Z, Piece, [{exception_on_need_dict, false}]).

safe(Z, {continue, Out}) -> [shown(iolist_to_binary(Out)) | safe(Z, zlib:safeInflate(Z, []))];
safe(_, {finished, Out}) -> [shown(iolist_to_binary(Out))].

shown(Out) when byte_size(Out) > 200 -> {byte_size(Out), erlang:crc32(Out), binary:part(Out, 0, 100)};
shown(Out) -> Out.

compress({Level, Bits, Memory, Strategy}, Steps) ->
    Z = zlib:open(),
    try
        ok = zlib:deflateInit(Z, Level, deflated, Bits, Memory, Strategy),
        [guarded(fun() -> step(Z, Step) end) || Step <- Steps] ++ [guarded(fun() -> zlib:deflateEnd(Z) end)]
    after
        zlib:close(Z)
    end.

step(Z, {put, Data, Flush}) -> shown(iolist_to_binary(zlib:deflate(Z, Data, Flush)));
step(Z, {params, Level, Strategy}) -> zlib:deflateParams(Z, Level, Strategy);
step(Z, {dictionary, Data}) -> zlib:deflateSetDictionary(Z, Data);
step(Z, reset) -> zlib:deflateReset(Z).

guarded(F) -> try F() catch Class:Reason -> {Class, Reason} end.
";

const EXPAND: &[&str] = &[
    "expand(V0, V1, V2, inflate)",
    "expand(V0, V1, V2, inflate)",
    "expand(V0, V1, V2, safe)",
    "expand(V0, V1, V2, no_exception)",
];
const COMPRESS: &[&str] = &["compress(V0, V1)"];

const LEVELS: &[&str] = &["0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "default"];
const STRATEGIES: &[&str] = &["default", "default", "filtered", "huffman_only", "rle"];
const FLUSHES: &[&str] = &["none", "none", "none", "sync", "full", "finish"];
const SIZES: &[&str] = &["1", "2", "3", "7", "20", "1000", "1000"];

const NOTHING: Leaves = &[""];

/// Order in which a header has the lengths of the code's code (RFC 1951, 3.2.7).
const ORDER: [usize; 19] = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

/// Bits in the order of a stream.
#[derive(Debug, Default)]
struct Bits {
    bytes: Vec<u8>,
    free: u32,
}

impl Bits {
    fn put(&mut self, value: usize, count: u32) {
        for at in 0..count {
            if self.free == 0 {
                self.bytes.push(0);
                self.free = 8;
            }
            let bit = (value >> at & 1) as u8;
            if let Some(last) = self.bytes.last_mut() {
                *last |= bit << (8 - self.free);
            }
            self.free -= 1;
        }
    }

    /// A code, whose first bit comes first.
    fn code(&mut self, (code, length): (usize, u32)) {
        for at in (0..length).rev() {
            self.put(code >> at, 1);
        }
    }

    fn align(&mut self) {
        self.free = 0;
    }
}

/// Makes cases.
#[derive(Debug)]
pub struct Generator {
    random: Random,
}

impl Generator {
    /// From a seed.
    pub fn new(seed: u64) -> Self {
        Self { random: Random::new(seed ^ 0x5A4C) }
    }

    /// A call.
    pub fn case(&mut self) -> Case {
        if self.random.percent(35) { self.compressing() } else { self.expanding() }
    }

    fn compressing(&mut self) -> Case {
        let bits = self.random.pick(&["15", "15", "9", "8", "-15", "-9", "31", "25"]);
        let memory = self.random.pick(&["8", "8", "1", "2", "9"]);
        let (level, strategy) = (self.random.pick(LEVELS), self.random.pick(STRATEGIES));
        let settings = Expression::made(format!("{{{level}, {bits}, {memory}, {strategy}}}"));
        let mut steps = vec![Piece::Text("[]")];
        for _ in 0..1 + self.random.below(7) {
            let step = match self.random.below(12) {
                0 => format!("{{params, {}, {}}}", self.random.pick(LEVELS), self.random.pick(STRATEGIES)),
                1 => format!("{{dictionary, {}}}", self.data()),
                2 if self.random.percent(40) => "reset".into(),
                _ => format!("{{put, {}, {}}}", self.data(), self.random.pick(FLUSHES)),
            };
            steps.push(Piece::Apart(NOTHING, Expression::made(format!(" ++ [{step}]"))));
        }
        steps.push(Piece::Text(" ++ [{put, [], finish}]"));
        let body = Expression::text(self.random.pick(COMPRESS));
        Case { body, arguments: vec![settings, Expression(steps), Expression::text("0")] }
    }

    /// Data of some kinds that compress differently.
    fn data(&mut self) -> String {
        let (count, step) = (1 + self.random.below(3000), 1 + self.random.below(250));
        match self.random.below(6) {
            0 => format!("lists:duplicate({count}, {step})"),
            1 => format!("<< <<(K * K rem {step})>> || K <- lists:seq(1, {count}) >>"),
            2 => format!(
                "<< <<\"line \", (integer_to_binary(K rem {step}))/binary>> || K <- lists:seq(1, {count} div 4) >>"
            ),
            3 => {
                format!("<< <<((K * 1103515245 + {step}) bsr 7 band 255)>> || K <- lists:seq(1, {count}) >>")
            }
            4 => "\"short\"".into(),
            _ => "[]".into(),
        }
    }

    fn expanding(&mut self) -> Case {
        let format = self.random.pick(&[-15i32, -15, -15, 15, 31, 47, -9, 9]);
        let mut bytes = self.stream(format);
        if self.random.percent(15) {
            let at = self.random.below(bytes.len());
            bytes[at] ^= 1 << self.random.below(8);
        }
        if self.random.percent(15) {
            bytes.truncate(self.random.below(bytes.len()));
        }
        if self.random.percent(10) {
            bytes.extend_from_slice(b"rest");
        }
        let mut pieces = vec![Piece::Text("[]")];
        for part in bytes.chunks(8) {
            let part: Vec<String> = part.iter().map(u8::to_string).collect();
            pieces.push(Piece::Apart(NOTHING, Expression::made(format!(" ++ [{}]", part.join(", ")))));
        }
        let body = Expression::text(self.random.pick(EXPAND));
        let size = Expression(vec![Piece::Apart(&["1000"], Expression::text(self.random.pick(SIZES)))]);
        Case { body, arguments: vec![Expression(pieces), size, Expression::made(format!("({format})"))] }
    }

    fn stream(&mut self, format: i32) -> Vec<u8> {
        let mut bits = Bits::default();
        let is_gzip = format == 31 || format == 47 && self.random.percent(50);
        if is_gzip {
            bits.bytes = self.gzip_header();
        } else if format > 0 {
            // FLEVEL and FDICT are at random, FCHECK fits mostly.
            let (method, flags) = (
                self.random.pick(&[0x78usize, 0x78, 0x78, 0x18, 0x88, 0x79]),
                self.random.pick(&[0usize, 0x40, 0x80, 0x20]),
            );
            let head = method << 8 | flags;
            let check = if self.random.percent(95) { 31 - head % 31 } else { 0 };
            bits.bytes = vec![method as u8, (flags + check % 31) as u8];
        }
        let mut out = 0;
        let blocks = 1 + self.random.below(3);
        for number in 1..=blocks {
            bits.put(usize::from(number == blocks), 1);
            match self.random.below(20) {
                0..4 => self.stored(&mut bits, &mut out),
                4..9 => self.fixed(&mut bits, &mut out),
                19 => bits.put(3, 2),
                _ => self.dynamic(&mut bits, &mut out),
            }
        }
        bits.align();
        // A sum that fits is seldom met by chance: its error is part of what is compared.
        let sum = if is_gzip {
            8
        } else if format > 0 {
            4
        } else {
            0
        };
        bits.bytes.extend((0..sum).map(|_| self.random.below(256) as u8));
        bits.bytes
    }

    fn gzip_header(&mut self) -> Vec<u8> {
        let flags = if self.random.percent(60) { 0 } else { self.random.below(32) as u8 };
        let mut head = vec![31, 139, 8, flags, 1, 2, 3, 4, 0, 3];
        if flags & 4 != 0 {
            head.extend_from_slice(&[2, 0, 7, 7]);
        }
        for bit in [8, 16] {
            if flags & bit != 0 {
                head.extend_from_slice(b"name\0");
            }
        }
        if flags & 2 != 0 {
            head.extend_from_slice(&[1, 1]);
        }
        head
    }

    fn stored(&mut self, bits: &mut Bits, out: &mut usize) {
        bits.put(0, 2);
        bits.align();
        let length = self.random.below(20);
        let other = if self.random.percent(93) { !length & 0xFFFF } else { self.random.below(0x10000) };
        for half in [length, other] {
            bits.bytes.extend_from_slice(&(half as u16).to_le_bytes());
        }
        bits.bytes.extend((0..length).map(|_| self.random.below(256) as u8));
        *out += length;
    }

    fn fixed(&mut self, bits: &mut Bits, out: &mut usize) {
        bits.put(1, 2);
        let length = |symbol| match symbol {
            144..256 => 9,
            256..280 => 7,
            _ => 8,
        };
        let lengths: Vec<u32> = (0..288).map(length).collect();
        self.symbols(bits, out, &lengths, &[5; 32]);
    }

    fn dynamic(&mut self, bits: &mut Bits, out: &mut usize) {
        bits.put(2, 2);
        let (literals, distances) = (257 + self.random.below(30), 1 + self.random.below(30));
        let mut literal_lengths = self.lengths(literals, 15);
        if self.random.percent(97) && literal_lengths[256] == 0 {
            let used = literal_lengths.iter().position(|length| *length > 0).unwrap_or(0);
            literal_lengths.swap(256, used);
        }
        let distance_lengths =
            if self.random.percent(10) { vec![0; distances] } else { self.lengths(distances, 15) };
        let code_lengths = if self.random.percent(95) { self.spread(19, 19, 7) } else { self.lengths(19, 7) };
        let codes = codes(&code_lengths);
        let sent =
            ORDER.iter().rposition(|symbol| code_lengths[*symbol] > 0).map_or(4, |last| (last + 1).max(4));
        bits.put(literals - 257, 5);
        bits.put(distances - 1, 5);
        bits.put(sent - 4, 4);
        for symbol in &ORDER[..sent] {
            bits.put(code_lengths[*symbol] as usize, 3);
        }
        let all: Vec<u32> = literal_lengths.iter().chain(&distance_lengths).copied().collect();
        let mut at = 0;
        while at < all.len() {
            let run = all[at..].iter().take_while(|length| **length == all[at]).count();
            let (used, symbol, extra) = match run {
                3.. if at > 0 && all[at] == all[at - 1] => (run.min(6), 16, Some((run.min(6) - 3, 2))),
                11.. if all[at] == 0 => (run.min(138), 18, Some((run.min(138) - 11, 7))),
                3.. if all[at] == 0 => (run.min(10), 17, Some((run.min(10) - 3, 3))),
                _ => (1, all[at] as usize, None),
            };
            bits.code(codes[symbol]);
            if let Some((value, count)) = extra {
                bits.put(value, count);
            }
            at += used;
        }
        self.symbols(bits, out, &literal_lengths, &distance_lengths);
    }

    /// Lengths of a code that is complete, mostly.
    fn lengths(&mut self, count: usize, longest: u32) -> Vec<u32> {
        let used = 1 + self.random.below(count.min(40));
        let mut lengths = self.spread(count, used, longest);
        if self.random.percent(4) {
            let at = self.random.below(count);
            lengths[at] = self.random.below(longest as usize + 1) as u32;
        }
        lengths
    }

    /// Lengths of a complete code of so many symbols: codes are parted until there are enough.
    fn spread(&mut self, count: usize, used: usize, longest: u32) -> Vec<u32> {
        let mut leaves = vec![0u32];
        while leaves.len() < used {
            let at = self.random.below(leaves.len());
            if leaves[at] < longest {
                leaves[at] += 1;
                leaves.push(leaves[at]);
            }
        }
        let mut lengths = vec![0; count];
        for leaf in leaves {
            let mut at = self.random.below(count);
            while lengths[at] > 0 {
                at = (at + 1) % count;
            }
            lengths[at] = leaf.max(1);
        }
        lengths
    }

    /// Symbols at random, and mostly the end of the block. Distances lead before the beginning now and then.
    fn symbols(&mut self, bits: &mut Bits, out: &mut usize, literals: &[u32], distances: &[u32]) {
        let (literal_codes, distance_codes) = (codes(literals), codes(distances));
        let used = |lengths: &[u32]| -> Vec<usize> {
            (0..lengths.len()).filter(|symbol| lengths[*symbol] > 0).collect()
        };
        let (literals, distances) = (used(literals), used(distances));
        for _ in 0..self.random.below(60) {
            let symbol = self.random.pick(&literals);
            if symbol == 256 || symbol > 256 && distances.is_empty() {
                continue;
            }
            if symbol < 256 {
                bits.code(literal_codes[symbol]);
                *out += 1;
                continue;
            }
            let fitting: Vec<usize> =
                distances.iter().copied().filter(|distance| base(*distance) <= *out).collect();
            let distance = match fitting.is_empty() || self.random.percent(2) {
                true if self.random.percent(10) => self.random.pick(&distances),
                true => continue,
                false => self.random.pick(&fitting),
            };
            bits.code(literal_codes[symbol]);
            let extra = match symbol - 257 {
                code @ 8..28 => (code as u32 - 4) / 4,
                _ => 0,
            };
            bits.put(self.random.below(1 << extra), extra);
            bits.code(distance_codes[distance]);
            let extra = (distance as u32 / 2).saturating_sub(1);
            bits.put(if self.random.percent(80) { 0 } else { self.random.below(1 << extra) }, extra);
            *out += 3;
        }
        if self.random.percent(96) && literals.contains(&256) {
            bits.code(literal_codes[256]);
        }
    }
}

/// The least distance of a code.
fn base(code: usize) -> usize {
    if code < 4 { code + 1 } else { (2 + code % 2) * (1 << (code / 2 - 1)) + 1 }
}

/// The codes of lengths (RFC 1951, 3.2.2).
fn codes(lengths: &[u32]) -> Vec<(usize, u32)> {
    let mut codes = vec![(0, 0); lengths.len()];
    let mut code = 0;
    for length in 1..=15 {
        code <<= 1;
        for (symbol, _) in lengths.iter().enumerate().filter(|(_, own)| **own == length) {
            codes[symbol] = (code, length);
            code += 1;
        }
    }
    codes
}

// SPDX-License-Identifier: Apache-2.0
//! Programs against an interpreter that does what the specification says, one term after the other.

use std::boxed::Box;
use std::collections::BTreeMap;
use std::vec::Vec;

use proptest::prelude::*;

use super::{
    Action, Dialect, FunctionIndex, Functions, Host, Places, Scratch, Subject, compile, is_bound, variable,
};
use crate::atom::{AtomLimit, AtomTable, predefined};
use crate::heap::{HeapLimits, ProcessHeap, build};
use crate::term::{Term, View};

/// A term, a pattern, or an expression, before it is a term.
#[derive(Clone, PartialEq, Eq, Debug)]
enum Tree {
    Int(i64),
    /// A variable of a pattern; in a term the atom of that name.
    Var(u32),
    Any,
    Bool(bool),
    Nil,
    Cons(Box<Tree>, Box<Tree>),
    Tuple(Vec<Tree>),
}

/// An expression of a guard or a body.
#[derive(Clone, Debug)]
enum Expression {
    Var(u32),
    Int(i64),
    Bool(bool),
    All,
    Tuple(Vec<Expression>),
    List(Vec<Expression>),
    Call(&'static str, Vec<Expression>),
}

const FUNCTIONS: [(&str, usize); 5] = [("+", 2), (">", 2), ("hd", 1), ("is_integer", 1), ("not", 1)];

struct Few;

impl Functions for Few {
    fn find(&self, name: &str, arity: usize) -> Option<(FunctionIndex, Places)> {
        let index = FUNCTIONS.iter().position(|function| *function == (name, arity))?;
        Some((FunctionIndex(index as u8), Places::All))
    }
}

struct Place {
    heap: ProcessHeap,
    atoms: AtomTable,
}

impl Place {
    fn new() -> Self {
        let atoms = AtomTable::new(AtomLimit::DEFAULT);
        Self { heap: ProcessHeap::new(10_000, HeapLimits::default()), atoms }
    }

    fn atom(&mut self, text: &str) -> Term {
        Term::atom(self.atoms.insert(text).expect("a short text"))
    }

    fn term(&mut self, tree: &Tree) -> Term {
        match tree {
            Tree::Int(value) => Term::small_cut(*value),
            Tree::Var(number) => self.atom(&std::format!("${number}")),
            Tree::Any => Term::atom(predefined::UNDERSCORE),
            Tree::Bool(value) => Term::boolean(*value),
            Tree::Nil => Term::NIL,
            Tree::Cons(head, tail) => {
                let (head, tail) = (self.term(head), self.term(tail));
                build::cons(&mut self.heap, head, tail)
            }
            Tree::Tuple(elements) => {
                let elements: Vec<Term> = elements.iter().map(|element| self.term(element)).collect();
                build::tuple(&mut self.heap, &elements)
            }
        }
    }

    fn expression(&mut self, expression: &Expression) -> Term {
        match expression {
            Expression::Var(number) => self.term(&Tree::Var(*number)),
            Expression::Int(value) => Term::small_cut(*value),
            Expression::Bool(value) => Term::boolean(*value),
            Expression::All => self.atom("$$"),
            Expression::Tuple(elements) => {
                let elements: Vec<Term> = elements.iter().map(|inner| self.expression(inner)).collect();
                let inner = build::tuple(&mut self.heap, &elements);
                build::tuple(&mut self.heap, &[inner])
            }
            Expression::List(elements) => {
                let elements: Vec<Term> = elements.iter().map(|inner| self.expression(inner)).collect();
                build::list(&mut self.heap, &elements)
            }
            Expression::Call(name, arguments) => {
                let mut parts: Vec<Term> = [self.atom(name)].into();
                parts.extend(arguments.iter().map(|inner| self.expression(inner)).collect::<Vec<_>>());
                build::tuple(&mut self.heap, &parts)
            }
        }
    }

    fn tree(&self, term: Term) -> Tree {
        match term.view() {
            View::Small(value) => Tree::Int(value),
            View::Nil => Tree::Nil,
            View::Cons(cell) => Tree::Cons(self.tree(cell.head()).into(), self.tree(cell.tail()).into()),
            View::Tuple(tuple) => Tree::Tuple(tuple.elements().iter().map(|term| self.tree(*term)).collect()),
            View::Atom(predefined::UPPER_EXIT) => exit(),
            View::Atom(predefined::UNDERSCORE) => Tree::Any,
            View::Atom(_) if term.as_boolean().is_some() => Tree::Bool(term.as_boolean() == Some(true)),
            _ => Tree::Var(variable(&self.atoms, term).expect("no other atoms are made")),
        }
    }
}

/// What stands for `'EXIT'`.
fn exit() -> Tree {
    Tree::Var(u32::MAX)
}

impl Host for Place {
    fn heap(&mut self) -> (&mut ProcessHeap, &AtomTable) {
        (&mut self.heap, &self.atoms)
    }

    fn call(&mut self, function: FunctionIndex, arguments: &[Term]) -> Option<Term> {
        let arguments: Vec<Tree> = arguments.iter().map(|term| self.tree(*term)).collect();
        let result = call(FUNCTIONS[usize::from(function.0)].0, &arguments)?;
        Some(self.term(&result))
    }

    fn act(&mut self, _: Action, _: &[Term]) -> Option<Term> {
        None
    }
}

fn call(name: &str, arguments: &[Tree]) -> Option<Tree> {
    match (name, arguments) {
        ("+", [Tree::Int(a), Tree::Int(b)]) => Some(Tree::Int(a + b)),
        (">", [Tree::Int(a), Tree::Int(b)]) => Some(Tree::Bool(a > b)),
        ("hd", [Tree::Cons(head, _)]) => Some((**head).clone()),
        ("is_integer", [tree]) => Some(Tree::Bool(matches!(tree, Tree::Int(_)))),
        ("not", [Tree::Bool(value)]) => Some(Tree::Bool(!value)),
        _ => None,
    }
}

type Bindings = BTreeMap<u32, Tree>;

fn matches(pattern: &Tree, tree: &Tree, bindings: &mut Bindings) -> bool {
    match (pattern, tree) {
        (Tree::Any, _) => true,
        (Tree::Var(number), _) => bindings.entry(*number).or_insert_with(|| tree.clone()) == tree,
        (Tree::Cons(head, tail), Tree::Cons(other_head, other_tail)) => {
            matches(head, other_head, bindings) && matches(tail, other_tail, bindings)
        }
        (Tree::Tuple(elements), Tree::Tuple(others)) => {
            elements.len() == others.len()
                && elements.iter().zip(others).all(|(element, other)| matches(element, other, bindings))
        }
        _ => pattern == tree,
    }
}

/// The value of an expression. In a body what fails is `'EXIT'`; in a guard it has none.
fn value(expression: &Expression, bindings: &Bindings, in_body: bool) -> Option<Tree> {
    let all = |inner: &[Expression]| -> Option<Vec<Tree>> {
        inner.iter().map(|inner| value(inner, bindings, in_body)).collect()
    };
    let list = |trees: Vec<Tree>| {
        trees.into_iter().rev().fold(Tree::Nil, |tail, head| Tree::Cons(head.into(), tail.into()))
    };
    Some(match expression {
        Expression::Var(number) => bindings[number].clone(),
        Expression::Int(value) => Tree::Int(*value),
        Expression::Bool(value) => Tree::Bool(*value),
        Expression::All => list(bindings.values().cloned().collect()),
        Expression::Tuple(elements) => Tree::Tuple(all(elements)?),
        Expression::List(elements) => list(all(elements)?),
        Expression::Call(name @ ("and" | "or"), arguments) => {
            let values = all(arguments)?;
            let truths: Option<Vec<bool>> = values
                .iter()
                .map(|tree| if let Tree::Bool(value) = tree { Some(*value) } else { None })
                .collect();
            match truths {
                Some(truths) if *name == "and" => Tree::Bool(truths.iter().all(|truth| *truth)),
                Some(truths) => Tree::Bool(truths.iter().any(|truth| *truth)),
                None => return in_body.then(exit),
            }
        }
        Expression::Call(name @ ("andalso" | "orelse"), arguments) => {
            let (last, before) = arguments.split_last()?;
            for argument in before {
                match value(argument, bindings, in_body)? {
                    Tree::Bool(truth) if truth == (*name == "orelse") => return Some(Tree::Bool(truth)),
                    Tree::Bool(_) => {}
                    _ => return in_body.then(exit),
                }
            }
            return value(last, bindings, in_body);
        }
        Expression::Call(name, arguments) => match call(name, &all(arguments)?) {
            Some(tree) => tree,
            None => return in_body.then(exit),
        },
    })
}

fn trees(leaf: impl Strategy<Value = Tree> + 'static) -> impl Strategy<Value = Tree> {
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Tree::Tuple),
            (inner.clone(), inner).prop_map(|(head, tail)| Tree::Cons(head.into(), tail.into())),
        ]
    })
}

fn leaf() -> impl Strategy<Value = Tree> {
    prop_oneof![(0_i64..3).prop_map(Tree::Int), any::<bool>().prop_map(Tree::Bool), Just(Tree::Nil)]
}

fn patterns() -> impl Strategy<Value = Tree> {
    trees(prop_oneof![3 => leaf(), 3 => (0_u32..4).prop_map(Tree::Var), 1 => Just(Tree::Any)])
}

fn expressions() -> impl Strategy<Value = Expression> {
    let leaf = prop_oneof![
        (0_u32..4).prop_map(Expression::Var),
        (0_i64..3).prop_map(Expression::Int),
        any::<bool>().prop_map(Expression::Bool),
        Just(Expression::All),
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        let several = prop::collection::vec(inner.clone(), 1..4);
        let name = prop_oneof![Just("and"), Just("or"), Just("andalso"), Just("orelse")];
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Expression::Tuple),
            prop::collection::vec(inner.clone(), 1..3).prop_map(Expression::List),
            (name, several).prop_map(|(name, arguments)| Expression::Call(name, arguments)),
            (0..FUNCTIONS.len(), inner.clone(), inner).prop_map(|(index, a, b)| {
                let (name, arity) = FUNCTIONS[index];
                Expression::Call(name, [a, b].into_iter().take(arity).collect())
            }),
        ]
    })
}

/// Whether all variables have values.
fn is_closed(expression: &Expression, bindings: &Bindings) -> bool {
    match expression {
        Expression::Var(number) => bindings.contains_key(number),
        Expression::Tuple(inner) | Expression::List(inner) | Expression::Call(_, inner) => {
            inner.iter().all(|inner| is_closed(inner, bindings))
        }
        _ => true,
    }
}

/// All variables of a pattern, with whatever value.
fn variables(pattern: &Tree, bindings: &mut Bindings) {
    match pattern {
        Tree::Var(number) => {
            bindings.insert(*number, Tree::Nil);
        }
        Tree::Cons(head, tail) => {
            variables(head, bindings);
            variables(tail, bindings);
        }
        Tree::Tuple(elements) => elements.iter().for_each(|element| variables(element, bindings)),
        _ => {}
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn programs_do_what_specifications_say(
        clauses in prop::collection::vec((patterns(), expressions(), expressions()), 1..3),
        subjects in prop::collection::vec(trees(leaf()), 1..8),
    ) {
        let mut place = Place::new();
        let terms: Vec<Term> = clauses.iter().map(|(head, guard, body)| {
            let head = place.term(head);
            let (guard, body) = (place.expression(guard), place.expression(body));
            let guard = build::list(&mut place.heap, &[guard]);
            let body = build::list(&mut place.heap, &[body]);
            build::tuple(&mut place.heap, &[head, guard, body])
        }).collect();
        let specification = build::list(&mut place.heap, &terms);
        let program = compile(&place.atoms, predefined::NONODE_AT_NOHOST, specification, Dialect::Table, &Few);
        let is_good = clauses.iter().all(|(head, guard, body)| {
            let mut bindings = Bindings::new();
            variables(head, &mut bindings);
            is_closed(guard, &bindings) && is_closed(body, &bindings)
        });
        prop_assert_eq!(program.is_ok(), is_good);
        let Ok(program) = program else { return Ok(()) };
        let mut scratch = Scratch::default();
        for subject in subjects {
            let expected = clauses.iter().find_map(|(head, guard, body)| {
                let mut bindings = Bindings::new();
                let is_match = matches(head, &subject, &mut bindings)
                    && value(guard, &bindings, false) == Some(Tree::Bool(true));
                if is_match { value(body, &bindings, true) } else { None }
            });
            let term = place.term(&subject);
            let result = program.run(&mut place, Subject::Term(term), &mut scratch);
            prop_assert_eq!(result.map(|term| place.tree(term)), expected);
        }
    }

    #[test]
    fn what_is_bound_has_no_variables(pattern in patterns()) {
        let mut place = Place::new();
        let term = place.term(&pattern);
        let mut bindings = Bindings::new();
        variables(&pattern, &mut bindings);
        let text = std::format!("{pattern:?}");
        prop_assert_eq!(is_bound(&place.atoms, term), bindings.is_empty() && !text.contains("Any"));
    }
}

// SPDX-License-Identifier: Apache-2.0
//! Machine code does what handlers do: the same instructions are run both ways on the same terms, and everything that they leave is compared.

mod machine_code {
    mod instructions;
    mod outcome;
    mod terms;

    use proptest::prelude::*;

    use instructions::program;
    use outcome::outcome;
    use terms::term;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4000))]

        #[test]
        fn handlers_agree(
            program in program(),
            arguments in prop::collection::vec(term().boxed(), terms::REGISTERS),
            words in 60..400_usize,
        ) {
            let by_handlers = outcome(&program, &arguments, words, hosted::Flavor::Emu);
            let by_machine_code = outcome(&program, &arguments, words, hosted::Flavor::Jit);
            prop_assert_eq!(by_handlers, by_machine_code);
        }
    }
}

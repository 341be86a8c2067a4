//! What the macro says of a wrong program, and what it accepts.

#[test]
fn every_wrong_program_gets_exactly_its_errors() {
    let cases = trybuild::TestCases::new();
    cases.compile_fail("ui/fail/*.rs");
    cases.pass("ui/pass/*.rs");
}

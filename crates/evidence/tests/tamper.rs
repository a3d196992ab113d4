//! The tamper kit: packages with one defect each, made again above the defect where it lies deep,
//! and the words by which the verifier must name it. `tests/golden/tamper.txt` has every line.

mod kit;

#[path = "tamper/content.rs"]
mod content;
#[path = "tamper/files.rs"]
mod files;
#[path = "tamper/sealing.rs"]
mod sealing;
#[path = "tamper/signing.rs"]
mod signing;
#[path = "tamper/zipped.rs"]
mod zipped_cases;

use kit::{Files, Kit, check, typical, unzip};

/// One broken package.
pub struct Case {
    /// What was done to it.
    pub name: &'static str,
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// The defects, in order, each by the start of its line (`file: what`). No other may be named.
    pub expected: &'static [&'static str],
}

/// Keys, a sound package, and the cases made from it.
pub struct Bench {
    /// Keys of everybody.
    pub kit: Kit,
    /// The sound package's files.
    pub sound: Files,
    /// What was made of them.
    pub cases: Vec<Case>,
}

impl Bench {
    /// Adds a case given as bytes.
    pub fn bytes(&mut self, name: &'static str, bytes: Vec<u8>, expected: &'static [&'static str]) {
        self.cases.push(Case { name, bytes, expected });
    }

    /// Adds a case given as files.
    pub fn files(
        &mut self,
        name: &'static str,
        expected: &'static [&'static str],
        change: impl FnOnce(&Kit, &mut Files),
    ) {
        let mut files = self.sound.clone();
        change(&self.kit, &mut files);
        self.bytes(name, kit::zipped(&files), expected);
    }
}

#[test]
fn every_defect_is_named_and_nothing_else() {
    let kit = Kit::new();
    let sound = unzip(&kit.sound_zip(typical()));
    let mut bench = Bench { kit, sound, cases: Vec::new() };
    zipped_cases::add(&mut bench);
    files::add(&mut bench);
    content::add(&mut bench);
    sealing::add(&mut bench);
    signing::add(&mut bench);
    let anchors = bench.kit.anchors();
    let mut golden = String::new();
    let mut wrong = String::new();
    for case in &bench.cases {
        let report = check(&case.bytes, &anchors);
        let lines: Vec<String> = report.defects.iter().map(ToString::to_string).collect();
        golden += &format!("{} (exit {})\n", case.name, report.exit_code());
        lines.iter().for_each(|line| golden += &format!("  {}\n", still(line)));
        let named = lines.len() == case.expected.len()
            && lines.iter().zip(case.expected).all(|(line, start)| line.starts_with(start));
        if !named || report.exit_code() == 0 || report.exit_code() == 3 {
            wrong += &format!("{}: wanted {:#?}, got {lines:#?}\n", case.name, case.expected);
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
    assert!(bench.cases.len() >= 100, "only {} cases", bench.cases.len());
    let mut names: Vec<_> = bench.cases.iter().map(|case| case.name).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), bench.cases.len(), "two cases of one name");
    golden += &format!("{} cases\n", bench.cases.len());
    expect_test::expect_file!["golden/tamper.txt"].assert_eq(&golden);
}

/// What changes with each run's keys and with the writer's wording is left out: long hex, offsets,
/// sizes of five digits and more.
fn still(line: &str) -> String {
    let mut out = String::new();
    let mut run = String::new();
    for letter in line.replace(kit::TOP, "PACKAGE").chars().chain(['\n']) {
        if letter.is_ascii_hexdigit() {
            run.push(letter);
            continue;
        }
        let decimal = run.bytes().all(|byte| byte.is_ascii_digit()) && !run.is_empty();
        let size = decimal && (run.len() >= 5 || out.ends_with("byte "));
        out += if run.len() >= 16 || size { "#" } else { &run };
        run.clear();
        if letter != '\n' {
            out.push(letter);
        }
    }
    out
}

//! Payload that disagrees with itself, sealed all the same: the writer was fed two different
//! tables, or the graph or report was changed before the manifests were made.

use super::Bench;
use super::kit::{Kit, typical, unzip, zipped};

use evidence::package::{Content, PackageInput};

const CSV: &str = "data/records/exhibit-0001.csv";

pub fn add(bench: &mut Bench) {
    tables(bench);
    graph(bench);
    report(bench);
}

/// The whole package made by the writer from an input whose CSV (or JSON) was changed.
fn written(
    bench: &mut Bench,
    name: &'static str,
    expected: &'static [&'static str],
    change: impl FnOnce(&mut PackageInput<'static>),
) {
    let mut input = typical();
    change(&mut input);
    let bytes = zipped(&unzip(&bench.kit.sound_zip(input)));
    bench.bytes(name, bytes, expected);
}

fn csv(input: &mut PackageInput<'static>, change: impl FnOnce(String) -> String) {
    let content = &mut input.exhibits[0].csv;
    let text = String::from_utf8(content.in_memory().expect("memory").to_vec()).expect("UTF-8");
    let changed = change(text.clone());
    assert_ne!(text, changed);
    *content = Content::bytes(changed.into_bytes());
}

fn json(input: &mut PackageInput<'static>, change: impl FnOnce(String) -> String) {
    let content = &mut input.exhibits[0].json;
    let text = String::from_utf8(content.in_memory().expect("memory").to_vec()).expect("UTF-8");
    let changed = change(text.clone());
    assert_ne!(text, changed);
    *content = Content::bytes(changed.into_bytes());
}

fn both(input: &mut PackageInput<'static>, from: &'static str, to: &'static str) {
    csv(input, |text| text.replacen(from, to, 1));
    json(input, |text| text.replacen(from, to, 1));
}

fn tables(bench: &mut Bench) {
    written(
        bench,
        "an amount that differs between CSV and JSON",
        &["data/records/exhibit-0001.csv: row 2, column amount: CSV and JSON disagree; \
           expected `0.00007920`, found `9.00007920`"],
        |input| csv(input, |text| text.replacen("0.00007920", "9.00007920", 1)),
    );
    written(
        bench,
        "null in CSV that is empty text in JSON",
        &["data/records/exhibit-0001.csv: row 3, column memo: CSV and JSON disagree; \
           expected ``, found nothing"],
        |input| csv(input, |text| text.replacen(",\"\",", ",,", 1)),
    );
    written(
        bench,
        "a truth value that differs",
        &["data/records/exhibit-0001.csv: row 1, column reviewed: CSV and JSON disagree"],
        |input| csv(input, |text| text.replacen(",true\r\n", ",false\r\n", 1)),
    );
    written(
        bench,
        "a row more in the CSV",
        &["data/records/exhibit-0001.csv: more rows than the JSON"],
        |input| {
            csv(input, |text| {
                let last = text.trim_end().rsplit_once('\n').expect("rows").1.to_owned();
                format!("{text}{last}\r\n")
            });
        },
    );
    written(
        bench,
        "a row less in the CSV",
        &["data/records/exhibit-0001.csv: fewer rows than the JSON"],
        |input| {
            csv(input, |text| {
                let end = text.trim_end().rfind('\n').expect("rows");
                text[..=end].to_owned()
            });
        },
    );
    written(
        bench,
        "a cell less in a row",
        &["data/records/exhibit-0001.json: row 1 has another number of cells"],
        |input| csv(input, |text| text.replacen(",true\r\n", "\r\n", 1)),
    );
    written(
        bench,
        "another column name",
        &["data/records/exhibit-0001.csv: the CSV's columns are not those of the JSON"],
        |input| csv(input, |text| text.replacen("destination", "origin", 1)),
    );
    written(
        bench,
        "a CSV with line feeds only",
        &["data/records/exhibit-0001.csv: not CSV as RFC 4180 has it"],
        |input| csv(input, |text| text.replace("\r\n", "\n")),
    );
    written(
        bench,
        "a quote that is not closed",
        &["data/records/exhibit-0001.csv: not CSV as RFC 4180 has it"],
        |input| csv(input, |text| format!("{text}\"open")),
    );
    written(
        bench,
        "an amount with an exponent",
        &["data/records/exhibit-0001.json: row 2, column amount: not of its kind"],
        |input| both(input, "0.00007920", "7.92e-5"),
    );
    written(
        bench,
        "a local time",
        &["data/records/exhibit-0001.json: row 1, column time: not of its kind"],
        |input| both(input, "2026-01-03T04:05:06Z", "2026-01-03T05:05:06+01:00"),
    );
    kinds_and_shapes(bench);
}

fn kinds_and_shapes(bench: &mut Bench) {
    written(
        bench,
        "a column of unknown kind",
        &["data/records/exhibit-0001.json: column memo is of no known kind"],
        |input| {
            json(input, |t| t.replace("\"memo\",\"kind\":\"text\"", "\"memo\",\"kind\":\"blob\""))
        },
    );
    // A report cannot be printed from a table that is none, so these go without one.
    let bare = |input: &mut PackageInput<'static>| {
        input.report = evidence::package::ReportWanted::None;
    };
    written(
        bench,
        "a JSON that is no table",
        &["data/records/exhibit-0001.json: line 1 is not a row of the table format"],
        |input| {
            bare(input);
            json(input, |_| "{\"rows\":12}\n".into());
        },
    );
    written(
        bench,
        "text after the JSON's end",
        &["data/records/exhibit-0001.json: line 15 is not a row of the table format"],
        |input| {
            bare(input);
            json(input, |text| text + "{}\n");
        },
    );
}

/// Changes one payload file and makes manifests and seal again.
fn relisted(
    bench: &mut Bench,
    name: &'static str,
    path: &'static str,
    expected: &'static [&'static str],
    change: impl Fn(Vec<u8>) -> Vec<u8>,
) {
    bench.files(name, expected, |kit: &Kit, files| {
        let bytes = change(files[path].clone());
        assert!(bytes != files[path], "{path} did not change");
        files.insert(path.into(), bytes);
        kit.relist(files);
    });
}

fn replaced(bytes: Vec<u8>, from: &str, to: &str) -> Vec<u8> {
    let text = String::from_utf8(bytes).expect("UTF-8");
    assert!(text.contains(from), "no {from}");
    text.replacen(from, to, 1).into_bytes()
}

fn graph(bench: &mut Bench) {
    const CASE: &str = "data/case.jsonld";
    relisted(
        bench,
        "a wrong digest in the graph",
        CASE,
        &["data/case.jsonld: the graph's SHA-256 of data/"],
        |bytes| {
            let text = String::from_utf8(bytes).expect("UTF-8");
            let start = text.find("\"SHA256\"").expect("a digest");
            let at = start + text[start..].find("\"@value\":\"").expect("its value") + 10;
            let wrong = if text[at..].starts_with('0') { "1" } else { "0" };
            format!("{}{wrong}{}", &text[..at], &text[at + 1..]).into_bytes()
        },
    );
    relisted(
        bench,
        "a wrong size in the graph",
        CASE,
        &["data/case.jsonld: the graph's size of data/order/epoc.json is wrong"],
        |bytes| {
            replaced(
                bytes,
                "\"uco-observable:sizeInBytes\":26",
                "\"uco-observable:sizeInBytes\":27",
            )
        },
    );
    relisted(
        bench,
        "a graph that names another file",
        CASE,
        &[
            "data/case.jsonld: the graph names a file that is not in the manifest",
            "data/case.jsonld: the graph does not name data/order/epoc.json",
        ],
        |bytes| {
            let (from, to) = ("filePath\":\"data/order/epoc", "filePath\":\"data/order/epos");
            replaced(bytes, from, to)
        },
    );
    relisted(
        bench,
        "a graph that is no JSON",
        CASE,
        &["data/case.jsonld: not a JSON-LD graph"],
        |bytes| replaced(bytes, "\"@graph\":[", "\"@graph\":(["),
    );
    relisted(
        bench,
        "two nodes with one id",
        CASE,
        &["data/case.jsonld: two nodes have one id"],
        |bytes| {
            let text = String::from_utf8(bytes).expect("UTF-8");
            let start = text.find("\n{\"@id\"").expect("a node") + 1;
            let end = start + text[start..].find('\n').expect("its end");
            let node = text[start..end].to_owned();
            format!("{}{node}\n{}", &text[..start], &text[start..]).into_bytes()
        },
    );
}

fn report(bench: &mut Bench) {
    const PDF: &str = "data/report.pdf";
    // The graph has the digest of the report that was made; both lines are true.
    const GRAPH: &str = "data/case.jsonld: the graph's SHA-256 of data/report.pdf";
    const SIZE: &str = "data/case.jsonld: the graph's size of data/report.pdf";
    relisted(
        bench,
        "a report saved again",
        PDF,
        &["data/report.pdf: the report was saved again after it was made", GRAPH, SIZE],
        |bytes| [&bytes[..], b"1 0 obj\n<<>>\nendobj\nstartxref\n9\n%%EOF\n"].concat(),
    );
    relisted(
        bench,
        "bytes after the report",
        PDF,
        &["data/report.pdf: bytes follow the report's end", GRAPH, SIZE],
        |bytes| [&bytes[..], b"\nhidden"].concat(),
    );
    relisted(
        bench,
        "a report that is no PDF",
        PDF,
        &["data/report.pdf: not a PDF 1.7", GRAPH],
        |mut bytes| {
            bytes[7] = b'4';
            bytes
        },
    );
    bench.files(
        "an exhibit without its CSV",
        &[
            "data/records/exhibit-0001.csv: the exhibit's other half is missing",
            "data/case.jsonld: the graph names a file that is not in the manifest",
        ],
        |kit, files| {
            files.remove(CSV);
            kit.relist(files);
        },
    );
}

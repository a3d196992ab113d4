//! A table in plain text, and figures as people read them.

/// Prints rows under a head, each column as wide as its widest cell.
pub fn print(head: &[&str], rows: &[Vec<String>]) {
    let head: Vec<String> = head.iter().map(|cell| (*cell).to_owned()).collect();
    let all = || std::iter::once(&head).chain(rows);
    let widths: Vec<usize> = (0..head.len())
        .map(|column| all().map(|row| row[column].chars().count()).max().unwrap_or(0))
        .collect();
    for row in all() {
        let cells: Vec<String> =
            row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}")).collect();
        println!("| {} |", cells.join(" | "));
        if std::ptr::eq(row, &head) {
            let lines: Vec<String> = widths.iter().map(|width| "-".repeat(*width)).collect();
            println!("| {} |", lines.join(" | "));
        }
    }
}

/// Three significant digits, thousands apart.
pub fn figure(number: f64) -> String {
    let size = number.abs();
    match size {
        0.0 => "0".to_owned(),
        size if size >= 1_000.0 => grouped(number.round() as i64),
        size if size >= 100.0 => format!("{number:.0}"),
        size if size >= 10.0 => format!("{number:.1}"),
        size if size >= 1.0 => format!("{number:.2}"),
        size if size >= 0.1 => format!("{number:.3}"),
        size if size >= 0.01 => format!("{number:.4}"),
        _ => format!("{number:.6}"),
    }
}

fn grouped(number: i64) -> String {
    let digits = number.unsigned_abs().to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    if number < 0 { format!("-{text}") } else { text }
}

/// The middle of some figures; 0 of none.
pub fn median(figures: &[f64]) -> f64 {
    let mut sorted = figures.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or(0.0)
}

#[cfg(test)]
mod tests {
    use super::{figure, median};

    #[test]
    fn figures_are_short() {
        let texts = [0.0, 0.000_387, 0.0551, 0.315, 3.3, 12.0, 610.4, 1_234_567.0].map(figure);
        let expected = ["0", "0.000387", "0.0551", "0.315", "3.30", "12.0", "610", "1,234,567"];
        assert_eq!(texts, expected);
        assert_eq!((median(&[3.0, 1.0, 2.0]), median(&[])), (2.0, 0.0));
    }
}

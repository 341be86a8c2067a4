//! Figures of the bench as a page: `BENCHMARKS.md`, with a chart for each table.
//!
//! In: what the bench prints, which is Markdown. Out: the same below a description of the machine, and for each table of
//! a drawing in `docs/bench`: a bar for the first figure of each row.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;

/// Where the drawings lie.
const DRAWINGS: &str = "docs/bench";
/// The longest bar, in the units of the drawing, and where bars begin.
const LONGEST: f64 = 420.0;
const LEFT: f64 = 300.0;
const ROW: f64 = 22.0;

/// Writes the page and its drawings below `root`.
pub(crate) fn write(root: &Path, printed: &str) -> Result<(), String> {
    let at = |error: std::io::Error| format!("{DRAWINGS}: {error}");
    fs::create_dir_all(root.join(DRAWINGS)).map_err(at)?;
    let mut page = format!(
        "# Benchmarks\n\nMade by `cargo xtask bench --write`, on {}. Ratios inside a table compare; figures of different \
         tables do not. Goals that are not met stand here as they are.\n",
        machine()
    );
    for part in printed.split("\n### ") {
        let (title, rows) = part.split_once('\n').unwrap_or((part, ""));
        let bars = bars(rows);
        if bars.len() < 2 {
            page += &(if title.trim().is_empty() { String::new() } else { format!("\n### {part}") });
            continue;
        }
        let name = format!("{}.svg", slug(title));
        fs::write(root.join(DRAWINGS).join(&name), drawn(title, &bars)).map_err(at)?;
        let _ = write!(page, "\n### {title}\n\n![{title}]({DRAWINGS}/{name})\n{rows}\n");
    }
    fs::write(root.join("BENCHMARKS.md"), page.replace("\n\n\n", "\n\n"))
        .map_err(|error| format!("BENCHMARKS.md: {error}"))
}

/// The first figure of each row of the first table in a text.
fn bars(text: &str) -> Vec<(String, f64)> {
    let rows = text.lines().skip_while(|line| !line.starts_with("|:")).skip(1).take_while(|line| line.starts_with('|'));
    let cells = |row: &str| row.split('|').map(|cell| cell.trim().to_owned()).collect::<Vec<_>>();
    rows.filter_map(|row| Some((cells(row).get(1)?.clone(), cells(row).get(2)?.parse().ok()?))).collect()
}

fn slug(title: &str) -> String {
    let title = title.split(':').next().unwrap_or(title).to_lowercase();
    let words = title.split(|letter: char| !letter.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    words.take(6).collect::<Vec<_>>().join("-")
}

/// Bars beside their names; ours are dark.
fn drawn(title: &str, bars: &[(String, f64)]) -> String {
    let longest = bars.iter().map(|bar| bar.1).fold(f64::MIN_POSITIVE, f64::max);
    #[expect(clippy::cast_precision_loss, reason = "a few rows")]
    let height = ROW * bars.len() as f64 + 34.0;
    let mut drawing = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 820 {height}\" font-family=\"sans-serif\" font-size=\"13\">\n\
         <rect width=\"820\" height=\"{height}\" fill=\"#fff\"/>\n<text x=\"8\" y=\"20\" font-weight=\"bold\">{}</text>\n",
        escaped(title)
    );
    let mut top = 34.0;
    for (name, figure) in bars {
        let (width, fill) = (LONGEST * figure / longest, if name.starts_with("ours") { "#1f6f5c" } else { "#b9c4c9" });
        let _ = writeln!(
            drawing,
            "<text x=\"{}\" y=\"{}\" text-anchor=\"end\">{}</text><rect x=\"{LEFT}\" y=\"{top}\" width=\"{width:.1}\" \
             height=\"16\" fill=\"{fill}\"/><text x=\"{:.1}\" y=\"{}\">{figure}</text>",
            LEFT - 8.0,
            top + 13.0,
            escaped(name),
            LEFT + width + 6.0,
            top + 13.0
        );
        top += ROW;
    }
    drawing + "</svg>\n"
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// What it was measured on.
fn machine() -> String {
    let said = |program: &str, words: &[&str]| {
        let output = Command::new(program).args(words).output().ok()?;
        Some(String::from_utf8_lossy(&output.stdout).trim().to_owned())
    };
    let cpu = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpu.lines().find_map(|line| line.strip_prefix("model name")?.split_once(':'));
    let model = model.map_or("a processor without a name", |(_, model)| model.trim());
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let system = said("uname", &["-sr"]).unwrap_or_default();
    let compiler = said("rustc", &["--version"]).unwrap_or_default();
    format!("{cores} cores of {model}, {system}, {compiler}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_gives_its_first_figures() {
        let text =
            "\n| subject | ns | min |\n|:--|--:|--:|\n| floor | 2.00 | 1.9 |\n| ours & co | 3.10 | 3.0 |\n\ngoal: x";
        assert_eq!(bars(text), [("floor".to_owned(), 2.0), ("ours & co".to_owned(), 3.1)]);
        assert_eq!(slug("E1 hit, fn(u64) -> u64"), "e1-hit-fn-u64-u64");
        assert!(drawn("a < b", &bars(text)).contains("ours &amp; co"));
    }
}

//! The configuration in force.
//!
//! In: every value, with where it came from. Out: a table, after what there is to warn of.

use cached_core::{report, settings};
use maud::{Markup, html};

use super::backends::value;
use super::frame::{self, Here};
use crate::gate::Visit;
use crate::text;

pub(super) async fn page(visit: Visit) -> Markup {
    let (settings, report) = (settings(), report());
    let warnings = report.warnings();
    let below = html! { (text::plural(settings.len() as u64, "value")) ", each with where it came from" };
    let body = html! {
        (frame::heading("Configuration", &below))
        @if !warnings.is_empty() {
            section.warnings aria-labelledby="warnings" {
                h2 id="warnings" { (text::plural(warnings.len() as u64, "warning")) }
                ul { @for warning in warnings { li { (warning) } } }
            }
        }
        div.scroll { table {
            caption.hidden { "Values of the configuration" }
            thead { tr {
                th scope="col" { "Value of" }
                th scope="col" { "Name" }
                th scope="col" { "Value" }
                th.wide scope="col" { "From" }
            } }
            tbody { @for setting in &settings {
                tr {
                    th scope="row" { @if setting.path.is_empty() { "the whole" } @else { code { (setting.path) } } }
                    td { (setting.name) }
                    td { (value(setting)) }
                    td.wide { (setting.source) }
                }
            } }
        } }
    };
    frame::page(&visit, Here::Configuration, "Configuration", &body)
}

//! Tables that are sorted by their headers.
//!
//! In: columns as data, rows, and the query of the address. Out: the rows in the order that was asked for, and the
//! table, whose headers are links: it is sorted without a script.

use std::cmp::Ordering;

use maud::{Markup, html};

use super::{Query, address};
use crate::gate::Visit;
use crate::text;

/// How many rows a page has.
pub(super) const ROWS: usize = 200;

/// One column.
pub(super) struct Column<T> {
    /// How the address calls it; a column without an order has none.
    pub(super) key: &'static str,
    pub(super) title: &'static str,
    /// `figure` stands to the right; `wide`, `wider` go first where there is no room.
    pub(super) class: &'static str,
    pub(super) order: Option<fn(&T, &T) -> Ordering>,
    pub(super) cell: fn(&Visit, &T) -> Markup,
}

/// A page with one table.
pub(super) struct Table<'a, T> {
    pub(super) visit: &'a Visit,
    pub(super) query: &'a Query,
    /// The page that it stands on.
    pub(super) path: &'a str,
    pub(super) caption: &'a str,
    pub(super) columns: &'a [Column<T>],
}

impl<T> Table<'_, T> {
    /// Sorts the rows as the address asks: figures the largest first, texts from a to z. Without a wish they stay.
    fn sort(&self, rows: &mut [T]) {
        let Some((column, descending)) = self.sorted() else { return };
        let Some(order) = column.order else { return };
        rows.sort_by(|a, b| if descending { order(b, a) } else { order(a, b) });
    }

    fn sorted(&self) -> Option<(&Column<T>, bool)> {
        let key = self.query.get("sort");
        let column = self.columns.iter().find(|column| column.order.is_some() && column.key == key)?;
        Some((column, self.query.get("dir") == "down"))
    }

    /// The table of those rows that are on this page, with the ways to the others.
    pub(super) fn show(&self, mut rows: Vec<T>, empty: &str) -> Markup {
        if rows.is_empty() {
            return html! { p.empty { (empty) } };
        }
        self.sort(&mut rows);
        let pages = rows.len().div_ceil(ROWS);
        let page = self.query.get("page").parse().unwrap_or(1).clamp(1, pages);
        let first = (page - 1) * ROWS;
        html! {
            div.scroll {
                table {
                    caption.hidden { (self.caption) }
                    thead { tr { @for column in self.columns { (self.header(column)) } } }
                    tbody {
                        @for row in &rows[first..rows.len().min(first + ROWS)] {
                            tr { @for (place, column) in self.columns.iter().enumerate() {
                                @if place == 0 {
                                    th scope="row" class=(column.class) { ((column.cell)(self.visit, row)) }
                                } @else {
                                    td class=(column.class) { ((column.cell)(self.visit, row)) }
                                }
                            } }
                        }
                    }
                }
            }
            @if pages > 1 { (self.others(page, pages, rows.len())) }
        }
    }

    fn header(&self, column: &Column<T>) -> Markup {
        let sorted = self.sorted().filter(|(sorted, _)| sorted.key == column.key).map(|(_, descending)| descending);
        let is_figure = column.class.contains("figure");
        let down = sorted.map_or(is_figure, |descending| !descending);
        let query = self.query.with(&[
            ("sort", column.key),
            ("dir", if down { "down" } else { "up" }),
            ("page", ""),
            ("done", ""),
        ]);
        let direction = sorted.map(|descending| if descending { "descending" } else { "ascending" });
        html! {
            th scope="col" class=(column.class) aria-sort=[direction] {
                @if column.order.is_some() {
                    a.sort href={ (address(self.visit, self.path, &[])) "?" (query) } { (column.title) }
                } @else { (column.title) }
            }
        }
    }

    fn others(&self, page: usize, pages: usize, rows: usize) -> Markup {
        let way = |to: usize, rel: &str, name: &str| {
            let query = self.query.with(&[("page", &to.to_string()), ("done", "")]);
            html! { a rel=(rel) href={ (address(self.visit, self.path, &[])) "?" (query) } { (name) } }
        };
        html! {
            nav.pages aria-label="More rows" {
                @if page > 1 { (way(page - 1, "prev", "Previous")) }
                span { "Page " (page) " of " (pages) ", " (text::count(rows as u64)) " rows" }
                @if page < pages { (way(page + 1, "next", "Next")) }
            }
        }
    }
}

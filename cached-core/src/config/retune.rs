//! One value of one site, changed while the program runs.
//!
//! In: a site, an option and its value. Out: the site routed by it; or what is wrong with it, and nothing changed.

use std::sync::Arc;

use super::{SITE_OPTIONS, same_identity};
use crate::error::Error;
use crate::options::{Options, Setting, Source};
use crate::registry::{self, Registry};
use crate::site::{Site, judge_override, site, sites};

/// Sets an option of one site at once, over all that configuration and attribute say: `retune("shop::price", "ttl",
/// Some("30s"))`; `None` takes back what was set so. It holds until another configuration is installed.
///
/// What is stored and still allowed stays: a shorter `ttl` reaches it, counted from when it was computed; another
/// `backend` begins empty.
///
/// # Errors
/// When no site has the name, no site has the option, or the value is wrong; nothing has changed then.
///
/// # Example: a shorter life, without a rebuild
/// ```
/// # use cached_core::{cached, retune};
/// #[cached(name = "weather", ttl = "1h")]
/// fn weather(city: &str) -> usize { city.len() }
///
/// retune("weather", "ttl", Some("5m"))?;
/// assert!(weather::entry("Oslo").explain()?.to_string().contains("ttl 5m (retuned)"));
/// assert!(retune("weather", "ttl", Some("soon")).is_err());
/// # Ok::<(), cached_core::Error>(())
/// ```
pub fn retune(name: &str, option: &str, value: Option<&str>) -> Result<(), Error> {
    let site = site(name)?;
    loop {
        let old = registry::current();
        let mut new = Registry::clone(&old);
        let path = format!("sites.\"{name}\"");
        let place = new.retuned.iter().position(|options| options.path() == path).unwrap_or_else(|| {
            new.retuned.push(Options::new(path));
            new.retuned.len() - 1
        });
        match value {
            Some(value) => {
                let source = Source::Place("retuned".into());
                new.retuned[place].set(option, Setting::Text(value.into()), source);
            }
            None => new.retuned[place].unset(option),
        }
        let mut faults = Vec::new();
        new.retuned[place].judge_names(&SITE_OPTIONS, &mut faults);
        judge_override(&new.retuned[place], &mut faults);
        if faults.is_empty() {
            let route = |site: &'static Site| (site, site.resolve(&new, site.switched(), &mut faults));
            let routes: Vec<_> = sites().into_iter().map(route).collect();
            // What was wrong with others before is not this change's fault.
            faults.retain(|fault| fault.starts_with(&site.at()));
            faults.extend(same_identity(&routes));
        }
        if !faults.is_empty() {
            return Err(Error::config(faults));
        }
        if registry::replace(&old, &Arc::new(new)) {
            site.reroute();
            return Ok(());
        }
    }
}

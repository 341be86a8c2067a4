//! What stands beside a cached function: its entries, `refresh`, `uncached`, and its site.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use cached_core::{Expiry, cached, testing};
use futures::executor::block_on;

use cached_tests::support::alone;

/// Numbers that no two bodies share, so that a value says which body made it.
fn fresh() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

#[test]
fn an_entry_shows_replaces_and_forgets_its_value_and_no_other() {
    #[cached]
    fn f(text: &str, n: u64) -> (String, u64, u64) {
        (text.to_owned(), n, fresh())
    }
    assert_eq!(f::entry("a", &1).peek(), Ok(None));
    assert_eq!(f::entry("a", &1).with(|_| ()), Ok(None));
    let (first, other) = (f("a", 1), f("a", 2));
    assert_eq!(f::entry("a", &1).peek(), Ok(Some(first.clone())));
    assert_eq!(f::entry("a", &1).with(|value| value.2), Ok(Some(first.2)));

    let put = ("put".to_owned(), 0, fresh());
    f::entry("a", &1).put(put.clone()).unwrap();
    assert_eq!((f("a", 1), f("a", 2)), (put, other.clone()));

    f::entry("a", &1).invalidate().unwrap();
    assert_eq!(f::entry("a", &1).peek(), Ok(None));
    assert_ne!(f("a", 1), first);
    assert_eq!(f("a", 2), other, "another entry stays");

    f::entry("a", &3).put(first.clone()).unwrap();
    assert_eq!(f("a", 3), first, "an entry can be put before the first call");
    let stats = f::site().stats();
    assert_eq!((stats.calls, stats.misses, stats.hits, stats.runs), (7, 3, 4, 3), "entries count no calls");
}

#[test]
fn an_entry_says_when_it_ends() {
    #[cached(ttl = "5m")]
    fn ends(n: u64) -> u64 {
        n
    }
    #[cached]
    fn stays(n: u64) -> u64 {
        n
    }
    let _alone = alone(); // five minutes are not moved away under us
    assert_eq!((ends::entry(&1).expires_at(), stays::entry(&1).expires_at()), (Ok(None), Ok(None)));
    assert_eq!((ends(1), stays(1)), (1, 1));
    assert_eq!(stays::entry(&1).expires_at(), Ok(Some(Expiry::Never)));
    let Ok(Some(Expiry::At(end))) = ends::entry(&1).expires_at() else { panic!("an entry with a lifetime ends") };
    // The wall clock was moved with the other: tests beside this one may have moved both by days.
    assert!(end > SystemTime::now() + Duration::from_secs(290), "{end:?}");
}

#[test]
fn lifetimes_end_as_time_goes_by() {
    const LIFE: Duration = Duration::from_secs(10);
    #[cached(ttl = "5m")]
    fn by_text(n: u64) -> u64 {
        n + fresh()
    }
    #[cached(ttl = LIFE * 3)]
    fn by_expression(n: u64) -> u64 {
        n + fresh()
    }
    #[cached(errors = "30s")]
    fn of_errors(fails: bool) -> Result<u64, u64> {
        if fails { Err(fresh()) } else { Ok(fresh()) }
    }
    #[cached(none = "30s")]
    fn of_none(none: bool) -> Option<u64> {
        fresh();
        (!none).then(fresh)
    }
    let runs =
        || [by_text::site(), by_expression::site(), of_errors::site(), of_none::site()].map(|site| site.stats().runs);
    let call = || (by_text(1), by_expression(1), of_errors(true), of_errors(false), of_none(true), of_none(false));
    let _alone = alone();
    let _frozen = testing::freeze();
    let first = call();
    assert_eq!(runs(), [1, 1, 2, 2]);
    testing::advance(Duration::from_millis(29_999));
    assert_eq!(call(), first);
    assert_eq!(runs(), [1, 1, 2, 2], "a millisecond before the end all are there");
    testing::advance(Duration::from_millis(1));
    let second = call();
    assert_eq!(runs(), [1, 2, 3, 3], "30 s: the expression, the error and the `None` have ended, the values have not");
    assert_eq!((second.0, second.3, second.5), (first.0, first.3, first.5));
    testing::advance(Duration::from_secs(270));
    assert_ne!(call().0, first.0, "5 m");
    assert_eq!(by_text::site().stats().expired, 1);
}

#[test]
fn refresh_computes_whatever_is_stored_and_replaces_it() {
    #[cached]
    fn f(text: String, list: Vec<u64>) -> (usize, u64) {
        (text.len() + list.len(), fresh())
    }
    let call = || f("abc".to_owned(), vec![1]);
    let cold = f::refresh("abc".to_owned(), vec![1]);
    assert_eq!(call(), cold, "a refresh stores");
    let warm = f::refresh("abc".to_owned(), vec![1]);
    assert_ne!(warm, cold);
    assert_eq!(call(), warm, "a refresh replaces");
    let stats = f::site().stats();
    assert_eq!((stats.calls, stats.hits, stats.runs, stats.entries), (2, 2, 2, 1), "a refresh is no call");
}

#[test]
fn a_refresh_that_fails_keeps_what_was_stored() {
    static FAILS: AtomicU64 = AtomicU64::new(0);
    #[cached]
    fn f(n: u64) -> Result<u64, &'static str> {
        if FAILS.load(Ordering::Relaxed) > 0 { Err("down") } else { Ok(n + fresh()) }
    }
    let first = f(1);
    FAILS.store(1, Ordering::Relaxed);
    assert_eq!(f::refresh(1), Err("down"));
    assert_eq!(f(1), first);
}

#[test]
fn uncached_is_the_body_and_touches_nothing() {
    #[cached]
    fn f(n: u64) -> u64 {
        n + fresh()
    }
    assert_ne!(f::uncached(1), f::uncached(1));
    assert_eq!(f::entry(&1).peek(), Ok(None));
    let stored = f(1);
    assert_ne!(f::uncached(1), stored);
    assert_eq!(f(1), stored);
    assert_eq!((f::site().stats().calls, f::site().stats().runs), (2, 1));
}

#[test]
fn a_site_knows_its_name_its_place_and_its_alias() {
    #[cached]
    fn f(n: u64) -> u64 {
        n
    }
    const LINE: u32 = line!() - 3;
    #[cached(name = "companions.named", backend = "default")]
    fn named(n: u64) -> u64 {
        n
    }
    f(1);
    assert_eq!(f::site().name(), "it::companions::a_site_knows_its_name_its_place_and_its_alias::f");
    assert_eq!(f::site().location(), format!("{}:{LINE}", file!()));
    assert_eq!(f::site().alias(), "default");
    assert_eq!(named::site().name(), "companions.named");
    assert!(std::ptr::eq(cached_core::site("companions.named").unwrap(), named::site()));
    named(1);
}

#[test]
fn clear_disable_and_enable_act_on_the_whole_site() {
    #[cached]
    fn f<T: Send + Sync + 'static>(n: u64) -> (&'static str, u64) {
        (std::any::type_name::<T>(), n + fresh())
    }
    let call = || [f::<u8>(1), f::<u16>(1), f::<u8>(2)];
    let first = call();
    assert_eq!(call(), first);
    f::site().clear().unwrap();
    assert_eq!(f::site().stats().entries, 0);
    let second = call();
    assert!(first.iter().zip(&second).all(|(a, b)| a != b), "every instance is cleared");

    f::site().disable();
    assert_ne!(call(), second);
    assert_ne!(f::<u8>(1), f::<u8>(1));
    assert_eq!(f::site().stats().bypassed, 5);
    f::site().enable();
    let third = call();
    assert!(third.iter().zip(&second).all(|(a, b)| a != b), "nothing comes back");
    assert_eq!(call(), third);
}

#[test]
fn an_entry_with_a_key_expression_takes_what_the_expression_reads() {
    struct User {
        id: u64,
    }
    #[cached(key = (user.id, name.to_lowercase(), n), skip(db))]
    fn f(db: &mut u64, user: &User, name: &str, n: u64) -> u64 {
        *db += 1;
        user.id + name.len() as u64 + n + fresh()
    }
    let (mut db, user) = (0, User { id: 7 });
    let value = f(&mut db, &user, "Ann", 3);
    assert_eq!(f::entry(&user, "ANN", &3).peek(), Ok(Some(value)));
    assert_eq!(f::entry(&User { id: 8 }, "ann", &3).peek(), Ok(None));
    f::entry(&user, "ann", &3).invalidate().unwrap();
    assert_ne!(f(&mut db, &user, "ann", 3), value);
    assert_eq!(db, 2);
}

#[test]
fn entries_of_a_generic_function_are_those_of_its_instance() {
    #[cached]
    fn f<T: Default + Send + Sync + 'static, const N: usize>(text: &str) -> (usize, u64) {
        (text.len() * N + size_of::<T>(), fresh())
    }
    let (a, b) = (f::<u8, 1>("a"), f::<u8, 2>("a"));
    assert_eq!(f::entry::<u8, 1>("a").peek(), Ok(Some(a)));
    assert_eq!(f::entry::<u8, 2>("a").peek(), Ok(Some(b)));
    assert_eq!(f::entry::<u16, 1>("a").peek(), Ok(None));
    assert_ne!(f::refresh::<u8, 1>("a"), a);
    assert_eq!(f::<u8, 2>("a"), b);
    assert_eq!(f::uncached::<u16, 3>("a").0, 5);
}

#[test]
fn an_entry_of_a_result_is_its_ok_value() {
    #[cached]
    fn f(n: u64) -> Result<u64, Box<dyn std::error::Error>> {
        if n == 0 { Err("zero".into()) } else { Ok(n) }
    }
    assert!(f(0).is_err());
    assert_eq!((f::entry(&0).peek(), f(2).ok(), f::entry(&2).peek()), (Ok(None), Some(2), Ok(Some(2))));
    f::entry(&0).put(9).unwrap();
    assert_eq!(f(0).ok(), Some(9));
}

#[test]
fn companions_of_an_async_function_are_async() {
    #[cached]
    async fn f(text: &str, n: u64) -> (usize, u64) {
        (text.len(), n + fresh())
    }
    block_on(async {
        assert_eq!(f::entry("a", &1).peek().await, Ok(None));
        let first = f("a", 1).await;
        assert_eq!(f::entry("a", &1).peek().await, Ok(Some(first)));
        assert_eq!(f::entry("a", &1).with(|value| value.0).await, Ok(Some(1)));
        assert_eq!(f::entry("a", &1).expires_at().await, Ok(Some(Expiry::Never)));
        f::entry("a", &1).put((9, 9)).await.unwrap();
        assert_eq!(f("a", 1).await, (9, 9));
        f::entry("a", &1).invalidate().await.unwrap();
        let second = f("a", 1).await;
        assert_ne!(second, first);
        let third = f::refresh("a", 1).await;
        assert_ne!(third, second);
        assert_ne!(f::uncached("a", 1).await, third);
        assert_eq!(f("a", 1).await, third);
    });
    assert_eq!(f::site().stats().runs, 3);
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Shop {
    country: String,
    sold: u64,
}

#[cached]
impl Shop {
    #[cached(key = (self.country.clone(), id))]
    fn price(&self, id: u64) -> (usize, u64) {
        (self.country.len(), id + fresh())
    }

    #[cached(skip(self))]
    async fn stock(&self, id: u64) -> (u64, u64) {
        (self.sold, id + fresh())
    }

    #[cached(companion = "rate_cache")]
    fn rate(country: &str) -> (String, u64) {
        (country.to_owned(), fresh())
    }

    #[cached]
    fn closed(self, id: u64) -> (Shop, u64) {
        (self, id + fresh())
    }
}

fn shop(country: &str) -> Shop {
    Shop { country: country.to_owned(), sold: 0 }
}

#[test]
fn methods_have_their_companions_beside_them() {
    let shop = shop("de");
    assert_eq!(shop.price_entry(&1).peek(), Ok(None));
    let first = shop.price(1);
    assert_eq!(shop.price_entry(&1).peek(), Ok(Some(first)));
    let sold = Shop { sold: 5, ..shop.clone() };
    assert_eq!(sold.price(1), first, "what was sold is not in the key");
    let second = shop.price_refresh(1);
    assert_ne!(second, first);
    assert_ne!(shop.price_uncached(1), second);
    assert_eq!(shop.price(1), second);
    shop.price_entry(&1).invalidate().unwrap();
    assert_ne!(shop.price(1), second);
    assert_eq!(Shop::price_site().name(), "it::companions::Shop::price");
    assert_eq!(Shop::price_site().stats().runs, 3);
}

#[test]
fn a_method_that_skips_itself_needs_no_value_for_its_entry() {
    let first = block_on(shop("de").stock(1));
    assert_eq!(block_on(Shop::stock_entry(&1).peek()), Ok(Some(first)));
    block_on(Shop::stock_entry(&1).invalidate()).unwrap();
    assert_ne!(block_on(shop("de").stock(1)), first);
    assert_ne!(block_on(shop("de").stock_refresh(1)), first);
    assert_ne!(block_on(shop("de").stock_uncached(1)), first);
    assert_eq!(Shop::stock_site().stats().runs, 3);
}

#[test]
fn companions_of_a_method_take_the_name_that_the_attribute_gives() {
    let first = Shop::rate("de");
    assert_eq!(Shop::rate_cache_entry("de").peek(), Ok(Some(first.clone())));
    assert_ne!(Shop::rate_cache_refresh("de"), first);
    assert_eq!(Shop::rate_cache_uncached("de").0, "de");
    assert_eq!(Shop::rate_cache_site().name(), "it::companions::Shop::rate");
}

#[test]
fn a_method_that_consumes_its_value_has_an_entry_by_reference() {
    let shop = shop("fr");
    let first = shop.clone().closed(1);
    assert_eq!(shop.closed_entry(&1).peek(), Ok(Some(first.clone())));
    assert_eq!(shop.clone().closed(1), first);
    assert_ne!(shop.clone().closed_refresh(1), first);
    assert_ne!(shop.closed_uncached(1), first);
}

#[test]
fn a_companion_of_another_name_leaves_the_functions_own_to_a_module() {
    mod price {
        pub(super) const BASE: u64 = 100;
    }
    #[cached(companion = "price_cache")]
    fn price(n: u64) -> u64 {
        price::BASE + n
    }
    assert_eq!((price(1), price_cache::entry(&1).peek()), (101, Ok(Some(101))));
    assert_eq!((price_cache::uncached(2), price_cache::refresh(2)), (102, 102));
    assert!(price_cache::site().name().ends_with("::price"), "{}", price_cache::site().name());
}

#[cached(companion = "none")]
fn lonely(n: u64) -> u64 {
    n + fresh()
}

#[test]
fn without_companions_a_site_is_found_by_its_name() {
    let first = lonely(1);
    let site = cached_core::site("it::companions::lonely").unwrap();
    assert_eq!((lonely(1), site.stats().hits), (first, 1));
    site.clear().unwrap();
    assert_ne!(lonely(1), first);
}

#[test]
fn a_lone_method_is_found_by_its_name() {
    struct Lone;
    impl Lone {
        #[cached(skip(self))]
        fn load(&self, id: u64) -> u64 {
            id + size_of_val(self) as u64 + fresh()
        }
    }
    let first = Lone.load(1);
    let site = cached_core::site("it::companions::a_lone_method_is_found_by_its_name::Lone::load").unwrap();
    assert_eq!((Lone.load(1), site.stats().hits), (first, 1));
    site.clear().unwrap();
    assert_ne!(Lone.load(1), first);
}

#[test]
fn a_name_that_no_site_has_is_answered_with_the_nearest() {
    let error = cached_core::site("it::companions::Shop::prise").unwrap_err().to_string();
    assert!(error.contains("did you mean \"it::companions::Shop::price\""), "{error}");
}

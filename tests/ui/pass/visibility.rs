//! Companions are seen where the function is seen.

mod outer {
    pub mod inner {
        use cached_core::cached;

        #[derive(Clone)]
        struct Private(u64);

        #[cached]
        fn private(n: u64) -> Private {
            Private(n)
        }

        #[cached]
        pub(super) fn for_the_parent(n: u64) -> u64 {
            private(n).0
        }

        #[cached]
        pub(crate) fn for_the_crate(n: u64) -> u64 {
            n
        }

        #[cached]
        pub(in crate::outer) fn for_a_path(n: u64) -> u64 {
            n
        }

        #[cached]
        pub fn for_all(n: u64) -> u64 {
            n
        }

        pub struct Shop;

        #[cached]
        impl Shop {
            #[cached]
            pub(crate) fn load(n: u64) -> u64 {
                n
            }
        }
    }

    pub fn call() -> u64 {
        inner::for_the_parent::site();
        inner::for_a_path::entry(&1).invalidate().unwrap();
        inner::for_the_parent(1) + inner::for_a_path(1)
    }
}

fn main() {
    assert_eq!(outer::call(), 2);
    assert_eq!(outer::inner::for_the_crate(1) + outer::inner::for_all(1), 2);
    outer::inner::for_the_crate::refresh(1);
    outer::inner::for_all::uncached(1);
    outer::inner::Shop::load(1);
    outer::inner::Shop::load_entry(&1).invalidate().unwrap();
}

//! In functions, blocks, constants' blocks, methods and trait defaults.

use cached_core::cached;

trait Load {
    fn id(&self) -> u64;

    fn load(&self, n: u64) -> u64 {
        #[cached]
        fn sum(a: u64, b: u64) -> u64 {
            a + b
        }
        sum(self.id(), n)
    }
}

struct Shop;

impl Load for Shop {
    fn id(&self) -> u64 {
        1
    }
}

const ANSWER: fn(u64) -> u64 = {
    #[cached]
    fn f(n: u64) -> u64 {
        n + 40
    }
    f
};

fn main() {
    #[cached]
    fn outer(n: u64) -> u64 {
        #[cached]
        fn outer(n: u64) -> u64 {
            n + 1
        }
        outer(n) + 1
    }
    {
        #[cached]
        fn outer(n: u64) -> u64 {
            n + 10
        }
        assert_eq!(outer(1), 11);
    }
    let closure = |n| {
        #[cached]
        fn inner(n: u64) -> u64 {
            n
        }
        inner(n)
    };
    assert_eq!((outer(1), closure(1), Shop.load(1), ANSWER(2)), (3, 1, 2, 42));
}

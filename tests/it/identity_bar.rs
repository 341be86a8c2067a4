//! Identity: fifty type arguments, every pair of them apart, in memory and on files.

use cached_core::cached;

use crate::identity::{Asked, Tag, Worth, play};
use cached_tests::support::scaled;

#[cached]
fn worth<T: Worth + 'static>(n: u64) -> u64 {
    T::WORTH * 1_000 + n
}

macro_rules! asked {
    ($($number:literal)*) => {
        [$((|| worth::<Tag<$number>>(7), $number * 1_000 + 7)),*]
    };
}

const CALLS: [Asked; 50] = asked! {
    0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24
    25 26 27 28 29 30 31 32 33 34 35 36 37 38 39 40 41 42 43 44 45 46 47 48 49
};

#[test]
fn r61_fifty_type_arguments_of_one_function_never_share_an_entry() {
    let answers = play("fifty type arguments", &[worth::site()], &CALLS);
    println!("r61: 50 instances in memory, on file and read back: {answers} answers, 0 of another instance");
    assert_eq!(answers, 300);
}

#[test]
fn r61_instances_and_receivers_called_by_many_threads_never_answer_for_each_other() {
    #[derive(Clone, PartialEq, Eq, Hash)]
    struct Account(u64);
    impl Account {
        #[cached(name = "identity_bar.balance")]
        fn balance(&self, year: u64) -> u64 {
            self.0 * 10_000 + year
        }
    }
    #[cached(name = "identity_bar.threads")]
    fn threads<T: Worth + 'static>(n: u64) -> u64 {
        T::WORTH * 1_000 + n
    }
    let rounds = scaled(100_000) as u64 / 8;
    std::thread::scope(|scope| {
        for thread in 0..8 {
            scope.spawn(move || {
                for round in 0..rounds {
                    let n = (round * 7 + thread) % 500;
                    assert_eq!(Account(n % 20).balance(n), (n % 20) * 10_000 + n);
                    assert_eq!(threads::<Tag<1>>(n), 1_000 + n);
                    assert_eq!(threads::<Tag<2>>(n), 2_000 + n);
                }
            });
        }
    });
    println!("r61: {} calls by 8 threads over 2 instances and 20 receivers: 0 cross answers", rounds * 8 * 3);
}

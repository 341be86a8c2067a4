//! The macros that write one scenario for every shape of function.
//!
//! In: a word, sentences about it, each with its scenario and the attribute's arguments: `all [..]`, or one
//! list for each shape. Out: a test for each sentence and shape, and the names of the words.

/// The words; `this`, `n` and `noise` are the names that arguments of attributes know.
macro_rules! words {
    (|$this:tt, $n:ident, $noise:ident|
        $($word:literal in $module:ident { $($sentence:ident: $scenario:ident $shapes:tt)* })*
    ) => {
        /// The words that have a scenario.
        const SHOWN: &[&str] = &[$($word),*];

        $(mod $module {
            $(mod $sentence {
                #[allow(unused_imports, reason = "each scenario uses some of it")]
                use crate::words::*;
                sentence!($scenario ($this $n $noise) $shapes);
            })*
        })*
    };
}

/// One sentence, on each shape.
macro_rules! sentence {
    ($scenario:ident $names:tt { all $list:tt $($rest:tt)* }) => {
        sentence!($scenario $names { on $list $list $list $list $($rest)* });
    };
    ($scenario:ident ($this:tt $n:ident $noise:ident) { on $s:tt $a:tt $m:tt $g:tt }) => {
        sentence!($scenario ($this $n $noise) { on $s $a $m $g, entry (&$n, &$noise) });
    };
    ($scenario:ident $names:tt { on $s:tt $a:tt $m:tt $g:tt, entry $key:tt }) => {
        sentence!($scenario $names { on $s $a $m $g, entry $key, beside (f f_entry f_site) });
    };
    ($scenario:ident $names:tt { on $s:tt $a:tt $m:tt $g:tt, entry $key:tt, beside $beside:tt }) => {
        #[test]
        fn on_a_function() {
            $scenario(forms!(function $names $key $beside $s));
        }

        #[test]
        fn on_an_async_function() {
            $scenario(forms!(asynchronous $names $key $beside $a));
        }

        #[test]
        fn on_a_method() {
            $scenario(forms!(method $names $key $beside $m));
        }

        #[test]
        fn on_a_generic_function() {
            $scenario(forms!(generic $names $key $beside $g));
        }
    };
}

/// One form; or several that differ in their attribute alone, written at one path, as editions of one function.
macro_rules! forms {
    ($shape:ident $names:tt $key:tt $beside:tt { $($edition:ident $list:tt)* }) => {
        [$({
            fn $edition() -> Form {
                form!($shape $names $key $beside $list)
            }
            $edition()
        }),*]
    };
    ($shape:ident $names:tt $key:tt $beside:tt $list:tt) => {
        form!($shape $names $key $beside $list)
    };
}

/// A function under the attribute, and the means to play with it.
macro_rules! form {
    (function ($this:tt $n:ident $noise:ident) ($($key:expr),*) ($f:ident $entry:ident $site:ident) [$($word:tt)*]) => {{
        static WORLD: World = World::new();
        #[cached($($word)*)]
        fn f($n: u64, $noise: u64) -> Given {
            let _ = $noise;
            WORLD.body($n)
        }
        Form {
            world: &WORLD,
            call: |$n| f($n, WORLD.noise()),
            site: || $f::site(),
            forget: |$n| { let $noise = WORLD.noise(); let _ = $noise; $f::entry($($key),*).invalidate().unwrap() },
            is_there: |$n| { let $noise = WORLD.noise(); let _ = $noise; $f::entry($($key),*).peek().unwrap().is_some() },
        }
    }};
    (asynchronous ($this:tt $n:ident $noise:ident) ($($key:expr),*) ($f:ident $entry:ident $site:ident) [$($word:tt)*]) => {{
        static WORLD: World = World::new();
        #[cached($($word)*)]
        async fn f($n: u64, $noise: u64) -> Given {
            let _ = $noise;
            WORLD.body($n)
        }
        Form {
            world: &WORLD,
            call: |$n| flushed(block_on(f($n, WORLD.noise()))),
            site: || $f::site(),
            forget: |$n| { let $noise = WORLD.noise(); let _ = $noise; block_on($f::entry($($key),*).invalidate()).unwrap() },
            is_there: |$n| { let $noise = WORLD.noise(); let _ = $noise; block_on($f::entry($($key),*).peek()).unwrap().is_some() },
        }
    }};
    (method ($this:tt $n:ident $noise:ident) ($($key:expr),*) ($f:ident $entry:ident $site:ident) [$($word:tt)*]) => {{
        static WORLD: World = World::new();
        #[derive(Clone, Debug, PartialEq, Eq, Hash, serde::Serialize)]
        struct Desk(u64);
        #[cached]
        impl Desk {
            #[cached($($word)*)]
            fn f(&$this, $n: u64, $noise: u64) -> Given {
                let _ = $noise;
                WORLD.body($n)
            }
        }
        Form {
            world: &WORLD,
            call: |$n| Desk(1).f($n, WORLD.noise()),
            site: || Desk::$site(),
            forget: |$n| { let $noise = WORLD.noise(); let _ = $noise; Desk(1).$entry($($key),*).invalidate().unwrap() },
            is_there: |$n| { let $noise = WORLD.noise(); let _ = $noise; Desk(1).$entry($($key),*).peek().unwrap().is_some() },
        }
    }};
    (generic ($this:tt $n:ident $noise:ident) ($($key:expr),*) ($f:ident $entry:ident $site:ident) [$($word:tt)*]) => {{
        static WORLD: World = World::new();
        #[cached($($word)*)]
        fn f<N: Number + 'static>($n: N, $noise: u64) -> Given {
            let _ = $noise;
            WORLD.body($n.number())
        }
        Form {
            world: &WORLD,
            call: |$n| f::<u64>($n, WORLD.noise()),
            site: || $f::site(),
            forget: |$n| { let $noise = WORLD.noise(); let _ = $noise; $f::entry($($key),*).invalidate().unwrap() },
            is_there: |$n| { let $noise = WORLD.noise(); let _ = $noise; $f::entry($($key),*).peek().unwrap().is_some() },
        }
    }};
}

#![no_std]
#![no_main]
// A program without std: C's main(), C's functions, panics that abort.
use core::ffi::{c_char, c_int};
use core::fmt::Write;
use core::panic::PanicInfo;
use core::sync::atomic::{AtomicUsize, Ordering};

extern "C" {
    fn putchar(c: c_int) -> c_int;
    fn strlen(s: *const c_char) -> usize;
    fn exit(status: c_int) -> !;
}

struct Out;
impl Write for Out {
    fn write_str(&mut self, s: &str) -> core::fmt::Result {
        for b in s.bytes() {
            unsafe { putchar(b as c_int) };
        }
        Ok(())
    }
}

static COUNT: AtomicUsize = AtomicUsize::new(0);
static TABLE: [fn(u64) -> u64; 2] = [square, |x| x.rotate_left(8)];

fn square(x: u64) -> u64 {
    COUNT.fetch_add(1, Ordering::SeqCst);
    x.wrapping_mul(x)
}

#[panic_handler]
fn panicked(info: &PanicInfo) -> ! {
    let _ = writeln!(Out, "panic: {}", info.message());
    unsafe { exit(7) }
}

#[no_mangle]
pub extern "C" fn main(argc: c_int, argv: *const *const c_char) -> c_int {
    let numbers = [3u64, 1, 4, 1, 5];
    let mut sorted = numbers;

    sorted.sort_unstable();
    for f in TABLE {
        let _ = write!(Out, "{} ", numbers.iter().map(|x| f(*x)).sum::<u64>());
    }
    let _ = writeln!(Out, "{:?} {:x} {:.3}", sorted, u128::MAX / argc as u128, 2.0f64 / 3.0);
    let name = unsafe { strlen(*argv.add(1)) };
    let _ = writeln!(Out, "{} {}", COUNT.load(Ordering::SeqCst), name);
    7 + numbers[argc as usize + name] as c_int
}

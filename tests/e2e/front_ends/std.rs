// A program with threads, panics that are caught, collections and formatting.
use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::panic;
use std::sync::{mpsc, Arc, Mutex};
use std::thread;

#[derive(Debug, Clone, PartialEq)]
enum Shape {
    Circle { radius: f64 },
    Square(f64),
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Shape::Circle { radius } => write!(f, "circle of {radius:.2}"),
            Shape::Square(side) => write!(f, "square of {:>6.1}", side),
        }
    }
}

trait Area {
    fn area(&self) -> f64;
}

impl Area for Shape {
    fn area(&self) -> f64 {
        match self {
            Shape::Circle { radius } => std::f64::consts::PI * radius * radius,
            Shape::Square(side) => side * side,
        }
    }
}

struct Noisy(&'static str);
impl Drop for Noisy {
    fn drop(&mut self) {
        println!("dropped {}", self.0);
    }
}

thread_local! {
    static OWN: std::cell::RefCell<Vec<i32>> = const { std::cell::RefCell::new(Vec::new()) };
    static LAZY: Noisy = Noisy("thread's own");
}

fn panics(index: usize) -> i32 {
    let _guard = Noisy("guard");
    let v = vec![1, 2, 3];
    v[index]
}

fn parse(text: &str) -> Result<i32, Box<dyn std::error::Error>> {
    Ok(text.parse::<i32>()? * 2)
}

fn main() {
    let shapes: Vec<Box<dyn Area>> = vec![
        Box::new(Shape::Circle { radius: 1.5 }),
        Box::new(Shape::Square(2.0)),
    ];
    let total: f64 = shapes.iter().map(|s| s.area()).sum();
    println!("{} {:?} {total:.3}", Shape::Square(3.25), Shape::Circle { radius: 1.0 });

    let mut words = HashMap::new();
    for word in "the cat and the hat and the bat".split(' ') {
        *words.entry(word).or_insert(0) += 1;
    }
    let sorted: BTreeMap<_, _> = words.into_iter().collect();
    println!("{sorted:?}");

    let counter = Arc::new(Mutex::new(0));
    let (send, receive) = mpsc::channel();
    let threads: Vec<_> = (0..4)
        .map(|i| {
            let (counter, send) = (counter.clone(), send.clone());
            thread::spawn(move || {
                OWN.with(|v| v.borrow_mut().push(i));
                if i == 3 {
                    LAZY.with(|n| assert_eq!(n.0, "thread's own"));
                }
                *counter.lock().unwrap() += i;
                send.send(OWN.with(|v| v.borrow().len())).unwrap();
            })
        })
        .collect();
    drop(send);
    threads.into_iter().for_each(|t| t.join().unwrap());
    println!("{} {}", counter.lock().unwrap(), receive.iter().sum::<usize>());

    panic::set_hook(Box::new(|info| eprintln!("panic: {info}")));
    let caught = panic::catch_unwind(|| panics(7));
    println!("caught {}", caught.is_err());
    let joined = thread::spawn(|| -> i32 { panic!("in a thread, {}", std::env::args().count()) }).join();
    match joined {
        Err(e) => println!("joined: {}", e.downcast_ref::<String>().unwrap()),
        Ok(_) => println!("no panic"),
    }
    println!("{:?} {}", parse("21").unwrap(), parse("x").unwrap_err());
    for (i, argument) in std::env::args().enumerate().skip(1) {
        println!("argument {i}: {argument}");
    }
    println!("{:?}", std::env::var("BCC_CASE"));
    std::process::exit(if i128::MAX / 3 > 5 { 7 } else { 1 });
}

//! scratch
mod curve;
mod invention;
mod random;
mod run;
use std::time::{Duration, Instant};
use run::*;
use tweet_exporter::config::Charge;
fn main() {
    let tweets: usize = std::env::args().nth(1).map_or(1250, |t| t.parse().unwrap());
    let t = Instant::now();
    let world = World::new(invention::curves(1, tweets, 30 * 86400), 30);
    println!("world {:?} spikes {}", t.elapsed(), world.spikes());
    let terms = Terms { charge: Charge::UtcDay, owned: false };
    let show = |name: &str, p: Policy, terms| { let t = Instant::now(); let r = world.run(&p, terms);
      println!("{name:24} ${:7.2} req {:7} reads {:9} paid {:6} err {:.5} delay {:?} {:?}  {:?}", r.usd, r.requests, r.reads, r.paid, r.error, r.delay(0.5), r.delay(0.95), t.elapsed()); r };
    let args: Vec<String> = std::env::args().skip(2).collect();
    if args.is_empty() || args[0]=="fixed" { for d in [1u64,2,3,5,7,10] { show(&format!("fixed {d}d"), Policy::Fixed(Duration::from_secs(86400*d)), terms); } }
    let scale = tweets as f64 / 5000.0;
    if args.is_empty() || args[0]=="adaptive" { for usd in [15.0, 30.0, 60.0, 90.0, 120.0, 240.0] { show(&format!("adaptive {usd}"), Policy::Adaptive(usd*scale), terms); } }
    if args.is_empty() || args[0]=="owned" { for usd in [6.0,12.0,24.0] { show(&format!("owned {usd}"), Policy::Adaptive(usd*scale), Terms{owned:true,..terms}); } }
    if args.is_empty() || args[0]=="every" { let terms = Terms{charge: Charge::EveryRead, owned:false};
      for d in [86400u64/4,86400,2*86400,7*86400] { show(&format!("every fixed {d}s"), Policy::Fixed(Duration::from_secs(d)), terms); }
      for usd in [30.0, 60.0,240.0] { show(&format!("every adaptive {usd}"), Policy::Adaptive(usd*scale), terms); } }
}

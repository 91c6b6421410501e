//! The script beside the rule: random asks and ends on a real server, each verdict and each bound held against a model that
//! counts by the same server time. And what the script does when its memory was tampered with.

use std::collections::HashMap;
use std::time::Duration;

use fred::types::Value;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use sangam_core::AccountId;
use sangam_testkit::RedisServer;

use super::link::{Link, LinkError, Seat};
use super::plan::Plan;
use super::settings::{SharedBudgetSettings, micros, stretched};
use super::split::{PoolScope, ShareWindow};
use super::wire::{self, End, EndKind, Heard, Reply, Verdict, Wish};

const PATIENCE: Duration = Duration::from_secs(5);

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

fn settings() -> SharedBudgetSettings {
    SharedBudgetSettings {
        processes: 2,
        patience: ms(2),
        hold: ms(1),
        timeout: ms(10),
        unanswered: ms(15),
        ..SharedBudgetSettings::default()
    }
}

fn plan(account: &str) -> Plan {
    let scope = |name: &str, within: Option<&str>, windows: &[(u32, u64)]| PoolScope {
        name: name.into(),
        within: within.map(str::to_owned),
        windows: windows
            .iter()
            .map(|(count, length)| ShareWindow::new(*count, ms(*length)))
            .collect(),
        has_base: true,
    };
    let pool = [
        scope("all", None, &[(8, 10), (20, 60)]),
        scope("orders", Some("all"), &[(5, 20)]),
    ];
    Plan::new(&AccountId::new(account).unwrap(), &pool, &settings()).unwrap()
}

struct Rig {
    link: Link,
    plan: Plan,
    number: u64,
}

impl Rig {
    async fn new(server: &RedisServer, account: &str) -> Self {
        let link = Link::new(&server.url(), PATIENCE).unwrap();
        link.open(PATIENCE).await.unwrap();
        Self {
            link,
            plan: plan(account),
            number: 0,
        }
    }

    async fn try_call(&mut self, ends: &[End], wishes: &[Wish]) -> Result<Reply, LinkError> {
        self.number += 1;
        let arguments = wire::arguments(self.number, "me:", ends, wishes.iter().copied());
        let value: Value = self.link.acquire(&self.plan, arguments).await?;
        Ok(wire::read(value, &self.plan, self.number, wishes.len())?)
    }

    async fn call(&mut self, ends: &[End], wishes: &[Wish]) -> Heard {
        match self.try_call(ends, wishes).await {
            Ok(Reply::Heard(heard)) => heard,
            other => panic!("{other:?}"),
        }
    }

    /// Until the server's clock shows so much.
    async fn until(&mut self, server_us: i64) -> i64 {
        loop {
            let now = self.call(&[], &[]).await.now_us;
            if now >= server_us {
                return now;
            }
        }
    }
}

/// What the script must count: each permit with the time until which it is taken to be on its way.
struct Model<'a> {
    plan: &'a Plan,
    permits: HashMap<u64, (usize, u32, i64)>,
    open_at: i64,
}

fn us(length: Duration) -> i64 {
    i64::try_from(micros(length)).unwrap()
}

impl Model<'_> {
    fn used(&self, scope: usize, held: i64, now: i64) -> Vec<(i64, u32)> {
        let mut used: Vec<(i64, u32)> = self
            .permits
            .values()
            .filter(|(of, _, until)| self.plan.scopes[*of].path.contains(&scope) && *until > now - held)
            .map(|(_, weight, until)| (*until, *weight))
            .collect();
        used.sort_unstable();
        used
    }

    /// The least wait, if any.
    fn judge(&self, wish: &Wish, now: i64) -> Option<i64> {
        let mut worst = None;
        for scope in &self.plan.scopes[wish.scope].path {
            for window in &self.plan.scopes[*scope].windows {
                let held = us(window.held());
                let used = self.used(*scope, held, now);
                let sum: u32 = used.iter().map(|(_, weight)| weight).sum();
                let limit = window.limit(wish.privileged);
                let mut bound = (now < self.open_at + held).then_some(self.open_at + held);
                if sum + wish.weight > limit {
                    let mut excess = sum + wish.weight - limit;
                    let mut leaves = now;
                    for (until, weight) in used {
                        leaves = until.min(now);
                        if weight >= excess {
                            break;
                        }
                        excess -= weight;
                    }
                    bound = bound.max(Some(leaves + held));
                }
                worst = worst.max(bound);
            }
        }
        worst.map(|bound| bound - now)
    }

    fn end(&mut self, end: &End, now: i64) {
        let until = match end.kind {
            EndKind::Answered => now,
            EndKind::Unanswered => now + us(stretched(settings().unanswered)),
            EndKind::Renewed => now + us(settings().lease()),
            EndKind::Back | EndKind::Shut => {
                self.permits.remove(&end.id);
                return;
            }
        };
        self.permits.insert(end.id, (end.scope, end.weight, until));
    }
}

#[derive(Debug, Clone)]
enum Step {
    Ask(Vec<(usize, u32, bool)>),
    End(usize, u8),
    Pass(u16),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let ask = (0_usize..2, 1_u32..4, any::<bool>());
    let step = prop_oneof![
        4 => prop::collection::vec(ask, 1..4).prop_map(Step::Ask),
        3 => (any::<usize>(), 0_u8..4).prop_map(|(which, kind)| Step::End(which, kind)),
        2 => (0_u16..12_000).prop_map(Step::Pass),
    ];
    prop::collection::vec(step, 1..60)
}

async fn follow(rig: &mut Rig, model: &mut Model<'_>, next_id: &mut u64, steps: Vec<Step>) {
    for step in steps {
        match step {
            Step::Ask(asks) => {
                let mut wishes: Vec<Wish> = asks
                    .into_iter()
                    .map(|(scope, weight, privileged)| {
                        *next_id += 1;
                        Wish {
                            id: *next_id,
                            scope,
                            weight,
                            privileged,
                        }
                    })
                    .collect();
                // As a process asks: the more urgent first.
                wishes.sort_by_key(|wish| !wish.privileged);
                let heard = rig.call(&[], &wishes).await;
                let mut shut = [false; 2];
                for (wish, verdict) in wishes.iter().zip(heard.verdicts) {
                    let path = &rig.plan.scopes[wish.scope].path;
                    let overtakes = path.iter().any(|scope| shut[*scope]);
                    let judged = model.judge(wish, heard.now_us);
                    match verdict {
                        Verdict::Granted => {
                            assert!(
                                judged.is_none() && !overtakes,
                                "{wish:?} granted, model says {judged:?}"
                            );
                            let until = heard.now_us + us(settings().lease());
                            model.permits.insert(wish.id, (wish.scope, wish.weight, until));
                        }
                        Verdict::Refused(full) => {
                            if !overtakes {
                                assert_eq!(Some(us(full.wait)), judged, "{wish:?} refused with {full:?}");
                            }
                            // Those it finds full, nobody behind it may pass.
                            for scope in path {
                                let alone = Wish {
                                    scope: *scope,
                                    ..*wish
                                };
                                let own = Model {
                                    plan: &rig.plan,
                                    permits: model.permits.clone(),
                                    open_at: model.open_at,
                                };
                                let windows = own.full_itself(*scope, &alone, heard.now_us);
                                shut[*scope] |= windows;
                            }
                        }
                    }
                }
            }
            Step::End(which, kind) => {
                let mut ids: Vec<u64> = model.permits.keys().copied().collect();
                ids.sort_unstable();
                let Some(id) = ids.get(which % ids.len().max(1)).copied() else {
                    continue;
                };
                let (scope, weight, _) = model.permits[&id];
                let kind = [
                    EndKind::Back,
                    EndKind::Answered,
                    EndKind::Unanswered,
                    EndKind::Renewed,
                ][usize::from(kind)];
                let end = End {
                    id,
                    scope,
                    weight,
                    kind,
                };
                let heard = rig.call(&[end], &[]).await;
                model.end(&end, heard.now_us);
            }
            Step::Pass(us) => {
                let now = rig.call(&[], &[]).await.now_us;
                rig.until(now + i64::from(us)).await;
            }
        }
    }
}

impl Model<'_> {
    fn full_itself(&self, scope: usize, wish: &Wish, now: i64) -> bool {
        self.plan.scopes[scope].windows.iter().any(|window| {
            let held = us(window.held());
            let sum: u32 = self.used(scope, held, now).iter().map(|(_, weight)| weight).sum();
            now < self.open_at + held || sum + wish.weight > window.limit(wish.privileged)
        })
    }
}

#[test]
fn property_the_script_follows_the_rule() {
    let server = RedisServer::start();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    let mut runner = TestRunner::new(Config {
        cases: 24,
        max_shrink_iters: 16,
        failure_persistence: None,
        ..Config::default()
    });
    let account = std::sync::atomic::AtomicU32::new(0);
    let run = runner.run(&steps(), |steps| {
        let account = account.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        runtime.block_on(async {
            let mut rig = Rig::new(&server, &format!("a{account}")).await;
            rig.link.begin(&rig.plan).await.unwrap();
            let born = rig.call(&[], &[]).await.now_us;
            let begun = begun_at(&server, &rig.plan.keys[0]);
            assert!(begun <= born);
            let shadow = plan(&format!("a{account}"));
            let mut model = Model {
                plan: &shadow,
                permits: HashMap::new(),
                open_at: begun + us(settings().lease()),
            };
            follow(&mut rig, &mut model, &mut 0, steps).await;
        });
        Ok(())
    });
    run.unwrap_or_else(|failure| panic!("{failure}"));
}

/// The mark of a set, through a script, since an answer of one line is all a test reads.
fn begun_at(server: &RedisServer, key: &str) -> i64 {
    let script = "return {ok = string.format('%.0f', -redis.call('ZSCORE', KEYS[1], 'born'))}";
    let answer = server.command(&["EVAL", script, "1", key]);
    answer
        .trim_start_matches('+')
        .parse()
        .unwrap_or_else(|_| panic!("{answer}"))
}

fn orders(id: u64, weight: u32) -> Wish {
    Wish {
        id,
        scope: 1,
        weight,
        privileged: true,
    }
}

/// Asks until the first permit: the pool has opened.
async fn opened(rig: &mut Rig) {
    let longest = rig.plan.scopes[0].windows[1].held();
    let now = rig.call(&[], &[]).await.now_us;
    rig.until(now + us(settings().lease() + longest)).await;
}

#[tokio::test]
async fn the_script_is_unknown_until_the_pool_was_begun_and_lost_memory_is_noticed() {
    let mut server = RedisServer::start();
    let mut rig = Rig::new(&server, "acct").await;
    assert_eq!(rig.try_call(&[], &[]).await, Err(LinkError::NoScript));
    rig.link.begin(&rig.plan).await.unwrap();
    let heard = rig.call(&[], &[orders(1, 1)]).await;
    assert!(matches!(heard.verdicts[0], Verdict::Refused(_)), "shut at first");
    opened(&mut rig).await;
    assert_eq!(rig.call(&[], &[orders(2, 5)]).await.verdicts, [Verdict::Granted]);

    // One key alone evicted is as bad as all.
    assert_eq!(server.command(&["DEL", &rig.plan.keys[0]]), ":1");
    assert_eq!(rig.try_call(&[], &[orders(3, 1)]).await, Ok(Reply::Lost));
    rig.link.begin(&rig.plan).await.unwrap();
    assert_eq!(server.command(&["FLUSHALL"]), "+OK");
    assert_eq!(rig.try_call(&[], &[orders(4, 1)]).await, Ok(Reply::Lost));

    // A snapshot comes back with its marks, and the script is not there.
    rig.link.begin(&rig.plan).await.unwrap();
    opened(&mut rig).await;
    assert_eq!(server.command(&["SAVE"]), "+OK");
    assert_eq!(rig.call(&[], &[orders(5, 5)]).await.verdicts, [Verdict::Granted]);
    server.restart();
    rig.link.open(PATIENCE).await.unwrap();
    assert_eq!(rig.try_call(&[], &[orders(6, 1)]).await, Err(LinkError::NoScript));
    rig.link.begin(&rig.plan).await.unwrap();
    let heard = rig.call(&[], &[orders(7, 1)]).await;
    assert!(matches!(heard.verdicts[0], Verdict::Refused(_)), "shut again");
}

#[tokio::test]
async fn keys_of_somebody_else_are_an_error_and_stay() {
    let server = RedisServer::start();
    let mut rig = Rig::new(&server, "acct").await;
    assert_eq!(server.command(&["SET", &rig.plan.keys[1], "theirs"]), "+OK");
    let begun = rig.link.begin(&rig.plan).await.unwrap_err().to_string();
    assert!(begun.contains("WRONGTYPE"), "{begun}");
    assert_eq!(
        rig.try_call(&[], &[]).await,
        Err(LinkError::NoScript),
        "not handed over"
    );
    assert_eq!(server.command(&["GET", &rig.plan.keys[1]]), "$6");
    assert_eq!(server.command(&["DEL", &rig.plan.keys[1]]), ":1");
    rig.link.begin(&rig.plan).await.unwrap();
    assert_eq!(server.command(&["DEL", &rig.plan.keys[0]]), ":1");
    assert_eq!(server.command(&["SET", &rig.plan.keys[0], "theirs"]), "+OK");
    let asked = rig.try_call(&[], &[]).await.unwrap_err().to_string();
    assert!(asked.contains("WRONGTYPE"), "{asked}");
}

#[tokio::test]
async fn the_same_id_twice_is_one_permit_and_old_ones_are_swept() {
    let server = RedisServer::start();
    let mut rig = Rig::new(&server, "acct").await;
    rig.link.begin(&rig.plan).await.unwrap();
    opened(&mut rig).await;
    for _ in 0..2 {
        assert_eq!(rig.call(&[], &[orders(1, 2)]).await.verdicts, [Verdict::Granted]);
    }
    assert_eq!(
        server.command(&["ZCARD", &rig.plan.keys[1]]),
        ":4",
        "two requests and two marks"
    );
    let now = rig.call(&[], &[]).await.now_us;
    let held = rig.plan.scopes[0].windows[1].held();
    rig.until(now + us(settings().lease() + held) + 1_000).await;
    for _ in 0..4 {
        rig.call(&[], &[]).await;
    }
    for key in &rig.plan.keys {
        assert_eq!(server.command(&["ZCARD", key]), ":2", "the marks alone");
    }
}

#[tokio::test]
async fn a_slot_is_one_process_and_all_have_the_same_settings() {
    let server = RedisServer::start();
    let rig = Rig::new(&server, "acct").await;
    let (link, plan) = (&rig.link, &rig.plan);
    let long = Duration::from_secs(60);
    assert_eq!(link.take_seat(plan, 0, "a:", long).await, Ok(Seat::Ours));
    assert_eq!(link.take_seat(plan, 0, "b:", long).await, Ok(Seat::Taken));
    assert_eq!(link.take_seat(plan, 0, "a:", long).await, Ok(Seat::Ours));
    assert_eq!(link.take_seat(plan, 1, "b:", long).await, Ok(Seat::Ours));
    let other = Plan {
        fingerprint: "0".repeat(40),
        ..self::plan("acct")
    };
    link.leave_seat(plan, 1, "b:").await.unwrap();
    assert_eq!(
        link.take_seat(&other, 1, "b:", long).await,
        Ok(Seat::OtherSettings)
    );
    link.leave_seat(plan, 0, "b:").await.unwrap();
    assert_eq!(
        link.take_seat(plan, 0, "b:", long).await,
        Ok(Seat::Taken),
        "only its own"
    );
    link.leave_seat(plan, 0, "a:").await.unwrap();
    assert_eq!(link.take_seat(&other, 1, "b:", long).await, Ok(Seat::Ours));
}

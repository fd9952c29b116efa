"""Records of whole trainings that never happened, with a known answer."""

from epochs import epoch_of

from harness.plan.plan import Arm, Plan, Target
from harness.record.schema import ArmEnd, ArmReady, BlockEnd, BlockStart, Evaluation, Footer, Header, Slice
from harness.record.store import Record
from harness.worker.wire.messages import Description, Segment


def plan(arms, *, seeds=3, target=None, references=(), seed=0):
    aim = Target(*target) if target else None
    listed = tuple(Arm(arm, arm) for arm in arms)
    return Plan(
        command="converge",
        arms=listed,
        baseline=arms[0],
        case="case1",
        scale="smoke",
        epochs=10,
        blocks=seeds,
        seed=seed,
        threads=2,
        evaluations=4,
        target=aim,
        references=references,
    )


def record(curves, *, walls, seeds=3, fails=(), cut_off=(), **options):
    """`curves[arm]` gives (epochs, metrics) for each evaluation, or a function of the seed that does; `walls[arm]` are
    the seconds of an epoch. The arms in `fails` or `cut_off`, as (arm, seed), end after their last evaluation."""
    made = plan(list(curves), seeds=seeds, **options)
    result = Record(
        [
            Header(
                schema=1,
                run="trained",
                started="2026-01-01T00:00:00+00:00",
                plan=made,
                machine={},
                versions={},
                commit=None,
            )
        ]
    )
    for block in range(seeds):
        seed = made.seed_of(block)
        result.add(BlockStart(block, 0, list(curves)))
        for arm, given in curves.items():
            curve = given(seed) if callable(given) else given
            length = max([epochs for epochs, _ in curve], default=0)
            wall = walls[arm](seed) if callable(walls[arm]) else walls[arm]
            described = Description(False, [Segment("epoch", 0, length)])
            result.add(
                ArmReady(
                    block=block,
                    group=0,
                    arm=arm,
                    pid=1,
                    build_seconds=1.0,
                    description=described,
                    environment={},
                    versions={},
                )
            )
            before = 0
            for number, (epochs, metrics) in enumerate(curve):
                ran = [epoch_of(index, "epoch", wall, wall, {}, first=not index) for index in range(before, epochs)]
                if ran:
                    result.add(Slice(block=block, group=0, round=number, position=0, arm=arm, epochs=ran))
                result.add(Evaluation(block, 0, arm, epochs, metrics))
                before = epochs
            if (arm, seed) in fails:
                result.add(
                    ArmEnd(
                        block=block,
                        group=0,
                        arm=arm,
                        status="failed",
                        reason="ValueError: boom",
                        moment=f"in epoch {before}",
                    )
                )
            elif (arm, seed) not in cut_off:
                result.add(ArmEnd(block=block, group=0, arm=arm, status="ok", peak_rss_bytes=10**9))
        if not cut_off:
            result.add(BlockEnd(block))
    if not cut_off:
        result.add(Footer("complete", "2026-01-01T00:10:00+00:00"))
    return result


def falling(*errors, every=5):
    """A curve whose error takes these values, the first one untrained."""
    return [(every * number, {"error": error}) for number, error in enumerate(errors)]

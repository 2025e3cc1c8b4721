import asyncio

from engine.runtime.tasks import Tasks


def test_a_failure_is_seen_and_the_others_go_on() -> None:
    async def main() -> None:
        told: list[BaseException] = []
        tasks = Tasks(told.append)
        done = asyncio.Event()

        async def fail() -> None:
            raise ValueError("seen")

        async def go_on() -> None:
            await asyncio.sleep(0)
            done.set()

        tasks.start("fails", fail())
        tasks.start("goes on", go_on())
        await asyncio.wait_for(done.wait(), 1)
        assert [str(mistake) for mistake in told] == ["seen"]

    asyncio.run(main())


def test_what_may_end_well_is_let() -> None:
    async def main() -> None:
        told: list[BaseException] = []
        tasks = Tasks(told.append)
        done = []

        async def turn_twice() -> None:
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            done.append(True)

        tasks.start("turns", turn_twice())
        await tasks.stop(5.0)
        await tasks.stop(5.0)
        assert done == [True]

    asyncio.run(main())


def test_stopping_cancels_and_waits_and_is_no_failure() -> None:
    async def main() -> None:
        told: list[BaseException] = []
        tasks = Tasks(told.append)
        ended = []

        async def forever() -> None:
            try:
                await asyncio.get_running_loop().create_future()
            finally:
                ended.append(True)

        tasks.start("forever", forever())
        await asyncio.sleep(0)
        await tasks.stop()
        assert ended == [True]
        assert told == []

    asyncio.run(main())

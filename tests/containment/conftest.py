from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.containment.floor import ContainFloor


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def site(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ContainFloor]:
    async with ContainFloor(tmp_path_factory.mktemp("site")) as floor:
        yield floor

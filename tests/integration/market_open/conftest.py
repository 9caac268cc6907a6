"""The desk of the desk's own tests, on real servers, over made markets of which Alpha is captured."""

from tests.integration.desk.conftest import desk_bench
from tests.integration.desk.test_desk_opens import bench

__all__ = ["bench", "desk_bench"]

"""Everything dies by SIGKILL while people sign up, upload, edit and publish; the supervisor brings it back.

Afterwards, whatever the seed:

1.  Whoever was told to be signed up can sign in.
2.  A part that was confirmed is listed, and the object is there with its bytes.
3.  An upload that was completed is COMPLETED, one that was aborted is not listed any more.
4.  A repeated request made nothing twice: a channel lists one video for each upload, and no other.
5.  Titles and visibilities are those that were acknowledged last.
6.  No video is stuck: each is PROCESSED, or FAILED where the file is no video. Both services say the same.
7.  Each rendition has one VideoFile; its size is that of the objects which its playlist names.
8.  Generations of manifests count from 1 without a gap, and none exists twice.
9.  No object is left in either bucket that nothing names.
10. No call was answered by INTERNAL at any moment, and none was stuck for longer than 90 s.

The seed is printed; CHAOS_SEED=n gives it, and CHAOS_UPLOADS=n the length of the long run. What is seeded is what
people do, and which parts die when; not what the machine does in between.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.e2e.chaos.running import CONFIGURATION, Size, chaos
from tests.e2e.stacks import StartStack

pytestmark = pytest.mark.stack


@pytest.mark.timeout(240)
@pytest.mark.sqlite("tables/test_killed.py is the same, where Cassandra dies too")
def test_nothing_is_lost_doubled_stuck_or_left_over_when_everything_dies(
    start_stack: StartStack, tmp_path: Path
) -> None:
    chaos(start_stack(configuration=CONFIGURATION), tmp_path, Size(people=4, uploads=8, kills=14, settle=75))


@pytest.mark.soak
def test_two_hundred_uploads_outlive_a_kill_each(start_stack: StartStack, tmp_path: Path) -> None:
    uploads = int(os.environ.get("CHAOS_UPLOADS", "200"))
    size = Size(people=8, uploads=uploads, kills=uploads, settle=300)
    chaos(start_stack(configuration=CONFIGURATION), tmp_path, size)

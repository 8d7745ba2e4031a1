"""Everything dies by SIGKILL while people sign up, upload, edit, publish, delete and regret; it comes back by itself.

Parts of the stack, clients, and the media children of workers are killed, now and then two at once. Afterwards,
whatever the seed:

1.  Whoever was told to be signed up can sign in. A sign-up that was sent twice made one account.
2.  A part that was confirmed is listed, and the object is there with its bytes.
3.  An upload that was completed is COMPLETED, one that was aborted or left alone is gone with all that was
    stored of it.
4.  A repeated request made nothing twice: a channel lists one video for each upload that stays, and no other.
5.  Titles and visibilities are those that were acknowledged last. Of two edits of one etag at most one is acknowledged.
6.  A video that was deleted is purged. One that was undeleted stays, even if that came at the moment of its purge.
7.  No video is stuck: each is PROCESSED, or FAILED where the file is no video. Both services say the same.
8.  Each rendition has one VideoFile; its size is that of the objects which its playlist names.
9.  Generations of manifests count from 1 without a gap, and none exists twice.
10. No object is left in either bucket that nothing names, strays included that clients stored and never confirmed.
11. Each fact was told by one event: none is missing on the bus, none is there twice, nor is an event id.
12. Tables have rows of what stays and of nothing else. What accounts take up is counted exactly. No event waits.
13. No call, between services included, was answered by INTERNAL at any moment, and none was stuck for more than 90 s.
14. Whatever died is ready again within 90 s of the last kill, and of the last kill of each round, in which each part
    dies once.

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


@pytest.mark.timeout(300)
@pytest.mark.sqlite("tables/test_killed.py is the same, where Cassandra dies too")
def test_nothing_is_lost_doubled_stuck_or_left_over_when_everything_dies(
    start_stack: StartStack, tmp_path: Path
) -> None:
    chaos(start_stack(configuration=CONFIGURATION), tmp_path, Size(people=4, uploads=8, kills=14, settle=120))


@pytest.mark.soak
def test_two_hundred_uploads_outlive_a_kill_each(start_stack: StartStack, tmp_path: Path) -> None:
    uploads = int(os.environ.get("CHAOS_UPLOADS", "200"))
    size = Size(people=8, uploads=uploads, kills=uploads, settle=240, pause=(0.5, 4.0))
    chaos(start_stack(configuration=CONFIGURATION), tmp_path, size)

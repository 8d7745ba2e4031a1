import type { PlaybackEvent } from "@vidmesh/client/vidmesh/playback/v1/playback_pb";
import { expect, test } from "vitest";

import { Reporter } from "./report";

test("events are numbered from 1 and sent once", async () => {
  const sent: bigint[][] = [];
  const reporter = new Reporter("token", (_, events) => Promise.resolve(sent.push(events.map(({ seq }) => seq))));
  reporter.saw({ case: "buffered", value: {} }, 1);
  reporter.saw({ case: "ended", value: { finished: true } }, 2);
  await reporter.flush();
  await reporter.close();
  expect(sent).toEqual([[1n, 2n]]);
});

test("what could not be sent goes with the next batch", async () => {
  const sent: PlaybackEvent[][] = [];
  let down = true;
  const reporter = new Reporter("token", (_, events) => {
    sent.push(events);
    return down ? Promise.reject(new Error("away")) : Promise.resolve();
  });
  reporter.saw({ case: "buffered", value: {} }, 1);
  await reporter.flush();
  down = false;
  reporter.saw({ case: "ended", value: { finished: false } }, 2);
  await reporter.close();
  expect(sent.at(-1)?.map(({ seq }) => seq)).toEqual([1n, 2n]);
});

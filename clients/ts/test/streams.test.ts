import { Code, ConnectError, createRouterTransport } from "@connectrpc/connect";
import { describe, expect, test } from "vitest";

import { Backoff } from "../src/calls/retrying.js";
import { StreamRoom } from "../src/calls/room.js";
import { resumed, watchProcessing } from "../src/calls/streams.js";
import { TranscodeService } from "../src/gen/vidmesh/transcode/v1/transcode_service_pb.js";
import { ProcessingState } from "../src/gen/vidmesh/upload/v1/video_pb.js";
import { refusal } from "./service.js";

const QUICK = new Backoff(4, 1, 2);

async function all<T>(answers: AsyncIterable<T>): Promise<T[]> {
  const seen: T[] = [];
  for await (const answer of answers) seen.push(answer);
  return seen;
}

describe("following a video's processing", () => {
  test("goes on behind the last answer when the stream breaks, and ends with the processing", async () => {
    const cursors: string[] = [];
    const transport = createRouterTransport(({ service }) =>
      service(TranscodeService, {
        async *watchProcessing({ cursor }) {
          cursors.push(cursor);
          if (cursor === "") {
            yield { cursor: "1", processing: { state: ProcessingState.PROCESSING, progress: 0.5 } };
            throw new ConnectError("drained", Code.Internal);
          }
          yield { cursor: "2", processing: { state: ProcessingState.PROCESSED, progress: 1 } };
        },
      }),
    );
    const seen = await all(watchProcessing(transport, "video", { backoff: QUICK }));
    expect(seen.map(({ progress }) => progress)).toEqual([0.5, 1]);
    expect(cursors).toEqual(["", "1"]);
  });

  test("opens again a stream that a server in good order ended too early", async () => {
    let opened = 0;
    const transport = createRouterTransport(({ service }) =>
      service(TranscodeService, {
        async *watchProcessing() {
          opened += 1;
          const state = opened === 1 ? ProcessingState.PROCESSING : ProcessingState.FAILED;
          yield { cursor: `${opened}`, processing: { state } };
        },
      }),
    );
    const seen = await all(watchProcessing(transport, "video", { backoff: QUICK }));
    expect(seen.at(-1)?.state).toBe(ProcessingState.FAILED);
    expect(opened).toBe(2);
  });

  test("waits for a video that is not known yet, and not for one that is gone", async () => {
    let opened = 0;
    const transport = createRouterTransport(({ service }) =>
      service(TranscodeService, {
        async *watchProcessing() {
          opened += 1;
          if (opened !== 2) throw refusal(Code.NotFound, "VIDEO_NOT_FOUND");
          yield { cursor: "1", processing: { state: ProcessingState.PROCESSING } };
        },
      }),
    );
    const following = all(watchProcessing(transport, "video", { backoff: QUICK }));
    await expect(following).rejects.toMatchObject({ reason: "VIDEO_NOT_FOUND" });
    expect(opened).toBe(3);
  });
});

describe("following many videos at once", () => {
  test("keeps few streams open, asks for the others, and tells the end of all", async () => {
    let open = 0;
    let most = 0;
    let ready = false;
    const state = () => (ready ? ProcessingState.PROCESSED : ProcessingState.PROCESSING);
    const transport = createRouterTransport(({ service }) =>
      service(TranscodeService, {
        async *watchProcessing() {
          open += 1;
          most = Math.max(most, open);
          for (let at = 1; ; at += 1) {
            yield { cursor: `${at}`, processing: { state: state() } };
            if (ready) break;
            await new Promise((resolve) => setTimeout(resolve, 5));
          }
          open -= 1;
        },
        getProcessing: () => ({ processing: { state: state() } }),
      }),
    );
    const room = new StreamRoom(2);
    const watched = ["a", "b", "c", "d"].map((videoId) =>
      all(watchProcessing(transport, videoId, { room, askedAgainMs: 5, backoff: QUICK })),
    );
    setTimeout(() => (ready = true), 50);
    for (const seen of await Promise.all(watched)) {
      expect(seen[0]?.state).toBe(ProcessingState.PROCESSING);
      expect(seen.at(-1)?.state).toBe(ProcessingState.PROCESSED);
    }
    expect(most).toBe(2);
  });
});

describe("a resumed stream", () => {
  const never = () => false;

  test("gives up when nobody answers for too long", async () => {
    let opened = 0;
    const open = async function* (): AsyncGenerator<{ cursor: string }> {
      opened += 1;
      throw new ConnectError("away", Code.Unavailable);
    };
    await expect(all(resumed({ open, mayEnd: never, backoff: QUICK }))).rejects.toMatchObject({ code: Code.Unavailable });
    expect(opened).toBe(4);
  });

  test("ends its call when its reader leaves", async () => {
    let ended = false;
    const open = async function* (_: string, signal: AbortSignal) {
      signal.addEventListener("abort", () => (ended = true));
      for (let at = 0; ; at += 1) yield { cursor: `${at}` };
    };
    for await (const { cursor } of resumed({ open, mayEnd: never, backoff: QUICK })) if (cursor === "3") break;
    expect(ended).toBe(true);
  });

  test("stops when it is told to, with the reason that was given", async () => {
    const stop = new AbortController();
    const open = async function* (_: string, signal: AbortSignal): AsyncGenerator<{ cursor: string }> {
      await new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason as Error)));
    };
    const reading = all(resumed({ open, mayEnd: never, signal: stop.signal, backoff: QUICK }));
    stop.abort(new Error("left the page"));
    await expect(reading).rejects.toThrow("left the page");
  });
});

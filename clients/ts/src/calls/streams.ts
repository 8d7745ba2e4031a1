/** Streams that go on where they were broken off: every server stream of the contracts is resumed by its cursor. */
import { type Client, Code, createClient, type Transport } from "@connectrpc/connect";

import { errorOf, type VidmeshError } from "../errors.js";
import type { Processing } from "../gen/vidmesh/transcode/v1/transcode_pb.js";
import { TranscodeService } from "../gen/vidmesh/transcode/v1/transcode_service_pb.js";
import { ProcessingState } from "../gen/vidmesh/upload/v1/video_pb.js";
import { Backoff, pause, waitBeforeRepeat } from "./retrying.js";
import { roomOf, type StreamRoom } from "./room.js";

export interface Resuming<T extends { cursor: string }> {
  /** Opens the stream behind a cursor; an empty one is its beginning. */
  readonly open: (cursor: string, signal: AbortSignal) => AsyncIterable<T>;
  /** Whether the stream may end behind this answer: one that ends elsewhere was broken off. */
  readonly mayEnd: (answer: T) => boolean;
  /** Failures that pass although their code does not say so; asked with whether there was an answer before. */
  readonly passes?: (error: VidmeshError, begun: boolean) => boolean;
  readonly cursor?: string;
  readonly signal?: AbortSignal;
  readonly backoff?: Backoff;
}

/**
 * Every answer of a stream, across lost connections and restarted services. Throws `VidmeshError` when that lasts too
 * long or will not pass, and the signal's reason where it is aborted.
 */
export async function* resumed<T extends { cursor: string }>(resuming: Resuming<T>): AsyncGenerator<T, void> {
  const { open, mayEnd, passes, backoff = new Backoff() } = resuming;
  const signal = resuming.signal ?? new AbortController().signal;
  let cursor = resuming.cursor ?? "";
  let begun = cursor !== "";
  let failures = 0;
  for (;;) {
    // A server that is being stopped may end its streams in good order.
    let waitMs: number | undefined = backoff.delayMs(1);
    // Leaving the loop, by whoever reads, must end the call as well.
    const left = new AbortController();
    let last: T | undefined;
    try {
      for await (const answer of open(cursor, AbortSignal.any([signal, left.signal]))) {
        cursor = answer.cursor;
        begun = true;
        failures = 0;
        last = answer;
        yield answer;
      }
      if (last !== undefined && mayEnd(last)) return;
    } catch (thrown) {
      signal.throwIfAborted();
      const error = errorOf(thrown);
      failures += 1;
      waitMs = waitBeforeResuming(error, failures, backoff);
      if (passes?.(error, begun)) waitMs = backoff.delayMs(1);
      if (waitMs === undefined) throw error;
    } finally {
      left.abort();
    }
    await pause(waitMs, signal);
  }
}

function waitBeforeResuming(error: VidmeshError, failures: number, backoff: Backoff): number | undefined {
  // A stream is broken off by a draining server or a lost connection, which browsers tell in many ways.
  const broken = [Code.Canceled, Code.Internal, Code.Unknown, Code.Aborted].includes(error.code);
  if (broken && error.reason === "" && failures < backoff.attempts) return backoff.delayMs(failures);
  return waitBeforeRepeat(error, failures, backoff);
}

/** How long TranscodeService may take to learn of a video whose upload has just been completed. */
const KNOWN_PATIENCE_MS = 30_000;
/** Where there is no room for a stream, it is asked so often. */
const ASKED_AGAIN_MS = 2_000;

export interface WatchOptions {
  readonly cursor?: string;
  readonly signal?: AbortSignal;
  readonly backoff?: Backoff;
  /** That of the transport where not given: a browser's page has few connections. */
  readonly room?: StreamRoom;
  /** Where there is none in it, it is asked so often, milliseconds. */
  readonly askedAgainMs?: number;
}

/**
 * How processing stands, then every change; ends when nothing more is going to change. Nothing that is still true is
 * missed; states in between may be. Any number may be watched at once. Throws `VidmeshError` (VIDEO_NOT_FOUND).
 */
export async function* watchProcessing(
  transport: Transport,
  videoId: string,
  options: WatchOptions = {},
): AsyncGenerator<Processing, void> {
  const { room = roomOf(transport), askedAgainMs = ASKED_AGAIN_MS } = options;
  const client: Client<typeof TranscodeService> = createClient(TranscodeService, transport);
  const knownBy = Date.now() + KNOWN_PATIENCE_MS;
  const open = async function* (cursor: string, signal: AbortSignal): AsyncGenerator<Answer> {
    if (room.take()) {
      try {
        yield* client.watchProcessing({ videoId, cursor }, { signal });
      } finally {
        room.leave();
      }
    } else {
      const { processing } = await client.getProcessing({ videoId }, { signal });
      yield { processing, cursor };
      // Then it looks whether there is room now.
      if (!hasEnded(processing)) await pause(askedAgainMs, signal);
    }
  };
  const answers = resumed({
    ...options,
    open,
    mayEnd: ({ processing }) => hasEnded(processing),
    passes: (error, begun) => error.reason === "VIDEO_NOT_FOUND" && !begun && Date.now() < knownBy,
  });
  for await (const { processing } of answers) if (processing !== undefined) yield processing;
}

interface Answer {
  readonly processing?: Processing | undefined;
  readonly cursor: string;
}

function hasEnded(processing: Processing | undefined): boolean {
  return processing !== undefined && ENDED.has(processing.state);
}

/** States from which processing does not go on by itself. */
const ENDED: ReadonlySet<ProcessingState> = new Set([ProcessingState.PROCESSED, ProcessingState.FAILED]);

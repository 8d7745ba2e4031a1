/** What a player saw, told in batches. Nothing depends on it: what cannot be told is dropped in the end. */
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { durationFromMs, timestampNow } from "@bufbuild/protobuf/wkt";
import { type PlaybackEvent, PlaybackEventSchema } from "@vidmesh/client/vidmesh/playback/v1/playback_pb";

export type Kind = NonNullable<MessageInitShape<typeof PlaybackEventSchema>["kind"]>;
type Send = (sessionToken: string, events: PlaybackEvent[]) => Promise<unknown>;

const EVERY_MS = 10_000;
const MOST = 100;

export class Reporter {
  private waiting: PlaybackEvent[] = [];
  private seq = 0n;
  private sending = false;
  private readonly timer = setInterval(() => void this.flush(), EVERY_MS);

  constructor(
    private readonly sessionToken: string,
    private readonly send: Send,
  ) {}

  /** Something happened at this position (seconds). */
  saw(kind: Kind, position: number): void {
    this.seq += 1n;
    const event = create(PlaybackEventSchema, { seq: this.seq, eventTime: timestampNow(), position: durationFromMs(position * 1000), kind });
    this.waiting = [...this.waiting, event].slice(-MOST);
  }

  /** Sends what waits. What could not be sent waits for the next time: a repeat counts once, by `seq`. */
  async flush(): Promise<void> {
    if (this.sending || this.waiting.length === 0) return;
    this.sending = true;
    const events = this.waiting;
    try {
      await this.send(this.sessionToken, events);
      this.waiting = this.waiting.filter((event) => !events.includes(event));
    } catch {
      // The next batch carries them again.
    } finally {
      this.sending = false;
    }
  }

  async close(): Promise<void> {
    clearInterval(this.timer);
    await this.flush();
  }
}

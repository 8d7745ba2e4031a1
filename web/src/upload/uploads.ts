/** The uploads of this tab. They go on while pages change; after a closed tab their files have to be chosen again. */
import type { Transport } from "@connectrpc/connect";
import { type CookieSession, type Entry, FileSource, StorageJournal, type Upload, Uploader, type UploadSnapshot } from "@vidmesh/client";
import type { Video } from "@vidmesh/client/vidmesh/upload/v1/video_pb";
import { Visibility } from "@vidmesh/client/vidmesh/upload/v1/video_pb";

import { Rate } from "./rate";
import { titleFrom } from "./title";

/** One upload as it is shown. Replaced whole by every change. */
export interface Item {
  readonly key: string;
  readonly name: string;
  readonly snapshot: UploadSnapshot;
  /** Bytes per second; 0 while that is not known. */
  readonly rate: number;
  readonly upload: Upload;
}

export class Uploads {
  private items: readonly Item[] = [];
  private waiting: readonly Entry[] = [];
  private readonly listeners = new Set<() => void>();
  private readonly uploader: Uploader;
  private made = 0;

  constructor(
    transport: Transport,
    private readonly session: CookieSession,
  ) {
    const journal = new StorageJournal(localStorage);
    this.uploader = new Uploader({ edgeUrl: location.origin, transport, session, journal });
    session.subscribe(() => this.left());
    addEventListener("beforeunload", (event) => {
      if (this.busy) event.preventDefault();
    });
    void this.look();
  }

  /** Those of this tab, the newest first. */
  readonly current = (): readonly Item[] => this.items;

  /** Those that were begun in a tab that is closed. */
  readonly interrupted = (): readonly Entry[] => this.waiting;

  readonly subscribe = (changed: () => void): (() => void) => {
    this.listeners.add(changed);
    return () => this.listeners.delete(changed);
  };

  /** Begins to send a file, or goes on with one that was interrupted. Throws `ClientError` for one that cannot be sent. */
  begin(file: File, channelId: string): void {
    const source = new FileSource(file);
    const video: Partial<Video> = { title: titleFrom(file.name), visibility: Visibility.PRIVATE };
    const { title, visibility } = this.known(source.identity) ?? video;
    const upload = this.uploader.begin(source, channelId, { ...(title && { title }), ...(visibility && { visibility }) });
    const key = String((this.made += 1));
    const rate = new Rate();
    const item = (): Item => ({ key, name: file.name, snapshot: upload.snapshot, rate: rate.perSecond, upload });
    upload.subscribe(() => {
      const { phase, sent } = upload.snapshot;
      if (phase === "sending") rate.saw(sent, performance.now());
      else rate.forget();
      this.show(this.items.map((one) => (one.key === key ? item() : one)));
    });
    // What went wrong is told by the snapshot.
    upload.done.catch(() => undefined).finally(() => void this.look());
    this.show([item(), ...this.items]);
    void this.look();
  }

  /** Takes one that has ended from the list. */
  drop(key: string): void {
    this.show(this.items.filter((item) => item.key !== key));
  }

  /** Gives up one that was interrupted: its video goes. */
  async giveUp(entry: Entry): Promise<void> {
    await this.uploader.giveUp(entry);
    await this.look();
  }

  get busy(): boolean {
    return this.items.some(({ snapshot }) => ["sending", "waiting", "paused"].includes(snapshot.phase));
  }

  /** The words that an interrupted upload was begun with, so that going on with it does not change them. */
  private known(identity: string): Video | undefined {
    return this.waiting.find((entry) => entry.identity === identity)?.request.video;
  }

  /** Somebody else is signed in, or nobody. */
  private left(): void {
    for (const { upload } of this.items) upload.pause();
    this.show([]);
    void this.look();
  }

  private async look(): Promise<void> {
    const all = this.session.current ? await this.uploader.unfinished() : [];
    const here = new Set(this.items.map(({ snapshot }) => snapshot.uploadId));
    this.waiting = all.filter(({ uploadId }) => uploadId !== "" && !here.has(uploadId));
    this.told();
  }

  private show(items: readonly Item[]): void {
    this.items = items;
    this.told();
  }

  private told(): void {
    for (const changed of this.listeners) changed();
  }
}
